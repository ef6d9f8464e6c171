"""From features to a plan, by a short list of passes.

Each pass fills in one part of a draft from the parts before it. What a pass writes is sorted by
content and never by the order of definition, so that the order of files, keywords and lines cannot
reach the digest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mintmark import define
from mintmark.define import CALENDAR, Expr, Features, Label, aggregate_kind
from mintmark.ground import canonical
from mintmark.plan.holidays import holiday_digest
from mintmark.plan.kinds import kind_digests
from mintmark.plan.node import Aggregate, Column, Group, Kind, Node, Output, Window
from mintmark.plan.plan import Plan
from mintmark.plan.tree import Table, Tree
from mintmark.plan.zones import zone_digest


@dataclass(frozen=True)
class Draft:
    """A plan in the making.

    `wanted` holds, by its canonical bytes, each aggregate that an output needs; `stored` the
    column of each, if it has one, by the same bytes.
    """

    features: Features
    label: Label | None
    order: tuple[str, ...] = ()
    wanted: Mapping[bytes, define.Aggregate] = field(default_factory=dict)
    stored: Mapping[bytes, bytes] = field(default_factory=dict)
    specs: Mapping[bytes, tuple[Column, Tree | None]] = field(default_factory=dict)
    event_nodes: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    groups: tuple[Group, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    places: Mapping[bytes, int] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    outputs: tuple[Output, ...] = ()


def compile_plan(features: Features, *, label: Label | None = None) -> Plan:
    """Return the plan of some features.

    Parameters
    ----------
    features : Features
        Its outputs become the plan's, by name; features that nothing needs leave no trace.
    label : Label or None
        The label that a model learns from these features; its event is then read too.

    Returns
    -------
    Plan

    Cost: a few milliseconds; 0.1 s more for each time zone, once a process.
    """
    draft = Draft(features, label)
    for step in PASSES:
        draft = run_pass(step, draft)
    return _sealed(draft)


def run_pass(step: Callable[[Draft], Draft], draft: Draft) -> Draft:
    """Run one pass and hold it to the rule that it changes no features and no label."""
    after = step(draft)
    assert after.features is draft.features, step.__name__
    assert after.label is draft.label, step.__name__
    return after


def order_features(draft: Draft) -> Draft:
    """Order the features that the outputs need so that each comes after those it refers to."""
    order: list[str] = []
    done: set[str] = set()
    stack = [(name, False) for name in reversed(draft.features.names)]
    while stack:
        name, ready = stack.pop()
        if ready:
            order.append(name)
        elif name not in done:
            done.add(name)
            stack.append((name, True))
            refs = {str(n.value) for n in _nodes(draft.features.expressions[name]) if n.op == "ref"}
            stack += [(ref, False) for ref in sorted(refs - done, reverse=True)]
    return replace(draft, order=_after_references(draft.features, order))


def want_aggregates(draft: Draft) -> Draft:
    """Find each different aggregate that is needed, once."""
    wanted: dict[bytes, define.Aggregate] = {}
    for name in draft.order:
        for node in _nodes(draft.features.expressions[name]):
            if isinstance(node, define.Aggregate):
                for one in (node, *_beside(node)):
                    wanted.setdefault(_identity(one, draft.features), one)
    return replace(draft, wanted=dict(sorted(wanted.items())))


def store_columns(draft: Draft) -> Draft:
    """Give each aggregate the column that it reads; equal columns are one."""
    stored: dict[bytes, bytes] = {}
    specs: dict[bytes, tuple[Column, Tree | None]] = {}
    for identity, aggregate in draft.wanted.items():
        column, tree = _column(aggregate, _stream(aggregate, draft.features))
        if column is None:
            continue
        form = [*vars(column).values(), None if tree is None else tree.form()]
        stored[identity] = canonical(form)
        specs[stored[identity]] = column, tree
    return replace(draft, stored=stored, specs=dict(sorted(specs.items())))


def number_columns(draft: Draft) -> Draft:
    """Number the columns, and the expressions over one event that feed them."""
    tables: dict[str, Table] = {}
    columns = []
    for column, tree in draft.specs.values():
        if tree is not None:
            table = tables.setdefault(column.stream, Table())
            column = replace(column, node=table.place(tree))
        columns.append(column)
    event_nodes = {name: tuple(tables[name].nodes) for name in sorted(tables)}
    return replace(draft, columns=tuple(columns), event_nodes=event_nodes)


def group_keys(draft: Draft) -> Draft:
    """Bring aggregates of one stream and the same keys together in one state."""
    place_of = {spec: place for place, spec in enumerate(draft.specs)}
    used: dict[Keys, set[int]] = {}
    for identity, aggregate in draft.wanted.items():
        columns = used.setdefault(_group_of(aggregate, draft.features), set())
        if identity in draft.stored:
            columns.add(place_of[draft.stored[identity]])
    groups = tuple(
        Group(keys[0], keys[1], tuple(sorted(used[keys])), *keys[2:]) for keys in sorted(used)
    )
    return replace(draft, groups=groups)


def number_aggregates(draft: Draft) -> Draft:
    """Number the aggregates by group, column and window."""
    place_of = {spec: place for place, spec in enumerate(draft.specs)}
    group_at = {
        (g.stream, g.roles, g.request_roles, g.every): i for i, g in enumerate(draft.groups)
    }
    made: dict[bytes, Aggregate] = {}
    for identity, aggregate in draft.wanted.items():
        spec = draft.stored.get(identity)
        made[identity] = Aggregate(
            group=group_at[_group_of(aggregate, draft.features)],
            kind=aggregate.how,
            column=None if spec is None else place_of[spec],
            window=Window(**vars(aggregate.frame)),
            params=aggregate.numbers(),
        )
    aggregates = sorted(set(made.values()), key=_window_order)
    places = {identity: aggregates.index(made[identity]) for identity in made}
    return replace(draft, aggregates=tuple(aggregates), places=places)


def number_rows(draft: Draft) -> Draft:
    """Number the expressions over a request's row; references become the nodes they name."""
    expressions = draft.features.expressions
    kind = define.kinds_of(expressions)
    trees: dict[str, Tree] = {}

    def tree(expr: Expr) -> Tree:
        if expr.op == "ref":
            return trees[str(expr.value)]
        kind_of = kind(expr) or "number"
        if isinstance(expr, define.Aggregate):
            return _read(expr, draft)
        return _tree(expr, tuple(tree(arg) for arg in expr.args), kind_of)

    for name in draft.order:
        trees[name] = tree(expressions[name])
    table = Table()
    outputs = tuple(
        Output(name, table.place(trees[name]), _values(name, trees[name], expressions))
        for name in draft.features.names
    )
    return replace(draft, nodes=tuple(table.nodes), outputs=outputs)


