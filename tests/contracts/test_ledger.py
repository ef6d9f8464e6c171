"""The ledger's contract: one suite, held on SQLite and on a real PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from mintmark.ground import RegistryError
from mintmark.registry import GENESIS, Head, Ledger, migrate

AT = 1_533_686_400_000_000
Edit = Callable[..., None]


@pytest.fixture
def ledger(fresh_url: str) -> Iterator[Ledger]:
    """A ledger that is set up and empty."""
    migrate(fresh_url)
    with Ledger.open(fresh_url) as opened:
        yield opened


def _plans(ledger: Ledger, count: int) -> None:
    for i in range(count):
        ledger.record("plan", {"digest": f"sha256:{i}", "x": 0.1 * i}, actor="ada", at=AT + i)


def test_opening_what_is_not_set_up_is_an_error_with_the_command(fresh_url: str) -> None:
    """A database that no one migrated is refused, by the command that would set it up."""
    with pytest.raises(RegistryError) as caught:
        Ledger.open(fresh_url)
    assert caught.value.code == "registry.database.unmigrated"
    assert "mintmark migrate" in caught.value.hint


def test_a_newer_database_is_refused(fresh_url: str, edit: Edit) -> None:
    """A ledger from a later version is neither opened nor migrated back."""
    migrate(fresh_url)
    edit("UPDATE mintmark_version SET version_num = '9999'")
    for use in (Ledger.open, migrate):
        with pytest.raises(RegistryError) as caught:
            use(fresh_url)
        assert caught.value.code == "registry.database.newer"


def test_migrating_again_changes_nothing(fresh_url: str) -> None:
    """What is set up stays as it is, records included."""
    migrate(fresh_url)
    with Ledger.open(fresh_url) as ledger:
        _plans(ledger, 2)
        head = ledger.head()
        migrate(fresh_url)
        assert ledger.verify() == head


def test_a_record_reads_back_as_it_was_written(ledger: Ledger) -> None:
    """Text, floats, nulls and nesting come back the same, and the chain begins at GENESIS."""
    body = {
        "digest": "sha256:ab",
        "name": "naïve ✓ \x00 \\u0000 'quoted'",
        "figures": {"x": 0.1 + 0.2, "tiny": 5e-324, "big": 2**70, "none": None, "yes": True},
        "list": [1, [2.5, "three"]],
    }
    made = ledger.record("plan", body, actor="ada", at=AT)
    (read,) = ledger.read()
    assert read == made
    assert read.body == body
    assert (read.n, read.prev_hash, read.at, read.actor) == (1, GENESIS, AT, "ada")
    assert ledger.find(made.digest) == ledger.find(made.hash) == made
    assert ledger.head() == Head(1, made.hash)


def test_reads_filter_by_kind_and_position_across_pages(ledger: Ledger) -> None:
    """A read goes on behind a position, by kind, in order, whatever the size of a page."""
    _plans(ledger, 7)
    assert [r.n for r in ledger.read(after=4)] == [5, 6, 7]
    assert [r.n for r in ledger.read("verdict")] == []
    assert [r.n for r in ledger.read("plan")] == list(range(1, 8))


def test_a_key_makes_a_retry_harmless_and_belongs_to_one_body(ledger: Ledger) -> None:
    """The same again under a key is the record that is there; another body is refused."""
    first = ledger.record("plan", {"digest": "a"}, actor="ada", at=AT, key="k")
    again = ledger.record("plan", {"digest": "a"}, actor="ada", at=AT + 5, key="k")
    assert again == first
    for change in ({"body": {"digest": "b"}}, {"actor": "bob"}):
        told = {"body": {"digest": "a"}, "actor": "ada"} | change
        with pytest.raises(RegistryError) as caught:
            ledger.record("plan", told["body"], actor=told["actor"], at=AT, key="k")
        assert caught.value.code == "registry.record.key_taken"
    assert ledger.head().n == 1


def test_time_never_goes_back(ledger: Ledger) -> None:
    """A record that says an earlier time than the one in front gets that one's time."""
    _plans(ledger, 1)
    late = ledger.record("plan", {"digest": "late"}, actor="ada", at=AT - 10)
    assert late.at == AT
    assert ledger.verify() == Head(2, late.hash)


def test_a_record_must_rest_on_records(ledger: Ledger) -> None:
    """Inputs that are not in the ledger, or that are lacking, are refused; nothing is written."""
    plan = ledger.record("plan", {"digest": "p"}, actor="ada", at=AT)
    dataset = {"digest": "d", "log_version": "v"}
    for inputs, code in (
        ({"plan": "sha256:none"}, "registry.record.unknown_input"),
        ({}, "registry.record.missing_input"),
        (["sha256:none"], "registry.record.inputs"),
    ):
        with pytest.raises(RegistryError) as caught:
            ledger.record("dataset", {**dataset, "inputs": inputs}, actor="ada", at=AT)
        assert caught.value.code == code
    body = {**dataset, "inputs": {"plan": plan.digest}}
    assert ledger.record("dataset", body, actor="ada", at=AT).n == 2


