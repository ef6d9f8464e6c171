"""The live tail: what it acknowledges is there again, once, and what it does not is not."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

import mintmark.define as mm
from log.worked import (
    DAY,
    EVENTS,
    KEY,
    PAN,
    START,
    charged,
    ids,
    ingest,
    paid,
    parquet,
    raw,
    refused,
)
from mintmark.ground import LogError, SenderClock, token
from mintmark.log import Decision, Log, Position, Tail, TailRecord

NOW = START + 10 * DAY


def opened(log: Log, **options: Any) -> Tail:
    """A tail whose clock stands ten days after the start."""
    return Tail.open(log, EVENTS, SenderClock(NOW), token_key=KEY, **options)


def answered(event_id: str, seq: int) -> Decision:
    """A decision about a payment."""
    return Decision(
        decision_id=f"d_{event_id}",
        stream="payment",
        event_id=event_id,
        epoch=0,
        seq=seq,
        at=NOW,
        known_at=NOW,
        margin=-1.25,
        probability=0.222,
        action="approve",
        costs={"approve": 0.1, "decline": 2.5},
        reasons=[("card_mean_30d", 0.5, 12.0), ("night", 0.25, None)],
        features=b"\0" * 16,
        release="sha256:1",
        model="sha256:2",
        plan="sha256:3",
        policy="sha256:4",
        latency_us=150,
        clock="sender",
    )


def put(tail: Tail, *payment_ids: str, commit: bool = True, day: float = 10) -> None:
    """Append payments with their decisions."""
    for one in payment_ids:
        admitted = tail.admit("payment", paid(one, day))
        tail.append(TailRecord("payment", admitted.row, answered(one, admitted.seq)))
    if commit:
        tail.commit()


def test_what_is_committed_is_read(log: Log, tmp_path: Path) -> None:
    """Live events follow the imported ones, in the order in which they were appended."""
    ingest(log, tmp_path, [paid("a"), paid("b", 1)])
    with opened(log) as tail:
        put(tail, "z", "c")
        assert (tail.seq, tail.committed_seq) == (4, 4)
        assert ids(log) == ["a", "b", "z", "c"]
        assert log.read("payment")["mm_known_at"].to_pylist()[2:] == [NOW, NOW]
        assert log.position() == Position(0, 4)


def test_what_is_not_committed_is_not_read(log: Log) -> None:
    """Until its commit an event is nowhere but in memory."""
    with opened(log) as tail:
        put(tail, "a")
        put(tail, "b", commit=False)
        assert (tail.seq, tail.committed_seq) == (2, 1)
        assert ids(log) == ["a"]
    with opened(log) as tail:
        assert tail.seq == 1


def test_a_tail_that_opens_again_goes_on(log: Log) -> None:
    """Places, known ids, decisions and the log's time go on where they stood."""
    with opened(log) as tail:
        put(tail, "a", "b")
    with Tail.open(log, EVENTS, SenderClock(START)) as tail:
        assert tail.admit("payment", paid("a", 10)).verdict == "same"
        put(tail, "c")
        assert log.read("payment")["mm_known_at"].to_pylist() == [NOW, NOW, NOW]
        assert tail.decision_of("payment", "b") == answered("b", 2)
        assert tail.decision_of("payment", "nobody") is None
    assert log.read("payment")["mm_seq"].to_pylist() == [1, 2, 3]


