"""The events of a release, read back from the forms in its plan.

A server runs nothing that a user wrote: what it must know of an event stands in the signed plan.
Each event is declared again and compared with its form, digest and all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mintmark.define import (
    Category,
    Entity,
    Event,
    Field,
    Fixed,
    Flag,
    Integer,
    Money,
    Optional,
    Pan,
    Rates,
    Table,
    Text,
    Time,
)
from mintmark.ground import ServeError, format_span, format_time
from mintmark.plan import Plan

Form = Mapping[str, Any]

FIELDS: Final[dict[str, Callable[[Form], Field]]] = {
    "money": lambda form: Money(
        form["currency"],
        negative=form["negative"],
        unit=form["unit"],
        stated_in=form["stated_in"],
    ),
    "fixed": lambda form: Fixed(form["scale"]),
    "integer": lambda form: Integer(form["limit"]),
    "flag": lambda form: Flag(),
    "category": lambda form: Category(form["values"]),
    "text": lambda form: Text(),
    "pan": lambda form: Pan(),
    "time": lambda form: Time(zone=form["zone"]),
}


def events_of(plan: Plan) -> dict[str, Event]:
    """Return the events that a plan reads, by name.

    Raises
    ------
    ServeError
        serve.release.event where a form does not come back as it was: the release was made by
        another version of Mintmark.
    """
    forms = {form["name"]: form for form in plan.events}
    made: dict[str, Event] = {}
    for name in forms:
        _declare(name, forms, made)
    return made


def _declare(name: str, forms: Mapping[str, Form], made: dict[str, Event]) -> Event:
    if name in made:
        return made[name]
    form = forms[name]
    about = form["refers_to"]
    rules = _rules(form, _declare(about, forms, made) if about else None)
    event = _table(form, rules) if form["noun"] == "table" else _event(form, rules)
    if event.form() != form:
        raise ServeError(
            f'event "{name}" of the release reads differently here',
            got=str(_first_difference(event.form(), form)),
            hint="serve the release with the version of Mintmark that made it",
            code="serve.release.event",
        )
    return made.setdefault(name, event)


def _event(form: Form, rules: dict[str, Any]) -> Event:
    keys = {role: _entity(entity) for role, entity in form["keys"].items()}
    return Event(
        form["name"], id=form["id"], at=form["at"], keys=keys, fields=_fields(form), **rules
    )


def _table(form: Form, rules: dict[str, Any]) -> Table:
    """A table as its definition would say it; a table of rates has a base and one field."""
    ((_, entity),) = form["keys"].items()
    about = Entity(entity["entity"], entity["type"])
    if "base" in form:
        ((rate, field),) = form["fields"].items()
        told = {"base": form["base"], "rate": rate, "decimals": field["scale"]}
        return Rates(form["name"], of=about, valid_from=form["at"], **told, **rules)
    id_ = None if form["id_of"] else form["id"]
    fields = _fields(form)
    return Table(form["name"], of=about, fields=fields, valid_from=form["at"], id=id_, **rules)


def _fields(form: Form) -> dict[str, Field]:
    return {told: FIELDS[field["type"]](field) for told, field in form["fields"].items()}


def _rules(form: Form, about: Event | None) -> dict[str, Any]:
    """What may be said of an event, as its definition would say it."""
    known = form["known_at"]
    column, after_us = known["column"], known["after_us"]
    rules = {
        "id_type": form["id_type"],
        "refers_to": about,
        "refers_by": form["refers_by"],
        "reverses": form["reverses"],
        "known_at": column or (f"at + {format_span(after_us)}" if after_us else "at"),
        "revision": form["revision"],
        "zone": form["zone"],
        "earliest": format_time(form["earliest_us"]),
        "latest": format_time(form["latest_us"]),
        "lateness": format_span(form["lateness_us"]),
        "skew": format_span(form["skew_us"]),
        "keep": None if form["keep_us"] is None else format_span(form["keep_us"]),
        "columns": form["columns"],
    }
    return {name: value for name, value in rules.items() if value is not None}


def _entity(form: Form) -> Entity | Optional:
    entity = Entity(form["entity"], form["type"])
    return Optional(entity) if form["optional"] else entity


def _first_difference(made: Form, form: Form) -> str:
    return next((key for key in form if made.get(key) != form[key]), "a part that is gone")
