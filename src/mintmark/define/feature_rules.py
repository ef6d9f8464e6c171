"""What must hold among the features of a block, beyond each expression by itself.

Every rule yields the faults that it finds, so that all are reported at once. What a reference leads
to may be unknown or go in a circle; then its kind is not known, and fits everywhere.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mintmark.define import kind as kinds
from mintmark.define import limit
from mintmark.define.catalogue import aggregate_kind
from mintmark.define.expr import Aggregate, Expr, kind_fault
from mintmark.define.kind import MaybeKind
from mintmark.define.place import Place
from mintmark.define.taking import lookups_in
from mintmark.define.window import Window
from mintmark.define.wording import words
from mintmark.ground import DefineError, MintmarkError, format_span

Expressions = Mapping[str, Expr]


def faults_of(
    event: Any, expressions: Expressions, place: Place, *, known: Collection[str]
) -> list[MintmarkError]:
    """Return every fault of a block of features.

    `known` are all its names, those of features that are already known to be faulty among them.
    """
    found: list[MintmarkError] = list(_misnamed(expressions, place))
    sound = {name: expr for name, expr in expressions.items() if isinstance(expr, Expr)}
    found += _unfinished(sound)
    for rule in (_rows, _windows):
        found += rule(event, sound)
    return [*found, *_unknown_refs(sound, known), *_cycles(sound), *_kinds(sound)]


def nodes_of(expr: Expr) -> Iterator[Expr]:
    """Yield the nodes of a tree that read the request's row, aggregates as one node each."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.args)


def refs_of(expr: object) -> set[str]:
    """Return the names of the features that an expression refers to."""
    nodes = nodes_of(expr) if isinstance(expr, Expr) else ()
    return {str(node.value) for node in nodes if node.op == "ref"}


def kinds_of(expressions: Expressions) -> Callable[[Expr], MaybeKind]:
    """Return a function that gives the kind of any node, references followed."""
    known: dict[int, MaybeKind] = {}

    def kind(expr: Expr) -> MaybeKind:
        if id(expr) not in known:
            known[id(expr)] = None  # what a circle of references comes back to
            known[id(expr)] = _kind(expr)
        return known[id(expr)]

    def _kind(expr: Expr) -> MaybeKind:
        if expr.op == "ref":
            target = expressions.get(str(expr.value))
            return None if target is None else kind(target)
        if not expr.args:
            return expr.kind
        args = [kind(arg) for arg in expr.args]
        fits, gives = kinds.result(expr.op, args)
        if not fits:
            raise kind_fault(expr.op, expr.args, args, expr.place)
        return gives

    return kind


def values_of(expr: Expr, expressions: Expressions) -> tuple[str, ...] | None:
    """Return all the texts that a category can be, references followed, or None."""
    for _ in expressions:
        if expr.op == "ref" and str(expr.value) in expressions:
            expr = expressions[str(expr.value)]
    if expr.op in ("where", "otherwise"):
        texts = expr.args[1:] if expr.op == "where" else expr.args
        parts = [values_of(a, expressions) for a in texts if not _null(a)]
        if any(part is None for part in parts):
            return None
        return tuple(sorted({t for part in parts for t in part or ()}, key=lambda t: t.encode()))
    return expr.values


def _null(expr: Expr) -> bool:
    return expr.op == "literal" and expr.value is None


def _misnamed(expressions: Mapping[str, object], place: Place) -> Iterator[MintmarkError]:
    for name, expr in expressions.items():
        path = f"$.features.{name}"
        try:
            limit.name(name, place, path=path, what="a feature")
        except DefineError as error:
            yield error
        if not isinstance(expr, Expr):
            outcome = type(expr).__name__ == "Outcome"
            yield DefineError(
                f'feature "{name}" is not an expression',
                at=place.at(path),
                got=f"{type(expr).__name__} {expr!r}"[:80],
                want='mm.count().by("card").over("1d"), payment["amount"] / 2',
                hint="say what is taken of the outcome: .mean(), .sum()" if outcome else "",
                code="define.feature.sort",
            )


def _unfinished(expressions: Expressions) -> Iterator[MintmarkError]:
    for name, expr in expressions.items():
        if isinstance(expr, Aggregate):
            try:
                expr.finished(expr.place)
            except DefineError as error:
                yield _moved(error, expr, name)


def _rows(event: Any, expressions: Expressions) -> Iterator[MintmarkError]:
    """A row expression reads the request; what it says of others comes by an aggregate."""
    for name, expr in expressions.items():
        for node in nodes_of(expr):
            direct = node.op in ("field", "key", "at")
            if direct and node.stream is not None and node.stream is not event:
                yield DefineError(
                    f'feature "{name}" reads a row of another event',
                    at=node.place.at(f"$.features.{name}"),
                    got=words(node),
                    want=f'a field of "{event.name}"',
                    hint=f"an aggregate brings values of other events: {words(node)}.last()",
                    code="define.feature.stream",
                )


def _windows(event: Any, expressions: Expressions) -> Iterator[MintmarkError]:
    for name, expr in expressions.items():
        for node in nodes_of(expr):
            if isinstance(node, Aggregate) and node.said:
                for rule in (_keys, _beyond_keep, _current):
                    yield from rule(event, node, name)
                for part in (node.source, node.filter):
                    for lookup in lookups_in(part) if isinstance(part, Expr) else ():
                        yield from _keys(node.stream or event, lookup, name)


