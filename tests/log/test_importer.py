"""The import: order, identity, revisions, lateness, epochs."""

from pathlib import Path

import pytest

import mintmark.define as mm
from log.worked import DAY, EVENTS, START, charged, ids, ingest, paid, parquet, refused
from mintmark.ground import LogError
from mintmark.log import Log, Position


def test_an_empty_log_reads_as_empty(log: Log) -> None:
    """A log that holds nothing has all its columns, no rows and place 0."""
    assert log.read("payment").num_rows == 0
    assert log.read("payment").column_names[:4] == ["mm_seq", "mm_at", "mm_known_at", "mm_revision"]
    assert log.position() == Position(0, 0)


def test_rows_come_in_the_order_of_knowledge(log: Log, tmp_path: Path) -> None:
    """Whatever the order in the files, seq follows known_at, labels first, at, stream and id."""
    payments = [paid("c", 2), paid("b", 1), paid("a", 1), paid("d", 3)]
    done = ingest(log, tmp_path, payments, [charged("x", "a", 2)])
    assert (done.read, done.added, done.first_seq, done.last_seq) == (5, 5, 1, 5)
    assert ids(log) == ["a", "b", "c", "d"]
    assert log.read("payment")["mm_seq"].to_pylist() == [1, 2, 4, 5]
    assert log.read("chargeback")["mm_seq"].to_pylist() == [3]


def test_integer_ids_are_ordered_as_integers(tmp_path: Path) -> None:
    """Id 9 comes before id 10 where ids are integers, and after it where they are text."""
    for id_type, want in (("integer", [9, 10]), ("text", ["10", "9"])):
        event = mm.Event("tick", id="id", at="at", id_type=id_type, fields={})
        log = Log.create(tmp_path / id_type, [event])
        values = want if id_type == "text" else [10, 9]
        file = parquet(tmp_path / f"{id_type}.parquet", [{"id": v, "at": START} for v in values])
        log.ingest({"tick": file})
        assert log.read("tick")["id"].to_pylist() == want


def test_known_at_follows_its_rule(tmp_path: Path) -> None:
    """known_at is at, a span after it, or a column, never the time of the import."""
    rows = [{"id": "a", "at": START, "seen": START + 2 * DAY}]
    file = parquet(tmp_path / "tick.parquet", rows)
    for rule, days in ((None, 0), ("at", 0), ("at + 7d", 7), ("seen", 2)):
        event = mm.Event("tick", id="id", at="at", known_at=rule, fields={})
        log = Log.create(tmp_path / f"log {rule}", [event])
        log.ingest({"tick": file})
        assert log.read("tick")["mm_known_at"].to_pylist() == [START + days * DAY]


def test_the_same_file_again_adds_nothing(log: Log, tmp_path: Path) -> None:
    """A file that was imported adds no row, no version of a table and no change of the digest."""
    first = ingest(log, tmp_path, [paid("a"), paid("b"), paid("bad", amount=-1.0)])
    before, head = log.version(), log.store.manifest.read_bytes()
    again = log.ingest({"payment": tmp_path / "payment-0.parquet"})
    assert (again.read, again.added, again.same, again.versions) == (3, 0, 3, {})
    assert log.version() == before
    assert log.store.manifest.read_bytes() == head
    assert first.quarantined == {"negative": 1}
    assert log.quarantine().num_rows == 1


def test_the_same_rows_in_another_file_add_nothing(log: Log, tmp_path: Path) -> None:
    """Rows that are in the log count as the same, those beside them are added."""
    ingest(log, tmp_path, [paid("a"), paid("b", 1)])
    again = ingest(log, tmp_path, [paid("b", 1), paid("c", 2)])
    assert (again.added, again.same, again.quarantined) == (1, 1, {})
    assert ids(log) == ["a", "b", "c"]


def test_equal_and_other_content_of_one_id(log: Log, tmp_path: Path) -> None:
    """Within one import an id with equal content is the same, with other content a conflict."""
    rows = [paid("a"), paid("a"), paid("a", amount=99.0), paid("b")]
    done = ingest(log, tmp_path, rows)
    assert (done.added, done.same, done.quarantined) == (2, 1, {"conflict": 1})
    assert refused(log) == [("conflict", "payment_id", 3)]
    assert log.read("payment")["amount"].to_pylist() == [1234, 1234]


