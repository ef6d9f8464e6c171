"""The schema contract as data: one rule for each column that an event declares.

Both checks, of one row (`row`) and of a whole file (`contract`), are made from these rules, and so
are the columns that are stored. This is the only file of the room that reads an event's fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from mintmark.define import (
    MONEY_MAX,
    Entity,
    Event,
    Field,
    Fixed,
    Flag,
    Integer,
    Money,
    Optional,
    Pan,
    Time,
)
from mintmark.ground import parse_time

Kind = Literal["text", "integer", "decimal", "time", "flag", "currency", "pan"]

INT64_LOW, INT64_HIGH = -(2**63), 2**63 - 1
TIME_LOW, TIME_HIGH = parse_time("0001-01-01T00:00:00Z"), parse_time("9999-12-31T23:59:59Z")
AMOUNT_HIGH = MONEY_MAX
"""Range of an amount or a fixed-point number, in its stored units, either side of zero."""

PLACE_COLUMNS = ("mm_seq", "mm_at", "mm_known_at", "mm_revision")
"""The columns that every stored event has before those that it declares."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one source column may hold, and what is stored for it.

    `name` is the stored column and `source` the one it is read from. `absent` allows the source to
    lack it, `required` refuses a null, `stored` is False for a column that is only checked. `low`
    and `high` bound the stored value; an amount is stored in units of 10^-`places`, a number
    without a fraction in the text is worth 10^`places` units, and `exact` refuses what those units
    cannot express instead of rounding it.
    """

    name: str
    source: str
    kind: Kind
    required: bool = False
    absent: bool = False
    stored: bool = True
    low: int = INT64_LOW
    high: int = INT64_HIGH
    places: int = 0
    exact: bool = True
    negative: bool = True
    zone: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What the log needs to know of one event.

    `rules` are in the order in which a row's faults are looked for. `known_after_us` is the span
    from `at` to `known_at`, or None where a column says when the event became known. `label` says
    that the event refers to another and so comes before other events of the same `known_at`.
    `id_of` are the stored columns that make up the id of a row where no source column states it.
    """

    name: str
    id: str
    rules: tuple[Rule, ...]
    known_after_us: int | None
    lateness_us: int
    skew_us: int
    refers: str | None
    refers_to: str | None
    id_of: tuple[str, ...] = ()

    @property
    def label(self) -> bool:
        """Whether the event is about another event."""
        return self.refers_to is not None

    @property
    def content(self) -> tuple[str, ...]:
        """The stored columns that must be equal for two rows to be the same."""
        names = (rule.name for rule in self.rules if rule.stored)
        return tuple(name for name in names if name not in ("mm_revision", "mm_known_at", self.id))

    @property
    def columns(self) -> dict[str, Kind]:
        """The kinds of the stored columns, in the order in which they are stored."""
        kinds: dict[str, Kind] = dict.fromkeys(PLACE_COLUMNS, "integer")
        kinds |= {self.id: "text"} if self.id_of else {}
        kinds |= {rule.name: rule.kind for rule in self.rules if rule.stored}
        return {name: "integer" if kind in _WHOLE else kind for name, kind in kinds.items()}

    @property
    def storage(self) -> dict[str, str]:
        """What each stored column means, in words that change when the meaning does."""
        words = dict[str, str](dict.fromkeys(PLACE_COLUMNS, "integer"))
        words |= {self.id: " and ".join(self.id_of)} if self.id_of else {}
        for rule in self.rules:
            if rule.stored and rule.name not in PLACE_COLUMNS:
                unit = f" {rule.currency or rule.places}" if rule.kind == "decimal" else ""
                words[rule.name] = rule.kind + unit
        return words

    def source_at_fault(self, reason: str) -> str:
        """Return the source column that a judgement of the order is about."""
        name = self.id if reason == "conflict" and not self.id_of else "mm_at"
        return next(rule.source for rule in self.rules if rule.name == name)

    def live(self) -> Shape:
        """Return the same for rows whose `known_at` the sequencer gives."""
        rules = tuple(rule for rule in self.rules if rule.name != "mm_known_at")
        return replace(self, rules=rules, known_after_us=None)


