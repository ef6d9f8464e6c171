"""Expressions: what a feature computes, as a tree of frozen nodes that the user writes in Python.

`payment["amount"] / mm.ref("card_mean_30d")` computes nothing: it is the tree
`div(field amount, ref card_mean_30d)`, with the line on which it stands. A tree reads either one
row of one event, or, once it holds an aggregate or a reference, the row of a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as slot
from typing import Any, Protocol, TypeAlias

from mintmark.define import kind as kinds
from mintmark.define import limit
from mintmark.define.aggregates import Aggregates
from mintmark.define.catalogue import SPAN, aggregate_kind
from mintmark.define.derived import Derived
from mintmark.define.fault import guarded, public, refuse_pan
from mintmark.define.field import INTEGER_MAX, MONEY_MAX, Field, Kind, zone_name
from mintmark.define.functions import Functions
from mintmark.define.operators import Operand
from mintmark.define.place import Place, user_place
from mintmark.define.taking import (
    of_one_event,
    parameters,
    refuse_looked_up,
    refuse_unmeant,
    refuse_untaken,
)
from mintmark.define.window import Asked, Window, window_of
from mintmark.define.wording import words
from mintmark.ground import DefineError

Scalar: TypeAlias = int | float | str | bool | None

MAX_DEPTH = 100
MAX_SIZE = 10_000
_EXACT = 2**53


class Stream(Protocol):
    """What an expression knows of the event that it reads."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def keys(self) -> Any:
        """The event's keys by role."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Expr(Derived, Functions, Aggregates):
    """One node of an expression, made by operators and methods, never by hand.

    Attributes
    ----------
    op : str
        What the node does; `args` are the nodes that it does it to.
    value : scalar
        A literal, the name of a field, key or feature, a zone, a number of decimals.
    kind : "number", "flag", "category", "time" or None
        None where it depends on a reference that is not resolved yet.
    values : tuple of str or None
        All the texts that a category can be, where they are declared.
    stream : Stream or None
        The event whose row is read directly.
    folded : bool
        Whether it holds an aggregate or a reference, and so reads the row of a request.
    """

    op: str
    args: tuple[Expr, ...] = ()
    value: Scalar = None
    kind: Kind | None = None
    values: tuple[str, ...] | None = None
    field: Field | None = None
    stream: Stream | None = None
    folded: bool = False
    depth: int = 1
    size: int = 1
    place: Place = slot(default_factory=user_place, init=False)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return words(self)

    def form(self) -> dict[str, Any]:
        """Return the canonical form of the tree."""
        form: dict[str, Any] = {"op": self.op}
        if self.args:
            form["args"] = [arg.form() for arg in self.args]
        if self.stream is not None and not self.args:
            form["event"] = self.stream.name
        if self.value is not None:
            form["value"] = self.value
        return form

    def _combined(self, op: str, *operands: Operand, value: Scalar = None) -> Expr:
        return combined(op, *operands, value=value)

    def finished(self, place: Place) -> None:
        """Refuse to be used before it is complete; only aggregates can be incomplete."""

    def _meant(self, name: str) -> str:
        if not hasattr(Aggregate, name):
            return limit.close(name, public(Aggregate))
        if self.op == "ref":
            return f"mm.ref is a value: say .{name}() on the aggregate that it is made of"
        return f"only an aggregate has .{name}(): take one first, such as .mean() or .count()"

    def _aggregated(self, how: str, **params: int) -> Aggregate:
        return taken(how, _stored(how, self), params)

    def _calendar(self, op: str, zone: str, value: str | None = None) -> Expr:
        place = user_place()
        if self.op not in ("at", "field") or self.kind != "time":
            raise kind_fault(op, (self,), [self.kind], place)
        zone_name(zone or "", place, path="tz")
        return combined(op, self, value=value or zone)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Aggregate(Expr):
    """An aggregate over earlier events, completed by `.by(...)` and `.over(...)`.

    Attributes
    ----------
    how : str
        The name of its kind: "count", "mean", ...
    params : tuple of (str, int)
        What its kind's parameters are, but for the span of the window.
    source : Expr, Outcome or None
        What is aggregated; None takes the events themselves.
    filter : Expr or None
        Only events for which it is true take part.
    roles : tuple of str
        The keys of its stream that it is kept by, sorted.
    request_roles : tuple of str
        The keys of the request by which each of them is looked up.
    window : Window or None
        Which events of a key it sees; None where that is not said.
    empty : Expr or None
        The literal that it is where the window holds no value.
    came : bool
        Whether events count that have since been corrected or taken back: all that came.
    """

    how: str = "count"
    params: tuple[tuple[str, int], ...] = ()
    source: Any = None
    filter: Expr | None = None
    roles: tuple[str, ...] = ()
    request_roles: tuple[str, ...] = ()
    window: Window | None = None
    empty: Expr | None = None
    came: bool = False

    @guarded
    def where(self, condition: Expr) -> Aggregate:
        """Return the aggregate of those events alone for which a condition on their row holds."""
        place = user_place()
        if (
            not isinstance(condition, Expr)
            or condition.kind != "flag"
            or not of_one_event(condition)
        ):
            raise _condition_fault(condition, place)
        refuse_looked_up("where", condition, place)
        both = condition if self.filter is None else combined("and", self.filter, condition)
        if self.stream is not None:
            _one_stream((self._row(), both), place)
        return self._with(place, filter=both)

    @guarded
    def by(self, /, *roles: str, **roles_of: str) -> Aggregate:
        """Return the aggregate kept for each value, or tuple of values, of some keys.

        Parameters
        ----------
        *roles : str
            Keys of the aggregated stream that the request has under the same name.
        **roles_of : str
            `payee="account"`: the stream's key "account", looked up by the request's "payee".
        """
        place = user_place()
        named = {**{role: role for role in roles}, **roles_of}
        twice = len(set(named.values())) < len(roles) + len(roles_of)
        if self.roles or not named or twice:
            raise DefineError(
                "an aggregate is kept by one or more keys, said once",
                at=place.at("by"),
                got=", ".join(map(repr, (*roles, *roles_of.values()))),
                want='.by("card"), .by("card", "terminal") or .by(payee="account")',
                code="define.aggregate.by",
            )
        for role in (*named, *named.values()):
            limit.name(role, place, path="by", what="a key")
        self._known_roles(self.stream, named.values(), place)
        pairs = sorted((theirs, ours) for ours, theirs in named.items())
        theirs, ours = zip(*pairs, strict=True)
        return self._with(place, roles=theirs, request_roles=ours)

    @guarded
    def over(
        self,
        span: str | None = None,
        *,
        last: int | None = None,
        offset: str = "0s",
        edges: str = "(]",
        ties: str = "before",
        include_current: bool = False,
        tz: str | None = None,
        session: str | None = None,
        cap: int | None = None,
        empty: Operand = None,
    ) -> Aggregate:
        """Return the aggregate over a window: at - offset - span < at(e) <= at - offset.

        Parameters
        ----------
        span : str or None
            "30d", "1h" and so on; "lifetime" for all of the past, as None with `last` or `session`
            is; "today", "week", "month" or "year" for what has passed of that unit, in zone `tz`.
        last : int or None
            Of those events, only so many of the newest, whatever their values.
        offset : str
            How much earlier than the request the window ends; both ends move.
        edges : "(]", "[]", "()" or "[)"
            Which ends of event time belong to the window.
        ties : "before" or "none"
            Whether an event of an equal time that was known before counts.
        include_current : bool
            Whether the request itself counts; only without offset and for its own event.
        tz : str or None
            IANA name of the zone of a calendar window.
        session : str or None
            Only events that are linked to the window's end by gaps of at most this.
        cap : int or None
            The aggregate is null where more events than this came in the window, those that have
            since been corrected or taken back among them; the state keeps no more (`capped`).
        empty : literal or None
            What the aggregate is where the window holds no value at all.
        """
        place = user_place()
        if self.window is not None:
            raise DefineError(
                "an aggregate has one window",
                at=place.at("over"),
                got=span,
                code="define.aggregate.over",
            )
        window = window_of(
            Asked(span, last, offset, edges, ties, include_current, tz, session, cap, place)
        )
        changed = self._with(place, window=window)
        return changed if empty is None else changed._emptied(empty, place)

    @guarded
    def ratio_of(self, first: str, second: str, **window: Any) -> Expr:
        """Return the aggregate over one span divided by the same over another."""
        return self.over(first, **window) / self.over(second, **window)

    @guarded
    def capped(self) -> Expr:
        """Return whether the window holds more events than its `cap`, or its `last`, looks at.

        Examples
        --------
        >>> from mintmark.define.event import Entity, Event
        >>> payment = Event("payment", id="id", at="at", keys={"shop": Entity("shop")}, fields={})
        >>> payment.count().by("shop").over("30d", cap=100_000).capped()
        (payment.count() by shop over last 100001 of 30d > 100000)
        """
        place = user_place()
        self.finished(place)
        assert self.frame is not None
        if self.frame.most is None:
            raise DefineError(
                "a window without a cap is never cut",
                at=place.at("capped"),
                got=words(self),
                want='.over("30d", cap=100_000)',
                code="define.window.cap",
            )
        return combined("gt", self.rows(), self.frame.most)

    def rows(self) -> Aggregate:
        """Return how many events the window holds, up to one more than it looks at."""
        assert self.frame is not None
        assert self.frame.most is not None
        result: Aggregate = replace(
            self, how="count", params=(), source=None, filter=None, kind="number", values=None,
            empty=None, window=replace(self.frame, last=self.frame.most + 1, cap=None),
            came=self.frame.cap is not None,
        )  # fmt: skip
        return result

    @property
    def frame(self) -> Window | None:
        """The window that is said, or that goes without saying."""
        if self.window is not None:
            return self.window
        half_life = dict(self.params).get("half_life_us")
        if half_life is not None:
            # Past 32 half-lives an event weighs nothing, to the last bit.
            return Window(span_us=33 * half_life)
        return Window() if self.how.startswith(_ENDLESS) else None

    @property
    def said(self) -> bool:
        """Whether a key and a window are said."""
        return bool(self.roles) and self.frame is not None

    def numbers(self) -> tuple[int, ...]:
        """Return the parameters in the order in which the kind declares them."""
        told = dict(self.params)
        if self.frame is not None and self.frame.span_us is not None:
            told.setdefault(SPAN, self.frame.span_us)
        return tuple(told[name] for name in aggregate_kind(self.how).params)

    def finished(self, place: Place) -> None:
        """Refuse to be used before a key and a window are said."""
        if not self.roles:
            raise DefineError(
                "an aggregate does not say the key that it is kept by",
                at=place.at(),
                got=words(self),
                want='.by("card")',
                code="define.aggregate.no_key",
            )
        if self.frame is None:
            raise DefineError(
                "an aggregate does not say its window",
                at=place.at(),
                got=words(self),
                want='.over("30d"), .over(last=100) or .over("lifetime")',
                code="define.aggregate.no_window",
            )

    def form(self) -> dict[str, Any]:
        """Return the canonical form of the aggregate."""
        return {
            "op": "aggregate",
            "how": self.how,
            "params": dict(self.params),
            "event": self.stream.name if self.stream else None,
            "source": None if self.source is None else self.source.form(),
            "where": None if self.filter is None else self.filter.form(),
            "by": list(self.roles),
            "of": list(self.request_roles),
            "window": None if self.frame is None else self.frame.form(),
            "empty": None if self.empty is None else self.empty.form(),
        } | ({"came": True} if self.came else {})

    def _row(self) -> Expr:
        # Stands for the row of the event that is aggregated.
        return Expr(op="at", kind="time", stream=self.stream)

    def _with(self, place: Place, **changed: Any) -> Aggregate:
        result: Aggregate = replace(self, **changed)
        refuse_unmeant(result, place)
        return result

    def _emptied(self, value: Operand, place: Place) -> Aggregate:
        literal = operand(value, place)
        if literal.op != "literal" or not kinds.alike(self.kind, literal.kind):
            raise kind_fault("empty", (literal,), [literal.kind], place, path="over.empty")
        _, kind = kinds.result("where", ["flag", self.kind, literal.kind])
        known = None if self.values is None else {*self.values, *(literal.values or ())}
        values = None if known is None else tuple(sorted(known, key=lambda t: t.encode()))
        return self._with(place, empty=literal, kind=kind, values=values)

    @staticmethod
    def _known_roles(stream: Stream | None, roles: Iterable[str], place: Place) -> None:
        for role in roles:
            if stream is not None and role not in stream.keys:
                raise DefineError(
                    f'event "{stream.name}" has no key "{role}"',
                    at=place.at("by"),
                    hint=limit.close(role, stream.keys),
                    code="define.key.unknown",
                )


_ENDLESS = ("since_", "gap_")
"""Kinds of these names look at all of the past unless they say less."""


@dataclass(frozen=True)
class Taken:
    """What an aggregate is taken of: a value of a stream's events, or None for the events."""

    source: Any
    kind: Kind | None
    stream: Stream | None
    values: tuple[str, ...] | None = None
    largest: int = INTEGER_MAX


