"""The one place where live events get their order.

`admit` judges an event and says which place it would have; `take` gives it that place. Between the
two the caller may compute an answer, and if that fails nothing has happened.

    admit    row contract -> too far ahead? -> known already? -> too late? -> next seq
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from mintmark.ground import Clock, LogError
from mintmark.log.fault import Fault
from mintmark.log.identity import Id, Identities, equal, id_of
from mintmark.log.manifest import Epoch
from mintmark.log.record import Row, TailRecord
from mintmark.log.row import RowContract
from mintmark.log.store import Store

Verdict: TypeAlias = Literal["new", "parked", "same", "conflict", "late", "ahead"]

STORED: tuple[Verdict, ...] = ("new", "parked")
"""The verdicts of an event that enters the log."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """How the sequencer judged one row.

    `row` is in stored units and has its place (`mm_seq`, `mm_known_at`) when the verdict is `new`,
    or `parked`: a label whose event is not known yet. For `same` it is the row that is stored
    already, at its place. For `conflict`, `late` and `ahead`, which do not enter, `seq` is 0.
    """

    seq: int
    at: int
    known_at: int
    row: Row
    verdict: Verdict


class Sequencer:
    """Judges live rows and gives them their places, after what the log holds.

    Parameters
    ----------
    store : the log's store
    epoch : the epoch that is written to
    clock : what says when an event became known
    token_key : key of the tokens for `mm.Pan()` fields
    """

    def __init__(
        self, store: Store, epoch: Epoch, clock: Clock, token_key: bytes | None = None
    ) -> None:
        self.seq = epoch.seq
        self.known_at = epoch.known_at
        self._clock = clock
        self._shapes = {name: shape.live() for name, shape in store.shapes.items()}
        self._contracts = {n: RowContract(shape, token_key) for n, shape in self._shapes.items()}
        self._horizons = {name: mark.horizon for name, mark in epoch.streams.items()}
        self._ids = {
            name: Identities(shape, partial(store.rows, name, epoch))
            for name, shape in self._shapes.items()
        }

    def check(self, stream: str, row: Mapping[str, object]) -> Row | Fault:
        """Return the row in stored units without its place, or its first fault.

        Raises
        ------
        LogError
            `log.read.no_stream`.
        """
        if stream not in self._contracts:
            known = ", ".join(sorted(self._contracts))
            raise LogError(
                "no such event in this log", got=stream, want=known, code="log.read.no_stream"
            )
        return self._contracts[stream].check(row)

    def judge(self, stream: str, stored: Row) -> Admitted:
        """Judge a row in stored units; on `new` and `parked` it gets its place.

        Cost: 5 µs for a new id.
        """
        shape, ids = self._shapes[stream], self._ids[stream]
        now = self._clock.read()
        known_at = now if self.known_at is None else max(self.known_at, now)
        at = int(stored["mm_at"] or 0)
        verdict: Verdict = "new"
        if at > known_at + shape.skew_us:
            return Admitted(0, at, known_at, stored, "ahead")
        before = ids.find(id_of(stored, shape), int(stored["mm_revision"] or 0))
        if before is not None:
            return _again(stored, shape.content, before=before)
        horizon = self._horizons.get(stream)
        if horizon is not None and at < horizon - shape.lateness_us:
            return Admitted(0, at, known_at, stored, "late")
        if shape.refers is not None and shape.refers_to is not None:
            verdict = "new" if self._knows(shape.refers_to, stored[shape.refers]) else "parked"
        row = {"mm_seq": self.seq + 1, "mm_at": at, "mm_known_at": known_at} | stored
        return Admitted(self.seq + 1, at, known_at, row, verdict)

    def take(self, record: TailRecord) -> None:
        """Give an event its place: from here on it is the last one.

        Raises
        ------
        LogError
            `log.tail.order` when its place is not the next one.
        """
        row = record.row
        at, known_at = int(row["mm_at"] or 0), int(row["mm_known_at"] or 0)
        if record.seq != self.seq + 1 or known_at < (self.known_at or known_at):
            raise LogError(
                "an event is appended out of its place",
                got=f"seq {record.seq}",
                want=f"seq {self.seq + 1}",
                hint="append what was admitted before the next one is admitted",
                code="log.tail.order",
            )
        self.seq, self.known_at = record.seq, known_at
        reached, horizon = min(at, known_at), self._horizons.get(record.stream)
        self._horizons[record.stream] = reached if horizon is None else max(horizon, reached)
        self._ids[record.stream].add(row)

    def load(self) -> None:
        """Read the known ids of all streams now, so that no request waits for it."""
        for ids in self._ids.values():
            ids.load()

    def _knows(self, stream: str, id: object) -> bool:
        assert isinstance(id, (int, str)), "a reference is required by the contract"
        known: Id = id
        return self._ids[stream].known(known)


def _again(stored: Row, content: tuple[str, ...], *, before: Row) -> Admitted:
    """Judge a row whose id and revision are in the log already."""
    at, known_at = int(before["mm_at"] or 0), int(before["mm_known_at"] or 0)
    if equal(stored, content, stored=before):
        return Admitted(int(before["mm_seq"] or 0), at, known_at, before, "same")
    return Admitted(0, int(stored["mm_at"] or 0), known_at, stored, "conflict")
