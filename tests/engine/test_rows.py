"""The compiled row programs against the oracle's, operation by operation and block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mintmark.engine import oracle_rows, registers
from mintmark.engine import row_layout as L
from mintmark.engine.expressions import Expressions
from mintmark.engine.interner import Interner
from mintmark.engine.kernel import ready
from mintmark.engine.registers import Draft, RowProgram
from mintmark.engine.sentinel import LIMIT, MASKED, MONEY_LIMIT, NULL, UNKNOWN
from mintmark.engine.shape import WIDEST, FieldShape, Range
from mintmark.plan import Column, Node, zone_table

ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
TEXTS = ("BE", "FR", "", "Zürich", "not declared")
HOLIDAYS = {"BE": tuple((date(y, 7, 21) - date(1970, 1, 1)).days for y in range(1970, 2100))}
FORM = {
    "fields": {
        "amount": {"type": "money", "scale": 2},
        "whole": {"type": "integer"},
        "rate": {"type": "fixed", "scale": 4},
        "flag": {"type": "flag"},
        "when": {"type": "time"},
        "country": {"type": "category"},
    }
}
MONEY = Range(-MONEY_LIMIT, MONEY_LIMIT)
SHAPE: Any = SimpleNamespace(
    fields={
        "amount": FieldShape(False, 2, MONEY),
        "whole": FieldShape(False, 0, WIDEST),
        "rate": FieldShape(False, 4, MONEY),
        "flag": FieldShape(False, 0, Range(0, 1)),
        "when": FieldShape(False, 6, WIDEST),
        "country": FieldShape(True, 0, WIDEST),
    }
)
SINGLE = ("neg", "abs", "sqrt", "sign", "floor", "log", "exp", "sin", "cos", "atan", "null")
PAIRS = (
    "add", "sub", "mul", "div", "mod", "least", "greatest", "lt", "le", "gt", "ge", "eq", "ne",
    "otherwise",
)  # fmt: skip
CALENDAR = tuple(op for op in L.CALENDAR if op != "holiday")
POWERS = (0, 1, 2, 3, -1, -3, 64, 65, 0.5, -1.5, 2.25)


@dataclass
class Tree:
    """A table of nodes that grows."""

    nodes: list[Node] = field(default_factory=list)

    def add(self, op: str, *args: int, value: Any = None, kind: Any = "number") -> int:
        """Add a node and return its place."""
        self.nodes.append(Node(op, args, value, kind))
        return len(self.nodes) - 1


def every_operation() -> Tree:
    """Nodes that try each operation on fields, literals, aggregates and null."""
    tree = Tree()
    fields = [tree.add("field", value=name) for name in ("amount", "whole", "rate", "flag")]
    literals = [tree.add("literal", value=v) for v in (0.0, -2.5, 1, None)]
    told = [tree.add("aggregate", value=place) for place in range(3)]
    times = [tree.add("at"), tree.add("field", value="when"), told[2]]
    texts = [tree.add("field", value="country"), tree.add("text", value="BE", kind="category")]
    numbers = [*fields, *literals, *told]
    for op in SINGLE:
        for x in numbers:
            tree.add(op, x)
    for op in PAIRS:
        for place, x in enumerate(numbers):
            for step in (1, 3, 6):
                tree.add(op, x, numbers[(place + step) % len(numbers)])
    for x in numbers:
        for scale in (0, 2, 9):
            tree.add("fixed", x, value=scale)
        for k in POWERS:
            tree.add("power", x, value=k)
    _logic(tree, fields, numbers)
    for x in times:
        for zone in ZONES:
            for op in CALENDAR:
                tree.add(op, x, value=zone)
        tree.add("holiday", x, value="BE|Europe/Brussels")
        tree.add("holiday", x, value="BE|UTC")
    for text in texts:
        tree.add("eq", text, texts[1])
        tree.add("ne", text, texts[1])
        for size in (1, 7, 2**40, 2**62):
            tree.add("hash", text, value=size)
    return tree


def _logic(tree: Tree, fields: list[int], numbers: list[int]) -> None:
    """Conditions of three values: true, false and null."""
    flags = [tree.add("eq", fields[3], fields[3]), tree.add("lt", fields[0], numbers[4])]
    flags += [fields[3], tree.add("null", fields[0]), tree.add("gt", numbers[8], numbers[9])]
    for x in flags:
        tree.add("not", x)
        for y in flags:
            tree.add("and", x, y)
            tree.add("or", x, y)
        for y in numbers[:4]:
            tree.add("where", x, y, numbers[8])
            tree.add("where", x, numbers[7], y)


@dataclass
class Rows:
    """Drawn rows: for the oracle as mappings, for the kernel by name as stored integers."""

    told: list[dict[str, Any]]
    aggregates: NDArray[np.float64]

    def inputs(self, draft: Draft) -> NDArray[np.int64]:
        """What the slots of a draft read."""
        names = ["mm_at" if slot.source == "at" else slot.name for slot in draft.slots]
        codes = {text: code for code, text in enumerate(TEXTS)} | {None: NULL}
        table = np.empty((len(names), len(self.told)), dtype=np.int64)
        for place, name in enumerate(names):
            for column, row in enumerate(self.told):
                value = row[name]
                coded = value is None or isinstance(value, str)
                table[place, column] = codes[value] if coded else int(value)
        return table


def drawn(n: int, seed: int = 5) -> Rows:
    """Rows with nulls, extremes and times around clock changes and the turn of years."""
    rng = np.random.default_rng(seed)
    moments = [t + d for zone in ZONES for t in zone_table(zone)[0] for d in (-1, 0, 1)]
    moments += [int(y * 365.2425 * 86400e6) + d for y in range(230) for d in (-(10**11), 10**10)]
    moments += [6 * 10**16, -6 * 10**16, 6 * 10**16 + 8, LIMIT, -1, 0, 1, -(10**15)]
    greatest = [MONEY_LIMIT, -MONEY_LIMIT, 0, 1, -1, 50, 250]

    def whole(edges: list[int], low: int, high: int) -> int | None:
        roll = rng.random()
        if roll < 0.2:
            return None
        return edges[rng.integers(len(edges))] if roll < 0.6 else int(rng.integers(low, high))

    told = [
        {
            "mm_at": moments[rng.integers(len(moments))],
            "amount": whole(greatest, -(10**6), 10**6),
            "whole": whole([LIMIT, -LIMIT, 2**53 + 1, 0, 1, 2, 3], -(10**4), 10**4),
            "rate": whole(greatest, -(10**5), 10**5),
            "flag": (None, False, True)[rng.integers(3)],
            "when": whole(moments, -(10**17), 10**17),
            "country": (None, *TEXTS)[rng.integers(len(TEXTS) + 1)],
        }
        for _ in range(n)
    ]
    sizes = [0.0, -0.0, 1.0, 5e-324, 1e-310, 1e308, -1e308, 1.5, 709.3, -744.9, 1e6, math.nan]
    aggregates = rng.choice(sizes, (3, n))
    aggregates[1] = rng.normal(0.0, 300.0, n)
    aggregates[2] = rng.uniform(-1e9, 7e9, n)
    return Rows(told, aggregates)


def drafted(nodes: list[Node]) -> Draft:
    """A draft of some nodes."""
    draft = Draft(registers.slots_of(SHAPE, nodes), {t: c for c, t in enumerate(TEXTS)})
    draft.write(nodes, {0: 0, 1: 1, 2: 2})
    return draft


def evaluated(
    program: RowProgram, inputs: NDArray[np.int64], aggregates: NDArray[np.float64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The stored values and the features of a program, in blocks of `width` rows."""
    n = inputs.shape[1]
    values = np.full((len(program.stores), n), 77, dtype=np.int64)
    features = np.full((n, len(program.outputs)), 77.0)
    expressions = Expressions(program, len(program.limits), width=width)
    expressions.see_texts(Interner(TEXTS, told=True))
    expressions.aim(inputs, aggregates, values, features)
    expressions.run(ready().evaluate)
    by_column = np.full(features.shape[::-1], 77.0).T
    expressions.aim(inputs, aggregates, values, by_column)
    expressions.run(ready().evaluate)
    assert by_column.tobytes() == features.tobytes()
    return values, features