def taken(how: str, of: Taken, params: Mapping[str, Any]) -> Aggregate:
    """Return an aggregate of something, if its kind takes that.

    Raises
    ------
    DefineError
        `define.aggregate.unknown`, `.kind`, `.range`, `.params`.
    """
    place = user_place()
    kind = aggregate_kind(how, place)
    refuse_untaken(kind, of, place)
    return Aggregate(
        op="aggregate",
        how=how,
        params=parameters(kind, params, place),
        source=of.source,
        kind=kind.gives or of.kind or "number",
        values=of.values if kind.gives is None else None,
        stream=of.stream,
        folded=True,
    )


def _stored(how: str, source: Expr) -> Taken:
    """Return an expression as what is stored with its event, if it is one that can be."""
    place = user_place()
    refuse_looked_up(how, source, place)
    stored = source.op in ("field", "key", "fixed", "at") or source.kind == "flag"
    known = of_one_event(source)
    if not known or source.stream is None or not stored:
        raise DefineError(
            f"{how} cannot be taken of this expression",
            at=place.at(),
            got=words(source),
            want="a field, a key, a comparison of fields, or an expression that ends in .fixed(n)",
            hint="" if known else "an aggregate of an aggregate is two features",
            code="define.aggregate.source",
        )
    if source.op == "at":
        return Taken(None, None, source.stream)
    largest = 1 if source.kind == "flag" else MONEY_MAX if source.op == "fixed" else INTEGER_MAX
    largest = largest if source.field is None else source.field.largest
    return Taken(source, source.kind, source.stream, source.values, largest)


