"""The check of one aggregate, ours or a stranger's: its file, its algebra, and all its values.

An author writes the aggregate down a second time, as a plain function of the values of a window,
and the compiled one is held to it, bit for bit: over small logs and keys that are long enough for
pages, windows that slide forth and back, read at once, piece by piece, one by one, and anew.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mintmark.define.catalogue import AggregateKind, aggregate_kind
from mintmark.engine import Live, replay
from mintmark.engine.history import replay_pieces
from mintmark.engine.kernel import module_of
from mintmark.engine.oracle import Sight
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.units import READ_NAMES, reading_of, state_of
from mintmark.ground import EngineError
from mintmark.plan import Aggregate, Plan
from mintmark.testing.algebra import check_state
from mintmark.testing.small_logs import (
    COLUMNS,
    OWN_WINDOWS,
    TEXTS,
    WINDOWS,
    Log,
    aggregates_of,
    drawn_log,
    plan_of,
    tables_of,
)
from mintmark.testing.smaller import smaller

Reference = Callable[..., "float | str | None"]
Params = tuple[int, ...]
GIVEN = ("values", "times", "at", "params", "until", "unit", "own", "newest")
LONG_ROWS = (300, 3_600)
"""Rows of a log whose keys keep their pace, and of one whose keys fill pages."""
ASKED = 24
"""Requests of a log that are compared; the reference looks at whole windows for each."""
WAYS = ("replay", "pieces", "live", "read anew")


@dataclass(frozen=True)
class CheckedAggregate:
    """What was held: laws of the state's algebra by name, and how many values, in all ways."""

    laws: tuple[str, ...]
    values: int


def check_aggregate(
    kind: str,
    reference: Reference,
    *,
    params: Sequence[Params] = ((),),
    logs: int = 12,
    seed: int = 1,
) -> CheckedAggregate:
    """Check an aggregate against what its file declares and against a second writing of it.

    Parameters
    ----------
    kind : str
        A file of `engine.aggregates`, or an entry point of the group "mintmark.aggregates".
    reference : function
        The value of a window; None is null. Its arguments are named for what it wants:

        values, times : the stored values that are not null, oldest first, and their `at`, us
        at, until : the time of the request, and that less the window's offset, us
        params : the parameters in their order
        unit : 10.0 ** scale of the column; without it columns of scale 0 alone are tried
        own, newest : the request's own value, and that of the newest event, null or not
    params : sequence of tuple of int
        Parameters to try; one named `span_us` is left out, being the window's own span.
    logs, seed : int
        How many small logs are tried beside the long ones, and what they are drawn from.

    Raises
    ------
    EngineError
        `engine.check.declared`, `engine.check.state`, `engine.check.algebra`; and
        `engine.check.differs` with the smallest window found whose value differs.
    DefineError
        `define.aggregate.unknown`, `define.aggregate.file`.

    Examples
    --------
    >>> done = check_aggregate("count", lambda values: float(len(values)), logs=1)
    >>> done.laws[1]
    'what is added and dropped leaves the words as they were'
    """
    declared = aggregate_kind(kind)
    _check_declared(declared, reference, params)
    reading = reading_of(kind, module_of(kind))
    largest = declared.largest or LIMIT
    laws = check_state(reading.state, reading.uses, largest)
    values = 0
    sizes = [(seed + place, 30) for place in range(logs)] + [(seed, rows) for rows in LONG_ROWS]
    for request in ("event",) if declared.own else ("ask", "event"):
        aggregates = list(_aggregates(declared, request, params, unit=_wants(reference, "unit")))
        trial = _Trial(declared, reference, plan_of(request, aggregates))
        for log_seed, rows in sizes:
            values += trial.hold(drawn_log(log_seed, rows, largest=largest))
    return CheckedAggregate(laws, values)


