"""Windows drawn as a line of text, and what the oracle answers to the request in it.

    3.1..4.1.5..r     one sign a second: a payment of 3 at second 0, of 1 at second 2, ...

A digit is a payment of as many euros, `n` one without an amount, `r` the request, `.` nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mintmark.engine.oracle import oracle
from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan
from mintmark.plan.node import Window

SECOND = 1_000_000
HOUR = 3600 * SECOND
Row = dict[str, Any]

CARD = {"entity": "card", "type": "text", "optional": True}
PAYMENT = {
    "name": "payment", "id": "id", "id_type": "text", "keys": {"card": CARD, "payee": CARD},
    "refers_to": None, "refers_by": None, "lateness_us": 0, "revision": "revision",
    "reverses": None,
    "fields": {
        "amount": {"type": "money", "scale": 2}, "points": {"type": "integer"},
        "few": {"type": "integer", "limit": 10}, "online": {"type": "flag"},
        "country": {"type": "category", "values": None},
    },
}  # fmt: skip
REFUND = {
    "name": "refund", "id": "id", "id_type": "text", "keys": {"card": CARD},
    "refers_to": "payment", "refers_by": "payment_id", "lateness_us": 0, "revision": "revision",
    "reverses": "amount",
    "fields": {"amount": {"type": "money", "scale": 2}},
}  # fmt: skip
VOID = REFUND | {"name": "void", "keys": {}, "fields": {}, "reverses": "all"}
REPORT = REFUND | {
    "name": "report", "keys": {}, "fields": {"fraud": {"type": "flag"}}, "reverses": None,
}  # fmt: skip
SCALES = {"amount": 2}
KINDS: Mapping[str, Any] = {"online": "flag", "country": "category"}
TEXTS = ("BE", "FR", "NL", "é", "日本")
TYPES = {"online": pa.bool_(), "fraud": pa.bool_()} | dict.fromkeys(
    ("id", "card", "payee", "payment_id", "country"), pa.string()
)


def paid(seq: int, at_us: int, euros: int | None = 1, **more: Any) -> Row:
    """A payment of card "a" with a whole amount, which is known when it happened."""
    minor = None if euros is None else 100 * euros
    row = {"mm_seq": seq, "mm_at": at_us, "mm_known_at": at_us, "mm_revision": 0}
    row |= {"id": f"p{seq}", "card": "a", "payee": "b", "amount": minor, "points": euros}
    return row | {"few": euros, "online": bool(euros), "country": "BE"} | more


def said(stream: str, seq: int, of: str | None, **more: Any) -> tuple[str, Row]:
    """A refund, a void or a report of a payment."""
    row = {"mm_seq": seq, "mm_at": 0, "mm_known_at": 0, "mm_revision": 0}
    row |= {"id": f"{stream}{seq}", "payment_id": of}
    blank = {"refund": {"amount": None, "card": "a"}, "report": {"fraud": True}}.get(stream, {})
    return stream, row | blank | more


def drawn(line: str, **of_request: Any) -> list[Row]:
    """The payments of a line of text, the request last."""
    rows = []
    for at, sign in enumerate(line):
        if sign == "r":
            rows.append(paid(len(rows), at * SECOND, 9, **of_request))
        elif sign != ".":
            rows.append(paid(len(rows), at * SECOND, None if sign == "n" else int(sign)))
    return rows


def plan_of(
    aggregates: Sequence[Aggregate],
    *,
    columns: Sequence[Column],
    group: Group | None = None,
    nodes: Sequence[Node] = (),
) -> Plan:
    """A plan whose features are some aggregates of one group of payments."""
    group = group or Group("payment", ("card",), tuple(range(len(columns))))
    texts = [
        a.column is not None
        and columns[a.column].kind == "category"
        and a.kind in ("first", "last", "nth", "lag", "newest", "mode")
        for a in aggregates
    ]
    return Plan(
        request="payment", events=(PAYMENT, REFUND, REPORT, VOID), label=None,
        event_nodes={"payment": tuple(nodes), "refund": tuple(nodes)},
        columns=tuple(columns), groups=(group,),
        aggregates=tuple(aggregates),
        nodes=tuple(Node("aggregate", (), i) for i in range(len(aggregates))),
        outputs=tuple(
            Output(f"f{i}", i, TEXTS if text else None) for i, text in enumerate(texts)
        ),
    )  # fmt: skip


def answers(
    rows: Sequence[Row | tuple[str, Row]],
    kind: str,
    *,
    column: str | None = "points",
    window: Window | None = None,
    params: tuple[int, ...] = (),
    roles: tuple[str, ...] = ("card",),
    request_roles: tuple[str, ...] = (),
    stream: str = "payment",
) -> list[float | None]:
    """What one aggregate answers to each payment of a log."""
    nodes = [Node("field", (), column, KINDS.get(column, "number"))] if column else []
    columns = [
        Column(stream, "expr", 0, SCALES.get(node.value, 0), node.kind)  # type: ignore[arg-type]
        for node in nodes
    ]
    place = 0 if column else None
    aggregate = Aggregate(0, kind, place, window or Window(), params)
    group = Group(stream, roles, (0,) if column else (), request_roles)
    return asked(plan_of([aggregate], columns=columns, group=group, nodes=nodes), rows)


def asked(plan: Plan, rows: Sequence[Row | tuple[str, Row]]) -> list[float | None]:
    """The first feature of each payment of a log, None for null."""
    log = [row if isinstance(row, tuple) else ("payment", row) for row in rows]
    features = oracle(plan, {form["name"]: _table(form, log) for form in plan.events})
    return [None if math.isnan(row[0]) else row[0] for row in features]


def last(line: str, kind: str, **how: Any) -> float | None:
    """What one aggregate answers to the request in a line of text."""
    return answers(drawn(line, **how.pop("request", {})), kind, **how)[-1]


def _table(form: Mapping[str, Any], log: Sequence[tuple[str, Row]]) -> pa.Table:
    rows = [row for stream, row in log if stream == form["name"]]
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "id", *form["keys"], *form["fields"]]
    names += [form["refers_by"]] if form["refers_by"] else []
    return pa.table(
        {name: pa.array([row[name] for row in rows], TYPES.get(name, pa.int64())) for name in names}
    )
