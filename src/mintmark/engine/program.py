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

if TYPE_CHECKING:
    from mintmark.engine.kernel import Kernel
    from mintmark.plan import Plan


@dataclass(frozen=True)
class StreamProgram:
    """What one stream's rows become: inputs, and the columns stored with each event."""

    name: str
    shape: Shape
    slots: tuple[Slot, ...]
    rows: RowProgram
    columns: int


@dataclass(frozen=True)
class Program:
    """Everything that the kernel needs to run a plan.

    told : whether compiled code needs the bytes or hashes of texts.
    """

    plan_digest: str
    request: str
    streams: Mapping[str, StreamProgram]
    groups: tuple[GroupProgram, ...]
    labels: tuple[LabelShape, ...]
    answer: RowProgram
    aggregates: int
    texts: tuple[str, ...]
    told: bool
    names: tuple[str, ...]


@lru_cache(maxsize=16)
def lower(plan: Plan) -> Program:
    """Return the kernel's tables for a plan; the units that it needs are compiled.

    Raises
    ------
    EngineError
        `engine.plan.unknown_operation`, `engine.plan.unknown_aggregate`: a plan of another version.

    Cost: a few milliseconds, a quarter of a second for each time zone met first, and on a machine
    that never ran this version up to half a second for each kind of aggregate; nothing for a plan
    that was lowered before.
    """
    kernel = ready()
    shapes = shapes_of(plan)
    texts = _texts(plan)
    labels = label_shapes(plan, shapes)
    codes = {label.name: code for code, label in enumerate(labels)}
    groups = lower_groups(plan, kernel, codes, shapes[plan.request].lateness_us)
    streams = {name: _stream(plan, shapes[name], texts) for name in _folded(plan, labels)}
    return Program(
        plan_digest=plan.digest,
        request=plan.request,
        streams=streams,
        groups=groups,
        labels=labels,
        answer=_answer(plan, streams[plan.request].slots, texts),
        aggregates=len(plan.aggregates),
        texts=tuple(texts),
        told=_told(plan, kernel),
        names=tuple(output.name for output in plan.outputs),
    )


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
