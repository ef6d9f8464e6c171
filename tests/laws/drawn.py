"""Random plans and random logs, small and nasty: what the laws of the engine are tried on.

Times are few and close together, so that ties, edges of windows, late and future events are the
rule; keys and fields are null now and then; numbers are small, or as extreme as int64 allows. The
log is judged for lateness as `design.md` says a log does it, because the engine relies on that.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa

from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan

LATENESS_US = 40
COUNTRIES = ("BE", "FR", "NL")
Row = dict[str, Any]
Log = list[tuple[str, Row]]


def field(kind: str, **parts: Any) -> dict[str, Any]:
    """The form of a field."""
    return {"type": kind, **parts}


def event(name: str, **parts: Any) -> dict[str, Any]:
    """The form of an event, with what the engine reads."""
    form = {"name": name, "id": "id", "keys": {}, "fields": {}, "refers_to": None}
    return form | {"refers_by": None, "lateness_us": LATENESS_US} | parts


PAYMENT = event(
    "payment",
    keys={"card": {}, "terminal": {}},
    fields={
        "amount": field("money", scale=2),
        "score": field("fixed", scale=3),
        "points": field("integer"),
        "online": field("flag"),
        "country": field("category", values=list(COUNTRIES)),
        "booked": field("time"),
    },
)
LOGIN = event(
    "login", keys={"card": {}}, fields={"tries": field("integer"), "device": field("category")}
)
CHARGEBACK = event(
    "chargeback",
    fields={"fraud": field("flag"), "loss": field("money", scale=2)},
    refers_to="payment",
    refers_by="payment_id",
)
EVENTS = (CHARGEBACK, LOGIN, PAYMENT)

NUMBERS = {"payment": ("amount", "score", "points", "online"), "login": ("tries",)}
TEXTS = {"payment": ("country",), "login": ("device",)}
SCALES = {"amount": 2, "score": 3, "loss": 2, "booked": 6}
KINDS = {"online": "flag", "country": "category", "device": "category", "booked": "time"}
NUMERIC = ("count", "sum", "mean", "std", "min", "max", "last", "distinct")


def drawn_plan(random: Random) -> Plan:
    """A plan of up to five groups and a dozen features."""
    return _Drawing(random).plan()


def drawn_log(random: Random, *, rows: int) -> Log:
    """A log of payments, logins and chargebacks in the order of seq."""
    return _History(random).log(rows)


def tables_of(log: Log) -> dict[str, pa.Table]:
    """The tables of a log, one for each stream."""
    return {
        form["name"]: _table(form, [row for s, row in log if s == form["name"]]) for form in EVENTS
    }


class _Drawing:
    """One plan being drawn."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.event_nodes: dict[str, list[Node]] = {"payment": [], "login": []}
        self.columns: list[Column] = []
        self.groups: list[Group] = []
        self.aggregates: list[Aggregate] = []
        self.nodes: list[Node] = []

    def plan(self) -> Plan:
        for _ in range(self.random.randint(1, 3)):
            self._group()
        self.aggregates = list(dict.fromkeys(self.aggregates))
        for index, aggregate in enumerate(self.aggregates):
            self.nodes.append(Node("aggregate", (), index, _kind(aggregate, self.columns)))
        outputs = [
            Output(f"f{i:02}", i, COUNTRIES if node.kind == "category" else None)
            for i, node in enumerate(self.nodes)
        ]
        for _ in range(self.random.randint(0, 4)):
            place = self._number(self.nodes, "payment", depth=3)
            outputs.append(Output(f"f{len(outputs):02}", place))
        return Plan(
            request="payment",
            events=EVENTS,
            label=None,
            event_nodes={name: tuple(nodes) for name, nodes in self.event_nodes.items()},
            columns=tuple(self.columns),
            groups=tuple(self.groups),
            aggregates=tuple(self.aggregates),
            nodes=tuple(self.nodes),
            outputs=tuple(outputs),
        )

    def _group(self) -> None:
        stream = self.random.choice(("payment", "payment", "payment", "login"))
        roles = (
            [("card",), ("terminal",), ("card", "terminal")] if stream == "payment" else [("card",)]
        )
        first = len(self.columns)
        for _ in range(self.random.randint(0, 3)):
            self._column(stream)
        columns = tuple(range(first, len(self.columns)))
        self.groups.append(Group(stream, self.random.choice(roles), columns))
        for _ in range(self.random.randint(1, 5)):
            self._aggregate(len(self.groups) - 1)

    def _column(self, stream: str) -> None:
        nodes = self.event_nodes[stream]
        shape = self.random.randint(0, 7 if stream == "payment" else 5)
        if shape >= 6:
            label = self.random.choice(("fraud", "loss"))
            masked = self.random.random() < 0.3
            mask = self._flag(nodes, stream, depth=2) if masked else None
            self.columns.append(
                Column(
                    "payment", "outcome", mask, SCALES.get(label, 0),
                    "flag" if label == "fraud" else "number", label=f"chargeback.{label}",
                    settles_us=self.random.choice((0, 3, 10, 60)),
                    otherwise=self.random.choice((0, 0, 1, None)),
                )
            )  # fmt: skip
            return
        if shape <= 2:
            name = self.random.choice(NUMBERS[stream])
            column = self._place(nodes, Node("field", (), name, KINDS.get(name, "number")))
            scale = SCALES.get(name, 0)
        elif shape == 3:
            if self.random.random() < 0.3:
                name, column = "card", self._place(nodes, Node("key", (), "card", "category"))
            else:
                name = self.random.choice(TEXTS[stream])
                column = self._place(nodes, Node("field", (), name, "category"))
            scale = 0
        elif shape == 4:
            column, scale = self._place(nodes, Node("at", (), None, "time")), 6
        else:
            scale = self.random.randint(0, 4)
            number = self._number(nodes, stream, depth=2)
            column = self._place(nodes, Node("fixed", (number,), scale))
        kind = nodes[column].kind
        if self.random.random() < 0.4:
            condition = self._flag(nodes, stream, depth=2)
            null = self._place(nodes, Node("literal", (), None, kind))
            column = self._place(nodes, Node("where", (condition, column, null), None, kind))
        self.columns.append(Column(stream, "expr", column, scale, kind))

    def _aggregate(self, group: int) -> None:
        columns = [*self.groups[group].columns, None]
        column = self.random.choice(columns)
        if column is None:
            kinds: tuple[str, ...] = ("count", "since_last")
        elif self.columns[column].kind == "category":
            kinds = ("count", "last", "distinct", "since_last")
        elif self.columns[column].kind == "time":
            kinds = ("count", "min", "max", "last", "distinct")
        else:
            kinds = NUMERIC
        offset_us = self.random.choice((0, 0, 0, 1, 7, 25))
        own = self.groups[group].stream == "payment" and offset_us == 0
        self.aggregates.append(
            Aggregate(
                group, self.random.choice(kinds), column,
                self.random.choice((1, 2, 5, 20, 60, 60, None)), offset_us,
                own and self.random.random() < 0.5,
            )
        )  # fmt: skip

    def _place(self, nodes: list[Node], node: Node) -> int:
        nodes.append(node)
        return len(nodes) - 1

    def _number(self, nodes: list[Node], stream: str, depth: int) -> int:
        """A random expression that is a number."""
        if depth == 0 or self.random.random() < 0.2:
            return self._leaf(nodes, stream)
        op = self.random.choice(
            ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "fixed", "otherwise", "where",
             "least", "greatest", "hour", "weekday", "day", "flag")
        )  # fmt: skip
        if op == "flag":
            return self._flag(nodes, stream, depth - 1)
        if op in ("hour", "weekday", "day"):
            time = self._place(nodes, Node("at", (), None, "time"))
            zone = self.random.choice(("Europe/Brussels", "UTC"))
            return self._place(nodes, Node(op, (time,), zone))
        if op == "where":
            condition = self._flag(nodes, stream, depth - 1)
            args = (condition, *(self._number(nodes, stream, depth - 1) for _ in range(2)))
            return self._place(nodes, Node(op, args))
        arity = 1 if op in ("neg", "abs", "sqrt", "fixed") else 2
        args = tuple(self._number(nodes, stream, depth - 1) for _ in range(arity))
        return self._place(
            nodes, Node(op, args, self.random.randint(0, 9) if op == "fixed" else None)
        )

    def _leaf(self, nodes: list[Node], stream: str) -> int:
        choice = self.random.randint(0, 2)
        if choice == 0:
            value = self.random.choice((0, 1, -1, 3, 0.5, 1e300, 2.5e-3, None))
            return self._place(nodes, Node("literal", (), value))
        places = [
            i for i, node in enumerate(nodes) if node.op == "aggregate" and node.kind == "number"
        ]
        if choice == 1 and places:
            return self.random.choice(places)
        name = self.random.choice(NUMBERS[stream])
        return self._place(nodes, Node("field", (), name, KINDS.get(name, "number")))

    def _flag(self, nodes: list[Node], stream: str, depth: int) -> int:
        """A random expression that is a flag."""
        if depth == 0:
            name = self.random.choice(TEXTS[stream])
            text = self._place(nodes, Node("field", (), name, "category"))
            other = self._place(
                nodes, Node("text", (), self.random.choice(("BE", "NL", "x")), "category")
            )
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


