"""Random plans over every kind of aggregate, every form of window and every row operation."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, Literal

from laws.drawn_forms import (
    CHARGEBACK,
    COUNTRIES,
    HOLDER,
    HOLDERS,
    HOUR_US,
    KEYS,
    KINDS,
    LIMITED,
    LOGIN,
    NUMBERS,
    PAYMENT,
    REFUND,
    ROLES,
    SCALES,
    TEXTS,
    VOID,
)
from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan
from mintmark.plan.node import Window

Suits = Literal["number", "limited", "timed", "flag", "any", "text"]
SUITS: dict[str, Suits] = {
    "sum": "number", "mean": "number", "var": "number", "std": "number", "cv": "number",
    "rms": "number", "concentration": "any", "below_share": "number",
    "skew": "limited", "kurt": "limited", "range": "number", "quantile": "number",
    "top": "number", "bottom": "number", "slope": "number", "decay_sum": "number",
    "decay_mean": "number", "since_max": "number", "since_min": "number",
    "min": "timed", "max": "timed", "longest_streak": "flag", "current_streak": "flag",
    "first": "text", "last": "text", "nth": "text", "lag": "text", "newest": "text",
    "mode": "text",
    "count": "any", "rate": "any", "since_first": "any", "since_last": "any", "distinct": "any",
    "unique_share": "any", "top_share": "any", "entropy": "any", "is_new": "any", "seen": "any",
    "gap_mean": "any", "gap_std": "any", "gap_min": "any", "gap_max": "any", "changes": "any",
    "decay_count": "any", "approx_distinct": "any",
}  # fmt: skip
"""Every kind of aggregate, and which columns it takes; "text" is any but a key of integers."""
SHAPES: dict[Suits, tuple[str, ...]] = {
    "number": ("field", "field", "number", "flag"),
    "limited": ("field", "field", "flag"),
    "timed": ("field", "time", "number"),
    "flag": ("field", "flag"),
    "any": ("field", "field", "text", "key", "time", "number", "flag"),
    "text": ("field", "field", "text", "text", "key", "time", "number", "flag"),
}
"""What is drawn where a column has to suit."""
COLUMNLESS = (
    "count", "rate", "since_first", "since_last", "gap_mean", "gap_std", "gap_min", "gap_max",
    "decay_count",
)  # fmt: skip
"""Kinds that also count or time events by themselves."""
OWN_VALUE = ("is_new", "seen", "below_share")
"""Kinds that compare with the request's own value."""
NOT_CURRENT = ("is_new", "seen", "below_share", "since_last")
VALUED = ("first", "last", "nth", "lag", "newest", "mode", "min", "max")
"""Kinds whose value is one of the column's."""

UNORDERED = (
    "count", "sum", "mean", "var", "std", "cv", "rms", "skew", "kurt", "slope", "min", "max",
    "range", "since_max", "since_min",
)  # fmt: skip
ORDERED = (
    "first", "nth", "since_first", "gap_mean", "gap_std", "gap_min", "gap_max", "changes",
    "current_streak", "longest_streak", "approx_distinct",
)  # fmt: skip
NEWEST = ("last", "lag", "newest", "since_last")
"""Kinds of a lifetime that go on without events: in any order; in the requests' own; the newest."""

