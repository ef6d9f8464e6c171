"""What changes from one plan to another, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mintmark.ground import short
from mintmark.plan.plan import Plan
from mintmark.plan.text import feature_lines


@dataclass(frozen=True)
class Change:
    """One difference: `kind` is "added", "removed" or "changed", of a feature or a part."""

    part: str  # "feature", "event", "label", "zone", "request"
    name: str
    kind: str
    old: str = ""
    new: str = ""

    def text(self) -> str:
        """Return the change as one or two lines."""
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        lines = [f"{sign} {self.part} {self.name}"]
        lines += [f"    {mark} {line}" for mark, line in (("-", self.old), ("+", self.new)) if line]
        return "\n".join(lines)


def diff(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Return what is added, removed and changed from one plan to another; nothing if equal.

    A feature is changed if its values can be others: its own expression, or any column, window or
    feature that it reads. Places in tables, which move when other features come or go, are not
    looked at.
    """
    changes: list[Change] = []
    if old.digest == new.digest:
        return ()
    if old.request != new.request:
        changes.append(Change("request", new.request, "changed", old.request, new.request))
    changes += _compared("feature", _features(old), _features(new))
    changes += _compared("event", _events(old), _events(new))
    changes += _compared("label", _label(old), _label(new))
    zones = [{z: (d, short(d)) for z, d in plan.zones.items()} for plan in (old, new)]
    return (*changes, *_compared("zone", *zones))


def _compared(
    part: str, old: dict[str, tuple[Any, str]], new: dict[str, tuple[Any, str]]
) -> list[Change]:
    changes = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            changes.append(Change(part, name, "added", new=new[name][1]))
        elif name not in new:
            changes.append(Change(part, name, "removed", old=old[name][1]))
        elif old[name][0] != new[name][0]:
            changes.append(Change(part, name, "changed", old[name][1], new[name][1]))
    return changes


def _features(plan: Plan) -> dict[str, tuple[Any, str]]:
    lines = feature_lines(plan)
    return {
        output.name: ((_meaning(plan, output.node), output.values), lines[output.name])
        for output in plan.outputs
    }


def _events(plan: Plan) -> dict[str, tuple[Any, str]]:
    return {str(form["name"]): (form, "") for form in plan.events}


def _label(plan: Plan) -> dict[str, tuple[Any, str]]:
    return {} if plan.label is None else {str(plan.label["field"]): (plan.label, "")}


def _meaning(plan: Plan, root: int) -> dict[int, Any]:
    """Return all that a node's value depends on, with the places of aggregates filled in."""
    known: dict[int, Any] = {}
    order: dict[int, int] = {}

    def visit(place: int) -> None:
        if place in order:
            return
        node = plan.nodes[place]
        for arg in node.args:
            visit(arg)
        order[place] = len(order)
        told: Any = node.value
        if node.op == "aggregate":
            assert isinstance(node.value, int)
            told = _aggregate(plan, node.value)
        known[order[place]] = (node.op, node.kind, told, [order[arg] for arg in node.args])

    visit(root)
    return known


def _aggregate(plan: Plan, place: int) -> Any:
    aggregate = plan.aggregates[place]
    group = plan.groups[aggregate.group]
    window = (aggregate.kind, aggregate.span_us, aggregate.offset_us, aggregate.include_current)
    if aggregate.column is None:
        return group.stream, group.roles, window, None
    column = plan.columns[aggregate.column]
    nodes = plan.event_nodes.get(column.stream, ())
    told = vars(column) | {"node": None if column.node is None else _tree(nodes, column.node)}
    return group.stream, group.roles, window, told


def _tree(nodes: Any, place: int) -> Any:
    node = nodes[place]
    return node.op, node.kind, node.value, [_tree(nodes, arg) for arg in node.args]
