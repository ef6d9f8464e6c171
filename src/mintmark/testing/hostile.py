"""Small logs that are as nasty as a log may be, for laws and for checks of a plan.

What a log lets through is what these tables hold: equal times, rows that come late up to the very
edge of what is allowed, rows dated after the moment at which they are known, nulls, keys that
nobody has seen, amounts at the ends of their range, labels before their payment, of no payment at
all, in the wrong order of revisions, and twice at one moment. Times lie on few points, an hour, a
day or a week apart, so that the edges of windows are met and not only approached.

The choices come from a function, so that a property test can make them (and make a failing log
smaller), or a seed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from mintmark.define import Category, Event, Field, Flag, Money, Optional
from mintmark.ground import DAY_US, HOUR_US, SECOND_US, generator, parse_time

Choose = Callable[[int, int], int]
"""Gives a whole number between two, both included."""

_START_AT = parse_time("2024-02-27T22:00:00Z")
_STEPS_US = (0, 0, 1, SECOND_US, HOUR_US, DAY_US, DAY_US, 7 * DAY_US)
_BACK_US = (0, 0, 0, 1, HOUR_US, DAY_US, 7 * DAY_US, 90 * DAY_US)
_NEVER = 1_000  # no log is so long that an id beyond this comes
_TEXTS = ("a", "b", "aa", "ä")


def seeded(seed: int) -> Choose:
    """Choices from a seed."""
    draw = generator(seed, "hostile")
    return lambda low, high: int(draw.integers(low, high, endpoint=True))


def hostile_log(events: Sequence[Event], choose: Choose, *, rows: int = 24) -> dict[str, pa.Table]:
    """Make a log of some events, as the engine is handed it.

    Parameters
    ----------
    events : sequence of Event
        At least one that refers to no other.
    choose : callable
        Makes every choice.
    rows : int
        How many rows all tables have together.

    Returns
    -------
    dict of str to pyarrow.Table
        For each event its rows by `mm_seq`; one without rows has a table of none.
    """
    log = _Log(events, choose)
    for _ in range(rows):
        log.add(events[choose(0, len(events) - 1)])
    return {event.name: _table(event, log.rows[event.name]) for event in events}


class _Log:
    """A log that grows row by row under the rules of one that is live."""

    def __init__(self, events: Sequence[Event], choose: Choose) -> None:
        self._choose = choose
        self._known_at = _START_AT
        self._seq = 0
        self._watermark: dict[str, int] = {}
        self._said: set[tuple[str, Any, int]] = set()
        self.rows: dict[str, list[dict[str, Any]]] = {event.name: [] for event in events}

    def _pick(self, options: Sequence[Any]) -> Any:
        return options[self._choose(0, len(options) - 1)]

    def add(self, event: Event) -> None:
        """Add one row of an event, or nothing if the row that was chosen has been said before."""
        self._known_at += self._pick(_STEPS_US)
        number, revision = len(self.rows[event.name]), 0
        if event.revision is not None:
            number, revision = self._choose(0, 3 + number // 3), self._choose(0, 2)
        identity = (event.name, _id(event.id_type, number), revision)
        if identity in self._said:
            return
        self._said.add(identity)
        at = self._at(event)
        row: dict[str, Any] = {"mm_seq": self._seq, "mm_at": at, "mm_known_at": self._known_at}
        row |= {"mm_revision": revision, event.id_column: identity[1]}
        if event.refers_to is not None:
            row[str(event.refers_by)] = self._reference(event.refers_to)
        for role, key in event.keys.items():
            chosen = self._choose(0, 3 if isinstance(key, Optional) else 2)
            row[role] = None if chosen == 3 else _id(key.type, chosen)
        for name, field in event.fields.items():
            row[name] = self._value(field)
        self.rows[event.name].append(row)
        self._seq += 1

    def _at(self, event: Event) -> int:
        """An event time that the log would let through: neither too late nor too far ahead."""
        ahead = self._choose(0, 7) == 0
        at = self._known_at + event.skew_us if ahead else self._known_at - self._pick(_BACK_US)
        line = self._watermark.get(event.name)
        if line is not None:
            at = max(at, line - event.lateness_us)
        at = max(at, event.earliest_us)
        behind = min(at, self._known_at)
        self._watermark[event.name] = behind if line is None else max(line, behind)
        return at

    def _reference(self, target: Event) -> Any:
        """An id of the event referred to: one that is there, one that may come, or never does."""
        number = self._choose(0, len(self.rows[target.name]) + 2)
        return _id(target.id_type, number + _NEVER if self._choose(0, 9) == 0 else number)

    def _value(self, field: Field) -> Any:
        if self._choose(0, 6) == 0:
            return None
        if isinstance(field, Flag):
            return self._choose(0, 1) == 1
        if field.storage == "string":
            values = field.values if isinstance(field, Category) else None
            return self._pick(values or _TEXTS)
        if field.kind == "time":
            return self._known_at - self._pick(_BACK_US)
        edges = [0, 1, 2, 5, 100, 12_345, 10**13]
        signed = not isinstance(field, Money) or field.negative
        return self._pick(edges + [-edge for edge in edges[1:]] if signed else edges)


def _id(kind: str, number: int) -> Any:
    return number if kind == "integer" else f"{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{number}"


def _table(event: Event, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    kinds = {"integer": pa.int64(), "text": pa.string()}
    columns = {name: pa.int64() for name in ("mm_seq", "mm_at", "mm_known_at", "mm_revision")}
    columns[event.id_column] = kinds[event.id_type]
    if event.refers_to is not None:
        columns[str(event.refers_by)] = kinds[event.refers_to.id_type]
    columns |= {role: kinds[key.type] for role, key in event.keys.items()}
    stored = {"int64": pa.int64(), "bool": pa.bool_(), "string": pa.string()}
    columns |= {name: stored[field.storage] for name, field in event.fields.items()}
    schema = pa.schema(list(columns.items()))
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
