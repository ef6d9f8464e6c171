"""Definitions: everything that a folder says, as one value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from mintmark.define.event import Event
from mintmark.define.fault import poisoned
from mintmark.define.features import Features
from mintmark.define.gates import Gates
from mintmark.define.label import Label
from mintmark.define.model import Model
from mintmark.define.place import Place
from mintmark.define.policy import Policy
from mintmark.ground import DefineError, MintmarkError, digest

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Definitions:
    """What a folder of definitions says.

    Attributes
    ----------
    events : tuple of Event
        By name.
    labels : tuple of Label
        By event and field.
    parts : Parts
        Features, model, policy and gates, as far as there are any.
    """

    events: tuple[Event, ...]
    labels: tuple[Label, ...]
    parts: "Parts"

    def __repr__(self) -> str:
        return f"<definitions {', '.join(event.name for event in self.events)}>"

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def event(self, name: str) -> Event:
        """Return an event by its name.

        Raises
        ------
        DefineError
            `define.event.unknown`.
        """
        for event in self.events:
            if event.name == name:
                return event
        raise DefineError(
            f'no event is called "{name}"',
            want=" or ".join(event.name for event in self.events),
            code="define.event.unknown",
        )

    @property
    def features(self) -> Features:
        """The features of the model; without a model, the only ones there are.

        Raises
        ------
        DefineError
            `define.features.missing`.
        """
        return _there(self.parts.features, "features")

    @property
    def model(self) -> Model:
        """The model.

        Raises
        ------
        DefineError
            `define.model.missing`.
        """
        return _there(self.parts.model, "model")

    @property
    def policy(self) -> Policy:
        """The policy.

        Raises
        ------
        DefineError
            `define.policy.missing`.
        """
        return _there(self.parts.policy, "policy")

    @property
    def gates(self) -> Gates:
        """The gates.

        Raises
        ------
        DefineError
            `define.gates.missing`.
        """
        return _there(self.parts.gates, "gates")

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        parts = vars(self.parts).items()
        return {
            "events": [event.form() for event in self.events],
            "labels": [label.form() for label in self.labels],
        } | {name: None if noun is None else noun.form() for name, noun in parts}


@dataclass(frozen=True, eq=False)
class Parts:
    """Those nouns of which a folder defines one, or none yet."""

    features: Features | None
    model: Model | None
    policy: Policy | None
    gates: Gates | None


def assembled(values: Iterable[object]) -> tuple[Definitions, list[MintmarkError]]:
    """Return the definitions among some values, and the faults of putting them together."""
    told = list({id(value): value for value in values}.values())
    model = _newest(told, Model)
    features = model.features if model else _newest(told, Features)
    parts = Parts(features, model, _newest(told, Policy), _newest(told, Gates))
    events = _distinct(_events(told, features))
    labels = _distinct(_labels(told, model, features))
    definitions = Definitions(
        events=tuple(sorted(events, key=lambda e: e.name)),
        labels=tuple(sorted(labels, key=lambda b: (b.key, b.digest))),
        parts=parts,
    )
    return definitions, [*_faults(told, definitions)]


def missing(definitions: Definitions) -> Iterator[MintmarkError]:
    """Yield the faults of a folder that is sound as far as it goes and lacks what a run needs."""
    if not definitions.events:
        yield _none("event")
    for name, noun in vars(definitions.parts).items():
        if noun is None:
            yield _none(name)


_EXAMPLES = {
    "event": 'payment = mm.Event("payment", id=..., at=..., keys=..., fields=...)',
    "features": "features = mm.Features(payment, ...)",
    "model": 'model = mm.Model("card_fraud", features=..., label=..., learner=...)',
    "policy": "policy = mm.Policy(model, approve=..., review=..., decline=...)",
    "gates": 'gates = mm.Gates(average_precision=mm.at_least("floor"))',
}


def _none(name: str) -> DefineError:
    return DefineError(
        f"the definitions hold no {name}", want=_EXAMPLES[name], code=f"define.{name}.missing"
    )


def _there(noun: T | None, name: str) -> T:
    if noun is None:
        raise _none(name)
    return noun


def _newest(told: list[object], kind: type[T]) -> T | None:
    found = [value for value in told if isinstance(value, kind)]
    return found[-1] if found else None


def _distinct(values: Iterable[T]) -> list[T]:
    return list({id(value): value for value in values}.values())


def _events(told: list[object], features: Features | None) -> Iterator[Event]:
    for value in told:
        if isinstance(value, Event):
            yield from _with_target(value)
        elif isinstance(value, (Features, Model)):
            block = value if isinstance(value, Features) else value.features
            for event in block.events():
                yield from _with_target(event)
        elif isinstance(value, Label):
            yield from _with_target(value.event)


def _with_target(event: Event) -> Iterator[Event]:
    yield event
    if event.refers_to is not None:
        yield from _with_target(event.refers_to)


def _labels(told: list[object], model: Model | None, features: Features | None) -> Iterator[Label]:
    yield from (value for value in told if isinstance(value, Label))
    if model is not None:
        yield model.label
    for aggregate in features.aggregates() if features else ():
        label = getattr(aggregate.source, "label", None)
        if label is not None:
            yield label


def _faults(told: list[object], definitions: Definitions) -> Iterator[MintmarkError]:
    first: dict[str, Event] = {}
    for event in definitions.events:
        if first.setdefault(event.name, event) is not event:
            yield _twice(f'two events are called "{event.name}"', first[event.name], event)
    for kind in (Model, Policy, Gates):
        found: list[Any] = [value for value in told if isinstance(value, kind)]
        for second in found[1:]:
            yield _twice(f"a folder defines one {kind.__name__.lower()}", found[0], second)
    blocks = [value for value in told if isinstance(value, Features)]
    lost = any(poisoned(value) for value in told)
    if definitions.parts.model is None and not lost and len(blocks) > 1:
        yield _twice("no model says which features are meant", blocks[0], blocks[1])
    policy, model = definitions.parts.policy, definitions.parts.model
    models = [value for value in told if isinstance(value, Model)]
    if policy is not None and len(models) == 1 and policy.model is not model:
        yield _twice("the policy is of another model", model, policy)
    yield from _groups(definitions)


def _groups(definitions: Definitions) -> Iterator[MintmarkError]:
    """A gate by groups names a column that can make groups; without one its judge holds."""
    gates, features = definitions.parts.gates, definitions.parts.features
    if gates is None or features is None:
        return
    fields = features.event.fields
    for name, bound in gates.gates.items():
        by = bound.by or ""
        kind = fields[by].kind if by in fields else "flag"
        if kind not in ("category", "flag"):
            yield DefineError(
                f'gate "{name}" compares groups that its column does not make',
                at=bound.place.at(f"$.gates.{name}.by"),
                got=f"{by}, a {kind}",
                want="a category, a flag or a key",
                code="define.gate.by",
            )


def _twice(what: str, first: Any, second: Any) -> DefineError:
    place: Place = first.place
    return DefineError(
        what, at=place.at(), got=f"again at {second.place.at()}", code="define.noun.twice"
    )