def test_other_content_of_an_id_in_the_log(log: Log, tmp_path: Path) -> None:
    """An id that is in the log is not changed by a later import."""
    ingest(log, tmp_path, [paid("a"), paid("z", 1)])
    done = ingest(log, tmp_path, [paid("a", country="FR"), paid("b", 2)])
    assert (done.added, done.same, done.quarantined) == (1, 0, {"conflict": 1})
    assert done.epoch == 0


def test_null_equals_null(log: Log, tmp_path: Path) -> None:
    """Two rows whose optional values are null are the same."""
    row = paid("a", terminal=None, amount=None)
    ingest(log, tmp_path, [row, paid("b", 1)])
    again = ingest(log, tmp_path, [row, paid("c", 2)])
    assert (again.added, again.same) == (1, 1)


def test_a_higher_revision_is_stored_beside_the_lower(log: Log, tmp_path: Path) -> None:
    """A revision of a label is an event of its own with its own place."""
    labels = [charged("x", "a", 1), charged("x", "a", 2, revision=1, fraud=False)]
    ingest(log, tmp_path, [paid("a")], labels)
    rows = log.read("chargeback")
    assert rows["mm_revision"].to_pylist() == [0, 1]
    assert rows["fraud"].to_pylist() == [True, False]


def test_a_label_of_an_unknown_payment_is_stored_and_counted(log: Log, tmp_path: Path) -> None:
    """Labels without a payment, or before it, are parked; the others are not."""
    labels = [charged("x", "a", 1), charged("y", "nobody", 1), charged("z", "b", 1)]
    done = ingest(log, tmp_path, [paid("a"), paid("b", 2)], labels)
    assert (done.added, done.parked) == (5, 2)
    done = ingest(log, tmp_path, [], [charged("w", "b", 3), charged("v", "c", 3)])
    assert done.parked == 1


def test_an_import_that_goes_on_keeps_the_epoch(log: Log, tmp_path: Path) -> None:
    """What becomes known after all the rest follows it in the same epoch."""
    ingest(log, tmp_path, [paid("a"), paid("b", 1)])
    done = ingest(log, tmp_path, [paid("c", 1), paid("d", 2)])
    assert (done.epoch, done.first_seq, done.last_seq) == (0, 3, 4)
    assert done.versions == {"payment": 1}


def test_an_import_that_reaches_back_opens_an_epoch(log: Log, tmp_path: Path) -> None:
    """The new epoch holds all rows in their order; the old one still reads as it was."""
    ingest(log, tmp_path, [paid("a"), paid("c", 2)], [charged("x", "a", 1)])
    old = log.read("payment")
    done = ingest(log, tmp_path, [paid("b", 1)])
    assert (done.epoch, done.added, done.first_seq, done.last_seq) == (1, 1, 1, 4)
    assert ids(log) == ["a", "b", "c"]
    assert log.read("payment")["mm_seq"].to_pylist() == [1, 3, 4]
    assert log.read("chargeback")["mm_seq"].to_pylist() == [2]
    assert log.read("payment", epoch=0).equals(old)
    assert log.position() == Position(1, 4)


def test_a_second_import_equals_one_import_of_both(log: Log, tmp_path: Path) -> None:
    """A log that was re-sequenced holds the rows of one that was imported at once."""
    one, two = [paid("a"), paid("c", 2)], [paid("b", 1), paid("d", 3)]
    ingest(log, tmp_path, one)
    ingest(log, tmp_path, two)
    other = Log.create(tmp_path / "other", EVENTS)
    ingest(other, tmp_path, one + two)
    assert log.read("payment").equals(other.read("payment"))


def test_too_late_is_judged_at_its_place(tmp_path: Path) -> None:
    """An event too far behind its stream is refused, one within the span takes its place.

    at         0d .. . . . . . 10d           lateness 7d, so the edge lies at 3d
    known_at   all at the end, in the order told
    """
    event = mm.Event("tick", id="id", at="at", known_at="seen", lateness="7d", fields={})
    log = Log.create(tmp_path / "log", [event])
    rows = [
        {"id": "first", "at": START + 10 * DAY, "seen": START + 10 * DAY},
        {"id": "edge", "at": START + 3 * DAY, "seen": START + 11 * DAY},
        {"id": "late", "at": START + 3 * DAY - 1, "seen": START + 11 * DAY},
    ]
    done = log.ingest({"tick": parquet(tmp_path / "a.parquet", rows)})
    assert (done.added, done.quarantined) == (2, {"late": 1})
    later = [{"id": "later", "at": START + 3 * DAY - 1, "seen": START + 12 * DAY}]
    done = log.ingest({"tick": parquet(tmp_path / "b.parquet", later)})
    assert (done.added, done.quarantined, done.versions) == (0, {"late": 1}, {"quarantine": 1})


