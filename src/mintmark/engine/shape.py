"""What the engine reads of the forms of events and labels that a plan carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mintmark.engine.sentinel import LIMIT, MONEY_LIMIT
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from mintmark.plan import Plan

_LIMITED = ("money", "fixed")
_CODED = ("category", "text", "pan")


@dataclass(frozen=True)
class FieldShape:
    """One field: whether it is stored as text, its scale, its range, its declared values."""

    coded: bool
    scale: int
    limit: int
    values: tuple[str, ...] | None


@dataclass(frozen=True)
class Shape:
    """One event: its identity, keys and fields, and how late it may come."""

    name: str
    id: str
    roles: tuple[str, ...]
    fields: Mapping[str, FieldShape]
    refers_to: str | None
    refers_by: str
    lateness_us: int


@dataclass(frozen=True)
class LabelShape:
    """A label: rows of `stream` name a row of `of` in `refers_by` and tell it the value of `field`."""

    name: str
    stream: str
    field: str
    of: str
    refers_by: str
    id_of: str
    limit: int


def shapes_of(plan: Plan) -> dict[str, Shape]:
    """Return the shape of every event of a plan, by name."""
    return {form["name"]: _shape(form) for form in plan.events}


def label_shapes(plan: Plan, shapes: Mapping[str, Shape]) -> tuple[LabelShape, ...]:
    """Return the labels of a plan."""
    if plan.label is None:
        return ()
    form = plan.label
    stream = shapes[form["event"]]
    of = shapes[form["of"]]
    return (
        LabelShape(
            name=form["name"],
            stream=stream.name,
            field=form["field"],
            of=of.name,
            refers_by=stream.refers_by,
            id_of=of.id,
            limit=stream.fields[form["field"]].limit,
        ),
    )


def declared_values(plan: Plan, shapes: Mapping[str, Shape], node: int) -> tuple[str, ...]:
    """Return the values that a category node may have, in the order of their bytes.

    Raises
    ------
    EngineError
        `engine.plan.undeclared` when a field behind the node declares none.
    """
    found = _values(plan, shapes, node)
    return tuple(sorted(set(found), key=lambda text: text.encode()))


def _values(plan: Plan, shapes: Mapping[str, Shape], index: int) -> list[str]:
    node = plan.nodes[index]
    if node.op == "text":
        return [str(node.value)]
    if node.op == "literal":
        return []
    if node.op == "field":
        return _field_values(shapes[plan.request], str(node.value))
    if node.op == "aggregate":
        assert isinstance(node.value, int)  # an aggregate node names one by index
        column_index = plan.aggregates[node.value].column
        assert column_index is not None  # only a column has values
        column = plan.columns[column_index]
        nodes = plan.event_nodes[column.stream]
        root = nodes[column.node or 0]
        while root.op == "where":
            root = nodes[root.args[1]]
        return _field_values(shapes[column.stream], str(root.value))
    branches = node.args[1:] if node.op == "where" else node.args
    return [value for branch in branches for value in _values(plan, shapes, branch)]


def _field_values(shape: Shape, name: str) -> list[str]:
    field = shape.fields.get(name)
    if field is None or field.values is None:
        raise EngineError(
            f'"{name}" of "{shape.name}" is a feature but declares no values',
            hint="declare them, mm.Category(values=[...]), or compare it with a text",
            code="engine.plan.undeclared",
        )
    return list(field.values)


def _shape(form: Mapping[str, Any]) -> Shape:
    return Shape(
        name=form["name"],
        id=form["id"],
        roles=tuple(form["keys"]),
        fields={name: _field(field) for name, field in form["fields"].items()},
        refers_to=form.get("refers_to"),
        refers_by=form.get("refers_by") or "",
        lateness_us=form["lateness_us"],
    )


def _field(form: Mapping[str, Any]) -> FieldShape:
    kind = form["type"]
    values = form.get("values")
    return FieldShape(
        coded=kind in _CODED,
        scale=form.get("scale", 0),
        limit=MONEY_LIMIT if kind in _LIMITED else LIMIT,
        values=None if values is None else tuple(values),
    )