PASSES = (
    order_features,
    want_aggregates,
    store_columns,
    number_columns,
    group_keys,
    number_aggregates,
    number_rows,
)


def _sealed(draft: Draft) -> Plan:
    events = {draft.features.event.name: draft.features.event}
    for aggregate in draft.wanted.values():
        stream: Any = _stream(aggregate, draft.features)
        events[stream.name] = stream
        if isinstance(aggregate.source, define.Outcome):
            events[aggregate.source.label.event.name] = aggregate.source.label.event
        events |= {table.name: table for table in define.tables_of(aggregate)}
    if draft.label is not None:
        events[draft.label.event.name] = draft.label.event
        events[draft.label.of.name] = draft.label.of
    for name in tuple(events):
        events |= {reversal.name: reversal for reversal in events[name].reversals}
    zones, countries = _clocks(draft)
    return Plan(
        request=draft.features.event.name,
        events=tuple(events[name].form() for name in sorted(events)),
        label=draft.label.form() if draft.label else None,
        event_nodes=draft.event_nodes,
        columns=draft.columns,
        groups=draft.groups,
        aggregates=draft.aggregates,
        nodes=draft.nodes,
        outputs=draft.outputs,
        zones={name: zone_digest(name) for name in sorted(zones)},
        holidays={code: holiday_digest(code) for code in sorted(countries)},
        kinds=kind_digests(a.kind for a in draft.aggregates),
    )


def _clocks(draft: Draft) -> tuple[set[str], set[str]]:
    """Return the time zones and the countries that nodes and windows read."""
    zones = {a.window.zone for a in draft.aggregates if a.window.zone is not None}
    countries = set()
    for table in (draft.nodes, *draft.event_nodes.values()):
        for node in table:
            if node.op == "holiday":
                country, zone = str(node.value).split("|")
                countries.add(country)
                zones.add(zone)
            elif node.op in CALENDAR:
                zones.add(str(node.value))
    return zones, countries


def _after_references(features: Features, order: list[str]) -> tuple[str, ...]:
    # A name pushed twice may be ready before a reference that another way reached first.
    placed: dict[str, None] = {}
    waiting = list(order)
    while waiting:
        later = []
        for name in waiting:
            refs = {str(n.value) for n in _nodes(features.expressions[name]) if n.op == "ref"}
            if refs <= placed.keys():
                placed[name] = None
            else:
                later.append(name)
        assert len(later) < len(waiting), "a circle of references passed the definitions"
        waiting = later
    return tuple(placed)


def _nodes(expr: Expr) -> list[Expr]:
    return list(define.nodes_of(expr))


def _stream(aggregate: define.Aggregate, features: Features) -> Any:
    return aggregate.stream or features.event


Keys: TypeAlias = "tuple[str, tuple[str, ...], tuple[str, ...], bool]"


