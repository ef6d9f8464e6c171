"""What an aggregate takes: kinds of value, ranges, parameters; and what cannot be meant of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mintmark.define import limit
from mintmark.define.catalogue import SPAN, AggregateKind, aggregate_kind
from mintmark.define.place import Place
from mintmark.define.wording import words
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Aggregate, Expr, Taken

_ANY = (-(2**53), 2**53)
_BOUNDS = {
    "k": (1, limit.LONGEST_K),
    "share_ppm": (0, limit.PPM),
    "per_us": (1, limit.LONGEST_SPAN_US),
    "half_life_us": limit.HALF_LIFE_US,
}
"""What parameters of our own aggregates may be; a stranger's file says itself what it can read."""
LOOKED_UP_MAX = 10**13
"""The greatest stored integer of a table that an event can hold: floats tell it apart exactly."""


def refuse_untaken(kind: AggregateKind, of: Taken, place: Place) -> None:
    """Refuse to take an aggregate of a value, or of events, that its kind does not take."""
    rows = of.source is None
    if (rows and not kind.rows) or (not rows and of.kind not in kind.takes):
        outcome = not rows and not hasattr(of.source, "op")
        raise DefineError(
            f"{kind.name} cannot be taken of this kind of value",
            at=place.at(),
            got=f"{of.stream.name if of.stream else 'request'}: events, no value"
            if rows
            else f"{of.kind} {of.source!r}",
            want=" or ".join(kind.takes),
            code="define.aggregate.kind" if not outcome else "define.outcome.kind",
        )
    if kind.own and not rows and not hasattr(of.source, "op"):
        raise DefineError(
            f"{kind.name} asks for the request's own outcome, which nobody knows yet",
            at=place.at(),
            got=repr(of.source),
            want="a field or a key",
            code="define.outcome.kind",
        )
    if kind.largest is not None and not rows and of.largest > kind.largest:
        raise DefineError(
            f"the values range too wide for {kind.name}",
            at=place.at(),
            got=f"up to {of.largest} in stored units",
            want=f"up to {kind.largest}",
            hint="declare how large they can be, mm.Integer(limit=10**9), or end in .fixed(n)",
            code="define.aggregate.range",
        )


def parameters(
    kind: AggregateKind, given: Mapping[str, Any], place: Place
) -> tuple[tuple[str, int], ...]:
    """Return the parameters of an aggregate in the order of its kind, each a whole number."""
    wanted = [name for name in kind.params if name != SPAN]
    if sorted(given) != sorted(wanted):
        raise DefineError(
            f"{kind.name} takes other parameters",
            at=place.at(),
            got=", ".join(sorted(given)) or "none",
            want=", ".join(wanted) or "none",
            code="define.aggregate.params",
        )
    for name in wanted:
        low, high = _BOUNDS.get(name, _ANY) if kind.ours else _ANY
        limit.whole(given[name], place, path=name, low=low, high=high)
    if kind.ours and "tick_us" in given:
        _ticks(kind.name, given["half_life_us"] // limit.TICKS, given["tick_us"], place)
    return tuple((name, int(given[name])) for name in wanted)


def _ticks(name: str, wanted: int, given: int, place: Place) -> None:
    if given != wanted:
        raise DefineError(
            f"{name} cuts a half-life into {limit.TICKS} ticks",
            at=place.at("tick_us"),
            got=given,
            want=wanted,
            hint=f'say .{name}(half_life="7d"), which reckons it',
            code="define.aggregate.params",
        )


def refuse_unmeant(a: Aggregate, place: Place) -> None:
    """Refuse a window and keys that make no sense together, or with the kind of the aggregate."""
    kind = aggregate_kind(a.how, place)
    looked_up = a.roles != a.request_roles
    if a.window is not None and a.window.include_current:
        if a.how == "since_last" or kind.own:
            raise _current(
                "the time since the request itself is always zero"
                if a.how == "since_last"
                else f"{a.how} compares the request with others, not with itself",
                place,
            )
        if looked_up:
            raise _current("the request is not among the events of a key of another role", place)
    if kind.own and looked_up:
        raise DefineError(
            f"{a.how} compares the request with events of the same keys",
            at=place.at("by"),
            got=words(a),
            want='.by("card")',
            code="define.aggregate.own",
        )
    if SPAN in kind.params and a.window is not None and a.window.span_us is None:
        raise DefineError(
            f"{a.how} needs the length of its window",
            at=place.at("over"),
            got=a.window.words(),
            want='a span: .over("30d")',
            code="define.window.span",
        )


def lookups_in(expr: Expr | None) -> list[Any]:
    """Return what an expression looks up in tables, itself among it."""
    found: list[Any] = []
    stack = [] if expr is None else [expr]
    while stack:
        node = stack.pop()
        stack += node.args
        if getattr(node, "looked_up", False):
            found.append(node)
    return found


def of_one_event(expr: Expr) -> bool:
    """Return whether an expression is known when its event comes: of its row, and of tables."""
    stack = [expr]
    while stack:
        node = stack.pop()
        stack += node.args
        if node.op == "ref" or (node.op == "aggregate" and not getattr(node, "looked_up", False)):
            return False
    return True


def refuse_looked_up(how: str, source: Expr, place: Place) -> None:
    """Refuse what cannot be stored with an event of what is looked up when it comes."""
    for node in lookups_in(source):
        field = node.source.field
        known = node.kind in ("number", "flag") and field is not None
        if known and field.largest <= LOOKED_UP_MAX and node is not source:
            continue
        raise DefineError(
            f"{how} cannot be taken of this value of a table",
            at=place.at(),
            got=words(source),
            want=f"an expression that ends in .fixed(n), of numbers up to {LOOKED_UP_MAX}",
            hint="what is looked up when an event comes is stored with it as a number: declare how "
            "large it can be, mm.Integer(limit=10**9)",
            code="define.aggregate.lookup",
        )


def _current(what: str, place: Place) -> DefineError:
    return DefineError(
        what,
        at=place.at("over.include_current"),
        want="include_current=False",
        code="define.window.include_current",
    )
