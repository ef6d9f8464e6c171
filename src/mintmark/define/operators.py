"""What can be written with an expression: the operators, and what stands close to them.

This file is the surface alone; `expr` holds the nodes and checks what they are made of. Functions
of numbers, texts and times are in `functions`, aggregates in `aggregates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from mintmark.define import limit
from mintmark.define.fault import Named, guarded
from mintmark.define.place import user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Expr

Operand: TypeAlias = "Operators | int | float | str | bool | None"


class Operators(Named):
    """The operators and methods that every expression has."""

    def _combined(self, op: str, *operands: Operand, value: Any = None) -> Expr:
        """Return the node of an operation."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        raise DefineError(
            "an expression is neither true nor false while it is being defined",
            at=user_place().at(),
            want="& | ~ and mm.where(...) in place of and, or, not, if and a < b < c",
            code="define.expression.truth",
        )

    @guarded
    def __iter__(self) -> Any:
        raise DefineError(
            "an expression has no parts to walk over",
            at=user_place().at(),
            code="define.expression.walk",
        )

    @guarded
    def __add__(self, other: Operand) -> Expr:
        return self._combined("add", self, other)

    @guarded
    def __radd__(self, other: Operand) -> Expr:
        return self._combined("add", other, self)

    @guarded
    def __sub__(self, other: Operand) -> Expr:
        return self._combined("sub", self, other)

    @guarded
    def __rsub__(self, other: Operand) -> Expr:
        return self._combined("sub", other, self)

    @guarded
    def __mul__(self, other: Operand) -> Expr:
        return self._combined("mul", self, other)

    @guarded
    def __rmul__(self, other: Operand) -> Expr:
        return self._combined("mul", other, self)

    @guarded
    def __truediv__(self, other: Operand) -> Expr:
        return self._combined("div", self, other)

    @guarded
    def __rtruediv__(self, other: Operand) -> Expr:
        return self._combined("div", other, self)

    @guarded
    def __neg__(self) -> Expr:
        return self._combined("neg", self)

    @guarded
    def __abs__(self) -> Expr:
        return self._combined("abs", self)

    @guarded
    def __eq__(self, other: Operand) -> Expr:  # type: ignore[override]
        return self._combined("eq", self, other)

    @guarded
    def __ne__(self, other: Operand) -> Expr:  # type: ignore[override]
        return self._combined("ne", self, other)

    @guarded
    def __lt__(self, other: Operand) -> Expr:
        return self._combined("lt", self, other)

    @guarded
    def __le__(self, other: Operand) -> Expr:
        return self._combined("le", self, other)

    @guarded
    def __gt__(self, other: Operand) -> Expr:
        return self._combined("gt", self, other)

    @guarded
    def __ge__(self, other: Operand) -> Expr:
        return self._combined("ge", self, other)

    @guarded
    def __and__(self, other: Operand) -> Expr:
        return self._combined("and", self, other)

    @guarded
    def __rand__(self, other: Operand) -> Expr:
        return self._combined("and", other, self)

    @guarded
    def __or__(self, other: Operand) -> Expr:
        return self._combined("or", self, other)

    @guarded
    def __ror__(self, other: Operand) -> Expr:
        return self._combined("or", other, self)

    @guarded
    def __invert__(self) -> Expr:
        return self._combined("not", self)

    @guarded
    def null(self) -> Expr:
        """Return whether the value is null."""
        return self._combined("null", self)

    @guarded
    def otherwise(self, other: Operand) -> Expr:
        """Return the value, or another where it is null."""
        return self._combined("otherwise", self, other)

    @guarded
    def clip(self, low: Operand, high: Operand) -> Expr:
        """Return the value held between two bounds, `low` winning where they cross."""
        return self._combined("greatest", low, self._combined("least", self, high))

    @guarded
    def isin(self, values: Iterable[str]) -> Expr:
        """Return whether a category is one of some texts."""
        texts = () if isinstance(values, str) else tuple(values)
        if not texts or not all(isinstance(v, (str, int)) for v in texts):
            raise DefineError(
                "isin takes a list of texts",
                at=user_place().at(),
                got=limit.shown(values),
                want='["BE", "FR"]',
                code="define.expression.isin",
            )
        parts = [self._combined("eq", self, text) for text in sorted(set(texts), key=str)]
        found = parts[0]
        for part in parts[1:]:
            found = self._combined("or", found, part)
        return found

    @guarded
    def fixed(self, decimals: int) -> Expr:
        """Return the number rounded half-even to some decimals, so that it can be aggregated.

        Parameters
        ----------
        decimals : int
            0 to 9.
        """
        limit.whole(decimals, user_place(), path="fixed", low=0, high=9)
        return self._combined("fixed", self, value=decimals)
