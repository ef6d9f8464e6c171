"""The slow obvious answer that every other path must equal, bit for bit.

For each request and each aggregate it looks at every event again, in plain Python: integers are
exact, `float(int)` is the correctly rounded conversion, texts are texts. It shares the written
formulas with the kernel, and no code at all. It is quadratic; use it on a thousand rows.

    oracle           what a request sees: versions, reversals, labels, windows
    oracle_formulas  the aggregates: values of a window to a number
    oracle_rows      the row expressions, calendars
    oracle_math      log, exp, power, sine, hashes
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mintmark.engine.oracle_formulas import Sample, formula
from mintmark.engine.oracle_rows import TIME_SCALE, fits, fixed, node_value, unit_start

if TYPE_CHECKING:
    from mintmark.plan import Aggregate, Column, Group, Node, Plan
    from mintmark.plan.node import Window

Row = dict[str, Any]
Stored = Any  # an integer, a text or None
Value = Any  # a number, a text or None


def oracle(
    plan: Plan, tables: Mapping[str, pa.Table], *, places: Sequence[int] | None = None
) -> list[list[float]]:
    """Return the features of every request, or of those at some places, NaN for null."""
    rows = {form["name"]: _rows(form, tables) for form in plan.events}
    asked = rows[plan.request]
    chosen = asked if places is None else [asked[place] for place in places]
    return [_features(Sight(plan, rows, request)) for request in chosen]


def _rows(form: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> list[Row]:
    """The rows of an event, a number beyond the range of its field being null."""
    rows: list[Row] = tables[form["name"]].to_pylist() if form["name"] in tables else []
    for row in rows:
        for name, field in form["fields"].items():
            if isinstance(row[name], int) and not fits(field, row[name]):
                row[name] = None
    return rows


def _features(sight: Sight) -> list[float]:
    plan, request = sight.plan, sight.request
    form = plan.event(plan.request)
    values: list[Value] = []
    for node in plan.nodes:
        if node.op == "aggregate":
            values.append(sight.aggregate(plan.aggregates[int(node.value or 0)]))
        else:
            values.append(node_value(form, node, values, request))
    features = []
    for output in plan.outputs:
        value = values[output.node]
        if output.values is not None:
            value = float(output.values.index(value)) if value in output.values else None
        features.append(math.nan if value is None else float(value) + 0.0)
    return features


@dataclass(frozen=True)
class Seen:
    """An event as a request sees it: `row` after partial reversals; `own` is the request's row."""

    row: Row
    own: bool

    @property
    def at(self) -> int:
        return int(self.row["mm_at"])