def combined(op: str, *operands: Operand, value: Scalar = None) -> Expr:
    """Return the node of an operation, its kinds checked as far as they are known."""
    place = user_place()
    args = tuple(operand(o, place) for o in operands)
    fits, kind = kinds.result(op, [arg.kind for arg in args])
    if not fits:
        raise kind_fault(op, args, [arg.kind for arg in args], place)
    depth, size = 1 + max(a.depth for a in args), 1 + sum(a.size for a in args)
    if depth > MAX_DEPTH or size > MAX_SIZE:
        raise DefineError(
            "an expression is too long",
            at=place.at(),
            got=f"{size} operations, {depth} deep",
            want=f"at most {MAX_SIZE} and {MAX_DEPTH}",
            hint="name a part of it as a feature of its own, and use mm.ref",
            code="define.expression.long",
        )
    return Expr(
        op=op,
        args=args,
        value=value,
        kind=kind,
        values=_values(op, args) if kind in ("category", None) else None,
        stream=_one_stream(args, place),
        folded=any(arg.folded for arg in args),
        depth=depth,
        size=size,
    )


def operand(value: Operand, place: Place) -> Expr:
    """Return a value as a node: an expression as it is, a literal in its canonical shape."""
    if isinstance(value, Expr):
        value.finished(place)
        return value
    if value is None:
        return Expr(op="literal")
    if isinstance(value, bool):
        return Expr(op="literal", value=value, kind="flag")
    refuse_pan(value, place)
    if isinstance(value, str):
        return Expr(op="literal", value=value, kind="category", values=(value,))
    if isinstance(value, (int, float)) and -_EXACT <= value <= _EXACT:
        number = int(value) if float(value).is_integer() else float(value)
        return Expr(op="literal", value=number, kind="number")
    raise DefineError(
        "a value cannot stand in an expression",
        at=place.at(),
        got=f"{type(value).__name__} {limit.shown(value, 40)}",
        want="an expression, a number up to 2^53, a text, True, False or None",
        hint="an aggregate is said on the outcome: payment.outcome(fraud).mean()"
        if type(value).__name__ == "Outcome"
        else "",
        code="define.expression.literal",
    )


