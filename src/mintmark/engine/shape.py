"""What the engine reads of the forms of events and labels that a plan carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mintmark.engine.sentinel import LIMIT, MONEY_LIMIT, NULL
from mintmark.plan import lookup_parts, lookups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.plan import Column, Plan

    Ints = NDArray[np.int64]

TIME_SCALE = 6
"""Times are stored in microseconds and read in seconds."""

_LIMITED = ("money", "fixed")
_CODED = ("category", "text", "pan")


class Range(NamedTuple):
    """The least and the greatest number that a column may store; any other is null.

    A log refuses what its field does not allow, so that only rows which went round a log have such
    numbers. They are null on every way, and at no cost: one number must not poison a key.
    """

    least: int
    most: int

    def limited(self, value: int | None) -> int:
        """Return a number as it is stored, NULL beyond the range."""
        return NULL if value is None or not self.least <= value <= self.most else value

    def limited_all(self, values: Ints) -> Ints:
        """Return numbers as they are stored, NULL beyond the range: int64[n]."""
        return np.where((values >= self.least) & (values <= self.most), values, NULL)


WIDEST = Range(-LIMIT, LIMIT)


@dataclass(frozen=True)
class FieldShape:
    """One field: whether it is stored as text, its scale, its range."""

    coded: bool
    scale: int
    within: Range


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
    within: Range


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
    within = shapes[stream].fields[field].within
    return LabelShape(name, stream, field, of.name, refers_by, of.id, within)


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
        within=_within(form),
    )


def _within(form: Mapping[str, Any]) -> Range:
    """What a field's definition says of its numbers (`define.field`)."""
    if form["type"] == "flag":
        return Range(0, 1)
    most = MONEY_LIMIT if form["type"] in _LIMITED else form.get("limit", LIMIT)
    return Range(-most if form.get("negative", True) else 0, most)
