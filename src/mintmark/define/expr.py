"""Expressions: what a feature computes, as a tree of frozen nodes that the user writes in Python.

`payment["amount"] / mm.ref("card_mean_30d")` computes nothing: it is the tree
`div(field amount, ref card_mean_30d)`, with the line on which it stands. A tree reads either one
row of one event, or, once it holds an aggregate or a reference, the row of a request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as slot
from typing import Any, Protocol, TypeAlias

from mintmark.define import kind as kinds
from mintmark.define import limit
from mintmark.define.fault import guarded, refuse_pan
from mintmark.define.field import Field, Kind, zone_name
from mintmark.define.operators import Operand, Operators
from mintmark.define.place import Place, user_place
from mintmark.ground import DefineError, format_span

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
class Expr(Operators):
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

    def _aggregated(self, how: str) -> Aggregate:
        return aggregated(how, self)

    def _calendar(self, op: str, zone: str) -> Expr:
        place = user_place()
        if self.op not in ("at", "field") or self.kind != "time":
            raise kind_fault(op, (self,), [self.kind], place)
        zone_name(zone or "", place, path="tz")
        return combined(op, self, value=zone)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Aggregate(Expr):
    """An aggregate over earlier events, completed by `.by(...)` and `.over(...)`.

    Attributes
    ----------
    how : str
        count sum mean std min max last distinct since_last.
    source : Expr, Outcome or None
        What is aggregated; None counts rows.
    filter : Expr or None
        Only events for which it is true take part.
    roles : tuple of str
        The keys that it is kept by, sorted.
    span_us : int or None
        Length of the window; None is a lifetime. Read only where `windowed`.
    offset_us : int
        How much earlier than the request the window ends.
    """

    how: str = "count"
    source: Any = None
    filter: Expr | None = None
    roles: tuple[str, ...] = ()
    span_us: int | None = None
    offset_us: int = 0
    include_current: bool = False
    windowed: bool = False

    @guarded
    def where(self, condition: Expr) -> Aggregate:
        """Return the aggregate of those events alone for which a condition on their row holds."""
        place = user_place()
        limit.instance(condition, Expr, place, path="where")
        if condition.kind != "flag" or condition.folded:
            raise kind_fault("where", (condition,), [condition.kind], place)
        if self.source is not None and not isinstance(self.source, Expr):
            raise DefineError(
                "an aggregate of an outcome takes no condition",
                at=place.at(),
                hint="aggregate a field with the condition, or leave the condition out",
                code="define.outcome.where",
            )
        both = condition if self.filter is None else combined("and", self.filter, condition)
        if self.stream is not None:
            _one_stream((self._row(), both), place)
        return self._with(filter=both)

    @guarded
    def by(self, *roles: str) -> Aggregate:
        """Return the aggregate kept for each value, or tuple of values, of some keys."""
        place = user_place()
        if self.roles or not roles or len(set(roles)) < len(roles):
            raise DefineError(
                "an aggregate is kept by one or more keys, said once",
                at=place.at("by"),
                got=", ".join(map(repr, roles)),
                want='.by("card") or .by("card", "terminal")',
                code="define.aggregate.by",
            )
        for role in roles:
            limit.name(role, place, path="by", what="a key")
        self._known_roles(self.stream, roles, place)
        return self._with(roles=tuple(sorted(roles)))

    @guarded
    def over(self, span: str, *, offset: str = "0s", include_current: bool = False) -> Aggregate:
        """Return the aggregate over a window: at - offset - span < at(e) <= at - offset.

        Parameters
        ----------
        span : str
            "30d", "1h" and so on, or "lifetime" for all of the past.
        offset : str
            How much earlier than the request the window ends; both edges move.
        include_current : bool
            Whether the request itself counts; only without offset and for its own event.
        """
        place = user_place()
        if self.windowed:
            raise DefineError(
                "an aggregate has one window",
                at=place.at("over"),
                got=span,
                code="define.aggregate.over",
            )
        span_us = None if span == "lifetime" else limit.span(span, place, path="over")
        offset_us = limit.span(offset, place, path="over.offset", zero=True)
        limit.one_of(include_current, (True, False), place, path="over.include_current")
        if include_current and (offset_us or self.how == "since_last"):
            raise DefineError(
                "the request itself cannot be in a window that ends before it"
                if offset_us
                else "the time since the request itself is always zero",
                at=place.at("over.include_current"),
                want="include_current=False",
                code="define.window.include_current",
            )
        return self._with(
            span_us=span_us, offset_us=offset_us, include_current=include_current, windowed=True
        )

    @property
    def said(self) -> bool:
        """Whether a key and a window are said."""
        return bool(self.roles) and (self.windowed or self.how == "since_last")

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
        if not self.windowed and self.how != "since_last":
            raise DefineError(
                "an aggregate does not say its window",
                at=place.at(),
                got=words(self),
                want='.over("30d"), or .over("lifetime")',
                code="define.aggregate.no_window",
            )

    def form(self) -> dict[str, Any]:
        """Return the canonical form of the aggregate."""
        return {
            "op": "aggregate",
            "how": self.how,
            "event": self.stream.name if self.stream else None,
            "source": None if self.source is None else self.source.form(),
            "where": None if self.filter is None else self.filter.form(),
            "by": list(self.roles),
            "span_us": self.span_us,
            "offset_us": self.offset_us,
            "include_current": self.include_current,
        }

    def _row(self) -> Expr:
        # Stands for the row of the event that is aggregated.
        return Expr(op="at", kind="time", stream=self.stream)

    def _with(self, **changed: Any) -> Aggregate:
        result: Aggregate = replace(self, **changed)
        return result

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


def aggregated(how: str, source: Expr) -> Aggregate:
    """Return an aggregate of an expression, if it is one that can be stored with its event."""
    place = user_place()
    stored = source.op in ("field", "key", "fixed", "at") or source.kind == "flag"
    if source.folded or source.stream is None or not stored:
        raise DefineError(
            f"{how} cannot be taken of this expression",
            at=place.at(),
            got=words(source),
            want="a field, a key, a comparison of fields, or an expression that ends in .fixed(n)",
            hint="an aggregate of an aggregate is two features" if source.folded else "",
            code="define.aggregate.source",
        )
    taken, gives = kinds.AGGREGATES[how]
    if source.kind not in taken or (source.op == "at") != (how == "since_last"):
        raise DefineError(
            f"{how} cannot be taken of this kind of value",
            at=place.at(),
            got=f"{source.kind} {words(source)}",
            want="event.at" if how == "since_last" else " or ".join(sorted(taken)),
            code="define.aggregate.kind",
        )
    return Aggregate(
        op="aggregate",
        how=how,
        source=source,
        kind=gives or source.kind,
        values=source.values if gives is None else None,
        stream=source.stream,
        folded=True,
    )


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
        if isinstance(value, Aggregate):
            value.finished(place)
        return value
    if value is None:
        return Expr(op="literal")
    if isinstance(value, bool):
        return Expr(op="literal", value=value, kind="flag")
    refuse_pan(value, place)
    if isinstance(value, str):
        return Expr(op="literal", value=value, kind="category", values=(value,))
    if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) <= _EXACT:
        number = int(value) if float(value).is_integer() else float(value)
        return Expr(op="literal", value=number, kind="number")
    raise DefineError(
        "a value cannot stand in an expression",
        at=place.at(),
        got=f"{type(value).__name__} {str(value)[:40]}",
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


def words(expr: Expr) -> str:
    """Return an expression as the text that a person would write for it."""
    if isinstance(expr, Aggregate):
        return _aggregate_words(expr)
    told = [words(arg) for arg in expr.args]
    if expr.op == "literal":
        return '"' + expr.value + '"' if isinstance(expr.value, str) else str(expr.value)
    if expr.op in ("field", "key"):
        return f"{expr.stream.name if expr.stream else ''}.{expr.value}"
    if expr.op == "at":
        return f"{expr.stream.name if expr.stream else ''}.at"
    if expr.op == "ref":
        return f"ref {expr.value}"
    if len(told) == 2 and expr.op in kinds.SIGNS:
        return f"({told[0]} {kinds.SIGNS[expr.op]} {told[1]})"
    if expr.value is not None:
        told.append(str(expr.value))
    return f"{expr.op}({', '.join(told)})"


def _values(op: str, args: tuple[Expr, ...]) -> tuple[str, ...] | None:
    texts = args[1:] if op == "where" else args
    known = [a.values for a in texts if a.op != "literal" or a.value is not None]
    if op not in ("where", "otherwise") or any(v is None for v in known):
        return None
    return tuple(sorted({t for v in known if v for t in v}, key=lambda t: t.encode()))


def _one_stream(args: tuple[Expr, ...], place: Place) -> Stream | None:
    # An aggregate reads its own event by itself; what stands beside it reads the request.
    streams = {a.stream.name: a.stream for a in args if a.stream and not isinstance(a, Aggregate)}
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


def _aggregate_words(a: Aggregate) -> str:
    source = "" if a.source is None else repr(a.source)
    stream = f"{a.stream.name}." if a.stream is not None and a.source is None else ""
    text = f"{stream}{a.how}({source})"
    if a.filter is not None:
        text += f" where {words(a.filter)}"
    if a.roles:
        text += f" by {', '.join(a.roles)}"
    if a.windowed:
        text += f" over {'lifetime' if a.span_us is None else format_span(a.span_us)}"
    return text + (f" offset {format_span(a.offset_us)}" if a.offset_us else "")
