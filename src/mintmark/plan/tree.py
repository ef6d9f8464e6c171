"""Trees and the table that shares their equal parts (hash-consing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mintmark.plan.node import Kind, Node, Scalar


@dataclass(frozen=True)
class Tree:
    """An expression as plain values: what a `Node` says, its arguments in place of their places."""

    op: str
    args: tuple[Tree, ...] = ()
    value: Scalar = None
    kind: Kind = "number"

    def form(self) -> list[Any]:
        """Return the tree as plain values, for ordering and comparing."""
        return [self.op, self.kind, self.value, [arg.form() for arg in self.args]]


class Table:
    """A table of nodes in which equal expressions have one place; arguments come first."""

    def __init__(self) -> None:
        self._places: dict[tuple[Any, ...], int] = {}
        self._trees: dict[int, tuple[Tree, int]] = {}
        self.nodes: list[Node] = []

    def place(self, tree: Tree) -> int:
        """Return the place of an expression, added with its arguments where it is new."""
        known = self._trees.get(id(tree))
        if known is not None:
            return known[1]
        args = tuple(self.place(arg) for arg in tree.args)
        # 1, 1.0 and True are equal in Python and are three values here.
        key = (tree.op, args, type(tree.value), tree.value, tree.kind)
        place = self._places.setdefault(key, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(Node(tree.op, args, tree.value, tree.kind))
        self._trees[id(tree)] = (tree, place)
        return place