def _group_of(aggregate: define.Aggregate, features: Features) -> Keys:
    stream = _stream(aggregate, features)
    # Where no event can leave, all that came is all that there is.
    every = aggregate.came and (stream.revision is not None or bool(stream.reversals))
    return stream.name, aggregate.roles, aggregate.request_roles, every


def _identity(aggregate: define.Aggregate, features: Features) -> bytes:
    # What stands in for an empty window is no part of the aggregate itself.
    form = aggregate.form() | {"event": _stream(aggregate, features).name, "empty": None}
    return canonical(form)


def _beside(aggregate: define.Aggregate) -> tuple[define.Aggregate, ...]:
    """Return the counts that say whether a window is empty, or cut, where that matters."""
    beside = []
    frame = aggregate.frame
    if aggregate.empty is not None:
        beside.append(
            replace(aggregate, how="count", params=(), kind="number", empty=None, window=frame)
        )
    if frame is not None and frame.cap is not None:
        beside.append(aggregate.rows())
    return tuple(beside)


def _read(aggregate: define.Aggregate, draft: Draft) -> Tree:
    """Return what reads an aggregate, its value for an empty window put in."""
    # A flag that may be a number where it is empty is read as the flag that it is.
    plain = aggregate_kind(aggregate.how).gives or _source_kind(aggregate)
    place = draft.places[_identity(aggregate, draft.features)]
    read = Tree("aggregate", (), place, plain)
    counts = [draft.places[_identity(one, draft.features)] for one in _beside(aggregate)]
    if aggregate.empty is not None:
        empty = _row_tree(aggregate.empty)
        kind = aggregate.kind or "number"
        read = Tree("where", (_more_than(counts[0], 0), read, empty), None, kind)
    cap = None if aggregate.frame is None else aggregate.frame.cap
    if cap is not None:
        null = Tree("literal", (), None, read.kind)
        read = Tree("where", (_more_than(counts[-1], cap), null, read), None, read.kind)
    return read


def _more_than(count: int, most: int) -> Tree:
    return Tree("gt", (Tree("aggregate", (), count), Tree("literal", (), most)), None, "flag")


def _source_kind(aggregate: define.Aggregate) -> Kind:
    source = aggregate.source
    kind = source.label.kind if isinstance(source, define.Outcome) else source.kind
    return kind or "number"


def _window_order(a: Aggregate) -> tuple[Any, ...]:
    # None stands before every number.
    window = [(value is not None, value) for value in vars(a.window).values()]
    return a.group, a.kind, -1 if a.column is None else a.column, a.params, window


def _column(aggregate: define.Aggregate, stream: Any) -> tuple[Column | None, Tree | None]:
    source = aggregate.source
    mask = None if aggregate.filter is None else _row_tree(aggregate.filter)
    if isinstance(source, define.Outcome):
        label = source.label
        column = Column(
            stream=stream.name,
            source="outcome",
            node=None,
            scale=label.scale,
            kind=label.kind,
            label=label.key,
            settles_us=source.settles_us,
            otherwise=label.otherwise_stored,
        )
        return column, mask
    if source is None and mask is None:
        return None, None
    # Any value that is not null will do where rows are only counted.
    tree = Tree("literal", (), 1) if source is None else _row_tree(source)
    if mask is not None:
        null = Tree("literal", (), None, tree.kind)
        tree = Tree("where", (mask, tree, null), None, tree.kind)
    scale = 0 if source is None else _scale(source)
    return Column(stream.name, "expr", None, scale, tree.kind), tree


def _scale(source: Expr) -> int:
    if source.op == "fixed":
        assert isinstance(source.value, int)
        return source.value
    return source.field.scale if source.field is not None else 0


def _row_tree(expr: Expr) -> Tree:
    if isinstance(expr, define.Lookup):
        # Of the row of an event: what the table said when the event came.
        table: Any = expr.stream
        name = f"{table.name}.{expr.source.value}|{expr.request_roles[0]}"
        return Tree("lookup", (), name, expr.kind or "number")
    return _tree(expr, tuple(_row_tree(arg) for arg in expr.args), expr.kind or "number")


def _tree(expr: Expr, args: tuple[Tree, ...], kind: Any) -> Tree:
    op = "text" if expr.op == "literal" and isinstance(expr.value, str) else expr.op
    if expr.op in ("where", "otherwise", "eq", "ne"):
        args = _kinded(args)
    return Tree(op, args, expr.value, kind)


def _kinded(args: tuple[Tree, ...]) -> tuple[Tree, ...]:
    # A null takes the kind of what stands beside it.
    known = [a.kind for a in args if not _null(a)]
    return tuple(replace(a, kind=known[-1]) if _null(a) and known else a for a in args)


def _null(tree: Tree) -> bool:
    return tree.op == "literal" and tree.value is None


def _values(name: str, tree: Tree, expressions: Mapping[str, Expr]) -> tuple[str, ...] | None:
    if tree.kind != "category":
        return None
    return define.values_of(expressions[name], expressions)
