"""Small plans and logs on which one aggregate is tried: events of two keys, and who asks of them.

Times are microseconds apart, so that ties, late rows and the edges of windows are the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from mintmark.define.catalogue import AggregateKind, aggregate_kind
from mintmark.ground import generator
from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan
from mintmark.plan.node import Window

Log = list[tuple[str, dict[str, Any]]]
LATENESS_US = 40
TEXTS = ("a", "b", "aa", "ä", "卡")
COLUMNS = (
    Column("event", "expr", 0, 0, "number"), Column("event", "expr", 0, 2, "number"),
    Column("event", "expr", 1, 0, "flag"), Column("event", "expr", 2, 0, "category"),
    Column("event", "expr", 3, 6, "time"),
)  # fmt: skip
WINDOWS = (
    Window(), Window(span_us=20), Window(span_us=200, edges="[)"), Window(span_us=5_000),
    Window(last=3), Window(span_us=60, last=5), Window(span_us=60, offset_us=7),
    Window(session_us=5), Window(span_us=20, ties="none"), Window(calendar="day", zone="UTC"),
)  # fmt: skip
OWN_WINDOWS = (
    Window(include_current=True), Window(span_us=60, include_current=True),
    Window(last=3, include_current=True),
)  # fmt: skip
_START_AT = 10**6
_ASK = 0.3


def form_of(name: str) -> dict[str, Any]:
    """The form of an event or of a question, both with all fields."""
    return {
        "name": name, "id": "id", "id_type": "integer", "revision": None, "refers_to": None,
        "refers_by": None, "reverses": None, "lateness_us": LATENESS_US,
        "keys": {"key": {"entity": "key", "type": "text", "optional": False}},
        "fields": {
            "number": {"type": "integer"}, "flag": {"type": "flag"},
            "text": {"type": "category", "values": list(TEXTS)}, "time": {"type": "time"},
        },
    }  # fmt: skip


def aggregates_of(
    kind: AggregateKind,
    columns: Sequence[int],
    windows: Sequence[Window],
    params: Sequence[tuple[int, ...]],
) -> Iterator[Aggregate]:
    """Yield an aggregate over columns, or none where it may, each window, and all parameters.

    params : without the one named `span_us`, which is the window's own span.
    """
    for window in windows:
        if "span_us" in kind.params and window.span_us is None:
            continue
        for given in params:
            left = iter(given)
            full = tuple(
                int(window.span_us or 0) if name == "span_us" else next(left)
                for name in kind.params
            )
            for column in [*columns, *((None,) if kind.rows else ())]:
                yield Aggregate(0, kind.name, column, window, full)


def plan_of(request: str, aggregates: Sequence[Aggregate]) -> Plan:
    """The plan whose features are some aggregates of events, one each."""
    nodes, outputs = [], []
    for place, aggregate in enumerate(aggregates):
        gives = aggregate_kind(aggregate.kind).gives or COLUMNS[aggregate.column or 0].kind
        nodes.append(Node("aggregate", (), place, gives))
        outputs.append(Output(f"f{place:03}", place, TEXTS if gives == "category" else None))
    fields = (
        Node("field", (), "number"), Node("field", (), "flag", "flag"),
        Node("field", (), "text", "category"), Node("field", (), "time", "time"),
    )  # fmt: skip
    return Plan(
        request=request, events=(form_of("ask"), form_of("event")), label=None,
        event_nodes={"event": fields}, columns=COLUMNS,
        groups=(Group("event", ("key",), tuple(range(len(COLUMNS)))),),
        aggregates=tuple(aggregates), nodes=tuple(nodes), outputs=tuple(outputs),
    )  # fmt: skip


def drawn_log(seed: int, rows: int, *, largest: int) -> Log:
    """A log of events and questions; no stored number is larger than `largest` in size."""
    draw = generator(seed, "aggregate", rows)
    far = (largest, 1 - largest, largest // 3, 2**31, 2**32 + 1, 2**53 + 1)
    near = (0, 1, 1, 2, 3, 5, 5, -3, 100, 999)
    wide = bool(draw.random() < 0.4)
    numbers = [x for x in (*near, *(far if wide else ())) if abs(x) <= largest]
    now, log = _START_AT, []

    def one_of(choices: Sequence[Any]) -> Any:
        return choices[int(draw.integers(len(choices)))]

    for seq in range(rows):
        now += int(one_of((0, 0, 1, 1, 2, 9)))
        at = now - int(one_of((0, 0, 0, 0, 0, 0, 1, 9, 30)))
        log.append((
            "ask" if draw.random() < _ASK else "event",
            {
                "id": seq, "key": one_of("kkkkkj"), "mm_seq": seq, "mm_at": at,
                "mm_known_at": now, "mm_revision": 0,
                "number": one_of((*numbers, None)),
                "flag": one_of((True, True, False, None)),
                "text": one_of((*TEXTS, None)), "time": one_of((None, at, at - 1, now)),
            },
        ))  # fmt: skip
    return log


_TYPES = {"key": pa.string(), "flag": pa.bool_(), "text": pa.string()}


def tables_of(log: Log) -> dict[str, pa.Table]:
    """The tables of a log."""
    names = ("id", "key", "mm_seq", "mm_at", "mm_known_at", "mm_revision",
             "number", "flag", "text", "time")  # fmt: skip
    return {
        stream: pa.table({
            name: pa.array([row[name] for of, row in log if of == stream],
                           _TYPES.get(name, pa.int64()))
            for name in names
        })
        for stream in ("ask", "event")
    }  # fmt: skip
