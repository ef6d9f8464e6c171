"""The cell: what owns a tail, folds what arrives, and decides.

    row → admit (contract, identity, place) → fold, features → strike → one record → commit → answer
          the log's sequencer                 engine.live      engine    the tail

From admission to the record everything happens in one call on one thread, so the order of the log
is the order of folding. The commit is another thread's, and every answer waits for it. A fault
between fold and record would leave the log and the state apart: the cell then takes nothing more,
and the process that runs it ends, to fold the log again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow.compute as pc

from mintmark.define import Event
from mintmark.engine import Live
from mintmark.engine.strike import Die
from mintmark.ground import Clock, SenderClock, ServeError, monotonic_ns
from mintmark.log import Admitted, Decision, Log, Tail, TailRecord
from mintmark.log.decision import from_row
from mintmark.log.fault import Fault
from mintmark.serve.commit import Committer, Done, Failed

REFUSALS: Final = frozenset(("conflict", "late", "ahead"))
"""Verdicts of the log on a row that does not enter it."""


@dataclass(frozen=True)
class Seals:
    """The digests by which every decision names what struck it."""

    release: str
    model: str
    plan: str
    policy: str


@dataclass(frozen=True)
class Material:
    """What a cell is made of: a release made ready, the state folded with its plan, and the log.

    `request` is the stream that is decided, `events` are those of the plan by name, `epoch` is the
    one that the tail writes to; `kept_seq` is the place of the newest state in a file, 0 without
    one, and `origin` says what the live state came from.
    """

    die: Die
    seals: Seals
    request: str
    events: Mapping[str, Event]
    live: Live
    log: Log
    tail: Tail
    epoch: int
    clock: Clock
    kept_seq: int
    origin: str


@dataclass(frozen=True)
class Taken:
    """What became of an event that asks for no decision."""

    verdict: str
    seq: int
    known_at: int


class Cell:
    """Live state, release and tail, and the one order in which they move.

    Parameters
    ----------
    material : Material
        All that was loaded; nobody else may use the live state or the tail from here on.
    committer : Committer
        What commits the tail.
    failed : callable
        Called once, with the error, when log and state have come apart.

    Attributes
    ----------
    whole : bool
        False after a fault that left log and state apart; nothing is taken any more then.
    """

    def __init__(self, material: Material, committer: Committer, failed: Failed) -> None:
        self._made = material
        self._committer = committer
        self._failed = failed
        self._live, self._tail, self._die = material.live, material.tail, material.die
        self._scale = _amount_scale(material)
        self._decisions: dict[int, Decision] = {}
        self._written = False
        self._clock_name = "sender" if isinstance(material.clock, SenderClock) else "system"
        self.whole = True

    @property
    def clock(self) -> Clock:
        """What says when an event became known."""
        return self._made.clock

    def names_of(self, decision: Decision) -> tuple[str, ...]:
        """Return the names of a decision's vector; none where another plan computed it."""
        return self._die.outputs if decision.plan == self._made.seals.plan else ()

    def decide(self, row: Mapping[str, Any]) -> Decision:
        """Take one request and decide it; the same request again is the same decision.

        Nothing may be answered before `after_commit` says so.

        Parameters
        ----------
        row : mapping
            By source column; times as ISO 8601 or whole µs, amounts exact.

        Raises
        ------
        LogError
            log.row.* for a row that does not enter the log: it breaks the contract, comes too
            late or too early, or has other content under a known id.
        ServeError
            serve.decide.history for a request that the log has, and that was never decided.

        Cost
        ----
        0.5 ms for 50 features and 240 trees of 15 leaves, of which the exact reasons take 0.35.
        """
        began_ns = monotonic_ns()
        admitted = self._admit(self._made.request, row)
        if admitted.verdict == "same":
            return self._decided(admitted)
        seals = self._made.seals
        vector = self._live.decide(admitted.row)
        with self._log_and_state_together():
            struck = self._die.strike(vector, self._amount(admitted.row))
            decision = Decision(
                decision_id=f"d{self._made.epoch}-{admitted.seq}",
                stream=self._made.request,
                event_id=self._event_id(admitted.row),
                epoch=self._made.epoch,
                seq=admitted.seq,
                at=admitted.at,
                known_at=admitted.known_at,
                margin=struck.margin,
                probability=struck.probability,
                action=struck.action,
                costs=struck.costs,
                reasons=self._die.reasons(vector),
                features=vector.tobytes(),
                release=seals.release,
                model=seals.model,
                plan=seals.plan,
                policy=seals.policy,
                latency_us=(monotonic_ns() - began_ns) // 1_000,
                clock=self._clock_name,
            )
            self._append(TailRecord(self._made.request, admitted.row, decision))
        self._decisions[decision.seq] = decision
        return decision

    def take(self, stream: str, row: Mapping[str, Any]) -> Taken:
        """Take one event that asks for no decision: a label, or one of another stream.

        Raises
        ------
        LogError
            log.row.*, as `decide`.
        ServeError
            serve.stream.unknown, serve.stream.request
        """
        if stream == self._made.request:
            raise ServeError(
                f'each event of "{stream}" is decided',
                at=f"/v1/events/{stream}"[:100],
                hint="send it to POST /v1/decide",
                code="serve.stream.request",
            )
        if stream not in self._made.events:
            raise ServeError(
                "this release reads no such stream",
                got=stream[:100],
                want=" or ".join(sorted(self._made.events.keys() - {self._made.request})),
                code="serve.stream.unknown",
            )
        admitted = self._admit(stream, row)
        if admitted.verdict != "same":
            self._live.fold(stream, admitted.row)
            with self._log_and_state_together():
                self._append(TailRecord(stream, admitted.row))
        return Taken(admitted.verdict, admitted.seq, admitted.known_at)

    def after_commit(self, done: Done) -> None:
        """Call `done` when all that was taken so far is on disk."""
        written, self._written = self._written, False
        self._committer.after(done, appended=written)

    def decision(self, decision_id: str) -> Decision:
        """Return one decision that was made on this log, now or long ago.

        Raises
        ------
        ServeError
            serve.decision.unknown
        """
        epoch, _, seq = decision_id.removeprefix("d").partition("-")
        decision = None
        if epoch == str(self._made.epoch) and seq.isascii() and seq.isdecimal():
            decision = self._decisions.get(int(seq[:20]))
        return decision or self._past_decision(decision_id)

    def forget(self, seq: int) -> None:
        """Drop from memory the decisions up to a place; the log still has them."""
        self._decisions = {place: one for place, one in self._decisions.items() if place > seq}

    def release_form(self) -> dict[str, Any]:
        """Return what decides here, as JSON values."""
        return asdict(self._made.seals) | {
            "request": self._made.request,
            "streams": sorted(self._made.events),
            "features": list(self._die.outputs),
            "epoch": self._made.epoch,
            "seq": self._tail.committed_seq,
            "clock": self._clock_name,
        }

    def _admit(self, stream: str, row: Mapping[str, Any]) -> Admitted:
        """Let the log judge a row; what it puts into quarantine is written with the next commit."""
        if not self.whole:
            raise ServeError(
                "this cell takes nothing more",
                hint="send it again: the server starts anew",
                code="serve.cell.apart",
                kind="world",
            )
        self._written = True
        admitted = self._tail.admit(stream, row)
        if admitted.verdict in REFUSALS:
            event = self._made.events[stream]
            about = event.id_column if admitted.verdict == "conflict" else event.at_column
            raise Fault(admitted.verdict, event.columns.get(about, about)).error(stream)
        return admitted

    def _decided(self, admitted: Admitted) -> Decision:
        """Find what a request that is in the log was answered."""
        event_id = self._event_id(admitted.row)
        found = self._decisions.get(admitted.seq)
        if found is None:
            found = self._tail.decision_of(self._made.request, event_id)
        if found is None or found.seq != admitted.seq:
            raise ServeError(
                "this request is in the log, and was never decided here",
                got=str(event_id)[:100],
                want="a request that became known after the log was opened to decisions",
                code="serve.decide.history",
            )
        return found

    def _past_decision(self, decision_id: str) -> Decision:
        """Look through the whole log: slow, and only for what this process did not decide."""
        decisions = self._made.log.decisions()
        found = decisions.filter(pc.equal(decisions["decision_id"], decision_id)).to_pylist()
        if not found:
            raise ServeError(
                "there is no such decision",
                got=decision_id[:100],
                want="the decision_id of an answer",
                code="serve.decision.unknown",
            )
        return from_row(found[0])

    def _append(self, record: TailRecord) -> None:
        self._tail.append(record)
        self._written = True

    def _event_id(self, row: Mapping[str, Any]) -> int | str:
        found: int | str = row[self._made.events[self._made.request].id_column]
        return found

    def _amount(self, row: Mapping[str, Any]) -> float:
        """The money that the policy weighs, in major units; NaN where there is none."""
        field = self._die.amount_field
        stored = None if field is None else row[field]
        return float("nan") if stored is None else stored / self._scale

    @contextmanager
    def _log_and_state_together(self) -> Iterator[None]:
        self.whole = False
        try:
            yield
        except BaseException as error:
            self._failed(error)
            raise
        self.whole = True


def _amount_scale(material: Material) -> float:
    field = material.die.amount_field
    if field is None:
        return 1.0
    return 10.0 ** material.events[material.request].fields[field].scale