def test_verdicts(log: Log, tmp_path: Path) -> None:
    """New, same, conflict, late, ahead and parked, against the tables and against the tail."""
    ingest(log, tmp_path, [paid("a", 9)], [charged("x", "a", 9)])
    with opened(log) as tail:
        put(tail, "b")
        for stream, row, verdict in (
            ("payment", paid("c", 10), "new"),
            ("payment", paid("a", 9), "same"),
            ("payment", paid("b", 10), "same"),
            ("payment", paid("a", 9, amount=5), "conflict"),
            ("payment", paid("b", 10, country=None), "conflict"),
            ("payment", paid("d", 2.9), "late"),
            ("payment", paid("d", 3), "new"),
            ("payment", paid("e", 10, paid_at=NOW + 300_000_000), "new"),
            ("payment", paid("e", 10, paid_at=NOW + 300_000_001), "ahead"),
            ("chargeback", charged("x", "a", 9), "same"),
            ("chargeback", charged("x", "a", 9, revision=1), "new"),
            ("chargeback", charged("y", "b", 10), "new"),
            ("chargeback", charged("y", "nobody", 10), "parked"),
        ):
            assert tail.admit(stream, row).verdict == verdict, row
        tail.commit()
    assert [reason for reason, _, _ in refused(log)] == ["conflict", "conflict", "late", "ahead"]


def test_the_same_again_gives_the_stored_row(log: Log, tmp_path: Path) -> None:
    """A retry gets the place and the values of the first time, from the tail and the tables."""
    ingest(log, tmp_path, [paid("a", 9)])
    with opened(log) as tail:
        put(tail, "b")
        first, second = tail.admit("payment", paid("a", 9)), tail.admit("payment", paid("b", 10))
        assert (first.seq, first.known_at) == (1, START + 9 * DAY)
        assert (second.seq, second.row["amount"]) == (2, 1234)


def test_an_admitted_row_that_is_not_appended_has_not_happened(log: Log) -> None:
    """A place is given at `append`: a score that fails leaves no hole."""
    with opened(log) as tail:
        assert tail.admit("payment", paid("a", 10)).seq == 1
        assert tail.admit("payment", paid("b", 10)).seq == 1
        put(tail, "b")
    assert log.read("payment")["mm_seq"].to_pylist() == [1]


def test_events_are_appended_in_their_order(log: Log) -> None:
    """An event that was not admitted last is refused, and the tail goes on."""
    with opened(log) as tail:
        first = tail.admit("payment", paid("a", 10))
        tail.append(TailRecord("payment", first.row))
        with pytest.raises(LogError) as error:
            tail.append(TailRecord("payment", first.row))
        assert error.value.code == "log.tail.order"
        put(tail, "b")
    assert ids(log) == ["a", "b"]


def test_a_row_that_breaks_the_contract(log: Log) -> None:
    """It raises with its reason and column, and goes to quarantine, masked, with the commit."""
    with opened(log) as tail:
        for row, code in (
            (paid("a", card=PAN), "log.row.pan"),
            (paid("a", card=None), "log.row.null"),
            ({"payment_id": "a"}, "log.row.missing"),
        ):
            with pytest.raises(LogError) as error:
                tail.admit("payment", row)
            assert error.value.code == code
            assert PAN not in str(error.value)
        tail.commit()
        assert refused(log) == [("pan", "card", 0), ("null", "card", 0), ("missing", "paid_at", 0)]
        assert raw(log)["card"] == "411111******1111"
        before = log.version()
        tail.seal(rotate=True)
        assert log.version() == before
        assert len(refused(log)) == 3
    assert not any(PAN.encode() in file.read_bytes() for file in log.store.tail.iterdir())


def test_two_writers_cannot_own_one_log(log: Log, tmp_path: Path) -> None:
    """A second tail, an import and a seal beside an open tail are refused, and work after it."""
    with opened(log) as tail:
        put(tail, "a")
        for call in (lambda: opened(log), lambda: ingest(log, tmp_path, [paid("b")]), log.seal):
            with pytest.raises(LogError) as error:
                call()
            assert error.value.code == "log.locked"
            assert error.value.kind == "world"
    assert log.seal() == 1
    assert ingest(log, tmp_path, [paid("c", 11)]).first_seq == 2