def kind_fault(
    op: str, args: tuple[Expr, ...], found: list[Kind | None], place: Place, *, path: str = ""
) -> DefineError:
    """Return the error of an operation that does not take the kinds of its operands."""
    told = (f"{k or 'null'} {words(a)}" for k, a in zip(found, args, strict=True))
    return DefineError(
        f'"{kinds.SIGNS.get(op, op)}" does not take these values',
        at=place.at(path),
        got=", ".join(told)[:160],
        want=kinds.wanted(op),
        code="define.expression.kind",
    )


def _condition_fault(condition: Any, place: Place) -> DefineError:
    told = isinstance(condition, Expr)
    return DefineError(
        "where chooses among events by what their own rows say",
        at=place.at("where"),
        got=f"{condition.kind} {words(condition)}"[:160] if told else limit.shown(condition),
        want='a condition on the row: .where(payment["amount"] > 100)',
        hint=""
        if not told or of_one_event(condition)
        else "an aggregate, or another feature, is a value of the request and not of each event "
        "before it: compare it in the feature, with mm.where(condition, value, other)",
        code="define.expression.kind" if told else "define.value.sort",
    )


def _values(op: str, args: tuple[Expr, ...]) -> tuple[str, ...] | None:
    texts = args[1:] if op == "where" else args
    known = [a.values for a in texts if a.op != "literal" or a.value is not None]
    if op not in ("where", "otherwise") or any(v is None for v in known):
        return None
    return tuple(sorted({t for v in known if v for t in v}, key=lambda t: t.encode()))


def _one_stream(args: tuple[Expr, ...], place: Place) -> Stream | None:
    # An aggregate reads its own event by itself; what stands beside it reads the request.
    streams = {a.stream.name: a.stream for a in args if a.stream and a.op != "aggregate"}
    if len(streams) > 1:
        raise DefineError(
            "one expression reads two events",
            at=place.at(),
            got=" and ".join(sorted(streams)),
            want="fields of one event",
            hint="an aggregate brings values of other events to a request",
            code="define.expression.streams",
        )
    return next(iter(streams.values()), None)
