"""What a part of a plan means, whatever place it has in the tables."""

from __future__ import annotations

from typing import Any

from mintmark.plan.node import Column
from mintmark.plan.plan import Plan


def meaning(plan: Plan, root: int) -> dict[int, Any]:
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


def column_meaning(plan: Plan, column: Column) -> dict[str, Any]:
    """Return a stored column with its expression in the place of the expression's place."""
    nodes = plan.event_nodes.get(column.stream, ())
    return vars(column) | {"node": None if column.node is None else _tree(nodes, column.node)}


def _aggregate(plan: Plan, place: int) -> Any:
    a = plan.aggregates[place]
    group = plan.groups[a.group]
    column = None if a.column is None else column_meaning(plan, plan.columns[a.column])
    kind = a.kind, plan.kinds.get(a.kind), a.params
    return group.stream, group.roles, group.request_roles, kind, vars(a.window), column


def _tree(nodes: Any, place: int) -> Any:
    node = nodes[place]
    return node.op, node.kind, node.value, [_tree(nodes, arg) for arg in node.args]