def _kind(aggregate: Aggregate, columns: list[Column]) -> Any:
    if aggregate.column is None or aggregate.kind not in ("min", "max", "last"):
        return "number"
    return columns[aggregate.column].kind


class _History:
    """One log being drawn."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.known_at = random.choice((0, 1_000_000, 1_533_081_600_000_000))
        self.watermarks: dict[str, int] = {}
        self.payments: list[str] = []
        self.extreme = random.random() < 0.3
        self.far = random.random() < 0.2

    def log(self, rows: int) -> Log:
        log: Log = []
        for seq in range(rows):
            self.known_at += self.random.choice((0, 0, 1, 1, 2, 9, 10**10 if self.far else 30))
            stream = self.random.choice(("payment",) * 5 + ("login",) * 2 + ("chargeback",) * 3)
            row = {"mm_seq": 3 * seq + 1, "mm_known_at": self.known_at, "mm_revision": 0}
            row["mm_at"] = self._at(stream)
            row |= getattr(self, f"_{stream}")(seq)
            log.append((stream, row))
        return log

    def _at(self, stream: str) -> int:
        """A time that the log would not find too late; then move the watermark on."""
        at = self.known_at + self.random.choice((0, 0, 0, 0, -1, -2, -7, -25, -60, 3, 30))
        watermark = self.watermarks.get(stream)
        if watermark is not None:
            at = max(at, watermark - LATENESS_US)
        newest = min(at, self.known_at)
        self.watermarks[stream] = newest if watermark is None else max(watermark, newest)
        return at

    def _payment(self, seq: int) -> Row:
        id_ = f"p{seq}"
        self.payments.append(id_)
        return {
            "id": id_,
            "card": self.random.choice(("a", "a", "b", None)),
            "terminal": self.random.choice((7, 8, 8, None)),
            "amount": self._whole(10**13),
            "score": self._whole(10**13),
            "points": self._whole(2**63 - 1),
            "online": self.random.choice((True, False, None)),
            "country": self.random.choice(("BE", "FR", "NL", "XX", None)),
            "booked": self.random.choice((None, self.known_at - 5, self.known_at)),
        }

    def _login(self, seq: int) -> Row:
        return {
            "id": f"l{seq}",
            "card": self.random.choice(("a", "b", "c", None)),
            "tries": self._whole(2**63 - 1),
            "device": self.random.choice(("BE", "phone", "x", None)),
        }

    def _chargeback(self, seq: int) -> Row:
        ahead = f"p{seq + self.random.randint(1, 12)}"
        old = self.random.choice(self.payments) if self.payments else ahead
        return {
            "id": f"c{seq}",
            "mm_revision": self.random.choice((0, 0, 0, 1, 2)),
            "payment_id": self.random.choice((old, old, old, ahead, None)),
            "fraud": self.random.choice((True, True, False, None)),
            "loss": self._whole(10**13),
        }

    def _whole(self, limit: int) -> int | None:
        if self.extreme and self.random.random() < 0.5:
            near = (limit, limit - 1, limit // 2, 2**62, 2**62 + 1, 2**53 + 1, 2**31, 10**16)
            value = self.random.choice(near) * self.random.choice((1, -1))
            return value if abs(value) < 2**63 else None
        return self.random.choice((None, 0, 1, 2, 5, 100, -3, 12345, 999))


TYPES = {
    "card": pa.string(), "terminal": pa.int64(), "id": pa.string(), "payment_id": pa.string(),
    "online": pa.bool_(), "fraud": pa.bool_(), "country": pa.string(), "device": pa.string(),
}  # fmt: skip


def _table(form: dict[str, Any], rows: list[Row]) -> pa.Table:
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "id", *form["keys"], *form["fields"]]
    names += [form["refers_by"]] if form["refers_by"] else []
    return pa.table(
        {name: pa.array([row[name] for row in rows], TYPES.get(name, pa.int64())) for name in names}
    )
