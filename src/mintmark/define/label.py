"""Labels and outcomes: what became of an event, learned later from another event."""

from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any

from mintmark.define import limit
from mintmark.define.aggregates import Aggregates
from mintmark.define.expr import Aggregate, Expr, Stream, Taken, taken
from mintmark.define.fault import Named, guarded
from mintmark.define.field import INTEGER_MAX, Kind
from mintmark.define.place import Place, user_place
from mintmark.ground import DefineError, digest


@dataclass(frozen=True, eq=False, repr=False)
class Label(Named):
    """What a model learns: a field of an event that refers to the event in question.

    Parameters
    ----------
    source : Expr
        A Flag, Integer, Fixed or Money field of the label event.
    of : Event
        The event that is labelled; the label event refers to it.
    mature_after : str
        A label is final once its event is this old at the cut-off; before, it is unknown.
    otherwise : value or None
        What an event without a label is, once mature. None: unknown for ever.
    """

    source: Expr
    of: Any = slot(kw_only=True)
    mature_after: str = slot(kw_only=True)
    otherwise: bool | int | None = slot(default=False, kw_only=True)
    mature_after_us: int = slot(init=False)
    place: Place = slot(default_factory=user_place, init=False)

    def __post_init__(self) -> None:
        limit.instance(self.source, Expr, self.place, path="$.labels")
        stream: Any = self.source.stream
        if self.source.op != "field" or self.source.kind not in ("flag", "number"):
            raise DefineError(
                "a label is a flag or a number that an event states",
                at=self.place.at("$.labels"),
                got=repr(self.source),
                want='a field: chargeback["fraud"]',
                code="define.label.source",
            )
        if getattr(stream, "refers_to", None) is not self.of:
            raise DefineError(
                f'event "{stream.name}" does not refer to the event that it labels',
                at=self.place.at(f"$.labels.{self.source.value}"),
                got=f"of={getattr(self.of, 'name', self.of)!r}",
                want=f"refers_to= on event {stream.name!r}",
                code="define.label.refers_to",
            )
        path = f"$.labels.{self.source.value}.mature_after"
        us = limit.span(self.mature_after, self.place, path=path, zero=True)
        object.__setattr__(self, "mature_after_us", us)
        self._stored_otherwise()

    def __repr__(self) -> str:
        return f"<label {self.key}>"

    @property
    def name(self) -> str:
        """The label's name: that of its field."""
        return str(self.source.value)

    @property
    def event(self) -> Any:
        """The event that states the label."""
        return self.source.stream

    @property
    def key(self) -> str:
        """The label's full name: "chargeback.fraud"."""
        return f"{self.event.name}.{self.name}"

    @property
    def kind(self) -> Kind:
        """Kind of the label's values: flag or number."""
        return "flag" if self.source.kind == "flag" else "number"

    @property
    def scale(self) -> int:
        """Decimals of the stored label."""
        return self.source.field.scale if self.source.field else 0

    @property
    def otherwise_stored(self) -> int | None:
        """What an event without a label is, as a stored integer."""
        return None if self.otherwise is None else int(self.otherwise) * 10**self.scale

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {
            "noun": "label",
            "event": self.event.name,
            "field": self.name,
            "of": self.of.name,
            "kind": self.kind,
            "scale": self.scale,
            "mature_after_us": self.mature_after_us,
            "otherwise": self.otherwise_stored,
        }

    def _stored_otherwise(self) -> None:
        value = self.otherwise
        flag = self.kind == "flag"
        if value is None or isinstance(value, bool) or (isinstance(value, int) and not flag):
            return
        raise DefineError(
            "a label cannot be this where it is not stated",
            at=self.place.at(f"$.labels.{self.name}.otherwise"),
            got=repr(value),
            want="True, False or None" if flag else "a whole number or None",
            code="define.label.otherwise",
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Outcome(Aggregates):
    """What became of each event of a stream, made by `event.outcome(...)`; it can be aggregated.

    At a request, the outcome of an earlier event is its newest label known by then; without one it
    is `otherwise` once the event is older than `settles_after`, and null before. An aggregate
    skips nulls, so a mean divides by the events whose outcome is known.
    """

    label: Label
    stream: Stream
    settles_after: str
    settles_us: int = slot(init=False)
    place: Place = slot(default_factory=user_place, init=False)

    def __post_init__(self) -> None:
        limit.instance(self.label, Label, self.place, path="outcome")
        if self.label.of is not self.stream:
            raise DefineError(
                f'label "{self.label.name}" is not of event "{self.stream.name}"',
                at=self.place.at("outcome"),
                got=f'a label of "{self.label.of.name}"',
                code="define.outcome.label",
            )
        path = "outcome.settles_after"
        us = limit.span(self.settles_after, self.place, path=path, zero=True)
        object.__setattr__(self, "settles_us", us)

    def __repr__(self) -> str:
        return f"{self.stream.name}.outcome({self.label.name})"

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {"op": "outcome", "label": self.label.form(), "settles_us": self.settles_us}

    @guarded
    def _refuse(self, *_: object) -> Any:
        """Say that there is nothing to reckon with before an aggregate is taken."""
        raise DefineError(
            "an outcome is known of earlier events, and is no value of a request",
            at=user_place().at(),
            got=repr(self),
            want="an aggregate of it: .mean()",
            code="define.outcome.value",
        )

    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = _refuse
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = __abs__ = __invert__ = _refuse

    def _meant(self, name: str) -> str:
        if hasattr(Aggregate, name) and not hasattr(type(self), name):
            return f"only an aggregate has .{name}: take one of the outcome first, such as .mean()"
        return super()._meant(name)

    def _aggregated(self, how: str, **params: int) -> Aggregate:
        field = self.label.source.field
        largest = INTEGER_MAX if field is None else field.largest
        return taken(how, Taken(self, self.label.kind, self.stream, largest=largest), params)
