"""A plan lowered to tables of numbers for the compiled kernel: no code is ever made from a plan.

Lowering is pure: the same plan gives the same tables, in any process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mintmark.engine.kernel import ready
from mintmark.engine.registers import Draft, RowProgram, Slot, answer, slots_of, store
from mintmark.engine.shape import LabelShape, Shape, label_shapes, shapes_of
from mintmark.engine.windows import GroupProgram, column_rows, lower_groups, register_places
from mintmark.ground import EngineError
from mintmark.plan import Plan, layout_digest

if TYPE_CHECKING:
    from mintmark.engine.kernel import Kernel

LOOKS_UP = "newest"
"""The kind of aggregate that a lookup is."""


@dataclass(frozen=True)
class StreamProgram:
    """What one stream's rows become: inputs, and the columns stored with each event."""

    name: str
    shape: Shape
    slots: tuple[Slot, ...]
    rows: RowProgram
    columns: int


@dataclass(frozen=True)
class Rest:
    """The features that are more than one aggregate as it is.

    direct : (register, feature) of every feature that is an aggregate;  kept : the register of each
    aggregate that the others read, in the order in which `rows` reads them.
    """

    direct: tuple[tuple[int, int], ...]
    kept: tuple[int, ...]
    rows: RowProgram


@dataclass(frozen=True)
class Program:
    """Everything that the kernel needs to run a plan.

    layout : digest of what the plan's states keep between two reads, and so in a snapshot;  told :
    whether compiled code needs the bytes or hashes of texts;  rest : of `answer` what a
    history still has to evaluate once aggregates that are features themselves are delivered.
    """

    plan_digest: str
    layout: str
    request: str
    streams: Mapping[str, StreamProgram]
    groups: tuple[GroupProgram, ...]
    labels: tuple[LabelShape, ...]
    answer: RowProgram
    rest: Rest
    aggregates: int
    texts: tuple[str, ...]
    told: bool
    names: tuple[str, ...]


def lower(plan: Plan) -> Program:
    """Return the kernel's tables for a plan; the units that it needs are compiled.

    Raises
    ------
    EngineError
        `engine.plan.unknown_operation`, `engine.plan.unknown_aggregate`: a plan of another version;
        `engine.plan.none` for what is no plan.

    Cost: a few milliseconds, a quarter of a second for each time zone met first, and on a machine
    that never ran this version up to half a second for each kind of aggregate; nothing for a plan
    that was lowered before.
    """
    if not isinstance(plan, Plan):
        raise EngineError(
            "there is no plan to run",
            got=type(plan).__name__,
            want="a Plan",
            hint="say: compile_plan(features)",
            code="engine.plan.none",
        )
    return _lower(plan)


@lru_cache(maxsize=16)
def _lower(plan: Plan) -> Program:
    kernel = ready()
    shapes = shapes_of(plan)
    texts = _texts(plan)
    labels = label_shapes(plan, shapes)
    codes = {label.name: code for code, label in enumerate(labels)}
    groups = lower_groups(plan, kernel, codes, shapes[plan.request].lateness_us)
    streams = {name: _stream(plan, shapes[name], texts) for name in _folded(plan, labels)}
    return Program(
        plan_digest=plan.digest,
        layout=_layout(plan),
        request=plan.request,
        streams=streams,
        groups=groups,
        labels=labels,
        answer=_answer(plan, streams[plan.request].slots, texts),
        rest=_rest(plan, streams[plan.request].slots, texts),
        aggregates=len(plan.aggregates),
        texts=tuple(texts),
        told=_told(plan, kernel),
        names=tuple(output.name for output in plan.outputs),
    )


def roles_of(program: Program, name: str) -> tuple[str, ...]:
    """Return the columns of all keys by which a row of a stream is inserted or read for."""
    told: list[str] = []
    for group in program.groups:
        told += group.roles if group.stream == name else ()
        told += group.request_roles if name == program.request else ()
    return tuple(dict.fromkeys(told))


def _layout(plan: Plan) -> str:
    """The digest of what the states of a plan keep, those of what its events look up among them."""
    kinds = {aggregate.kind for aggregate in plan.aggregates}
    looks = any(node.op == "lookup" for nodes in plan.event_nodes.values() for node in nodes)
    return layout_digest(kinds | {LOOKS_UP} if looks else kinds)


def _told(plan: Plan, kernel: Kernel) -> bool:
    """Whether compiled code orders or hashes texts."""
    nodes = [*plan.nodes, *(node for table in plan.event_nodes.values() for node in table)]
    states = {kernel.reading(a.kind).state for a in plan.aggregates}
    return any(node.op == "hash" for node in nodes) or any(
        "texts" in kernel.state(state).uses for state in states
    )


def _folded(plan: Plan, labels: tuple[LabelShape, ...]) -> list[str]:
    """Every stream whose rows change or read state, the request first."""
    names = [plan.request, *(group.stream for group in plan.groups)]
    for label in labels:
        names += [label.of, label.stream]
    names += [
        form["name"] for form in plan.events if form.get("reverses") and form["refers_to"] in names
    ]
    return list(dict.fromkeys(names))


def _texts(plan: Plan) -> dict[str, int]:
    """Codes of every text that the plan names; texts met later get greater ones."""
    named: list[str] = []
    for nodes in (plan.nodes, *(plan.event_nodes[name] for name in sorted(plan.event_nodes))):
        named += [node.value for node in nodes if isinstance(node.value, str)]
    for output in plan.outputs:
        named += output.values or ()
    return {text: code for code, text in enumerate(dict.fromkeys(named))}


def _stream(plan: Plan, shape: Shape, texts: Mapping[str, int]) -> StreamProgram:
    nodes = plan.event_nodes.get(shape.name, ())
    read = [*nodes, *(plan.nodes if shape.name == plan.request else ())]
    draft = Draft(slots_of(shape, read), texts)
    draft.write(nodes, {})
    rows = column_rows(plan, shape.name)
    draft.stores = [store(draft, nodes, plan.columns[column]) for column in rows]
    return StreamProgram(
        name=shape.name,
        shape=shape,
        slots=tuple(draft.slots),
        rows=draft.finish(),
        columns=len(rows),
    )


def _answer(plan: Plan, slots: tuple[Slot, ...], texts: Mapping[str, int]) -> RowProgram:
    draft = Draft(list(slots), texts)
    draft.write(plan.nodes, register_places(plan))
    for output in plan.outputs:
        answer(draft, output.node, output.values)
    return draft.finish()


def _rest(plan: Plan, slots: tuple[Slot, ...], texts: Mapping[str, int]) -> Rest:
    registers = register_places(plan)
    direct, others = [], []
    for place, output in enumerate(plan.outputs):
        node = plan.nodes[output.node]
        if node.op == "aggregate" and output.values is None:
            direct.append((registers[int(str(node.value))], place))
        else:
            others.append(place)
    read = {plan.outputs[place].node for place in others}
    for old in range(len(plan.nodes) - 1, -1, -1):
        if old in read:
            read.update(plan.nodes[old].args)
    told = [int(str(plan.nodes[i].value)) for i in read if plan.nodes[i].op == "aggregate"]
    kept = sorted({registers[aggregate] for aggregate in told})
    draft = Draft(list(slots), texts)
    places = {register: place for place, register in enumerate(kept)}
    draft.write(plan.nodes, {a: places.get(register, 0) for a, register in registers.items()})
    for place in others:
        answer(draft, plan.outputs[place].node, plan.outputs[place].values, place)
    return Rest(tuple(direct), tuple(kept), draft.finish())
