"""What can be written with an expression: operators, row functions and aggregates.

This file is the surface alone; `expr` holds the nodes and checks what they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from mintmark.define import limit
from mintmark.define.fault import Noun, guarded
from mintmark.define.place import user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Aggregate, Expr

Operand: TypeAlias = "Operators | int | float | str | bool | None"


class Operators(metaclass=Noun):
    """The operators and methods that every expression has."""

    def _combined(self, op: str, *operands: Operand, value: int | None = None) -> Expr:
        """Return the node of an operation."""
        raise NotImplementedError

    def _aggregated(self, how: str) -> Aggregate:
        """Return an aggregate of this expression."""
        raise NotImplementedError

    def _calendar(self, op: str, zone: str) -> Expr:
        """Return a part of this time on the clocks of a zone."""
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
    def sqrt(self) -> Expr:
        """Return the square root; null of a negative number."""
        return self._combined("sqrt", self)

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
                got=repr(values)[:80],
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

    @guarded
    def hour(self, *, tz: str) -> Expr:
        """Return the hour of a time on the clocks of a zone, 0 to 23."""
        return self._calendar("hour", tz)

    @guarded
    def weekday(self, *, tz: str) -> Expr:
        """Return the ISO weekday of a time in a zone, 1 (Monday) to 7."""
        return self._calendar("weekday", tz)

    @guarded
    def day(self, *, tz: str) -> Expr:
        """Return the day of the month of a time in a zone, 1 to 31."""
        return self._calendar("day", tz)

    @guarded
    def count(self) -> Aggregate:
        """Return the number of events whose value is not null."""
        return self._aggregated("count")

    @guarded
    def sum(self) -> Aggregate:
        """Return the sum of the values; 0 where there are none."""
        return self._aggregated("sum")

    @guarded
    def mean(self) -> Aggregate:
        """Return the mean of the values; null where there are none."""
        return self._aggregated("mean")

    @guarded
    def std(self) -> Aggregate:
        """Return the sample standard deviation (n - 1); null below two values."""
        return self._aggregated("std")

    @guarded
    def min(self) -> Aggregate:
        """Return the least value; null where there are none."""
        return self._aggregated("min")

    @guarded
    def max(self) -> Aggregate:
        """Return the greatest value; null where there are none."""
        return self._aggregated("max")

    @guarded
    def last(self) -> Aggregate:
        """Return the newest value by (`at`, `seq`); null where there are none."""
        return self._aggregated("last")

    @guarded
    def distinct(self) -> Aggregate:
        """Return the number of different values."""
        return self._aggregated("distinct")

    @guarded
    def since_last(self) -> Aggregate:
        """Return the seconds since the newest event, of `event.at` only; null where there is none.

        All of the past is looked at unless `.over(...)` says less.
        """
        return self._aggregated("since_last")
