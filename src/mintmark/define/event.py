"""Entities and events: who takes part, and what is written down when something happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as slot
from functools import partial
from typing import Any, Literal, TypedDict, Unpack

from mintmark.define import limit
from mintmark.define.aggregates import Counted
from mintmark.define.expr import Aggregate, Expr, Taken, taken
from mintmark.define.fault import Named, every, guarded
from mintmark.define.field import Field, Fixed, Integer, Money, source_column, zone_name
from mintmark.define.label import Label, Outcome
from mintmark.define.place import Place, user_place
from mintmark.define.places import Places
from mintmark.ground import DAY_US, DefineError, GroundError, digest, parse_time

IdType = Literal["text", "integer"]
EARLIEST = "1970-01-01"
LATEST = "2199-12-31"


@dataclass(frozen=True)
class Entity(Named):
    """Someone or something that events are about: a card, a terminal, a customer.

    Parameters
    ----------
    name : str
        One word.
    type : "text" or "integer"
        What its ids are; integers are ordered as integers, text by bytes.
    """

    name: str
    type: IdType = "text"
    place: Place = slot(default_factory=user_place, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        limit.name(self.name, self.place, path="$.entities", what="an entity")
        limit.one_of(self.type, ("text", "integer"), self.place, path=f"$.entities.{self.name}")

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {"entity": self.name, "type": self.type, "optional": False}


@dataclass(frozen=True)
class Optional(Named):
    """An entity that an event may lack; without it there is no state and the feature is null."""

    entity: Entity
    place: Place = slot(default_factory=user_place, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        limit.instance(self.entity, Entity, self.place, path="$.entities")

    @property
    def name(self) -> str:
        """The entity's name."""
        return self.entity.name

    @property
    def type(self) -> IdType:
        """The type of the entity's ids."""
        return self.entity.type

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return self.entity.form() | {"optional": True}


