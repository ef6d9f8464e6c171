"""The row expressions of a plan as register programs: a node becomes an instruction and a register.

What nothing reads is left out, such as the number of a field that is only stored; what only loads
comes first, in the order of its kinds, so that the processor guesses the next operation.  A column
that is a field, a key or a time stays an integer from the table to the state; `where=` and `fixed`
at its root become the mask and the scale of the store, so that no value takes the way through
float64 unless an expression computes it.  The layout is `engine.row_layout`, the reader
`engine.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import row_layout as L
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.shape import TIME_SCALE, WIDEST, Range, Shape, scale_of
from mintmark.ground import EngineError
from mintmark.plan import zone_table
from mintmark.plan.holidays import holiday_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.plan import Column, Node

_CODES = {op: code for code, op in enumerate(L.OPS)}
_INPUTS = ("field", "key", "at", "lookup")


@dataclass(frozen=True)
class Slot:
    """One input of a row program: the time, a key, a field, a lookup; strings come as codes.

    What is not within its range is null.
    """

    source: str
    name: str
    coded: bool
    within: Range
    scale: int


@dataclass(frozen=True)
class RowProgram:
    """The tables of `engine.evaluation`."""

    code: NDArray[np.int64]
    constants: NDArray[np.float64]
    limits: NDArray[np.int64]
    zones: NDArray[np.int64]
    stores: NDArray[np.int64]
    outputs: NDArray[np.int64]
    codes: NDArray[np.float64]
    days: NDArray[np.int64]


@dataclass(frozen=True)
class Instruction:
    """One operation: the instructions that it reads, then its whole numbers."""

    op: str
    args: tuple[int, ...] = ()
    rest: tuple[int, ...] = ()

    def row(self, places: Mapping[int, int]) -> list[int]:
        """Return its row of the code, given the register of every instruction that is kept."""
        whole = [places[arg] for arg in self.args] + list(self.rest)
        return [_CODES[self.op], *whole, *[0] * (L.ROW_SIZE - 1 - len(whole))]


@dataclass
class Draft:
    """A row program while it is written; `texts` are the codes of the texts that the plan names."""

    slots: list[Slot]
    texts: Mapping[str, int]
    code: list[Instruction] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    zones: list[tuple[int, int]] = field(default_factory=list)
    zone_places: dict[str, tuple[int, int]] = field(default_factory=dict)
    days: list[int] = field(default_factory=list)
    day_places: dict[str, tuple[int, int]] = field(default_factory=dict)
    stores: list[list[int]] = field(default_factory=list)
    outputs: list[list[int]] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)

    def write(self, nodes: Sequence[Node], registers: Mapping[int, int]) -> None:
        """Write one instruction for each node; `registers` places the aggregates."""
        for node in nodes:
            self.code.append(self._instruction(node, registers))

    def _instruction(self, node: Node, registers: Mapping[int, int]) -> Instruction:
        if node.op in _INPUTS:
            slot = self.slot_of(node)
            return Instruction("slot", (), (slot, self.slots[slot].scale))
        if node.op in ("literal", "text"):
            return Instruction("constant", (), (self._constant(node),))
        if node.op == "aggregate":
            return Instruction("aggregate", (), (registers[_whole(node)],))
        if node.op not in _CODES:
            raise EngineError(
                f'this version has no operation "{node.op}"',
                want="one of " + ", ".join(L.OPS[len(L.LOADS) :]),
                hint="make the plan again with this version",
                code="engine.plan.unknown_operation",
            )
        return Instruction(node.op, node.args, self._rest(node))

    def _rest(self, node: Node) -> tuple[int, ...]:
        """The whole numbers that an operation reads beside its registers."""
        if node.op in ("fixed", "hash"):
            return (_whole(node),)
        if node.op == "power":
            return (self._constant(node),)
        if node.op == "holiday":
            code, zone = str(node.value).split("|")
            return (*self._zone(zone), *self._days(code))
        return self._zone(str(node.value)) if node.op in L.CALENDAR else ()

    def slot_of(self, node: Node) -> int:
        """Return the place of an input among the slots."""
        name = "" if node.op == "at" else str(node.value)
        for place, slot in enumerate(self.slots):
            if (slot.source, slot.name) == (node.op, name):
                return place
        raise AssertionError(f"a node reads {node.op} {name!r}, which the stream does not have")

    def _constant(self, node: Node) -> int:
        if node.value is None:
            value = np.nan
        elif node.op == "text" or isinstance(node.value, str):
            value = float(self.texts[str(node.value)])
        else:
            value = float(node.value)
        self.constants.append(value)
        return len(self.constants) - 1

    def _zone(self, zone: str) -> tuple[int, int]:
        if zone not in self.zone_places:
            times, offsets = zone_table(zone)
            self.zone_places[zone] = (len(self.zones), len(times))
            self.zones += zip(times, offsets, strict=True)
        return self.zone_places[zone]

    def _days(self, code: str) -> tuple[int, int]:
        if code not in self.day_places:
            days = holiday_days(code)
            self.day_places[code] = (len(self.days), len(days))
            self.days += days
        return self.day_places[code]

    def finish(self) -> RowProgram:
        """Return the tables, without the instructions that nothing reads."""
        places = self._places()
        for row in self.stores:
            if row[L.STORE_KIND] == L.STORE_NUMBER:
                row[L.STORE_SOURCE] = places[row[L.STORE_SOURCE]]
            if row[L.STORE_MASK] >= 0:
                row[L.STORE_MASK] = places[row[L.STORE_MASK]]
        for row in self.outputs:
            row[L.OUTPUT_REGISTER] = places[row[L.OUTPUT_REGISTER]]
        return RowProgram(
            code=_table([self.code[old].row(places) for old in places], L.ROW_SIZE),
            constants=np.array(self.constants, dtype=np.float64),
            limits=_table([slot.within for slot in self.slots], 2),
            zones=_table(self.zones, 2),
            stores=_table(self.stores, L.STORE_SIZE),
            outputs=_table(self.outputs, L.OUTPUT_SIZE),
            codes=np.array(self.codes, dtype=np.float64),
            days=np.array(self.days, dtype=np.int64),
        )

    def _places(self) -> dict[int, int]:
        """The register of each instruction that something reads, those that only load first."""
        read = {row[L.OUTPUT_REGISTER] for row in self.outputs}
        read |= {row[L.STORE_MASK] for row in self.stores if row[L.STORE_MASK] >= 0}
        read |= {row[L.STORE_SOURCE] for row in self.stores if row[L.STORE_KIND] == L.STORE_NUMBER}
        for old in range(len(self.code) - 1, -1, -1):
            if old in read:
                read.update(self.code[old].args)
        order = sorted(read, key=lambda old: (_loads(self.code[old]), old))
        return {old: place for place, old in enumerate(order)}


def slots_of(shape: Shape, nodes: Sequence[Node]) -> list[Slot]:
    """Return the inputs that some nodes read, each once, in the order in which they are met."""
    slots: dict[tuple[str, str], Slot] = {}
    for node in nodes:
        if node.op not in _INPUTS:
            continue
        name = "" if node.op == "at" else str(node.value)
        if node.op == "at":
            slot = Slot("at", "", coded=False, within=WIDEST, scale=TIME_SCALE)
        elif node.op == "key":
            slot = Slot("key", name, coded=True, within=WIDEST, scale=0)
        else:
            form = shape.lookups[name] if node.op == "lookup" else shape.fields[name]
            slot = Slot(node.op, name, coded=form.coded, within=form.within, scale=form.scale)
        slots.setdefault((node.op, name), slot)
    return list(slots.values())


def store(draft: Draft, nodes: Sequence[Node], column: Column) -> list[int]:
    """Return how a column is stored: from a slot, a register, or as an outcome not yet told."""
    root = column.node
    masks = []
    while root is not None and column.source == "expr" and _masked(nodes, root):
        condition, root, _ = nodes[root].args
        masks.append(condition)
    if column.source == "outcome":
        mask = -1 if column.node is None else column.node
        return [L.STORE_OUTCOME, 0, 0, mask, LIMIT]
    assert root is not None  # an expression has a root
    mask = _all_of(draft, masks)
    node = nodes[root]
    if node.op in _INPUTS:
        return [L.STORE_SLOT, draft.slot_of(node), 0, mask, LIMIT]
    if node.op == "fixed":
        return [L.STORE_NUMBER, node.args[0], _whole(node), mask, LIMIT]
    return [L.STORE_NUMBER, root, scale_of(column), mask, LIMIT]


def _masked(nodes: Sequence[Node], root: int) -> bool:
    """Whether a root is `where(condition, value, null)`: the form into which `where=` is folded."""
    node = nodes[root]
    if node.op != "where":
        return False
    other = nodes[node.args[2]]
    return other.op == "literal" and other.value is None


def _all_of(draft: Draft, masks: Sequence[int]) -> int:
    """The register that is 1.0 where all masks are."""
    if not masks:
        return -1
    register = masks[0]
    for mask in masks[1:]:
        draft.code.append(Instruction("and", (register, mask)))
        register = len(draft.code) - 1
    return register


def answer(
    draft: Draft, register: int, declared: Sequence[str] | None, place: int | None = None
) -> None:
    """Write one output: a register, and for a category the places of its declared values.

    place : its column among the features, the next one if not told.
    """
    place = len(draft.outputs) if place is None else place
    if declared is None:
        draft.outputs.append([register, 0, -1, 0, place])
        return
    places: dict[int, int] = {}
    for known, value in enumerate(declared):
        places.setdefault(draft.texts[value], known)
    low, high = min(places, default=0), max(places, default=-1)
    draft.outputs.append([register, len(draft.codes), high + 1 - low, low, place])
    draft.codes += [float(places.get(code, np.nan)) for code in range(low, high + 1)]


def _loads(instruction: Instruction) -> int:
    """The place of an instruction among those that read no register; all others come after."""
    ops = L.LOADS
    return ops.index(instruction.op) if instruction.op in ops else len(ops)


def _whole(node: Node) -> int:
    """The value of a node that is an index or a scale."""
    assert isinstance(node.value, int)
    return node.value


def _table(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(len(rows), width)