WINDOWS = ("lifetime", "time", "count", "both", "calendar", "session")
SPANS_US = ((1, 2, 5, 20, 60, 60, 200, 500), (60, HOUR_US, 5 * HOUR_US, 24 * HOUR_US))
"""Spans for logs whose rows are microseconds apart, and for those with hours between."""
SESSIONS_US = ((1, 5, 9, 30, 60), (HOUR_US, 3 * HOUR_US, 6 * HOUR_US))
OFFSETS_US = (0,) * 9 + (1, 7, 25, HOUR_US)
HALF_LIVES = ((64, 2), (320, 10), (1000, 31), (32, 1), (24 * HOUR_US, 24 * HOUR_US // 32))
ZONES = ("Europe/Brussels", "Europe/Brussels", "America/Sao_Paulo", "UTC")
CALENDAR = (
    "hour", "weekday", "day", "month", "year", "yearday", "week", "minute", "second_of_day",
    "holiday",
)  # fmt: skip
ONE = ("neg", "abs", "sqrt", "fixed", "log", "exp", "power", "sin", "cos", "atan", "floor", "sign")
TWO = ("add", "sub", "mul", "div", "mod", "otherwise", "least", "greatest")
POWERS = (2, -1, 0, 1, 3, -2, 64, -64, 65, 0.5, -0.5, 2.5, -1.7)


def drawn_plan(
    random: Random, *, plain: bool = False, lookups: bool = True, lifetimes: bool = False
) -> Plan:
    """A plan of up to three groups and two dozen features.

    plain : no event is ever corrected or reversed, which the engine folds by a shorter way;
    lookups : whether events may look tables up when they come;
    lifetimes : most windows are, of kinds that need not keep all events; then it must be plain.
    """
    return _Drawing(random, plain=plain, lookups=lookups, lifetimes=lifetimes).plan()


def window_form(window: Window) -> str:
    """Which of `WINDOWS` a window is."""
    if window.session_us is not None:
        return "session"
    if window.calendar is not None:
        return "calendar"
    if window.most is not None:
        return "count" if window.span_us is None else "both"
    return "lifetime" if window.span_us is None else "time"


class _Drawing:
    """One plan being drawn."""

    def __init__(self, random: Random, *, plain: bool, lookups: bool, lifetimes: bool) -> None:
        self.random = random
        self.lookups = lookups and random.random() < 0.5
        self.plain = plain
        self.lifetimes = lifetimes
        self.slow = random.random() < 0.45 and not lifetimes
        self.request = random.choice(("payment",) * 9 + ("login",))
        self.event_nodes: dict[str, list[Node]] = {
            name: [] for name in ("payment", "login", "refund", "void")
        }
        self.columns: list[Column] = []
        self.groups: list[Group] = []
        self.of_group: list[set[int]] = []
        self.aggregates: list[Aggregate] = []
        self.nodes: list[Node] = []

    def plan(self) -> Plan:
        for _ in range(self.random.randint(1, 3)):
            self._group()
        self.aggregates = list(dict.fromkeys(self.aggregates))
        drawn = len(self.aggregates)
        counts = {a: self._rows(a) for a in self.aggregates[:drawn] if a.window.cap is not None}
        for index, aggregate in enumerate(self.aggregates):
            self.nodes.append(Node("aggregate", (), index, _kind(aggregate, self.columns)))
        outputs = []
        for i, aggregate in enumerate(self.aggregates):
            place, values = i, self._values() if self.nodes[i].kind == "category" else None
            if aggregate in counts:
                place = self._uncut(i, counts[aggregate], aggregate.window.cap or 0)
            outputs.append(Output(f"f{i:02}", place, values))
        for _ in range(self.random.randint(0, 4)):
            place = self._number(self.nodes, self.request, depth=3)
            outputs.append(Output(f"f{len(outputs):02}", place))
        return Plan(
            request=self.request,
            events=self._events(),
            label=None,
            event_nodes={name: tuple(nodes) for name, nodes in self.event_nodes.items()},
            columns=tuple(self.columns),
            groups=tuple(
                replace(group, columns=tuple(sorted(columns)))
                for group, columns in zip(self.groups, self.of_group, strict=True)
            ),
            aggregates=tuple(self.aggregates),
            nodes=tuple(self.nodes),
            outputs=tuple(outputs),
        )

    def _rows(self, aggregate: Aggregate) -> int:
        """The count of all that came in a capped window, up to one more than its cap."""
        group, window = self.groups[aggregate.group], aggregate.window
        if not self.plain:
            group = replace(group, every=True)
            if group not in self.groups:
                self.groups.append(group)
                self.of_group.append(set())
        window = replace(window, last=(window.cap or 0) + 1, cap=None)
        count = Aggregate(self.groups.index(group), "count", None, window)
        if count not in self.aggregates:
            self.aggregates.append(count)
        return self.aggregates.index(count)

    def _uncut(self, value: int, count: int, cap: int) -> int:
        """A capped value: null where more came."""
        nodes, kind = self.nodes, self.nodes[value].kind
        most, null = self._place(nodes, Node("literal", (), cap)), Node("literal", (), None, kind)
        cut = self._place(nodes, Node("gt", (count, most), None, "flag"))
        return self._place(nodes, Node("where", (cut, self._place(nodes, null), value), None, kind))

    def _events(self) -> tuple[dict[str, Any], ...]:
        """All events; what refunds and voids take back is drawn."""
        if self.plain:
            return tuple(
                form | {"revision": None}
                for form in (CHARGEBACK, HOLDER, LOGIN, PAYMENT, REFUND, VOID)
            )
        refunds = self.random.choice((None, "amount", "amount", "points", "all"))
        voids = self.random.choice((None, None, "all"))
        return (
            CHARGEBACK, HOLDER, LOGIN, PAYMENT, REFUND | {"reverses": refunds},
            VOID | {"reverses": voids},
        )  # fmt: skip

    def _values(self) -> tuple[str, ...]:
        """Declared values of a category that is a feature."""
        return self.random.choice((COUNTRIES, ("a", "b", "卡"), ("BE", "é", "日本", "電話", "x")))

    def _group(self) -> None:
        places = [place for place in ROLES if place[0] == self.request]
        weights = [3 if stream == request else 1 for request, stream in places]
        request, stream = self.random.choices(places, weights)[0]
        roles, request_roles = self.random.choice(ROLES[request, stream])
        self.groups.append(Group(stream, roles, (), request_roles))
        self.of_group.append(set())
        for _ in range(self.random.randint(1, 7)):
            self._aggregate(len(self.groups) - 1)

    def _aggregate(self, place: int) -> None:
        group = self.groups[place]
        mine = group.stream == self.request and group.request_roles in ((), group.roles)
        # Most groups cannot compare with the request's own value; those that can do so more often.
        kind = self.random.choice(
            [*SUITS, *OWN_VALUE] if mine else [k for k in SUITS if k not in OWN_VALUE]
        )
        forms: tuple[str, ...] = WINDOWS if kind != "rate" else ("time", "both")
        if self.lifetimes:
            forms = tuple(form for form in forms if form in ("time", "count", "both"))
            if self.random.random() < 0.6:
                forms = ("lifetime",)
                both = ORDERED if group.stream == self.request else ()
                kind = self.random.choice((*UNORDERED, *both, *NEWEST))
        column = None
        if kind not in COLUMNLESS or self.random.random() < 0.6:
            outcomes = not self.lifetimes or forms != ("lifetime",)
            column = self._column(group.stream, SUITS[kind], outcomes=outcomes)
            self.of_group[place].add(column)
        window = self._window(kind, forms, mine=mine)
        self.aggregates.append(Aggregate(place, kind, column, window, self._params(kind, window)))

    def _params(self, kind: str, window: Window) -> tuple[int, ...]:
        if kind in ("nth", "lag", "mode", "top", "bottom"):
            return (self.random.choice((1, 1, 2, 3, 5)),)
        if kind == "quantile":
            return (self.random.choice((0, 1, 250_000, 500_000, 500_001, 990_000, 1_000_000)),)
        if kind in ("decay_count", "decay_sum", "decay_mean"):
            return self.random.choice(HALF_LIVES)
        if kind == "rate":
            assert window.span_us is not None
            return self.random.choice((1, 7, HOUR_US)), window.span_us
        return ()

    def _window(self, kind: str, forms: tuple[str, ...], *, mine: bool) -> Window:
        form = self.random.choice(forms)
        parts: dict[str, Any] = {}
        if form in ("time", "both"):
            parts["span_us"] = self.random.choice(SPANS_US[self.slow])
        if form in ("count", "both"):
            parts["last"] = self.random.choice((1, 2, 3, 7))
            if kind not in OWN_VALUE and self.random.random() < 0.4:
                parts["cap"] = parts.pop("last")
        if form == "calendar":
            parts["calendar"] = self.random.choice(("day", "day", "week", "month", "year"))
            parts["zone"] = self.random.choice(ZONES)
        if form == "session":
            parts["session_us"] = self.random.choice(SESSIONS_US[self.slow])
            if self.random.random() < 0.2:
                parts["span_us"] = self.random.choice(SPANS_US[self.slow])
        if form in ("calendar", "session") and self.random.random() < 0.2:
            parts["last"] = self.random.choice((1, 2, 3, 7))
        if mine and kind not in NOT_CURRENT and self.random.random() < 0.3:
            return Window(**parts, include_current=True, edges=self.random.choice(("(]", "[]")))
        return Window(
            **parts,
            offset_us=self.random.choice(OFFSETS_US),
            edges=self.random.choice(("(]", "(]", "(]", "[]", "()", "[)")),
            ties=self.random.choice(("before", "before", "before", "none")),
        )

    def _column(self, stream: str, suits: Suits, *, outcomes: bool) -> int:
        """A column that suits, of those that are there or a new one."""
        there = [
            place
            for place, column in enumerate(self.columns)
            if column.stream == stream and self._suits(column, suits)
            and (outcomes or column.source != "outcome")
        ]  # fmt: skip
        if there and self.random.random() < 0.5:
            return self.random.choice(there)
        outcomes = outcomes and stream == "payment" and self.random.random() < 0.2
        column = self._outcome() if outcomes else None
        if column is None or not self._suits(column, suits):
            column = self._expression(stream, suits)
        self.columns.append(column)
        return len(self.columns) - 1

    def _suits(self, column: Column, suits: Suits) -> bool:
        if suits == "any":
            return True
        if suits == "text":
            return not self._reads(column, "key", ("terminal",))
        if suits == "flag":
            return column.kind == "flag"
        if suits == "timed":
            return column.kind != "category"
        number = column.kind in ("number", "flag")
        if suits == "limited":
            return number and (
                column.source == "outcome"
                or column.kind == "flag"
                or self._reads(column, "field", LIMITED)
            )
        return number

    def _reads(self, column: Column, op: str, names: tuple[str, ...]) -> bool:
        """Whether a column is one of some fields or keys, under conditions or not."""
        nodes, place = self.event_nodes[column.stream], column.node or 0
        if column.source == "outcome":
            return False
        while nodes[place].op == "where" and len(nodes[place].args) == 3:
            place = nodes[place].args[1]
        return nodes[place].op == op and nodes[place].value in names

    def _outcome(self) -> Column:
        nodes = self.event_nodes["payment"]
        label = self.random.choice(("fraud", "loss"))
        mask = self._flag(nodes, "payment", depth=2) if self.random.random() < 0.3 else None
        return Column(
            "payment", "outcome", mask, SCALES.get(label, 0), KINDS.get(label, "number"),
            label=f"chargeback.{label}",
            settles_us=self.random.choice((0, 3, 10, 60, 2 * HOUR_US)),
            otherwise=self.random.choice((0, 0, 1, None)),
        )  # fmt: skip

    def _expression(self, stream: str, suits: Suits) -> Column:
        """A column of a field, a key, the time, or an expression, under a condition or not."""
        nodes = self.event_nodes[stream]
        shape, scale = self.random.choice(SHAPES[suits]), 0
        names = _names(stream, suits, shape)
        if names:
            name = self.random.choice(names)
            op, kind = ("key", "category") if shape == "key" else ("field", KINDS.get(name))
            column = self._place(nodes, Node(op, (), name, kind or "number"))
            scale = SCALES.get(name, 0)
        elif shape == "time":
            column, scale = self._place(nodes, self._time(stream)), 6
        elif shape == "number":
            scale = self.random.randint(0, 4)
            number = self._number(nodes, stream, depth=2)
            column = self._place(nodes, Node("fixed", (number,), scale))
        else:
            column = self._flag(nodes, stream, depth=1)
        kind = nodes[column].kind
        if self.random.random() < 0.25:
            condition = self._flag(nodes, stream, depth=2)
            null = self._place(nodes, Node("literal", (), None, kind))
            column = self._place(nodes, Node("where", (condition, column, null), None, kind))
        return Column(stream, "expr", column, scale, kind)

    def _time(self, stream: str) -> Node:
        if stream == "payment" and self.random.random() < 0.4:
            return Node("field", (), "booked", "time")
        return Node("at", (), None, "time")

    def _place(self, nodes: list[Node], node: Node) -> int:
        nodes.append(node)
        return len(nodes) - 1

    def _number(self, nodes: list[Node], stream: str, depth: int) -> int:
        """A random expression that is a number."""
        if depth == 0 or self.random.random() < 0.2:
            return self._leaf(nodes, stream)
        op = self.random.choice((*ONE, *TWO, *TWO, "where", "flag", "hash", *CALENDAR[-4:]))
        if op == "flag":
            return self._flag(nodes, stream, depth - 1)
        if op == "hash":
            size = self.random.choice((1, 7, 1000, 2**32))
            return self._place(nodes, Node("hash", (self._text(nodes, stream),), size))
        if op in CALENDAR:
            return self._calendar(nodes, stream)
        if op == "where":
            condition = self._flag(nodes, stream, depth - 1)
            args = (condition, *(self._number(nodes, stream, depth - 1) for _ in range(2)))
            return self._place(nodes, Node(op, args))
        arity = 1 if op in ONE else 2
        args = tuple(self._number(nodes, stream, depth - 1) for _ in range(arity))
        value = self.random.randint(0, 9) if op == "fixed" else None
        return self._place(
            nodes, Node(op, args, self.random.choice(POWERS) if op == "power" else value)
        )

    def _calendar(self, nodes: list[Node], stream: str) -> int:
        op = self.random.choice(CALENDAR)
        time = self._place(nodes, self._time(stream))
        zone = self.random.choice(ZONES)
        if op == "holiday":
            code = self.random.choice(("BE", "BR"))
            return self._place(nodes, Node(op, (time,), f"{code}|{zone}", "flag"))
        return self._place(nodes, Node(op, (time,), zone))

    def _looked_up(self, nodes: list[Node], stream: str, field: str, kind: Any) -> int | None:
        """What the row of an event looks up when it comes, now and then."""
        roles = HOLDERS[stream]
        if nodes is self.nodes or not roles or not self.lookups or self.random.random() < 0.6:
            return None
        name = f"holder.{field}|{self.random.choice(roles)}"
        return self._place(nodes, Node("lookup", (), name, kind))

    def _leaf(self, nodes: list[Node], stream: str) -> int:
        looked_up = self._looked_up(nodes, stream, "level", "number")
        if looked_up is not None:
            return looked_up
        choice = self.random.randint(0, 2)
        if choice == 0:
            value = self.random.choice((0, 1, -1, 3, 0.5, 1e300, 2.5e-3, None))
            return self._place(nodes, Node("literal", (), value))
        places = self._told(nodes, "number")
        if choice == 1 and places:
            return self.random.choice(places)
        name = self.random.choice(NUMBERS[stream])
        return self._place(nodes, Node("field", (), name, KINDS.get(name, "number")))

    def _text(self, nodes: list[Node], stream: str) -> int:
        """A category: an aggregate's, a field or a key."""
        places = self._told(nodes, "category")
        if places and self.random.random() < 0.5:
            return self.random.choice(places)
        if stream != "void" and self.random.random() < 0.2:
            return self._place(nodes, Node("key", (), "card", "category"))
        return self._place(nodes, Node("field", (), self.random.choice(TEXTS[stream]), "category"))

    def _told(self, nodes: list[Node], kind: str) -> list[int]:
        """The aggregates of a kind; what is capped only where a null says that it was cut."""
        return [
            i
            for i, node in enumerate(nodes)
            if node.op == "aggregate" and node.kind == kind
            and self.aggregates[int(node.value or 0)].window.cap is None
        ]  # fmt: skip

    def _flag(self, nodes: list[Node], stream: str, depth: int) -> int:
        """A random expression that is a flag."""
        looked_up = self._looked_up(nodes, stream, "vip", "flag") if depth == 0 else None
        if looked_up is not None:
            return looked_up
        if depth == 0:
            text = self._text(nodes, stream)
            if self.random.random() < 0.3:
                other = self._text(nodes, stream)
            else:
                named = self.random.choice(("BE", "NL", "x", "é", ""))
                other = self._place(nodes, Node("text", (), named, "category"))
            op = self.random.choice(("eq", "ne"))
            return self._place(nodes, Node(op, (text, other), None, "flag"))
        op = self.random.choice(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "null"))
        if op in ("and", "or", "not"):
            args = tuple(
                self._flag(nodes, stream, depth - 1) for _ in range(1 if op == "not" else 2)
            )
        else:
            args = tuple(
                self._number(nodes, stream, depth - 1) for _ in range(1 if op == "null" else 2)
            )
        return self._place(nodes, Node(op, args, None, "flag"))


def _names(stream: str, suits: Suits, shape: str) -> list[str]:
    """Fields or keys of a shape that suit."""
    if shape == "text":
        return list(TEXTS[stream])
    if shape == "key":
        return [role for role in KEYS[stream] if suits == "any" or role != "terminal"]
    if shape != "field":
        return []
    wanted = {"limited": LIMITED, "flag": [name for name in KINDS if KINDS[name] == "flag"]}
    return [name for name in NUMBERS[stream] if name in wanted.get(suits, NUMBERS[stream])]


def _kind(aggregate: Aggregate, columns: list[Column]) -> Any:
    if aggregate.column is None or aggregate.kind not in VALUED:
        return "number"
    return columns[aggregate.column].kind