def test_an_import_takes_the_tail_into_the_tables_first(log: Log, tmp_path: Path) -> None:
    """After a live run an import follows its events, and one that reaches back reorders them."""
    with opened(log) as tail:
        put(tail, "a", "b")
    done = ingest(log, tmp_path, [paid("c", 12)])
    assert (done.epoch, done.first_seq) == (0, 3)
    done = ingest(log, tmp_path, [paid("d", 5)])
    assert done.epoch == 1
    assert ids(log) == ["d", "a", "b", "c"]
    assert log.decisions()["seq"].to_pylist() == [1, 2]
    with opened(log) as tail:
        assert tail.seq == 4


def test_segments_follow_each_other(log: Log) -> None:
    """A full segment is closed and the next one goes on, and a big commit gets room of its own."""
    with opened(log, segment_bytes=4096) as tail:
        for i in range(40):
            put(tail, f"p{i:02d}")
        put(tail, *(f"q{i:02d}" for i in range(40)))
        put(tail, "last")
    assert len(list(log.store.tail.glob("*.segment"))) > 5
    want = [f"p{i:02d}" for i in range(40)] + [f"q{i:02d}" for i in range(40)] + ["last"]
    assert ids(log) == want
    with opened(log, segment_bytes=4096) as tail:
        assert tail.seq == 81
        put(tail, "more")
    assert ids(log)[-1] == "more"


def test_sealing_moves_closed_segments_and_changes_nothing(log: Log) -> None:
    """Rows, decisions and the digest are the same before and after, segment by segment."""
    with opened(log, segment_bytes=4096) as tail:
        for i in range(20):
            put(tail, f"p{i:02d}")
        rows, decisions, version = log.read("payment"), log.decisions(), log.version()
        moved = tail.seal()
        assert 0 < moved < 20
        assert len(list(log.store.tail.glob("*.segment"))) == 1
        put(tail, "after")
        assert tail.seal(rotate=True) == 21 - moved
        assert not list(log.store.tail.glob("*.segment"))
        assert log.read("payment").slice(0, 20).equals(rows)
        assert log.decisions().slice(0, 20).equals(decisions)
        assert tail.decision_of("payment", "p03") == answered("p03", 4)
        assert tail.admit("payment", paid("p03", 10)).verdict == "same"
    other = Log.open(log.store.folder, EVENTS)
    assert other.version() != version
    assert other.seal() == 0


def test_a_seal_that_stopped_half_way_is_done_again(log: Log) -> None:
    """Tables that the manifest does not name, and segments it has passed, count for nothing."""
    with opened(log, segment_bytes=4096) as tail:
        for i in range(20):
            put(tail, f"p{i:02d}")
    version, head = log.version(), log.store.manifest.read_bytes()
    left = {file: file.read_bytes() for file in log.store.tail.glob("*.segment")}
    log.seal()
    log.store.manifest.write_bytes(head)
    for file, data in left.items():
        file.write_bytes(data)
    assert log.version() == version
    assert log.seal() == 20
    assert (log.version(), len(ids(log))) == (version, 20)
    for file, data in left.items():
        file.write_bytes(data)
    assert (log.version(), len(ids(log))) == (version, 20)
    assert log.seal() == 0
    assert not list(log.store.tail.glob("*.segment"))


def test_a_torn_end_is_cut(log: Log) -> None:
    """Bytes behind the last sound frame are overwritten, and the next commit takes their place."""
    with opened(log) as tail:
        put(tail, "a", "b")
    segment = next(log.store.tail.glob("*.segment"))
    data = bytearray(segment.read_bytes())
    end = len(bytes(data).rstrip(b"\0"))
    data[end - 40 : end] = bytes(40)
    data[end + 100 : end + 200] = b"\7" * 100
    segment.write_bytes(data)
    assert ids(log) == ["a"]
    with opened(log) as tail:
        assert tail.seq == 1
        put(tail, "c")
    assert ids(log) == ["a", "c"]


def test_damage_is_never_cut(log: Log) -> None:
    """A changed byte in what was acknowledged is an error of the world, and nothing is changed."""
    with opened(log) as tail:
        put(tail, "a")
        put(tail, "b")
    segment = next(log.store.tail.glob("*.segment"))
    data = bytearray(segment.read_bytes())
    data[100] ^= 1
    segment.write_bytes(data)
    for call in (lambda: opened(log), lambda: log.read("payment"), log.seal):
        with pytest.raises(LogError) as error:
            call()
        assert (error.value.code, error.value.kind) == ("log.tail.damaged", "world")
    assert segment.read_bytes() == data


