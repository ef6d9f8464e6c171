"""The slow obvious answer that every other path must equal, bit for bit.

For each request and each aggregate it looks at every event again, in plain Python: integers are
exact, `float(int)` is the correctly rounded conversion f, texts are texts. It shares the written
formulas of the aggregates with the kernel, and no code at all. It is quadratic; use it on a
thousand rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

if TYPE_CHECKING:
    from mintmark.plan import Aggregate, Column, Node, Plan

Row = dict[str, Any]
Value = Any  # a number, a text or None

GREATEST = 2**62
AMOUNT = 10**13
TIME_SCALE = 6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_US, FARTHEST_US = 7258118400 * 10**6 - 1, 6 * 10**16


def oracle(plan: Plan, tables: Mapping[str, pa.Table]) -> list[list[float]]:
    """Return the features of every request, one list for each, NaN for null."""
    rows = {form["name"]: _rows(form, tables) for form in plan.events}
    return [_features(plan, rows, request) for request in rows[plan.request]]


def _rows(form: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> list[Row]:
    """The rows of an event, a number beyond the range of its field being null."""
    rows: list[Row] = tables[form["name"]].to_pylist() if form["name"] in tables else []
    for row in rows:
        for name, field in form["fields"].items():
            limit = AMOUNT if field["type"] in ("money", "fixed") else GREATEST
            if isinstance(row[name], int) and abs(row[name]) > limit:
                row[name] = None
    return rows


def _features(plan: Plan, rows: Mapping[str, list[Row]], request: Row) -> list[float]:
    values: list[Value] = []
    for node in plan.nodes:
        if node.op == "aggregate":
            values.append(_aggregate(plan, rows, request, plan.aggregates[int(node.value or 0)]))
        else:
            values.append(_node(plan, plan.request, node, values, request))
    features = []
    for output in plan.outputs:
        value = values[output.node]
        if output.values is not None:
            value = float(output.values.index(value)) if value in output.values else None
        features.append(math.nan if value is None else float(value) + 0.0)
    return features


def _aggregate(
    plan: Plan, rows: Mapping[str, list[Row]], request: Row, aggregate: Aggregate
) -> Value:
    """One aggregate at one request: the events of its window, oldest first, then its formula."""
    group = plan.groups[aggregate.group]
    key = [request[role] for role in group.roles]
    if None in key:
        return None
    window = []
    for event in rows[group.stream]:
        own = group.stream == plan.request and event["mm_seq"] == request["mm_seq"]
        known = aggregate.include_current if own else event["mm_seq"] < request["mm_seq"]
        until = request["mm_at"] - aggregate.offset_us
        inside = event["mm_at"] <= until
        if aggregate.span_us is not None:
            inside = inside and until - aggregate.span_us < event["mm_at"]
        if known and inside and [event[role] for role in group.roles] == key:
            window.append(event)
    window.sort(key=lambda event: (event["mm_at"], event["mm_seq"]))
    if aggregate.column is None:
        return _formula(aggregate.kind, [(e, 0) for e in window], 0, request)
    column = plan.columns[aggregate.column]
    pairs = [(event, _stored(plan, rows, column, event, request)) for event in window]
    told = [(event, value) for event, value in pairs if value is not None]
    if column.kind == "category" and aggregate.kind == "last":
        return told[-1][1] if told else None
    scale = TIME_SCALE if column.kind == "time" else column.scale
    return _formula(aggregate.kind, told, scale, request)


def _formula(kind: str, told: Sequence[tuple[Row, Any]], scale: int, request: Row) -> Value:
    """The written formula of an aggregate over (event, stored value), oldest first."""
    n = len(told)
    values = [value for _, value in told]
    if kind == "count":
        return float(n)
    if kind == "distinct":
        return float(len(set(values)))
    if kind == "sum":
        return float(sum(values)) / 10.0**scale
    if n == 0:
        return None
    if kind == "since_last":
        return float(request["mm_at"] - told[-1][0]["mm_at"]) / 1e6
    if kind == "mean":
        return float(sum(values)) / float(n) / 10.0**scale
    if kind == "std":
        if n < 2:
            return None
        spread = n * sum(v * v for v in values) - sum(values) ** 2
        return math.sqrt(float(spread) / (float(n) * float(n - 1))) / 10.0**scale
    value = min(values) if kind == "min" else max(values) if kind == "max" else values[-1]
    return float(value) / 10.0**scale


def _stored(
    plan: Plan, rows: Mapping[str, list[Row]], column: Column, event: Row, request: Row
) -> Any:
    """The value of a column for an event as the request sees it: an integer, a text or null."""
    nodes = plan.event_nodes.get(column.stream, ())
    values: list[Value] = []
    for node in nodes:
        values.append(_node(plan, column.stream, node, values, event))
    if column.source == "outcome":
        masked = column.node is not None and values[column.node] != 1.0
        return None if masked else _outcome(plan, rows, column, event, request)
    root = column.node or 0
    while _masked(nodes, root):
        condition, root, _ = nodes[root].args
        if values[condition] != 1.0:
            return None
    node = nodes[root]
    if node.op == "at":
        return event["mm_at"]
    if node.op in ("field", "key"):
        value = event[str(node.value)]
        return int(value) if isinstance(value, bool) else value
    number = values[node.args[0]] if node.op == "fixed" else values[root]
    return None if number is None else _fixed(float(number), column.scale)


def _masked(nodes: Sequence[Node], root: int) -> bool:
    """Whether a root is where(condition, value, null), as `where=` is written in a plan."""
    args = nodes[root].args
    other = nodes[args[-1]] if nodes[root].op == "where" else None
    return other is not None and other.op == "literal" and other.value is None


def _outcome(
    plan: Plan, rows: Mapping[str, list[Row]], column: Column, event: Row, request: Row
) -> Any:
    """The newest revision of the label before the request; with none, `otherwise` once settled."""
    stream, field = str(column.label).split(".")
    refers_by, id_ = plan.event(stream)["refers_by"], plan.event(column.stream)["id"]
    first = next(e for e in rows[column.stream] if e[id_] == event[id_])
    known = [
        report
        for report in rows[stream]
        if report[refers_by] == event[id_]
        and max(report["mm_seq"], event["mm_seq"]) < request["mm_seq"]
        and first is event
    ]
    if known:
        newest = max(known, key=lambda report: (report["mm_revision"], report["mm_seq"]))
        value = newest[field]
        return int(value) if isinstance(value, bool) else value
    settled = event["mm_at"] <= request["mm_at"] - (column.settles_us or 0)
    return column.otherwise if settled else None


def _node(plan: Plan, stream: str, node: Node, values: Sequence[Value], row: Row) -> Value:
    """The value of one node of a row: a number, a text, or null."""
    if node.op == "field":
        form = plan.event(stream)["fields"][node.value]
        value = row[str(node.value)]
        if value is None or isinstance(value, str):
            return value
        scale = TIME_SCALE if form["type"] == "time" else form.get("scale", 0)
        return float(value) / float(10**scale)
    if node.op == "key":
        return row[str(node.value)]
    if node.op == "at":
        return float(row["mm_at"]) / 1e6
    if node.op in ("literal", "text"):
        return node.value if node.op == "text" or node.value is None else float(node.value)
    result = _operation(node, [values[arg] for arg in node.args])
    return result if not isinstance(result, float) or math.isfinite(result) else None


def _operation(node: Node, args: Sequence[Any]) -> Value:
    """One operation; null in, null out, but for what is written here."""
    op = node.op
    if op == "null":
        return float(args[0] is None)
    if op == "otherwise":
        return args[1] if args[0] is None else args[0]
    if op in ("and", "or"):
        decisive = 0.0 if op == "and" else 1.0
        if decisive in args:
            return decisive
    if op == "where":
        return None if args[0] is None else args[1] if args[0] == 1.0 else args[2]
    if None in args:
        return None
    if op in ("hour", "weekday", "day"):
        return _calendar(op, args[0], str(node.value))
    if op == "fixed":
        fixed = _fixed(args[0], int(node.value or 0))
        return None if fixed is None else float(fixed) / 10.0 ** int(node.value or 0)
    return _OPERATIONS[op](*args)


_OPERATIONS: Mapping[str, Any] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: None if y == 0 else x / y,
    "neg": lambda x: -x,
    "abs": abs,
    "sqrt": lambda x: None if x < 0 else math.sqrt(x),
    "lt": lambda x, y: float(x < y),
    "le": lambda x, y: float(x <= y),
    "gt": lambda x, y: float(x > y),
    "ge": lambda x, y: float(x >= y),
    "eq": lambda x, y: float(x == y),
    "ne": lambda x, y: float(x != y),
    "and": lambda x, y: 1.0,
    "or": lambda x, y: 0.0,
    "not": lambda x: 1.0 - x,
    "least": min,
    "greatest": max,
}


def _fixed(x: float, scale: int) -> int | None:
    """x * 10**scale rounded half to even; null beyond the limit."""
    scaled = x * 10.0**scale
    return round(scaled) if abs(scaled) <= GREATEST else None


def _calendar(op: str, seconds: float, zone: str) -> float | None:
    """A calendar part on the clocks of a zone, whose changes from 1970 to 2199 are counted."""
    us = round(seconds * 1e6)
    if abs(us) > FARTHEST_US:
        return None
    counted = EPOCH + timedelta(microseconds=min(max(us, 0), LAST_US))
    offset = counted.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    local = EPOCH + timedelta(microseconds=us) + offset
    return float({"hour": local.hour, "weekday": local.isoweekday(), "day": local.day}[op])
