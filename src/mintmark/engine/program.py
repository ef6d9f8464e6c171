"""A plan lowered to tables of numbers for the compiled kernel: no code is ever made from a plan.

Lowering is pure: the same plan gives the same tables, in any process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mintmark.engine import layout as L
from mintmark.engine.registers import Draft, RowProgram, Slot, answer, slots_of, store
from mintmark.engine.shape import LabelShape, Shape, label_shapes, shapes_of
from mintmark.engine.windows import GroupProgram, column_rows, lower_groups, register_places

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    """Everything that the kernel needs to run a plan."""

    plan_digest: str
    request: str
    streams: Mapping[str, StreamProgram]
    groups: tuple[GroupProgram, ...]
    labels: tuple[LabelShape, ...]
    table: NDArray[np.int64]
    answer: RowProgram
    aggregates: int
    texts: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def key_size(self) -> int:
        """Words in a row of the directory of keys."""
        return L.KEY_HINTS + 2 * max((group.windows for group in self.groups), default=0)


@lru_cache(maxsize=16)
def lower(plan: Plan) -> Program:
    """Return the kernel's tables for a plan.

    Raises
    ------
    EngineError
        `engine.plan.unknown_operation`, `engine.plan.unknown_aggregate`: a plan of another version.

    Cost: a few milliseconds, and a quarter of a second for each time zone met first; nothing for a
    plan that was lowered before.
    """
    shapes = shapes_of(plan)
    texts = _texts(plan)
    labels = label_shapes(plan, shapes)
    codes = {label.name: code for code, label in enumerate(labels)}
    groups, table = lower_groups(plan, codes, shapes[plan.request].lateness_us)
    streams = {name: _stream(plan, shapes[name], texts) for name in _folded(plan, labels)}
    return Program(
        plan_digest=plan.digest,
        request=plan.request,
        streams=streams,
        groups=groups,
        labels=labels,
        table=table,
        answer=_answer(plan, streams[plan.request].slots, texts),
        aggregates=len(plan.aggregates),
        texts=tuple(texts),
        names=tuple(output.name for output in plan.outputs),
    )


def _folded(plan: Plan, labels: tuple[LabelShape, ...]) -> list[str]:
    """Every stream whose rows change or read state, the request first."""
    names = [plan.request, *(group.stream for group in plan.groups)]
    for label in labels:
        names += [label.of, label.stream]
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