_WHOLE = ("integer", "decimal", "time")


def shape_of(event: Event) -> Shape:
    """Read an event's definition into the shape that the log works with."""
    source = event.source_of
    rules = [] if event.id_of else [_identity_rule(event, event.id_column, type=event.id_type)]
    if event.revision is not None:
        name = source(event.revision)
        rules.append(Rule("mm_revision", name, "integer", absent=True, low=0, negative=False))
    rules.append(_at_rule(event))
    if event.known_at_column is not None:
        known = source(event.known_at_column)
        rules.append(_time_rule("mm_known_at", known, event.zone, required=True))
    if event.refers_to is not None and event.refers_by is not None:
        rules.append(_identity_rule(event, event.refers_by, type=event.refers_to.id_type))
    rules += [_key_rule(event, role, entity) for role, entity in event.keys.items()]
    for name, field in event.fields.items():
        rules += _field_rules(event, name, field)
    return Shape(
        name=event.name,
        id=event.id_column,
        rules=tuple(rules),
        known_after_us=event.known_after_us if event.known_at_column is None else None,
        lateness_us=event.lateness_us,
        skew_us=event.skew_us,
        refers=event.refers_by,
        refers_to=None if event.refers_to is None else event.refers_to.name,
        id_of=tuple("mm_at" if name == event.at_column else name for name in event.id_of),
    )


def _identity_rule(event: Event, name: str, *, type: str) -> Rule:
    return Rule(name, event.source_of(name), _kind_of(type), required=True)


def _kind_of(type: str) -> Kind:
    return "integer" if type == "integer" else "text"


def _at_rule(event: Event) -> Rule:
    source = event.source_of(event.at_column)
    rule = Rule("mm_at", source, "time", required=True, zone=event.zone)
    return replace(rule, low=event.earliest_us, high=event.latest_us)


def _time_rule(name: str, source: str, zone: str | None, *, required: bool = False) -> Rule:
    rule = Rule(name, source, "time", required=required, zone=zone)
    return replace(rule, low=TIME_LOW, high=TIME_HIGH)


def _key_rule(event: Event, role: str, entity: Entity | Optional) -> Rule:
    optional = isinstance(entity, Optional)
    kind = _kind_of(entity.type)
    return Rule(role, event.source_of(role), kind, required=not optional, absent=optional)


def _field_rules(event: Event, name: str, field: Field) -> list[Rule]:
    source = event.source_of(name)
    if isinstance(field, Money):
        return _money_rules(event, name, field)
    if isinstance(field, Fixed):
        rule = Rule(name, source, "decimal", places=field.scale, exact=False)
        return [replace(rule, low=-AMOUNT_HIGH, high=AMOUNT_HIGH)]
    if isinstance(field, Integer):
        return [Rule(name, source, "integer", low=-AMOUNT_HIGH, high=AMOUNT_HIGH)]
    if isinstance(field, Time):
        return [_time_rule(name, source, field.zone or event.zone)]
    if isinstance(field, Flag):
        return [Rule(name, source, "flag")]
    return [Rule(name, source, "pan" if isinstance(field, Pan) else "text")]


def _money_rules(event: Event, name: str, field: Money) -> list[Rule]:
    """An amount, and before it the column that states its currency, if one does."""
    rules = []
    if field.stated_in is not None:
        rules.append(
            Rule(
                f"{name} currency",
                field.stated_in,
                "currency",
                required=True,
                stored=False,
                currency=field.currency,
            )
        )
    rules.append(
        Rule(
            name,
            event.source_of(name),
            "decimal",
            low=-AMOUNT_HIGH if field.negative else 0,
            high=AMOUNT_HIGH,
            places=field.scale if field.unit == "major" else 0,
            negative=field.negative,
            currency=field.currency,
        )
    )
    return rules
