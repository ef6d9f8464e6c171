"""What the engine reads of the forms of events and labels that a plan carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mintmark.engine.sentinel import LIMIT, MONEY_LIMIT
from mintmark.plan import lookup_parts, lookups_of

if TYPE_CHECKING:
    from mintmark.plan import Column, Plan

TIME_SCALE = 6
"""Times are stored in microseconds and read in seconds."""

_LIMITED = ("money", "fixed")
_CODED = ("category", "text", "pan")


@dataclass(frozen=True)
class FieldShape:
    """One field: whether it is stored as text, its scale, its range."""

    coded: bool
    scale: int
    limit: int


@dataclass(frozen=True)
class Shape:
    """One event: its identity, keys and fields, and how late it may come.

    revised : whether a row may correct another;  reverses : the field that says how much of the
    event that it refers to a row takes away, "all" for all of it, None for none;  of : that event;
    lookups : what its rows look up when they come;  numbered : the columns of keys, ids and
    references that hold whole numbers, as others hold texts.
    """

    name: str
    id: str
    roles: tuple[str, ...]
    fields: Mapping[str, FieldShape]
    refers_by: str | None
    lateness_us: int
    revised: bool = False
    reverses: str | None = None
    of: str | None = None
    lookups: Mapping[str, FieldShape] = field(default_factory=dict)
    numbered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LabelShape:
    """A label: rows of `stream` name a row of `of` in `refers_by` and tell its `field`."""

    name: str
    stream: str
    field: str
    of: str
    refers_by: str
    id_of: str
    limit: int


def shapes_of(plan: Plan) -> dict[str, Shape]:
    """Return the shape of every event of a plan, by name."""
    shapes = {form["name"]: _shape(form) for form in plan.events}
    for name in tuple(shapes):
        told = {one: lookup_parts(one) for one in lookups_of(plan, name)}
        lookups = {one: shapes[table].fields[of] for one, (table, of, _) in told.items()}
        shapes[name] = replace(
            shapes[name], lookups=lookups, numbered=_numbered(plan.event(name), plan)
        )
    return shapes


def label_shapes(plan: Plan, shapes: Mapping[str, Shape]) -> tuple[LabelShape, ...]:
    """Return the labels that some outcome of the plan reads, by name."""
    outcomes = {
        (column.label, column.stream) for column in plan.columns if column.label is not None
    }
    return tuple(_label(name, shapes[of], shapes) for name, of in sorted(outcomes))


def scale_of(column: Column) -> int:
    """Return the decimals of a column's stored integers."""
    return TIME_SCALE if column.kind == "time" else column.scale


def _label(name: str, of: Shape, shapes: Mapping[str, Shape]) -> LabelShape:
    stream, field = name.split(".")
    refers_by = shapes[stream].refers_by
    assert refers_by is not None  # the definition of a label holds its event to it
    limit = shapes[stream].fields[field].limit
    return LabelShape(name, stream, field, of.name, refers_by, of.id, limit)


def _shape(form: Mapping[str, Any]) -> Shape:
    return Shape(
        name=form["name"],
        id=form["id"],
        roles=tuple(form["keys"]),
        fields={name: _field(field) for name, field in form["fields"].items()},
        refers_by=form["refers_by"],
        lateness_us=form["lateness_us"],
        revised=form.get("revision") is not None,
        reverses=form.get("reverses"),
        of=form["refers_to"],
    )


def _numbered(form: Mapping[str, Any], plan: Plan) -> frozenset[str]:
    types = {role: key.get("type") for role, key in form["keys"].items()}
    types[form["id"]] = form["id_type"]
    others = {event["name"]: event for event in plan.events}
    if form["refers_to"] in others:
        types[form["refers_by"]] = others[form["refers_to"]]["id_type"]
    return frozenset(name for name, told in types.items() if told == "integer")


def _field(form: Mapping[str, Any]) -> FieldShape:
    kind = form["type"]
    return FieldShape(
        coded=kind in _CODED,
        scale=TIME_SCALE if kind == "time" else form.get("scale", 0),
        limit=MONEY_LIMIT if kind in _LIMITED else form.get("limit", LIMIT),
    )