def _keys(event: Any, node: Aggregate, name: str) -> Iterator[MintmarkError]:
    stream: Any = node.stream or event
    if node.filter is not None and node.filter.stream not in (None, stream):
        yield DefineError(
            f'feature "{name}" asks a condition of another event than it aggregates',
            at=node.filter.place.at(f"$.features.{name}.where"),
            got=words(node.filter),
            want=f'fields of "{stream.name}"',
            code="define.aggregate.where",
        )
    for role, ours in zip(node.roles, node.request_roles, strict=True):
        for side, asked in dict.fromkeys(((stream, role), (event, ours))):
            if asked not in side.keys:
                yield DefineError(
                    f'event "{side.name}" has no key "{asked}"',
                    at=node.place.at(f"$.features.{name}.by"),
                    hint=limit.close(asked, side.keys),
                    code="define.key.unknown",
                )
        if role in stream.keys and ours in event.keys:
            held, given = stream.keys[role], event.keys[ours]
            if (held.name, held.type) != (given.name, given.type):
                yield DefineError(
                    f'key "{role}" of "{stream.name}" is another entity than '
                    f'key "{ours}" of "{event.name}"',
                    at=node.place.at(f"$.features.{name}.by"),
                    got=f"{held.name} ({held.type})",
                    want=f"{given.name} ({given.type})",
                    code="define.key.entity",
                )


def _beyond_keep(event: Any, node: Aggregate, name: str) -> Iterator[MintmarkError]:
    stream: Any = node.stream or event
    keep, window = stream.keep_us, node.frame
    if keep is None or window is None:
        return
    back = window.reach_us
    if back is not None and window.edges[0] == "[":
        back -= 1  # an event of just that age is still there
    if back is None or back > keep:
        needs = "" if back is None else f'keep="{format_span(back)}"'
        yield DefineError(
            f'feature "{name}" looks back further than its event is kept',
            at=node.place.at(f"$.features.{name}.over"),
            got=_length(window),
            want=f'<= {format_span(keep)}  (event "{stream.name}" keeps {format_span(keep)})',
            hint=f'shorten the window, or set {needs or "no keep"} on event "{stream.name}"',
            code="define.window.beyond_keep",
        )


def _length(window: Window) -> str:
    offset = f" offset {format_span(window.offset_us)}" if window.offset_us else ""
    return replace(window, offset_us=0, include_current=False).words() + offset


def _current(event: Any, node: Aggregate, name: str) -> Iterator[MintmarkError]:
    if node.stream in (None, event):
        return
    if node.frame is not None and node.frame.include_current:
        yield DefineError(
            f'feature "{name}" counts the request among the events of another stream',
            at=node.place.at(f"$.features.{name}.over.include_current"),
            got=node.stream.name if node.stream else "",
            want=f"include_current=True only with {event.name}",
            code="define.window.include_current",
        )
    if aggregate_kind(node.how).own:
        yield DefineError(
            f'feature "{name}" compares the request with the events of another stream',
            at=node.place.at(f"$.features.{name}"),
            got=words(node),
            want=f"{node.how} of a field of {event.name}",
            code="define.aggregate.own",
        )


def _unknown_refs(expressions: Expressions, known: Collection[str]) -> Iterator[MintmarkError]:
    for name, expr in expressions.items():
        for node in nodes_of(expr):
            if node.op == "ref" and node.value not in known:
                yield DefineError(
                    f'feature "{name}" refers to "{node.value}", which is no feature',
                    at=node.place.at(f"$.features.{name}"),
                    hint=limit.close(str(node.value), known),
                    code="define.ref.unknown",
                )


def _cycles(expressions: Expressions) -> Iterator[MintmarkError]:
    """Each circle is told once, from the first of its names."""
    refs = {name: sorted(refs_of(expr)) for name, expr in expressions.items()}
    told: set[str] = set()
    for name in sorted(refs):
        circle = None if name in told else _circle(name, refs)
        if circle:
            told.update(circle)
            yield DefineError(
                "features refer to each other in a circle",
                at=expressions[name].place.at(f"$.features.{name}"),
                got=" -> ".join([*circle, name]),
                want="a feature that does not need itself",
                code="define.ref.cycle",
            )


def _circle(start: str, refs: Mapping[str, list[str]]) -> list[str] | None:
    # Depth first, without recursion: the way back to the start, if there is one.
    came_from: dict[str, str] = {}
    stack = [start]
    while stack:
        here = stack.pop()
        for there in refs.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if there not in came_from:
                came_from[there] = here
                stack.append(there)
    return None


def _kinds(expressions: Expressions) -> Iterator[MintmarkError]:
    kind = kinds_of(expressions)
    for name, expr in expressions.items():
        try:
            gives = kind(expr)
        except DefineError as error:
            yield _moved(error, expr, name)
            continue
        if gives == "time":
            yield DefineError(
                f'feature "{name}" is a time, which no model can learn from',
                at=expr.place.at(f"$.features.{name}"),
                want='a number: .hour(tz="UTC"), a difference of two times',
                code="define.feature.time",
            )
        if gives == "category" and values_of(expr, expressions) is None:
            yield DefineError(
                f'feature "{name}" is a category whose values are not declared',
                at=expr.place.at(f"$.features.{name}"),
                got=words(expr),
                want='fields={"country": mm.Category(["BE", "FR"])}, or a comparison',
                code="define.feature.category",
            )


def _moved(error: DefineError, expr: Expr, name: str) -> DefineError:
    # The same error, told at the feature it belongs to.
    line = error.at.split("   ")[0] or expr.place.at()
    return DefineError(
        error.what,
        at=f"{line}   $.features.{name}",
        got=error.got,
        want=error.want,
        hint=error.hint,
        code=error.code,
    )
