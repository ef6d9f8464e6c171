"""Features that are made of others: each is written out in the expressions that it stands for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from mintmark.define import limit
from mintmark.define.array import Array
from mintmark.define.fault import Named, guarded
from mintmark.define.functions import rising
from mintmark.define.place import user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Aggregate, Expr

By: TypeAlias = "str | Iterable[str] | Mapping[str, str]"


class Derived(Named):
    """What compares a request's own value with those before it, and what is counted by value."""

    @guarded
    def zscore(self, *, by: By, over: str | None = None, **window: Any) -> Expr:
        """Return how many standard deviations the value stands above the mean of those before.

        Parameters
        ----------
        by : str, list of str or mapping
            The keys, as `.by(...)` takes them.
        over : str or None
            The span, as `.over(...)` takes it; so does what else is said of the window.
        """
        value = self._all()
        mean, std = (kept(a, by, over, window) for a in (value.mean(), value.std()))
        standing: Expr = (value - mean) / std
        return standing

    @guarded
    def share(self, *, by: By, over: str | None = None, **window: Any) -> Expr:
        """Return the value's share of the sum of a window, itself included."""
        value = self._all()
        part: Expr = value / kept(value.sum(), by, over, {"include_current": True} | window)
        return part

    @guarded
    def delta(self, *, by: By, over: str | None = "lifetime", **window: Any) -> Expr:
        """Return the value less the newest one before it."""
        value = self._all()
        change: Expr = value - kept(value.last(), by, over, window)
        return change

    @guarded
    def histogram(self, edges: Iterable[float]) -> Array:
        """Return how many values fall below the first edge, from each to the next, and beyond."""
        told = rising(edges, path="histogram")
        value = self._all()
        between = [(value >= a) & (value < b) for a, b in itertools.pairwise(told)]
        conditions = [value < told[0], *between, value >= told[-1]]
        return Array(tuple(condition.sum() for condition in conditions))

    @guarded
    def counts(self, values: Iterable[str]) -> Array:
        """Return how many values equal each of some texts, in their order."""
        texts = () if isinstance(values, str) else tuple(values)
        if not texts:
            raise DefineError(
                "counts takes a list of texts",
                at=user_place().at("counts"),
                got=limit.shown(values),
                want='["BE", "FR"]',
                code="define.expression.isin",
            )
        return Array(tuple((self._all() == text).sum() for text in texts))

    def _all(self) -> Any:
        # An expression has all that this surface is made of; it is no subclass here.
        return self


def kept(aggregate: Aggregate, by: By, over: str | None, window: Mapping[str, Any]) -> Any:
    """Return an aggregate with the keys and the window that a derived feature was handed."""
    if isinstance(by, Mapping):
        aggregate = aggregate.by(**by)
    else:
        aggregate = aggregate.by(*((by,) if isinstance(by, str) else by))
    return aggregate.over(over, **window)
