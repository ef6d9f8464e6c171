"""The database behind the ledger: SQLite as a file, or PostgreSQL by URL; two ways of one lock.

What differs between the two stands in this file and in the migrations, and nowhere else. A
transaction that writes holds the one write lock of the whole ledger from its first statement:
`BEGIN IMMEDIATE` in SQLite, `pg_advisory_xact_lock` in PostgreSQL. Whoever has the lock reads the
newest record and appends behind it; so the chain has no fork, whatever the number of processes.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from mintmark.ground import RegistryError
from mintmark.registry.tables import REVISION, VERSIONS

BUSY_S = 30
"""How long a process waits for another's write before it gives up."""

NETWORK_FILE_SYSTEMS = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"}
    | {"gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2", "smb3", "smbfs"}
)
"""Where SQLite's locks and shared memory do not hold, by the names that Linux gives them."""

_MOUNTS = Path("/proc/self/mountinfo")

_UNREADABLE = ("not a database", "malformed", "Could not decode")

MIGRATE_HINT = "run `mintmark migrate` once in the folder of the project"


@contextmanager
def border(url: URL) -> Iterator[None]:
    """Turn whatever a database driver raises into one `RegistryError` without a password in it."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error.orig or error, url) from error


def _translated(error: BaseException, url: URL) -> RegistryError:
    """Name the situation that a driver's message stands for."""
    said = [*str(error).splitlines(), type(error).__name__][0]
    if "disk is full" in said or "No space left" in said:
        what, code, hint = "the disk that holds the ledger is full", "full", "make room, run again"
    elif "locked" in said:
        what, code = "the ledger is held by another process", "locked"
        hint = f"it was waited for {BUSY_S} s; look for a process that hangs"
    elif any(mark in said for mark in _UNREADABLE):
        what, code, hint = "this file is not a ledger", "unreadable", "restore it from a copy"
    else:
        what, code = "the ledger's database did not answer", "away"
        hint = "see that it is up and that the URL is right"
    return RegistryError(
        what,
        at=url.render_as_string(hide_password=True),
        got=said,
        hint=hint,
        code=f"registry.database.{code}",
        kind="input" if code == "unreadable" else "world",
    )


def parse_url(text: str) -> URL:
    """Read a database URL, and choose the driver where it names none.

    Raises
    ------
    RegistryError
        ``registry.database.url`` for anything but a SQLite file or PostgreSQL.

    Examples
    --------
    >>> parse_url("postgresql://ledger@db/mint").drivername
    'postgresql+psycopg'
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise _bad_url("it cannot be read as a URL") from None
    dialect = url.get_backend_name()
    if dialect == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite")
    if dialect == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise _bad_url(f"it names {url.drivername} and no file" if dialect == "sqlite" else dialect)


def _bad_url(got: str) -> RegistryError:
    return RegistryError(
        "the ledger cannot be kept at this URL",
        got=got,
        want="sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        hint="set `database` in mintmark.toml",
        code="registry.database.url",
    )


def connect(url: URL) -> Engine:
    """Return an engine on the database; nothing is opened or made yet.

    Raises
    ------
    RegistryError
        ``registry.database.network`` for a SQLite file on a network file system,
        ``registry.database.driver`` where the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        refuse_network(Path(url.database))
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_S})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except (ModuleNotFoundError, NoSuchModuleError):
        raise RegistryError(
            "the driver for PostgreSQL is not installed",
            want="psycopg",
            hint='pip install "mintmark[postgres]"',
            code="registry.database.driver",
        ) from None


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Let us say BEGIN ourselves, and have every commit on disk before it is answered."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where we mean to write: a later upgrade could only fail."""
    writes = connection.get_execution_options().get("mintmark_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one moment of the ledger."""
    with border(engine.url), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection that holds the ledger's write lock, and commit at the end."""
    with border(engine.url), engine.connect() as opened:
        connection = opened.execution_options(mintmark_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(
                    "SELECT pg_advisory_xact_lock("
                    "hashtextextended('mintmark.ledger.' || current_schema(), 0))"
                )
            yield connection


def revision(connection: Connection) -> str | None:
    """Return the migration that a database is at, None for a fresh one."""
    if not sa.inspect(connection).has_table(VERSIONS.name):
        return None
    found: str | None = connection.execute(sa.select(VERSIONS.c.version_num)).scalar()
    return found


def check_revision(found: str | None, url: URL) -> None:
    """Refuse a database that is not at the revision of this code.

    Raises
    ------
    RegistryError
        ``registry.database.unmigrated`` or ``registry.database.newer``.
    """
    if found == REVISION:
        return
    newer = found is not None and found > REVISION
    raise RegistryError(
        "the ledger was made by a newer version" if newer else "the ledger is not set up yet",
        at=url.render_as_string(hide_password=True),
        got=f"revision {found}" if found else "no ledger",
        want=f"revision {REVISION}",
        hint="use the newer version of mintmark" if newer else MIGRATE_HINT,
        code="registry.database.newer" if newer else "registry.database.unmigrated",
    )


def start_wal(url: URL) -> None:
    """Switch a SQLite file to write-ahead logging, which stays with the file.

    The switch needs the file for itself, and SQLite does not wait for that as it does for a lock;
    so processes that start together take turns here.

    Raises
    ------
    RegistryError
        ``registry.database.locked`` after `BUSY_S`, ``.unreadable``, ``.away``.
    """
    turns_left = BUSY_S * 50
    while True:
        try:
            with closing(sqlite3.connect(str(url.database), timeout=BUSY_S)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.DatabaseError as error:
            turns_left -= 1
            if "locked" not in str(error) or turns_left == 0:
                raise _translated(error, url) from error
        time.sleep(0.02)


def refuse_network(file: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a SQLite file on a network file system, where its locks do not hold."""
    kind = file_system(file, mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise RegistryError(
            "the ledger's file lies on a network file system, where its locks do not hold",
            at=str(file),
            got=kind,
            want="a local disk",
            hint="keep the file on this machine, or set `database` to a PostgreSQL URL",
            code="registry.database.network",
        )


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system that holds `path`, empty where Linux does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    absolute = path.resolve()
    found = ("", "")
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].replace("\\040", " ")
        if absolute.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, right.split(" ")[0])
    return found[1]