class Sight:
    """All that one request sees of the log: the rows with a smaller seq, and its own.

    Events, windows, nodes and columns are kept once computed, by what they are made of.
    """

    def __init__(self, plan: Plan, rows: Mapping[str, list[Row]], request: Row) -> None:
        self.plan, self.rows, self.request = plan, rows, request
        self._versions: dict[str, list[Row]] = {}
        self._events: dict[str, list[Seen]] = {}
        self._windows: dict[tuple[Any, ...], list[Seen] | None] = {}
        self._nodes: dict[tuple[str, int], list[Value]] = {}
        self._stored: dict[tuple[Column, int], Stored] = {}

    def aggregate(self, aggregate: Aggregate) -> Value:
        """One aggregate: the events of its window, oldest first, then its formula."""
        group = self.plan.groups[aggregate.group]
        events = self.window(group, aggregate.window)
        if events is None:
            return None
        own = newest = None
        unit = 1.0
        pairs: list[tuple[Seen, Stored]] = [(event, 0) for event in events]
        if aggregate.column is not None:
            column = self.plan.columns[aggregate.column]
            unit = 10.0 ** (TIME_SCALE if column.kind == "time" else column.scale)
            pairs = [(event, self.stored(column, event)) for event in events]
            newest = pairs[-1][1] if pairs else None
            mine = [event for event in self.events(group.stream) if event.own]
            own = self.stored(column, mine[0]) if mine else None
        told = [(event.at, value) for event, value in pairs if value is not None]
        sample = Sample(
            values=[value for _, value in told],
            times=[at for at, _ in told],
            unit=unit,
            at=self.request["mm_at"],
            until=self.request["mm_at"] - aggregate.window.offset_us,
            params=tuple(aggregate.params),
            own=own,
            newest=newest,
        )
        return formula(aggregate.kind, sample)

    def window(self, group: Group, window: Window) -> list[Seen] | None:
        """The events of a window, oldest first; null where the request's key has a null."""
        place = (group.stream, group.roles, group.request_roles, group.every, window)
        if place not in self._windows:
            key = [self.request[role] for role in group.request_roles or group.roles]
            of_key = [
                event
                for event in (self.came if group.every else self.events)(group.stream)
                if [event.row[role] for role in group.roles] == key
            ]
            self._windows[place] = None if None in key else _inside(of_key, window, self.request)
        return self._windows[place]

    def events(self, stream: str) -> list[Seen]:
        """The events of a stream: the newest version of each id, as reversals left it.

        The request's own id is its own row as it came, and no other version of it.  Where rows are
        neither corrected nor reversed each is an event: a log takes an id once.
        """
        if stream not in self._events:
            id_ = self.plan.event(stream)["id"]
            mine = stream == self.plan.request
            seen = [Seen(self.request, own=True)] if mine else []
            for row in self.standing(stream):
                if mine and self.versioned(stream) and row[id_] == self.request[id_]:
                    continue
                left = _left_of(row, self._reversals(stream, row[id_]))
                if left is not None:
                    seen.append(Seen(left, own=False))
            self._events[stream] = seen
        return self._events[stream]

    def came(self, stream: str) -> list[Seen]:
        """All rows of a stream that came, whatever corrected or took back any of them since."""
        mine = [Seen(self.request, own=True)] if stream == self.plan.request else []
        return [*mine, *(Seen(row, own=False) for row in self._before(stream))]

    def stored(self, column: Column, event: Seen) -> Stored:
        """The value of a column for an event: an integer, a text or null."""
        place = (column, event.row["mm_seq"])
        if place not in self._stored:
            self._stored[place] = self._column(column, event)
        return self._stored[place]

    def _before(self, stream: str) -> list[Row]:
        """The rows of a stream that the log held before the request."""
        return [row for row in self.rows[stream] if row["mm_seq"] < self.request["mm_seq"]]

    def versioned(self, stream: str) -> bool:
        """Whether rows of one id are versions of one event."""
        return self.plan.event(stream)["revision"] is not None or any(
            form.get("reverses") and form["refers_to"] == stream for form in self.plan.events
        )

    def standing(self, stream: str) -> list[Row]:
        """The rows of a stream that no other version of their event has replaced."""
        return self.versions(stream) if self.versioned(stream) else self._before(stream)

    def versions(self, stream: str) -> list[Row]:
        """For each id the row of the highest revision that is known, the later one of equals."""
        if stream not in self._versions:
            id_ = self.plan.event(stream)["id"]
            newest: dict[Any, Row] = {}
            for row in sorted(self._before(stream), key=lambda row: row["mm_seq"]):
                if row["mm_revision"] >= newest.get(row[id_], row)["mm_revision"]:
                    newest[row[id_]] = row
            self._versions[stream] = list(newest.values())
        return self._versions[stream]

    def _reversals(self, stream: str, id_: Any) -> list[tuple[str, Stored]]:
        """What is taken from an event: (field, amount) of each reversal, ("all", None) for all."""
        taken = []
        for form in self.plan.events:
            field = form.get("reverses")
            if field is not None and form["refers_to"] == stream:
                for row in self.versions(form["name"]):
                    if row[form["refers_by"]] == id_:
                        taken.append((field, None if field == "all" else row[field]))
        return taken

    def _column(self, column: Column, event: Seen) -> Stored:
        nodes = self.plan.event_nodes.get(column.stream, ())
        values = self._node_values(column.stream, nodes, event)
        if column.source == "outcome":
            masked = column.node is not None and values[column.node] != 1.0
            return None if masked else self._outcome(column, event)
        root = column.node or 0
        while _masked(nodes, root):
            condition, root, _ = nodes[root].args
            if values[condition] != 1.0:
                return None
        node = nodes[root]
        if node.op == "at":
            return event.at
        if node.op in ("field", "key"):
            return _whole(event.row[str(node.value)])
        number = values[node.args[0]] if node.op == "fixed" else values[root]
        return None if number is None else fixed(float(number), column.scale)

    def _node_values(self, stream: str, nodes: Sequence[Node], event: Seen) -> list[Value]:
        place = (stream, event.row["mm_seq"])
        if place not in self._nodes:
            values: list[Value] = []
            for node in nodes:
                if node.op == "lookup":
                    values.append(self._looked_up(node, event))
                    continue
                values.append(node_value(self.plan.event(stream), node, values, event.row))
            self._nodes[place] = values
        return self._nodes[place]

    def _looked_up(self, node: Node, event: Seen) -> Value:
        """What a table said at the time of an event, of the rows that were known when it came."""
        told, role = str(node.value).split("|")
        table, field = told.split(".")
        form = self.plan.event(table)
        (mine,) = form["keys"]
        held = [
            row
            for row in Sight(self.plan, self.rows, event.row).standing(table)
            if row[mine] == event.row[role] and row["mm_at"] <= event.at
        ]
        if event.row[role] is None or not held:
            return None
        newest = max(held, key=lambda row: (row["mm_at"], row["mm_seq"]))
        return node_value(form, replace(node, op="field", value=field), (), newest)

    def _outcome(self, column: Column, event: Seen) -> Stored:
        """The newest revision of the label that is known; with none, `otherwise` once settled.

        A label of the request's own event takes effect right after the request.  It speaks of the
        first row of its id, should a log that goes round the rules have two that are no versions.
        """
        stream, field = str(column.label).split(".")
        refers_by, id_ = self.plan.event(stream)["refers_by"], self.plan.event(column.stream)["id"]
        known = [row for row in self._before(stream) if row[refers_by] == event.row[id_]]
        first = next(row for row in self.rows[column.stream] if row[id_] == event.row[id_])
        meant = self.versioned(column.stream) or first["mm_seq"] == event.row["mm_seq"]
        if known and meant and not event.own:
            newest = max(known, key=lambda report: (report["mm_revision"], report["mm_seq"]))
            return _whole(newest[field])
        settled = event.at <= self.request["mm_at"] - (column.settles_us or 0)
        return column.otherwise if settled else None