def test_the_database_refuses_to_change_or_drop_a_record(ledger: Ledger, edit: Edit) -> None:
    """Plain UPDATE and DELETE on the table fail by a trigger."""
    _plans(ledger, 2)
    for statement in ("UPDATE mintmark_record SET actor = 'eve'", "DELETE FROM mintmark_record"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            edit(statement)
    assert ledger.verify().n == 2


EDITS = {
    "a body": ("UPDATE mintmark_record SET body = replace(body, '0.1', '0.9') WHERE n = 2", 2),
    "an actor": ("UPDATE mintmark_record SET actor = 'eve' WHERE n = 3", 3),
    "a time": ("UPDATE mintmark_record SET at_us = at_us - 1 WHERE n = 1", 1),
    "a kind": ("UPDATE mintmark_record SET kind = 'verdict' WHERE n = 4", 4),
    "a hash": ("UPDATE mintmark_record SET hash = digest WHERE n = 2", 2),
    "a link": (f"UPDATE mintmark_record SET prev_hash = '{GENESIS}' WHERE n = 3", 3),
    "a gap": ("DELETE FROM mintmark_record WHERE n = 2", 2),
    "two places": ("UPDATE mintmark_record SET n = 9 WHERE n = 1", 1),
    "two rows": ("UPDATE mintmark_record SET actor = 'eve' WHERE n IN (2, 4)", 2),
}


@pytest.mark.parametrize("name", EDITS)
def test_verify_names_the_first_edited_record(ledger: Ledger, edit: Edit, name: str) -> None:
    """Whoever drops the trigger and edits rows is found, at the first row that was touched."""
    _plans(ledger, 5)
    statement, first = EDITS[name]
    edit(*_unguarded(ledger), statement)
    with pytest.raises(RegistryError) as caught:
        ledger.verify()
    assert caught.value.code == "registry.ledger.altered"
    assert caught.value.at == f"record {first}"


def test_a_witness_sees_a_cut_end_and_a_ledger_written_anew(ledger: Ledger, edit: Edit) -> None:
    """Dropping the last records leaves a whole chain; a head noted elsewhere shows it."""
    _plans(ledger, 5)
    witness = ledger.head()
    assert ledger.verify(witness, Head(0, GENESIS)) == witness
    edit(*_unguarded(ledger), "DELETE FROM mintmark_record WHERE n > 3")
    assert ledger.verify().n == 3
    with pytest.raises(RegistryError, match="record 4"):
        ledger.verify(witness)
    ledger.record("plan", {"digest": "other"}, actor="eve", at=AT)
    ledger.record("plan", {"digest": "other"}, actor="eve", at=AT)
    with pytest.raises(RegistryError, match="record 5"):
        ledger.verify(witness)


def test_reading_an_edited_record_is_an_error(ledger: Ledger, edit: Edit) -> None:
    """An edited body is never handed out, even where no one asked to verify."""
    _plans(ledger, 3)
    edit(*_unguarded(ledger), EDITS["a body"][0])
    with pytest.raises(RegistryError, match="record 2"):
        list(ledger.read())


def test_threads_of_one_ledger_make_one_chain(ledger: Ledger) -> None:
    """Eight threads append at once through one open ledger, and no record is lost or doubled."""
    failed: list[BaseException] = []

    def work(who: int) -> None:
        try:
            for i in range(5):
                ledger.record("plan", {"digest": f"{who}.{i}"}, actor=f"t{who}", at=AT)
        except RegistryError as error:  # the assertion below shows it
            failed.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert ledger.verify().n == 40
    assert len({r.body["digest"] for r in ledger.read()}) == 40


STARTERS = """
import multiprocessing
import sys

from mintmark.registry import Ledger, migrate


def start(url, who, together):
    together.wait(30)
    migrate(url)
    with Ledger.open(url) as ledger:
        ledger.record("plan", {"digest": "shared"}, actor="all", at=1, key="shared")
        ledger.record("plan", {"digest": str(who)}, actor=f"child {who}", at=1)


fork = multiprocessing.get_context("fork")
together = fork.Barrier(16)
children = [fork.Process(target=start, args=(sys.argv[1], who, together)) for who in range(16)]
for child in children:
    child.start()
for child in children:
    child.join(60)
sys.exit(sum(child.exitcode != 0 for child in children))
"""


def test_sixteen_processes_start_at_once(fresh_url: str) -> None:
    """Sixteen processes set up, open and append on one fresh database: no error, one chain."""
    # Forked from one small process that has imported the registry: their start is at once indeed,
    # and the import is not paid sixteen times.
    done = subprocess.run(
        [sys.executable, "-c", STARTERS, fresh_url], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    with Ledger.open(fresh_url) as ledger:
        assert ledger.verify().n == 17
        names = sorted(r.body["digest"] for r in ledger.read())
        assert names == sorted(["shared", *map(str, range(16))])


APPENDER = """
import sys

from mintmark.registry import Ledger

with Ledger.open(sys.argv[1]) as ledger:
    while True:
        made = ledger.record("plan", {"digest": "x", "text": "y" * 2000}, actor="ada", at=1)
        print(made.n, made.hash, flush=True)
"""


def test_an_acknowledged_record_survives_a_kill(fresh_url: str) -> None:
    """Killed in the middle of appending: what was answered is there, the chain is whole."""
    migrate(fresh_url)
    child = subprocess.Popen(
        [sys.executable, "-c", APPENDER, fresh_url], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    answered = [child.stdout.readline().split() for _ in range(20)]
    child.kill()
    answered += [line.split() for line in child.stdout if line.endswith("\n")]
    child.wait()
    with Ledger.open(fresh_url) as ledger:
        witnesses = [Head(int(n), hashed) for n, hashed in answered]
        assert ledger.verify(*witnesses).n >= 20
        ledger.record("plan", {"digest": "after"}, actor="ada", at=1)
        ledger.verify()


def _unguarded(ledger: Ledger) -> list[str]:
    """What an owner of the database does first: drop the triggers."""
    if ledger.engine.dialect.name == "sqlite":
        return [f"DROP TRIGGER mintmark_record_no_{verb}" for verb in ("update", "delete")]
    return ["DROP TRIGGER mintmark_record_no_change ON mintmark_record"]