class Rules(TypedDict, total=False):
    """What may be said of an event beside its id, its time, its keys and its fields."""

    id_type: IdType  # how ids are ordered and stored
    refers_to: "Event"  # the event that this one is about
    refers_by: str  # column of the id of that event; its own name by default
    reverses: str  # "all", or the field of both events by how much it takes that one back
    known_at: str  # a column, or a rule: "at", "at + 7d"
    revision: str  # column of a whole number that grows with each correction
    zone: str  # IANA zone of times that name none
    earliest: str  # no event happened before
    latest: str  # no event happens after
    lateness: str  # how far behind the stream an event may come in
    skew: str  # how far ahead of the clock an event may be dated
    keep: str  # how long an event can be read; for ever by default
    columns: Mapping[str, str]  # declared name -> column of the source


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Event(Places, Counted):
    """A stream of things that happened, each with an id, a time, keys and fields.

    Parameters
    ----------
    name : str
        One word; the name of its table.
    id, at : str
        Columns of the id and of the time at which it happened.
    keys : mapping of str to Entity or Optional
        Who took part, by role; a role is the column of that id.
    fields : mapping of str to Field
        What was written down.
    **rules : Rules
        Everything else; each has a default.

    Raises
    ------
    DefineError, Faults
        Every fault of the declaration at once.

    Examples
    --------
    >>> from mintmark.define.field import Money
    >>> card = Entity("card")
    >>> payment = Event("payment", id="payment_id", at="paid_at", keys={"card": card},
    ...                 fields={"amount": Money("EUR")})
    >>> payment["amount"] / 2
    (payment.amount / 2)
    """

    name: str
    id_column: str
    at_column: str
    keys: Mapping[str, Entity | Optional]
    fields: Mapping[str, Field]
    id_type: IdType
    refers_to: "Event | None"
    refers_by: str | None
    reverses: str | None
    reversals: "tuple[Event, ...]"
    known_at_column: str | None
    known_after_us: int
    revision: str | None
    zone: str | None
    earliest_us: int
    latest_us: int
    lateness_us: int
    skew_us: int
    keep_us: int | None
    columns: Mapping[str, str]
    place: Place

    def __init__(
        self,
        name: str,
        *,
        id: str,
        at: str,
        keys: Mapping[str, Entity | Optional] | None = None,
        fields: Mapping[str, Field] | None = None,
        **rules: Unpack[Rules],
    ) -> None:
        self._set(place=user_place(), name=name, reversals=())
        limit.name(name, self.place, path="$.events", what="an event")
        checks = (self._refer, self._zone, self._times, self._spans, self._known, self._columns)
        first = partial(self._declare, id, at, keys, fields)
        every((first, *(partial(later, rules) for later in checks)))
        self._distinct()
        self._reverse(rules.get("reverses"))

    def __getitem__(self, name: str) -> Expr:
        """Return the expression of a field, or of a key by its role."""
        return _column_of(self, name)

    @property
    def id(self) -> str:
        """The column of the event's id."""
        return self.id_column

    @property
    def at(self) -> Expr:
        """The time at which the event happened."""
        return Expr(op="at", kind="time", stream=self)

    @property
    def id_of(self) -> tuple[str, ...]:
        """The declared columns that make up the id, where no column states it."""
        return ()

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    @guarded
    def outcome(self, label: Label, *, settles_after: str) -> Outcome:
        """Return what became of each event of this stream, as far as it is known.

        Parameters
        ----------
        label : Label
            A label of this event.
        settles_after : str
            From this age on, an event without a label counts as `label.otherwise`.
        """
        return Outcome(label=label, stream=self, settles_after=settles_after)

    def source_of(self, declared: str) -> str:
        """Return the column of the source that carries a declared name."""
        return self.columns.get(declared, declared)

    def declared(self) -> tuple[str, ...]:
        """Return all declared names: id, time, references, keys, fields, revision, known time."""
        extra = (self.refers_by, self.revision, self.known_at_column)
        names = [] if self.id_of else [self.id_column]
        names += [self.at_column, *self.keys, *self.fields]
        return tuple(dict.fromkeys(names + [name for name in extra if name]))

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {
            "noun": "event",
            "name": self.name,
            "id": self.id_column,
            "id_type": self.id_type,
            "at": self.at_column,
            "keys": {role: entity.form() for role, entity in self.keys.items()},
            "fields": {name: field.form() for name, field in self.fields.items()},
            "refers_to": self.refers_to.name if self.refers_to else None,
            "refers_by": self.refers_by,
            "reverses": self.reverses,
            "known_at": {"column": self.known_at_column, "after_us": self.known_after_us},
            "revision": self.revision,
            "zone": self.zone,
            "earliest_us": self.earliest_us,
            "latest_us": self.latest_us,
            "lateness_us": self.lateness_us,
            "skew_us": self.skew_us,
            "keep_us": self.keep_us,
            "columns": dict(self.columns),
        }

    def __repr__(self) -> str:
        return f"<event {self.name}>"

    def _aggregated(self, how: str, **params: int) -> Aggregate:
        return taken(how, Taken(None, None, self), params)

    def _meant(self, name: str) -> str:
        columns = {**vars(self).get("fields", {}), **vars(self).get("keys", {})}
        return f'say {self.name}["{name}"]' if name in columns else super()._meant(name)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _path(self, part: str) -> str:
        return f"$.events.{self.name}.{part}"

    def _declare(self, id: Any, at: Any, keys: Any, fields: Any) -> None:
        for part, name in (("id", id), ("at", at)):
            limit.name(name, self.place, path=self._path(part), what="a column")
        for part, named in (("keys", keys), ("fields", fields)):
            if not isinstance(named or {}, Mapping):
                limit.instance(named, Mapping, self.place, path=self._path(part))
        self._set(id_column=id, at_column=at, keys=dict(keys or {}), fields=dict(fields or {}))
        told: list[tuple[str, tuple[type, ...], tuple[str, object]]] = []
        told += [("keys", (Entity, Optional), item) for item in self.keys.items()]
        told += [("fields", (Field,), item) for item in self.fields.items()]
        every(partial(self._part, part, kind, *item) for part, kind, item in told)

    def _part(self, part: str, kind: tuple[type, ...], name: str, value: object) -> None:
        path = self._path(f"{part}.{name}")
        limit.name(name, self.place, path=path, what="a column")
        limit.instance(value, kind, self.place, path=path)

    def _distinct(self) -> None:
        names = [self.id_column, self.at_column, *self.keys, *self.fields]
        names += [self.refers_by] if self.refers_by else []
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                refers = name == self.refers_by
                raise DefineError(
                    f'two columns are named "{name}"',
                    at=self.place.at(self._path(name)),
                    want="one name for each of id, at, keys, fields and the reference",
                    hint=f'say id="case_id", columns={{"case_id": "{name}"}}' if refers else "",
                    code="define.column.twice",
                )

    def _refer(self, rules: Any) -> None:
        unknown = sorted(set(rules) - set(Rules.__annotations__))
        if unknown:
            raise DefineError(
                f'an event has no "{unknown[0]}"',
                at=self.place.at(self._path(unknown[0])),
                hint=limit.close(unknown[0], Rules.__annotations__),
                code="define.event.rule",
            )
        id_type = rules.get("id_type", "text")
        limit.one_of(id_type, ("text", "integer"), self.place, path=self._path("id_type"))
        target, column = rules.get("refers_to"), rules.get("refers_by")
        if target is not None:
            limit.instance(target, Event, self.place, path=self._path("refers_to"))
            column = column or target.id_column
        if column is not None:
            limit.name(column, self.place, path=self._path("refers_by"), what="a column")
            if target is None:
                raise DefineError(
                    "a column refers to no event",
                    at=self.place.at(self._path("refers_by")),
                    want="refers_to= beside refers_by=",
                    code="define.event.refers_by",
                )
        self._set(id_type=id_type, refers_to=target, refers_by=column)

    def _reverse(self, told: Any) -> None:
        """Take down what of the other event is reversed, and let that event know of it."""
        self._set(reverses=told)
        if told is None:
            return
        target, same = self.refers_to, False
        if target is not None and target.reverses is None:
            ours, theirs = (event.fields.get(told) for event in (self, target))
            kinds = (Money, Integer, Fixed)
            same = isinstance(ours, kinds) and type(ours) is type(theirs)
            same = same and _unit(ours) == _unit(theirs)
        if target is None or target.reverses is not None or (told != "all" and not same):
            raise DefineError(
                "an event cannot reverse another by this",
                at=self.place.at(self._path("reverses")),
                got=f"{told!r} of event {target.name if target else None!r}",
                want='refers_to= an event that reverses none, and "all" or the name of a field of '
                "both events of one type: Money, Integer or Fixed",
                code="define.event.reverses",
            )
        # Features of the other event are others now, wherever they were written down.
        target._set(reversals=(*target.reversals, self))

    def _zone(self, rules: Any) -> None:
        zone_name(rules.get("zone"), self.place, path=self._path("zone"))
        self._set(zone=rules.get("zone"))

    def _times(self, rules: Any) -> None:
        edges = []
        for part, default in (("earliest", EARLIEST), ("latest", LATEST)):
            text = rules.get(part, default)
            try:
                us = parse_time(text, zone="UTC")
            except GroundError as error:
                raise limit.placed(error, self.place.at(self._path(part))) from None
            # A date alone, as the last one, is that whole day.
            whole_day = part == "latest" and len(text.strip()) == len(LATEST)
            edges.append(us + DAY_US - 1 if whole_day else us)
        if edges[0] > edges[1]:
            raise DefineError(
                "an event ends before it begins",
                at=self.place.at(self._path("earliest")),
                got=f"{rules.get('earliest', EARLIEST)} to {rules.get('latest', LATEST)}",
                code="define.event.range",
            )
        self._set(earliest_us=edges[0], latest_us=edges[1])

    def _spans(self, rules: Any) -> None:
        def span(part: str, default: str) -> int:
            text = rules.get(part, default)
            return limit.span(text, self.place, path=self._path(part), zero=True)

        keep = rules.get("keep")
        keep_us = None if keep is None else limit.span(keep, self.place, path=self._path("keep"))
        self._set(lateness_us=span("lateness", "7d"), skew_us=span("skew", "5m"), keep_us=keep_us)

    def _known(self, rules: Any) -> None:
        told, after = rules.get("known_at") or "at", 0
        path = self._path("known_at")
        rule = told.split("+") if isinstance(told, str) else []
        if len(rule) == 2 and rule[0].strip() == "at":
            told, after = "at", limit.span(rule[1].strip(), self.place, path=path, zero=True)
        column = None if told == "at" else limit.name(told, self.place, path=path, what="a column")
        revision = rules.get("revision")
        if revision is not None:
            limit.name(revision, self.place, path=self._path("revision"), what="a column")
        self._set(known_at_column=column, known_after_us=after, revision=revision)

    def _columns(self, rules: Any) -> None:
        columns = rules.get("columns") or {}
        if not isinstance(columns, Mapping):
            limit.instance(columns, Mapping, self.place, path=self._path("columns"))
        self._set(columns=dict(columns))
        if not hasattr(self, "id_column"):
            return
        known = self._known_names(rules)
        for name, source in columns.items():
            path = self._path(f"columns.{name}")
            if name not in known:
                raise DefineError(
                    f'event "{self.name}" declares no "{name}"',
                    at=self.place.at(path),
                    hint=limit.close(str(name), known),
                    code="define.column.unknown",
                )
            source_column(source, self.place, path=path)

    def _known_names(self, rules: Any) -> set[str]:
        told = [rules.get(part) for part in ("refers_by", "revision", "known_at")]
        told.append(getattr(self, "refers_by", None))
        names = {self.id_column, self.at_column, *self.keys, *self.fields}
        return names | {name for name in told if isinstance(name, str)}


def _unit(field: Any) -> tuple[int, str]:
    return field.scale, getattr(field, "currency", "")


@guarded
def count() -> Aggregate:
    """Return the number of requests: events of the stream that the features are for."""
    return taken("count", Taken(None, None, None), {})


@guarded
def _column_of(event: Event, name: str) -> Expr:
    if name in event.fields:
        field = event.fields[name]
        return Expr(
            op="field",
            value=name,
            kind=field.kind,
            values=getattr(field, "values", None),
            field=field,
            stream=event,
        )
    if name in event.keys:
        return Expr(op="key", value=name, kind="category", stream=event)
    reserved = name in (event.id_column, event.at_column)
    raise DefineError(
        f'event "{event.name}" has no field "{name}"',
        at=user_place().at(f"$.events.{event.name}"),
        hint="the time is event.at; an id is no value of a feature"
        if reserved
        else limit.close(str(name), [*event.fields, *event.keys]),
        code="define.field.unknown",
    )