def test_a_failed_sync_is_the_end_of_the_tail(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing after a failed sync is acknowledged; whoever opens the log again may go on."""

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    tail = opened(log)
    put(tail, "a")
    put(tail, "b", commit=False)
    monkeypatch.setattr("mintmark.log.disk.sync_data", fail)
    with pytest.raises(LogError) as error:
        tail.commit()
    assert (error.value.code, error.value.kind) == ("log.tail.failed", "world")
    monkeypatch.undo()
    assert tail.committed_seq == 1
    for call in (tail.commit, lambda: tail.admit("payment", paid("c", 10)), tail.seal):
        with pytest.raises(LogError) as error:
            call()
        assert error.value.code == "log.tail.failed"
    tail.close()
    with opened(log) as again:
        assert again.seq in (1, 2)


def test_times_never_go_back(log: Log) -> None:
    """known_at is the clock's time, or that of the event before where the clock lies behind."""
    clock = SenderClock(NOW)
    with Tail.open(log, EVENTS, clock) as tail:
        for step in (0, DAY, DAY):
            clock.advance(NOW + step)
            admitted = tail.admit("payment", paid(f"p{tail.seq}", 10))
            tail.append(TailRecord("payment", admitted.row))
        tail.commit()
    assert log.read("payment")["mm_known_at"].to_pylist() == [NOW, NOW + DAY, NOW + DAY]


def test_nothing_appended_is_nothing_written(log: Log) -> None:
    """A commit of nothing makes no file."""
    with opened(log) as tail:
        assert tail.commit() == 0
        assert os.listdir(log.store.tail) in ([], ["spare"])


def test_readers_see_whole_commits_while_segments_are_sealed(log: Log) -> None:
    """A reader beside a writer that seals never misses a record, nor sees one twice."""
    stop = threading.Event()
    faults: list[list[int]] = []

    def watch() -> None:
        reader, most = Log.open(log.store.folder, EVENTS), 0
        while not stop.is_set():
            seqs = reader.read("payment")["mm_seq"].to_pylist()
            if seqs != list(range(1, len(seqs) + 1)) or len(seqs) < most:
                faults.append(seqs)
            most = len(seqs)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with opened(log, segment_bytes=4096) as tail:
        for i in range(60):
            put(tail, f"p{i:03d}", f"q{i:03d}")
            if i % 5 == 4:
                tail.seal(rotate=True)
    stop.set()
    watcher.join()
    assert faults == []
    assert log.read("payment").num_rows == 120


def test_a_stream_that_is_not_defined(log: Log) -> None:
    """A row of an unknown event is an error that names the known ones."""
    with opened(log) as tail:
        with pytest.raises(LogError) as error:
            tail.admit("refund", {})
        assert (error.value.code, error.value.want) == ("log.read.no_stream", "chargeback, payment")


def test_card_numbers_need_a_key(tmp_path: Path) -> None:
    """Where an event holds card numbers, neither an import nor a tail begins without the key."""
    event = mm.Event("auth", id="id", at="at", fields={"number": mm.Pan()})
    log = Log.create(tmp_path / "auth", [event])
    row = {"id": "a", "at": NOW, "number": PAN}
    file = parquet(tmp_path / "auth.parquet", [row])
    for call in (
        lambda: log.ingest({"auth": file}),
        lambda: Tail.open(log, [event], SenderClock(NOW)),
    ):
        with pytest.raises(LogError) as error:
            call()
        assert error.value.code == "log.contract.no_key"
    with Tail.open(log, [event], SenderClock(NOW), token_key=KEY) as tail:
        assert tail.admit("auth", row).row["number"] == token(PAN, KEY)