def by_the_oracle(tree: Tree, told: Rows) -> list[list[Any]]:
    """The value of every node for every row."""
    found = []
    for column, row in enumerate(told.told):
        values: list[Any] = []
        for node in tree.nodes:
            if node.op == "aggregate":
                value = float(told.aggregates[int(node.value or 0), column])
                values.append(None if math.isnan(value) else value)
            else:
                values.append(oracle_rows.node_value(FORM, node, values, row))
        found.append(values)
    return found


@pytest.fixture(autouse=True)
def _holidays(monkeypatch: pytest.MonkeyPatch) -> None:
    """One country with one holiday, so that the test does not move with a library."""
    monkeypatch.setattr(registers, "holiday_days", HOLIDAYS.__getitem__)
    monkeypatch.setattr(oracle_rows, "_holidays", lambda code: frozenset(HOLIDAYS[code]))


def test_every_operation_has_the_bits_of_the_oracle() -> None:
    """Over nulls, extremes and clock changes; a category by its place among declared values."""
    tree, told = every_operation(), drawn(400)
    assert {node.op for node in tree.nodes} >= set(L.OPS[len(L.LOADS) :])
    draft = drafted(tree.nodes)
    declared = ("FR", "", "BE")
    for place, node in enumerate(tree.nodes):
        category = node.kind == "category" or node.value == "country"
        registers.answer(draft, place, declared if category else None)
    program = draft.finish()
    _, features = evaluated(program, told.inputs(draft), told.aggregates, L.BLOCK)
    for row, values in enumerate(by_the_oracle(tree, told)):
        for place, value in enumerate(values):
            if isinstance(value, str):
                value = float(declared.index(value)) if value in declared else None
            want = math.nan if value is None else float(value) + 0.0
            got = features[row, place]
            same = np.float64(want).tobytes() == got.tobytes()
            assert same, (tree.nodes[place], told.told[row], want, got)


