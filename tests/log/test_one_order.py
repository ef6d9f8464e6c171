"""An import is what the sequencer would have made of the same events, one by one."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

import mintmark.define as mm
from log.worked import DAY, START, parquet
from mintmark.ground import SenderClock
from mintmark.log import Log, Tail, TailRecord
from mintmark.log.sequencer import STORED

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    known_at="seen",
    revision="revision",
    lateness="2d",
    skew="1d",
    fields={"amount": mm.Integer()},
)
chargeback = mm.Event(
    "chargeback",
    id="id",
    at="at",
    known_at="seen",
    lateness="3d",
    skew="1d",
    refers_to=payment,
    refers_by="payment_id",
    fields={"fraud": mm.Flag()},
)
EVENTS = (chargeback, payment)

Streams: TypeAlias = dict[str, list[dict[str, Any]]]

DAYS = st.integers(0, 8).map(lambda day: START + day * DAY)
PAYMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from("abcd"),
            "at": DAYS,
            "seen": DAYS,
            "revision": st.sampled_from([0, 0, 0, 1]),
            "amount": st.sampled_from([1, 1, 2, None]),
        }
    ),
    max_size=14,
)
CHARGEBACKS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from("xy"),
            "at": DAYS,
            "seen": DAYS,
            "payment_id": st.sampled_from("abz"),
            "fraud": st.booleans(),
        }
    ),
    max_size=6,
)


def one_by_one(folder: Path, streams: Streams) -> tuple[Log, Counter[str]]:
    """Hand the events to a sequencer in the order of design.md 3.1; count the verdicts."""
    log, clock = Log.create(folder, EVENTS), SenderClock(0)
    events = [(stream, row) for stream, rows in streams.items() for row in rows]
    events.sort(
        key=lambda one: (
            one[1]["seen"],
            one[0] == "payment",
            one[1]["at"],
            one[1]["id"],
            one[1].get("revision", 0),
        )
    )
    verdicts: Counter[str] = Counter()
    with Tail.open(log, EVENTS, clock, segment_bytes=4096) as tail:
        for stream, row in events:
            clock.advance(row["seen"])
            admitted = tail.admit(stream, row)
            verdicts[admitted.verdict] += 1
            if admitted.verdict in STORED:
                tail.append(TailRecord(stream, admitted.row))
        tail.commit()
    return log, verdicts


def imported(folder: Path, parts: list[Streams]) -> tuple[Log, Counter[str]]:
    """Import the events, some parts one after the other; count the verdicts."""
    log, verdicts = Log.create(folder, EVENTS), Counter[str]()
    for number, part in enumerate(parts):
        files = {
            stream: parquet(folder / f"{stream}-{number}.parquet", rows)
            for stream, rows in part.items()
            if rows
        }
        done = log.ingest(files)
        verdicts += Counter(done.quarantined)
        verdicts += Counter(same=done.same, parked=done.parked, new=done.added - done.parked)
    return log, verdicts


@settings(max_examples=15, deadline=None)
@given(PAYMENTS, CHARGEBACKS)
def test_an_import_equals_the_sequencer(
    payments: list[dict[str, Any]], chargebacks: list[dict[str, Any]]
) -> None:
    """Same rows, same places, same verdicts: ties, doubles, revisions, late and early events."""
    streams = {"payment": payments, "chargeback": chargebacks}
    with tempfile.TemporaryDirectory() as folder:
        want, live_verdicts = one_by_one(Path(folder, "live"), streams)
        got, verdicts = imported(Path(folder, "imported"), [streams])
        for stream in streams:
            assert got.read(stream).to_pylist() == want.read(stream).to_pylist()
        assert verdicts == live_verdicts


@settings(max_examples=15, deadline=None)
@given(PAYMENTS, CHARGEBACKS, st.integers(0, 8))
def test_an_import_in_two_parts_equals_one(
    payments: list[dict[str, Any]], chargebacks: list[dict[str, Any]], day: int
) -> None:
    """What became known up to a day, and then the rest: the log is that of one import."""
    streams = {"payment": payments, "chargeback": chargebacks}
    edge = START + day * DAY
    parts = [
        {name: [row for row in rows if row["seen"] <= edge] for name, rows in streams.items()},
        {name: [row for row in rows if row["seen"] > edge] for name, rows in streams.items()},
    ]
    with tempfile.TemporaryDirectory() as folder:
        want, whole = imported(Path(folder, "whole"), [streams])
        got, verdicts = imported(Path(folder, "parts"), parts)
        assert got.position() == want.position()
        for stream in streams:
            assert got.read(stream).equals(want.read(stream))
        assert verdicts == whole
