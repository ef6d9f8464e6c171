"""Tables: reference data that is looked up as it stood, and rates between currencies.

A table is a stream of revisions, so it is an event: what happens is that a row begins to hold. At a
request a key has the row with the greatest `valid_from` that is not after the request, of all rows
that the log held before it.

         row A            row B              valid_from
    -------[----------------[-------------*  at(r): row B, if it was known before r
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

from mintmark.define import limit
from mintmark.define.event import Entity, Event, Rules
from mintmark.define.expr import Aggregate, Expr, kind_fault
from mintmark.define.fault import guarded
from mintmark.define.field import Field, Fixed
from mintmark.define.place import Place, user_place
from mintmark.define.row import where
from mintmark.define.taking import lookups_in
from mintmark.define.window import Window
from mintmark.ground import DefineError, exponent, format_span

_EARLIEST = "0001-01-01"
_ALWAYS = format_span(limit.LONGEST_SPAN_US)
"""A row may say what held long ago, and what will hold long from now."""


class Table(Event):
    """Reference data about an entity, each row of which holds from a time on.

    Parameters
    ----------
    name : str
        One word; the name of its table in the log and of the files that it is read from.
    of : Entity
        What it is about; the column of its id is named after it.
    fields : mapping of str to Field
        What is known of it.
    valid_from : str
        Column of the time from which a row holds.
    id : str or None
        Column of a row's id. None: a row is known by its key and its time, so that other content
        for both needs a higher `revision`.
    **rules : Rules
        Those of an event, but that tables refer to nothing and reverse nothing. By default a row
        may come however late and be dated however far ahead.

    Raises
    ------
    DefineError, Faults
        Every fault of the declaration at once.

    Examples
    --------
    >>> from mintmark.define.field import Category
    >>> terminal = Entity("terminal")
    >>> merchant = Table("merchant", of=terminal, fields={"mcc": Category()}, valid_from="since")
    >>> merchant["mcc"] == "5411"
    (merchant.mcc == "5411")
    """

    entity: Entity
    stated_id: bool

    def __init__(
        self,
        name: str,
        *,
        of: Entity,
        fields: Mapping[str, Field],
        valid_from: str,
        id: str | None = None,
        **rules: Unpack[Rules],
    ) -> None:
        place = user_place()
        limit.instance(of, Entity, place, path=f"$.events.{name}.of")
        for rule in ("refers_to", "refers_by", "reverses"):
            if rule in rules:
                raise DefineError(
                    f'a table has no "{rule}"',
                    at=place.at(f"$.events.{name}.{rule}"),
                    hint="a correction is a row with a higher revision",
                    code="define.table.rule",
                )
        told: Rules = {"lateness": _ALWAYS, "skew": _ALWAYS, "earliest": _EARLIEST}
        super().__init__(
            name,
            id=f"{name}_version" if id is None else id,
            at=valid_from,
            keys={of.name: of},
            fields=fields,
            **(told | rules),
        )
        self._set(entity=of, stated_id=id is not None)

    def __getitem__(self, name: str) -> Lookup:
        """Return the value of a field as of the request; of the key, that of a row."""
        column: Any = super().__getitem__(name)
        found: Lookup = column if column.op == "key" else _looked_up(self, column)
        return found

    @property
    def id_of(self) -> tuple[str, ...]:
        """The declared columns that make up the id, where no column states it."""
        return () if self.stated_id else (self.entity.name, self.at_column)

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return super().form() | {"noun": "table", "id_of": list(self.id_of)}

    def __repr__(self) -> str:
        return f"<table {self.name}>"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Lookup(Aggregate):
    """A field of a table as of the request; the key of the request is found by its entity.

    It is the aggregate `newest` over a lifetime, so every path of the engine computes it already.
    """

    @guarded
    def by(self, /, *roles: str, **roles_of: str) -> Aggregate:
        """Return the value of the entity that has a role: `.by("payee")`.

        Needed where a request has the entity in more roles than one.
        """
        place, named = user_place(), [*roles, *roles_of]
        if self.request_roles or len(named) != 1 or not {*roles_of.values()} <= {*self.roles}:
            raise DefineError(
                "a table is looked up by one key of the request, said once",
                at=place.at("by"),
                got=", ".join(map(repr, (*roles, *roles_of.values()))),
                want='.by("payee")',
                code="define.table.by",
            )
        limit.name(named[0], place, path="by", what="a key")
        return self._with(place, request_roles=(named[0],))

    @property
    def looked_up(self) -> bool:
        """Whether it is known at a request alone."""
        return True

    def of_request(self, event: Event, path: str) -> Lookup:
        """Return the same with the key of an event by which it is looked up."""
        if self.request_roles:
            return self
        table: Any = self.stream
        held = table.entity
        entity = held.name, held.type
        found = [role for role, key in event.keys.items() if (key.name, key.type) == entity]
        if len(found) != 1:
            raise DefineError(
                f'event "{event.name}" has {len(found) or "no"} key{"s" * (len(found) > 1)} of '
                f'entity "{held.name}" to look "{table.name}" up by',
                at=self.place.at(path),
                got=", ".join(found) or None,
                want=f'one, or a word on which: .by("{found[0] if found else held.name}")',
                code="define.table.role",
            )
        placed: Lookup = _changed(self, request_roles=(found[0],))
        return placed


def placed_lookups(expr: Expr, event: Event, path: str) -> Expr:
    """Return an expression in which each lookup names the request's key that it goes by.

    Raises
    ------
    DefineError
        `define.table.role`.
    """
    if isinstance(expr, Lookup):
        return expr.of_request(event, path)
    if isinstance(expr, Aggregate):
        return _placed_inside(expr, event, path)
    args = tuple(placed_lookups(arg, event, path) for arg in expr.args)
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    changed: Expr = _changed(expr, args=args)
    return changed


def _placed_inside(aggregate: Aggregate, event: Event, path: str) -> Expr:
    """What is taken of events looks tables up by the keys of those."""
    stream: Any = aggregate.stream or event
    changed = {
        name: placed_lookups(part, stream, path)
        for name in ("source", "filter")
        if lookups_in(part := _tree(getattr(aggregate, name)))
    }
    placed: Expr = _changed(aggregate, **changed) if changed else aggregate
    return placed


def tables_of(aggregate: Aggregate) -> list[Any]:
    """Return the tables that are looked up when the events of an aggregate come."""
    parts = (_tree(aggregate.source), _tree(aggregate.filter))
    return [lookup.stream for part in parts for lookup in lookups_in(part)]


def _tree(part: Any) -> Any:
    return part if isinstance(part, Expr) else None


class Rates(Table):
    """Dated rates of currencies: how much of the base one unit of each is worth, from a day on.

    Parameters
    ----------
    name : str
        One word.
    base : str
        ISO 4217 code of the currency that the rates bring amounts to.
    of : Entity
        The currencies, whose ids are their codes.
    valid_from : str
        Column of the time from which a rate holds.
    rate : str
        Column of the rate.
    decimals : int
        0 to 9, of the rates.
    **rules : Rules
        Those of a table.

    Examples
    --------
    >>> from mintmark.define.field import Fixed
    >>> currency = Entity("currency")
    >>> payment = Event("payment", id="id", at="at", keys={"currency": currency},
    ...                 fields={"amount": Fixed(2)})
    >>> rates = Rates("rates", base="EUR", of=currency, valid_from="day")
    >>> in_euro = payment["amount"].in_currency("EUR", rates, by="currency")
    >>> in_euro
    where((payment.currency == "EUR"), payment.amount, (payment.amount * rates.rate))
    >>> in_euro.fixed(2).sum().by("currency").over("30d").stream.name
    'payment'
    """

    base: str
    rate_field: str

    def __init__(
        self,
        name: str,
        *,
        base: str,
        of: Entity,
        valid_from: str,
        rate: str = "rate",
        decimals: int = 9,
        **rules: Unpack[Rules],
    ) -> None:
        place = user_place()
        try:
            exponent(base)
        except DefineError as error:
            raise limit.placed(error, place.at(f"$.events.{name}.base")) from None
        fields = {rate: Fixed(decimals)}
        super().__init__(name, of=of, fields=fields, valid_from=valid_from, **rules)
        self._set(base=base, rate_field=rate)

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return super().form() | {"base": self.base}

    def converted(self, amount: Expr, currency: str, *, by: str) -> Expr:
        """Return an amount of a row in the base currency; null without a rate."""
        place, event = user_place(), amount.stream
        if currency != self.base:
            raise DefineError(
                "rates bring amounts to their base alone",
                at=place.at("in_currency"),
                got=repr(currency),
                want=repr(self.base),
                hint="another currency needs rates of its own, with that as their base",
                code="define.rates.base",
            )
        if amount.kind not in ("number", None) or not isinstance(event, Event):
            raise kind_fault("in_currency", (amount,), [amount.kind], place)
        _same_base(amount, self, place)
        rate = self[self.rate_field].by(by)
        return where(event[by] == self.base, amount, amount * rate)


def _same_base(amount: Expr, rates: Rates, place: Place) -> None:
    declared = getattr(amount.field, "currency", None)
    if declared is not None:
        raise DefineError(
            "an amount of a declared currency is in no other",
            at=place.at("in_currency"),
            got=f'mm.Money("{declared}")',
            want=f"mm.Fixed(2): an amount in whatever its key says, to be brought to {rates.base}",
            code="define.rates.money",
        )


@guarded
def _looked_up(table: Table, column: Expr) -> Lookup:
    return Lookup(
        op="aggregate",
        how="newest",
        source=column,
        kind=column.kind,
        values=column.values,
        stream=table,
        folded=True,
        roles=(table.entity.name,),
        window=Window(),
    )


def _changed(expr: Any, **changed: Any) -> Any:
    """Return a node with other parts that stands where it stood."""
    result = replace(expr, **changed)
    object.__setattr__(result, "place", expr.place)
    return result