def test_every_day_has_its_date() -> None:
    """Month, day, year, day of the year, weekday and ISO week of each day from 1895 to 2205."""
    first, last = date(1895, 1, 1).toordinal(), date(2205, 12, 31).toordinal()
    days = [date.fromordinal(ordinal) for ordinal in range(first, last + 1)]
    parts = ("month", "day", "year", "yearday", "weekday", "week")
    tree = Tree()
    at = tree.add("at")
    draft = drafted([*tree.nodes, *(Node(part, (at,), "UTC") for part in parts)])
    for place in range(len(parts)):
        registers.answer(draft, place + 1, None)
    epoch = date(1970, 1, 1).toordinal()
    times = [[(ordinal - epoch) * 86_400 * 10**6 for ordinal in range(first, last + 1)]]
    told = np.empty((0, len(days)))
    _, features = evaluated(draft.finish(), np.array(times), told, L.BLOCK)
    want = [
        (d.month, d.day, d.year, d.timetuple().tm_yday, d.isoweekday(), d.isocalendar().week)
        for d in days
    ]
    assert np.array_equal(features, np.array(want, dtype=np.float64))


@pytest.mark.parametrize("n", [0, 1, 2, 127, 128, 129, 300])
def test_blocks_do_not_show(n: int) -> None:
    """A row alone, in blocks of any width and at any edge has the same bits."""
    tree, told = every_operation(), drawn(n, seed=n)
    draft = drafted(tree.nodes)
    for place in range(len(tree.nodes)):
        registers.answer(draft, place, None)
    program = draft.finish()
    inputs = told.inputs(draft)
    _, alone = evaluated(program, inputs, told.aggregates, 1)
    for width in (L.BLOCK, 5, 129):
        _, features = evaluated(program, inputs, told.aggregates, width)
        assert features.tobytes() == alone.tobytes()


def test_what_is_stored_is_exact_masked_or_unknown() -> None:
    """Fields beyond their limit are null, numbers are rounded once, masks leave null or MASKED."""
    tree, told = Tree(), drawn(300)
    amount, whole = tree.add("field", value="amount"), tree.add("field", value="whole")
    flag, null = tree.add("field", value="flag"), tree.add("literal")
    fixed = tree.add("fixed", tree.add("div", whole, amount), value=3)
    masked = tree.add("where", flag, tree.add("where", tree.add("null", whole), amount, null), null)
    columns = [
        Column("s", "expr", whole, 0, "number"),
        Column("s", "expr", fixed, 3, "number"),
        Column("s", "expr", tree.nodes[fixed].args[0], 1, "number"),
        Column("s", "expr", masked, 2, "number"),
        Column("s", "outcome", None, 0, "flag", label="r.fraud"),
        Column("s", "outcome", flag, 0, "flag", label="r.fraud"),
    ]
    draft = drafted(tree.nodes)
    draft.stores = [registers.store(draft, tree.nodes, column) for column in columns]
    program = draft.finish()
    inputs = told.inputs(draft)
    inputs[:, 0] = [MONEY_LIMIT + 1, LIMIT + 1, 1][: len(inputs)]
    told.told[0] |= {"amount": None, "whole": None, "flag": True}
    values, _ = evaluated(program, inputs, told.aggregates, L.BLOCK)
    for row, (given, known) in enumerate(zip(told.told, by_the_oracle(tree, told), strict=True)):
        ratio, yes = known[tree.nodes[fixed].args[0]], given["flag"] is True
        want = [
            given["whole"],
            None if ratio is None else oracle_rows.fixed(ratio, 3),
            None if ratio is None else oracle_rows.fixed(ratio, 1),
            given["amount"] if yes and given["whole"] is None else None,
            UNKNOWN,
            UNKNOWN if yes else MASKED,
        ]
        assert values[:, row].tolist() == [NULL if v is None else v for v in want]


def test_what_nothing_reads_is_not_computed() -> None:
    """A stored field needs no instruction; a constant of two readers has one register."""
    tree = Tree()
    amount, whole = tree.add("field", value="amount"), tree.add("field", value="whole")
    tree.add("log", whole)
    two = tree.add("literal", value=2.0)
    product = tree.add("mul", tree.add("add", whole, two), two)
    draft = drafted(tree.nodes)
    stored = [Column("s", "expr", node, 2, "number") for node in (amount, product)]
    draft.stores = [registers.store(draft, tree.nodes, column) for column in stored]
    registers.answer(draft, two, None)
    program = draft.finish()
    ops = [L.OPS[op] for op in program.code[:, L.ROW_OP]]
    assert ops == ["slot", "constant", "add", "mul"]
    assert program.outputs[0, L.OUTPUT_REGISTER] == 1
