"""Arrays: several expressions under one name, each a feature of its own in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as slot
from typing import TYPE_CHECKING, Any

from mintmark.define.fault import Named, guarded
from mintmark.define.place import Place, user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Expr


@dataclass(frozen=True, eq=False, repr=False)
class Array(Named):
    """Several expressions in order; as the feature `name` they become `name_0`, `name_1`, ...

    An array of aggregates is completed as one aggregate is: `amount.lags(5).by("card")`. One of
    its expressions by itself is `array[0]`.
    """

    items: tuple[Expr, ...]
    place: Place = slot(default_factory=user_place, init=False)

    @guarded
    def where(self, condition: Expr) -> Array:
        """Return the aggregates of those events alone for which a condition holds."""
        return self._each("where", lambda item: item.where(condition))

    @guarded
    def by(self, *roles: str, **roles_of: str) -> Array:
        """Return the aggregates kept for each value of some keys."""
        return self._each("by", lambda item: item.by(*roles, **roles_of))

    @guarded
    def over(self, span: str | None = None, **window: Any) -> Array:
        """Return the aggregates over a window, said as for one aggregate."""
        return self._each("over", lambda item: item.over(span, **window))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Expr]:
        return iter(self.items)

    def __getitem__(self, place: int) -> Expr:
        return self.items[place]

    def __repr__(self) -> str:
        return "[" + ", ".join(map(repr, self.items)) + "]"

    def _each(self, what: str, change: Callable[[Any], Any]) -> Array:
        if any(item.op != "aggregate" for item in self.items):
            raise DefineError(
                f"an array of row expressions has no .{what}()",
                at=user_place().at(what),
                got=repr(self)[:80],
                code="define.array.aggregate",
            )
        return Array(tuple(change(item) for item in self.items))
