"""The databases: which URLs are taken, what is refused, and that importing sets nothing up."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from mintmark.ground import RegistryError
from mintmark.registry import Ledger, migrate
from mintmark.registry.database import border, file_system, parse_url, refuse_network
from mintmark.registry.migrate import MIGRATIONS
from mintmark.registry.tables import REVISION
from registry.worked import AT, open_registry


@pytest.mark.parametrize(
    "url", ["", "ledger.db", "sqlite://", "sqlite:///:memory:", "mysql://db/x", "oracle://x"]
)
def test_only_a_file_or_postgresql_is_taken(url: str) -> None:
    """Anything else, a database in memory included, is an error that names what is taken."""
    for use in (migrate, Ledger.open):
        with pytest.raises(RegistryError) as caught:
            use(url)
        assert caught.value.code == "registry.database.url"


def test_opening_makes_no_file(tmp_path: Path) -> None:
    """A wrong path is not answered with a fresh empty database."""
    with pytest.raises(RegistryError) as caught:
        Ledger.open(f"sqlite:///{tmp_path}/absent/ledger.db")
    assert caught.value.code == "registry.database.unmigrated"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """A file of something else is an error for open and for migrate, and keeps its bytes."""
    file = tmp_path / "ledger.db"
    file.write_text("not a database at all, but a text " * 100)
    before = file.read_bytes()
    for use in (Ledger.open, migrate):
        with pytest.raises(RegistryError) as caught:
            use(f"sqlite:///{file}")
        assert caught.value.code == "registry.database.unreadable"
    assert file.read_bytes() == before


def test_a_database_that_is_away_is_the_worlds_fault_and_keeps_the_password() -> None:
    """No server at the address: kind "world", and the password is in no text."""
    url = "postgresql://ledger:sesame@127.0.0.1:1/none"
    pytest.importorskip("psycopg")
    with pytest.raises(RegistryError) as caught:
        Ledger.open(url)
    assert (caught.value.code, caught.value.kind) == ("registry.database.away", "world")
    assert "sesame" not in caught.value.render()


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    """The file is in WAL mode, each connection syncs in full and waits for a lock."""
    ledger = open_registry(tmp_path).ledger
    with ledger.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    """The longest mount point above a file decides, blanks in names included."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
        f"30 27 0:40 / {tmp_path} rw,relatime shared:1 - nfs4 server:/x rw\n"
        f"31 30 0:41 / {tmp_path}/on\\040disk rw - ext4 /dev/vdb rw\n"
    )
    assert file_system(tmp_path / "ledger.db", mounts) == "nfs4"
    assert file_system(tmp_path / "on disk" / "ledger.db", mounts) == "ext4"
    assert file_system(Path("/elsewhere/ledger.db"), mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "absent") == ""
    refuse_network(tmp_path / "ledger.db", mounts=tmp_path / "absent")
    with pytest.raises(RegistryError) as caught:
        refuse_network(tmp_path / "ledger.db", mounts=mounts)
    assert caught.value.code == "registry.database.network"


def test_the_newest_migration_is_the_revision_that_is_asked_for() -> None:
    """`REVISION` and the migrations in the package agree."""
    names = sorted(p.name for p in MIGRATIONS.glob("v*.py"))
    assert names[-1].startswith(f"v{REVISION}_")


def test_importing_the_registry_loads_no_alembic_and_touches_no_file(tmp_path: Path) -> None:
    """Migrations are run by command: neither the import nor an open loads what makes them."""
    program = (
        "import sys, os, mintmark.registry; "
        "assert not [m for m in sys.modules if m.startswith(('alembic', 'psycopg'))]; "
        "assert os.listdir() == []"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=60)


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """All steps run in one transaction: after a failure the file is as fresh as before."""
    file = tmp_path / "ledger.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE mintmark_record (x)")
    url = f"sqlite:///{file}"
    with pytest.raises(RegistryError):
        migrate(url)
    with sqlite3.connect(file) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert names == {"mintmark_record"}
        connection.execute("DROP TABLE mintmark_record")
    assert migrate(url) == REVISION


def test_a_full_disk_loses_no_record_and_adds_no_half(tmp_path: Path) -> None:
    """Where the file cannot grow, the append fails as the world's fault; with room, it goes on."""
    ledger = open_registry(tmp_path).ledger

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count=16")

    ledger.close()
    sa.event.listen(ledger.engine, "connect", limit)
    with pytest.raises(RegistryError) as caught:
        _fill(ledger, 1000)
    made = ledger.head().n
    assert 0 < made < 1000
    assert (caught.value.code, caught.value.kind) == ("registry.database.full", "world")
    assert ledger.verify().n == made
    sa.event.remove(ledger.engine, "connect", limit)
    ledger.close()
    ledger.record("plan", {"digest": "room again"}, actor="ada", at=AT)
    assert ledger.verify().n == made + 1


def test_errors_of_the_driver_become_ours(tmp_path: Path) -> None:
    """A full disk and a lock that never opens are named, as the world's fault."""
    url = parse_url(f"sqlite:///{tmp_path}/ledger.db")
    for said, code in (
        ("database or disk is full", "registry.database.full"),
        ("database is locked", "registry.database.locked"),
        ("unable to open database file", "registry.database.away"),
    ):
        with pytest.raises(RegistryError) as caught, border(url):
            raise OperationalError("SELECT 1", {}, Exception(said))
        assert (caught.value.code, caught.value.kind) == (code, "world")


def _fill(ledger: Ledger, count: int) -> None:
    for i in range(count):
        ledger.record("plan", {"digest": str(i), "text": "x" * 3000}, actor="ada", at=AT)
