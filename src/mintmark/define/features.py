"""Features: the named values that a request is given, each an expression."""

from collections.abc import Iterator, Mapping
from typing import Any

from mintmark.define import limit
from mintmark.define.array import Array
from mintmark.define.event import Event
from mintmark.define.expr import Aggregate, Expr
from mintmark.define.fault import Named, guarded, poisoned, raise_all
from mintmark.define.feature_rules import faults_of, refs_of
from mintmark.define.place import Place, user_place
from mintmark.define.table import placed_lookups, tables_of
from mintmark.ground import DefineError, MintmarkError, digest


class Features(Named):
    """The features of the requests of one event, by name; frozen.

    Parameters
    ----------
    event : Event
        Each of its events is a request for a row of features.
    *blocks : Features
        Features of the same event, defined elsewhere; a name that comes twice is an error.
    **named : Expr or Array
        The features. A feature may refer to another by `mm.ref("name")`; the parts of an array
        become the features `name_0`, `name_1`, ...

    Raises
    ------
    DefineError, Faults
        Every fault of every feature at once.
    """

    event: Event
    expressions: Mapping[str, Expr]
    names: tuple[str, ...]
    place: Place

    def __init__(self, event: Event, /, *blocks: "Features", **named: Expr | Array) -> None:
        place = user_place()
        limit.instance(event, Event, place, path="$.features")
        expressions, found = _gathered(event, blocks, named, place)
        found += faults_of(event, expressions, place, known=tuple(expressions))
        raise_all(found)
        self._set(event=event, expressions=expressions, names=tuple(sorted(expressions)))
        self._set(place=place)

    @staticmethod
    def _survey(event: Event, *rest: Any) -> None:
        """Raise the faults of those features that are sound by themselves."""
        place, parts = user_place(), rest[-1]
        sound = {name: expr for name, expr in parts.items() if not poisoned(expr)}
        told, found = _with_lookups(event, dict(_spread(sound)))
        # How many parts a faulty array would have had is not known: any may be referred to.
        lost = parts.keys() - sound.keys()
        refs = {name for expr in told.values() for name in refs_of(expr)}
        spared = {name for name in refs if name.rpartition("_")[0] in lost}
        raise_all([*found, *faults_of(event, told, place, known=(*parts, *told, *spared))])

    @guarded
    def only(self, *names: str) -> "Features":
        """Return the features with some of them as outputs; the others only where referred to."""
        place = user_place()
        for name in names:
            if name not in self.expressions:
                raise unknown_feature(name, self, place, path="only")
        if not names:
            raise DefineError(
                "no feature is left",
                at=place.at("only"),
                want="one name or more",
                code="define.feature.none",
            )
        left = object.__new__(Features)
        left._set(event=self.event, expressions=self.expressions, place=place)
        left._set(names=tuple(sorted(set(names))))
        return left

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("features are frozen")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<{len(self.names)} features of {self.event.name}>"

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form: the event, every expression, and which are outputs."""
        return {
            "noun": "features",
            "event": self.event.name,
            "expressions": {name: expr.form() for name, expr in self.expressions.items()},
            "outputs": list(self.names),
        }

    def events(self) -> tuple[Event, ...]:
        """Return all events that the features read, the request's own among them, by name."""
        found = {self.event.name: self.event}
        for aggregate in self.aggregates():
            if aggregate.stream is not None:
                found[aggregate.stream.name] = aggregate.stream  # type: ignore[assignment]
            label = getattr(aggregate.source, "label", None)
            if label is not None:
                found[label.event.name] = label.event
            for table in tables_of(aggregate):
                found[table.name] = table
        for event in tuple(found.values()):
            found |= {reversal.name: reversal for reversal in event.reversals}
        return tuple(found[name] for name in sorted(found))

    def aggregates(self) -> Iterator[Aggregate]:
        """Yield every aggregate of every expression, as often as it is written."""
        stack = [self.expressions[name] for name in sorted(self.expressions)]
        while stack:
            expr = stack.pop()
            if isinstance(expr, Aggregate):
                yield expr
            stack.extend(expr.args)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def unknown_feature(name: object, features: Features, place: Place, *, path: str) -> DefineError:
    """Return the error of a name that no feature has."""
    return DefineError(
        f'no feature is called "{name}"',
        at=place.at(path),
        hint=limit.close(str(name), features.expressions),
        code="define.feature.unknown",
    )


def _gathered(
    event: Event, blocks: tuple[Any, ...], named: Mapping[str, Any], place: Place
) -> tuple[dict[str, Expr], list[MintmarkError]]:
    found: list[MintmarkError] = []
    expressions: dict[str, Expr] = {}
    for block in blocks:
        limit.instance(block, Features, place, path="$.features")
        if block.event is not event:
            found.append(_other_event(block, event, place))
    for part in (*(block.expressions for block in blocks), named):
        for name, expr in _spread(part):
            first = expressions.get(name)
            if first is not None and first is not expr:
                second = expr.place.at() if isinstance(expr, Expr) else place.at()
                found.append(twice(name, first.place.at(f"$.features.{name}"), second))
            expressions.setdefault(name, expr)
    if not expressions:
        found.append(
            DefineError("there are no features", at=place.at(), code="define.feature.none")
        )
    expressions, unplaced = _with_lookups(event, expressions)
    return expressions, found + unplaced


def _with_lookups(
    event: Event, expressions: Mapping[str, Any]
) -> tuple[dict[str, Any], list[MintmarkError]]:
    """Let every lookup of a table name the key of the request that it goes by."""
    placed, found = dict(expressions), list[MintmarkError]()
    for name, expr in expressions.items():
        try:
            if isinstance(expr, Expr):
                placed[name] = placed_lookups(expr, event, f"$.features.{name}")
        except DefineError as error:
            # What it would have been stays unknown, so that nothing else is said of it.
            placed[name] = Expr(op="literal")
            found.append(error)
    return placed, found


def _spread(named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each feature by its name, the parts of an array by its name and their places."""
    for name, told in named.items():
        if isinstance(told, Array):
            yield from ((f"{name}_{place}", item) for place, item in enumerate(told))
        else:
            yield name, told


def twice(name: str, first: str, second: str) -> DefineError:
    """Return the error of two features of one name, with both places."""
    return DefineError(
        f'two features are called "{name}"',
        at=first,
        got=f"again at {second}",
        want="one feature of a name",
        code="define.feature.twice",
    )


def _other_event(block: Features, event: Event, place: Place) -> DefineError:
    return DefineError(
        "a block of features belongs to another event",
        at=place.at("$.features"),
        got=block.event.name,
        want=event.name,
        code="define.feature.event",
    )