def test_beyond_skew_is_refused(tmp_path: Path) -> None:
    """An event may be dated up to `skew` after it became known, and no more."""
    event = mm.Event("tick", id="id", at="at", known_at="seen", skew="5m", fields={})
    log = Log.create(tmp_path / "log", [event])
    edge = START + 5 * 60_000_000
    rows = [{"id": "a", "at": edge, "seen": START}, {"id": "b", "at": edge + 1, "seen": START}]
    done = log.ingest({"tick": parquet(tmp_path / "a.parquet", rows)})
    assert (done.added, done.quarantined) == (1, {"ahead": 1})


def test_digest_names_content_and_not_its_files(tmp_path: Path) -> None:
    """One file or two, Parquet or CSV: the same rows give the same digest, others another."""
    rows = [paid("a"), paid("b", 1), paid("c", 2)]
    digests = []
    for number, parts in enumerate(([rows], [rows[:1], rows[1:]], [rows[:2]])):
        log = Log.create(tmp_path / f"log{number}", EVENTS)
        files = [parquet(tmp_path / f"{number}-{i}.parquet", part) for i, part in enumerate(parts)]
        log.ingest({"payment": files})
        digests.append(log.version())
    assert digests[0] == digests[1] != digests[2]


def test_a_log_is_made_once(log: Log, tmp_path: Path) -> None:
    """A log is not made over another, nor opened where there is none, nor with other columns."""
    with pytest.raises(LogError) as error:
        Log.create(tmp_path / "log", EVENTS)
    assert error.value.code == "log.create.exists"
    with pytest.raises(LogError) as error:
        Log.open(tmp_path / "nothing", EVENTS)
    assert error.value.code == "log.open.missing"
    other = mm.Event("payment", id="payment_id", at="paid_at", fields={"amount": mm.Money("JPY")})
    with pytest.raises(LogError) as error:
        Log.open(tmp_path / "log", [other])
    assert error.value.code == "log.open.other_columns"


def test_reading_what_is_not_there(log: Log) -> None:
    """An unknown event and an unknown epoch are errors that name what there is."""
    for call, code in (
        (lambda: log.read("nothing"), "log.read.no_stream"),
        (lambda: log.read("payment", epoch=1), "log.read.no_epoch"),
        (lambda: log.ingest({"nothing": "x.csv"}), "log.source.no_stream"),
    ):
        with pytest.raises(LogError) as error:
            call()
        assert error.value.code == code


def test_reading_up_to_a_place(log: Log, tmp_path: Path) -> None:
    """`up_to_seq` leaves out what was logged after that place."""
    ingest(log, tmp_path, [paid("a"), paid("b", 1), paid("c", 2)])
    assert ids(log, up_to_seq=2) == ["a", "b"]
    assert ids(log, up_to_seq=0) == []
    assert ids(log, after_seq=1) == ["b", "c"]
    assert ids(log, after_seq=1, up_to_seq=2) == ["b"]
    assert ids(log, after_seq=3) == ids(log, after_seq=2, up_to_seq=1) == []


def test_a_cut_log_knows_what_was_known_before(log: Log, tmp_path: Path) -> None:
    """A cut keeps places and leaves out what became known at the time or after it."""
    ingest(log, tmp_path, [paid("a"), paid("b", 1), paid("c", 2)], [charged("x", "a", 1)])
    other = log.cut(tmp_path / "cut", known_before_us=START + DAY)
    assert ids(other) == ["a"]
    assert other.position() == Position(0, 1)
    other = log.cut(tmp_path / "cut2", known_before_us=START + DAY + 1)
    assert ids(other) == ["a", "b"]
    assert other.read("chargeback")["mm_seq"].to_pylist() == [2]
    done = ingest(other, tmp_path, [paid("c", 2)])
    assert (done.first_seq, done.added) == (4, 1)