def _aggregates(
    declared: AggregateKind, request: str, params: Sequence[Params], *, unit: bool
) -> Iterator[Aggregate]:
    """The aggregate over every column that it takes, every window and all parameters."""
    columns = [
        place
        for place, column in enumerate(COLUMNS)
        if column.kind in declared.takes and (unit or column.scale == 0)
    ]
    windows = OWN_WINDOWS if request == "event" and not declared.own else WINDOWS
    yield from aggregates_of(declared, columns, windows, params)


class _Trial:
    """One plan, and the reference that its values are held to."""

    def __init__(self, declared: AggregateKind, reference: Reference, plan: Plan) -> None:
        self.declared, self.reference, self.plan = declared, reference, plan
        self.names = _arguments(reference)

    def hold(self, log: Log) -> int:
        """Compare the values of a log in every way; return how many."""
        places = [i for i, (stream, _) in enumerate(log) if stream == self.plan.request]
        asked = places[:: max(len(places) // ASKED, 1)]
        truth = {place: self.truth(self.plan, log, place) for place in asked}
        for way in WAYS:
            for place, got in self.answers(way, self.plan, log, asked):
                wrong = np.flatnonzero(got.view(np.int64) != truth[place].view(np.int64))
                if len(wrong):
                    raise self.differs(way, int(wrong[0]), log[: place + 1])
        return len(WAYS) * len(asked) * len(self.plan.outputs)

    def truth(self, plan: Plan, log: Log, place: int) -> np.ndarray[Any, Any]:
        """What the reference gives to the request at a place of the log."""
        sight = self.sight(log, place)
        values = [self.value(one, self.sample(sight, one)) for one in plan.aggregates]
        return np.array(values, dtype=np.float64)

    def sight(self, log: Log, place: int) -> Sight:
        """What a request sees of a log."""
        rows: dict[str, list[dict[str, Any]]] = {"ask": [], "event": []}
        for stream, row in log[: place + 1]:
            rows[stream].append(row)
        return Sight(self.plan, rows, log[place][1])

    def sample(self, sight: Sight, one: Aggregate) -> dict[str, Any]:
        """What a reference may ask for, by name."""
        events = sight.window(sight.plan.groups[0], one.window) or []
        column = None if one.column is None else COLUMNS[one.column]
        pairs = [(e, 0 if column is None else sight.stored(column, e)) for e in events]
        told = [(e.at, value) for e, value in pairs if value is not None]
        mine = [e for e in sight.events("event") if e.own]
        at = int(sight.request["mm_at"])
        return {
            "values": [value for _, value in told],
            "times": [time for time, _ in told],
            "at": at,
            "until": at - one.window.offset_us,
            "params": one.params,
            "unit": 1.0 if column is None else 10.0**column.scale,
            "own": sight.stored(column, mine[0]) if mine and column is not None else None,
            "newest": pairs[-1][1] if pairs else None,
        }

    def value(self, one: Aggregate, sample: dict[str, Any]) -> float:
        """The reference's value as a feature."""
        value = self.reference(*(sample[name] for name in self.names))
        if isinstance(value, str):
            value = TEXTS.index(value)
        return math.nan if value is None else float(value) + 0.0

    def answers(
        self, way: str, plan: Plan, log: Log, asked: Sequence[int]
    ) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        """The answers to some requests of a log, by one way."""
        places = [i for i, (stream, _) in enumerate(log) if stream == plan.request]
        if way == "read anew":
            for place in asked[-4:]:
                live = Live.start(plan, tables_of(log[:place]))
                yield place, live.decide(log[place][1])
            return
        if way == "live":
            yield from _one_by_one(plan, log, set(asked))
            return
        if way == "replay":
            rows = list(replay(plan, tables_of(log)).features)
        else:
            pieces = replay_pieces(plan, tables_of(log), piece=7)
            rows = [row for piece in pieces for row in piece.features]
        found = dict(zip(places, rows, strict=True))
        for place in asked:
            yield place, np.ascontiguousarray(found[place])

    def differs(self, way: str, place: int, log: Log) -> EngineError:
        """The error for a value of the last request of a log, which is made smaller first."""
        one = self.plan.aggregates[place]
        plan = plan_of(self.plan.request, [one])
        wrong = partial(self.wrong, way, plan)
        few = smaller(log[:-1], lambda some: wrong([*some, log[-1]]))
        few = [*few, log[-1]]
        # What does not fail alone fails beside the others: the log is told as it was drawn.
        few = few if wrong(few) else log
        sample = self.sample(self.sight(few, len(few) - 1), one)
        told = ", ".join(f"{name} {sample[name]}" for name in ("values", "times", "at", "params"))
        want = self.value(one, sample)
        got = dict(self.answers(way, plan, few, [len(few) - 1]))[len(few) - 1][0]
        kind = "rows" if one.column is None else COLUMNS[one.column].kind
        return EngineError(
            f'aggregate "{self.declared.name}" and its reference give different values',
            at=f"{way}, {kind}, {_window(one)}: {told}",
            got=repr(float(got)),
            want=repr(want),
            code="engine.check.differs",
        )

    def wrong(self, way: str, plan: Plan, log: Log) -> bool:
        """Whether the last request of a log gets another value than the reference's."""
        last = len(log) - 1
        ((_, got),) = self.answers(way, plan, log, [last])
        return bool(got.tobytes() != self.truth(plan, log, last).tobytes())


def _one_by_one(
    plan: Plan, log: Log, asked: set[int]
) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    live = Live.start(plan, tables_of([]))
    for place, (stream, row) in enumerate(log):
        if stream != plan.request:
            live.fold(stream, row)
            continue
        answer = live.decide(row)
        if place in asked:
            yield place, answer


def _window(one: Aggregate) -> str:
    """A window by what is not usual about it."""
    parts = {name: value for name, value in vars(one.window).items() if value}
    usual = {"edges": "(]", "ties": "before"}
    told = [f"{name} {value}" for name, value in parts.items() if usual.get(name) != value]
    return ", ".join(told) or "lifetime"


def _arguments(reference: Reference) -> tuple[str, ...]:
    return tuple(inspect.signature(reference).parameters)


def _wants(reference: Reference, name: str) -> bool:
    return name in _arguments(reference)


def _check_declared(
    declared: AggregateKind, reference: Reference, params: Sequence[Params]
) -> None:
    """Hold the literals of a file to what its functions ask for, and the reference to both."""
    reading = reading_of(declared.name, module_of(declared.name))
    state = state_of(reading.state)
    unknown = sorted(reading.uses - set(state.words) - READ_NAMES)
    if unknown:
        want = ", ".join([*state.words, *sorted(READ_NAMES)])
        raise _undeclared(declared.name, got=f"read asks for {', '.join(unknown)}", want=want)
    uses = reading.uses | state.uses
    # A state whose aggregate has no parameter of its own is given 1 for a: the first, the last.
    needed = 2 if "b" in uses else int("a" in reading.uses)
    if needed > len(declared.params):
        got = f"PARAMS {declared.params!r}"
        raise _undeclared(declared.name, got=got, want=f"{needed} names, for a and b")
    if declared.own != ("own_value" in uses):
        got = f"OWN {declared.own}"
        raise _undeclared(declared.name, got=got, want="True just where own_value is asked for")
    unknown = sorted(set(_arguments(reference)) - set(GIVEN))
    if unknown:
        got = f"a reference of {', '.join(unknown)}"
        raise _undeclared(declared.name, got=got, want=", ".join(GIVEN))
    wanted = tuple(name for name in declared.params if name != "span_us")
    for given in params:
        if len(given) != len(wanted):
            raise _undeclared(declared.name, got=f"params {given}", want=f"params of {wanted}")


def _undeclared(kind: str, *, got: str, want: str) -> EngineError:
    return EngineError(
        f'aggregate "{kind}" does not fit what it declares',
        got=got,
        want=want,
        code="engine.check.declared",
    )