def _inside(events: Sequence[Seen], window: Window, request: Row) -> list[Seen]:
    """Of the events of a key those of a window, oldest first."""
    until = request["mm_at"] - window.offset_us
    chosen = sorted(
        (
            event
            for event in events
            if (window.include_current if event.own else _in_time(event.at, window, request))
        ),
        key=lambda event: (event.at, event.row["mm_seq"]),
    )
    if window.session_us is not None:
        newer, first = until, len(chosen)
        while first and newer - chosen[first - 1].at <= window.session_us:
            first -= 1
            newer = chosen[first].at
        chosen = chosen[first:]
    most = window.last if window.cap is None else window.cap
    return chosen if most is None else chosen[-most:]


def _in_time(at: int, window: Window, request: Row) -> bool:
    """Whether a time lies between the edges of a window."""
    asked: int = request["mm_at"]
    until = asked - window.offset_us
    left, right = window.edges
    inside = at <= until if right == "]" else at < until
    if window.ties == "none":
        inside = inside and at < asked
    if window.span_us is not None:
        since = until - window.span_us
        inside = inside and (at >= since if left == "[" else at > since)
    if window.calendar is not None:
        inside = inside and at >= unit_start(until, window.calendar, str(window.zone))
    return inside


def _left_of(row: Row, reversals: Sequence[tuple[str, Stored]]) -> Row | None:
    """What reversals leave of an event's row; null where they leave nothing."""
    left = row
    for field in sorted({field for field, _ in reversals}):
        amounts = [amount for name, amount in reversals if name == field]
        if None in amounts:
            return None
        if row[field] is None:
            continue
        rest = abs(row[field]) - sum(abs(amount) for amount in amounts)
        if rest <= 0:
            return None
        left = left | {field: rest if row[field] > 0 else -rest}
    return left


def _masked(nodes: Sequence[Node], root: int) -> bool:
    """Whether a root is where(condition, value, null), as `where=` is written in a plan."""
    args = nodes[root].args
    other = nodes[args[-1]] if nodes[root].op == "where" else None
    return other is not None and other.op == "literal" and other.value is None


def _whole(value: Stored) -> Stored:
    return int(value) if isinstance(value, bool) else value
