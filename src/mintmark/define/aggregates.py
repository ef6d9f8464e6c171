"""The aggregates: what can be taken of earlier events, one method each.

An aggregate is completed by the key that it is kept by and the window that it sees:
`amount.mean().by("card").over("30d")`. What each kind takes and gives is read from its own file
(`catalogue`); the methods here are names for them, with parameters in the units that people use.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mintmark.define import limit
from mintmark.define.array import Array
from mintmark.define.fault import Named, guarded
from mintmark.define.place import user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Aggregate

_LONGEST_ARRAY = 1_000


class Counted(Named):
    """The aggregates of events themselves, or of those events that have a value."""

    def _aggregated(self, how: str, **params: int) -> Aggregate:
        """Return an aggregate of this."""
        raise NotImplementedError

    @guarded
    def aggregate(self, name: str, **params: int | str) -> Aggregate:
        """Return an aggregate by its name, of those that others add as well.

        Parameters
        ----------
        name : str
            A file of `engine/aggregates`, or an entry point of the group "mintmark.aggregates".
        **params : int or str
            Its parameters as its file names them; those that end in `_us` may be spans: "7d".
        """
        place = user_place()
        told = {
            key: limit.span(value, place, path=key)
            if key.endswith("_us") and isinstance(value, str)
            else value
            for key, value in params.items()
        }
        return self._aggregated(name, **told)  # type: ignore[arg-type]

    @guarded
    def count(self) -> Aggregate:
        """Return how many events there are, or how many have a value; 0 where none has."""
        return self._aggregated("count")

    @guarded
    def rate(self, per: str = "1h") -> Aggregate:
        """Return how many there are in each `per` of the window's span; it needs a span."""
        return self._aggregated("rate", per_us=limit.span(per, user_place(), path="rate.per"))

    @guarded
    def since_first(self) -> Aggregate:
        """Return the seconds since the oldest; all of the past unless `.over(...)` says less."""
        return self._aggregated("since_first")

    @guarded
    def since_last(self) -> Aggregate:
        """Return the seconds since the newest; all of the past unless `.over(...)` says less."""
        return self._aggregated("since_last")

    @guarded
    def gap_mean(self) -> Aggregate:
        """Return the mean seconds from one to the next; null below two."""
        return self._aggregated("gap_mean")

    @guarded
    def gap_std(self) -> Aggregate:
        """Return the sample standard deviation of the seconds between; null below three."""
        return self._aggregated("gap_std")

    @guarded
    def gap_min(self) -> Aggregate:
        """Return the shortest time from one to the next, in seconds; null below two."""
        return self._aggregated("gap_min")

    @guarded
    def gap_max(self) -> Aggregate:
        """Return the longest time from one to the next, in seconds; null below two."""
        return self._aggregated("gap_max")

    @guarded
    def decay_count(self, half_life: str) -> Aggregate:
        """Return how many there are, each weighing half as much after every half-life."""
        return self._decay("decay_count", half_life)

    def _decay(self, how: str, half_life: str) -> Aggregate:
        place, path = user_place(), f"{how}.half_life"
        us = limit.span_within(half_life, place, path=path, bounds=limit.HALF_LIFE_US)
        return self._aggregated(how, half_life_us=us, tick_us=us // limit.TICKS)


class Aggregates(Counted):
    """The aggregates of the values of earlier events; each skips the events without a value."""

    @guarded
    def sum(self) -> Aggregate:
        """Return the sum of the values; 0 where there are none."""
        return self._aggregated("sum")

    @guarded
    def mean(self) -> Aggregate:
        """Return the mean of the values; null where there are none."""
        return self._aggregated("mean")

    @guarded
    def var(self) -> Aggregate:
        """Return the sample variance (n - 1) of the values; null below two."""
        return self._aggregated("var")

    @guarded
    def std(self) -> Aggregate:
        """Return the sample standard deviation (n - 1) of the values; null below two."""
        return self._aggregated("std")

    @guarded
    def cv(self) -> Aggregate:
        """Return the standard deviation over the mean; null below two values or at a sum of 0."""
        return self._aggregated("cv")

    @guarded
    def rms(self) -> Aggregate:
        """Return the root of the mean of the squares; null where there are no values."""
        return self._aggregated("rms")

    @guarded
    def skew(self) -> Aggregate:
        """Return the skewness of the values; null below three, or where all are equal."""
        return self._aggregated("skew")

    @guarded
    def kurt(self) -> Aggregate:
        """Return the excess kurtosis of the values; null below four, or where all are equal."""
        return self._aggregated("kurt")

    @guarded
    def min(self) -> Aggregate:
        """Return the least value; null where there are none."""
        return self._aggregated("min")

    @guarded
    def max(self) -> Aggregate:
        """Return the greatest value; null where there are none."""
        return self._aggregated("max")

    @guarded
    def range(self) -> Aggregate:
        """Return the greatest value less the least; null where there are none."""
        return self._aggregated("range")

    @guarded
    def first(self) -> Aggregate:
        """Return the oldest value by (`at`, `seq`); null where there are none."""
        return self._aggregated("first")

    @guarded
    def last(self) -> Aggregate:
        """Return the newest value by (`at`, `seq`); null where there are none."""
        return self._aggregated("last")

    @guarded
    def nth(self, k: int) -> Aggregate:
        """Return the k-th oldest value; null where there are fewer than k."""
        return self._aggregated("nth", k=_rank(k, "nth"))

    @guarded
    def lag(self, k: int = 1) -> Aggregate:
        """Return the k-th newest value, lag(1) being the newest; null where there are fewer."""
        return self._aggregated("lag", k=_rank(k, "lag"))

    @guarded
    def newest(self) -> Aggregate:
        """Return the value of the newest event, null where that event has none."""
        return self._aggregated("newest")

    @guarded
    def since_max(self) -> Aggregate:
        """Return the seconds since the newest event that holds the greatest value."""
        return self._aggregated("since_max")

    @guarded
    def since_min(self) -> Aggregate:
        """Return the seconds since the newest event that holds the least value."""
        return self._aggregated("since_min")

    @guarded
    def distinct(self) -> Aggregate:
        """Return the exact number of different values; 0 where there are none."""
        return self._aggregated("distinct")

    @guarded
    def approx_distinct(self) -> Aggregate:
        """Return the number of different values by a sketch of 4096 registers, about 1.6 % off."""
        return self._aggregated("approx_distinct")

    @guarded
    def unique_share(self) -> Aggregate:
        """Return the number of different values over the number of values."""
        return self._aggregated("unique_share")

    @guarded
    def mode(self, k: int = 1) -> Aggregate:
        """Return the k-th most frequent value; of equally frequent ones the smaller comes first."""
        return self._aggregated("mode", k=_rank(k, "mode"))

    @guarded
    def top_share(self) -> Aggregate:
        """Return the share of the most frequent value among all values."""
        return self._aggregated("top_share")

    @guarded
    def entropy(self) -> Aggregate:
        """Return the entropy of the values' shares, in nats; null where there are none."""
        return self._aggregated("entropy")

    @guarded
    def is_new(self) -> Aggregate:
        """Return 1 where no earlier value equals the request's, else 0; null where it has none."""
        return self._aggregated("is_new")

    @guarded
    def seen(self) -> Aggregate:
        """Return how many earlier values equal the request's own; null where it has none."""
        return self._aggregated("seen")

    @guarded
    def below_share(self) -> Aggregate:
        """Return the share of earlier values that are less than the request's own."""
        return self._aggregated("below_share")

    @guarded
    def concentration(self) -> Aggregate:
        """Return the chance that two values drawn are alike, 1 where all are; null without any."""
        return self._aggregated("concentration")

    @guarded
    def quantile(self, q: float) -> Aggregate:
        """Return the nearest-rank quantile, q from 0 to 1; null where there are no values."""
        return self._aggregated("quantile", share_ppm=_ppm(q))

    @guarded
    def median(self) -> Aggregate:
        """Return the nearest-rank median of the values; null where there are none."""
        return self._aggregated("quantile", share_ppm=limit.PPM // 2)

    @guarded
    def top(self, k: int = 1) -> Aggregate:
        """Return the k-th greatest value, repeats counted; null where there are fewer than k."""
        return self._aggregated("top", k=_rank(k, "top"))

    @guarded
    def bottom(self, k: int = 1) -> Aggregate:
        """Return the k-th least value, repeats counted; null where there are fewer than k."""
        return self._aggregated("bottom", k=_rank(k, "bottom"))

    @guarded
    def longest_streak(self) -> Aggregate:
        """Return the length of the longest run of values that are not 0 (of flags, true)."""
        return self._aggregated("longest_streak")

    @guarded
    def current_streak(self) -> Aggregate:
        """Return the length of the run of values that are not 0 up to the newest."""
        return self._aggregated("current_streak")

    @guarded
    def changes(self) -> Aggregate:
        """Return how many values differ from the value before them."""
        return self._aggregated("changes")

    @guarded
    def slope(self) -> Aggregate:
        """Return the least-squares slope of the values over time, per second; null if undefined."""
        return self._aggregated("slope")

    @guarded
    def decay_sum(self, half_life: str) -> Aggregate:
        """Return the sum of the values, each weighing half as much after every half-life."""
        return self._decay("decay_sum", half_life)

    @guarded
    def decay_mean(self, half_life: str) -> Aggregate:
        """Return the mean of the values, each weighing half as much after every half-life."""
        return self._decay("decay_mean", half_life)

    @guarded
    def lags(self, count: int) -> Array:
        """Return the newest values, newest first, as an array for a sequence model."""
        return self._ranked("lag", count, "lags")

    @guarded
    def firsts(self, count: int) -> Array:
        """Return the oldest values, oldest first, as an array."""
        return self._ranked("nth", count, "firsts")

    @guarded
    def tops(self, count: int) -> Array:
        """Return the greatest values, greatest first, as an array."""
        return self._ranked("top", count, "tops")

    @guarded
    def bottoms(self, count: int) -> Array:
        """Return the least values, least first, as an array."""
        return self._ranked("bottom", count, "bottoms")

    def _ranked(self, how: str, count: int, path: str) -> Array:
        limit.whole(count, user_place(), path=path, low=1, high=_LONGEST_ARRAY)
        return Array(tuple(self._aggregated(how, k=k + 1) for k in _to(count)))


_to = range
"""Within the class above, `range` is an aggregate."""


def _rank(k: Any, path: str) -> int:
    return limit.whole(k, user_place(), path=path, low=1, high=limit.LONGEST_K)


def _ppm(q: Any) -> int:
    if isinstance(q, (int, float)) and not isinstance(q, bool) and 0 <= q <= 1:
        parts = Decimal(str(q)) * limit.PPM
        if parts == int(parts):
            return int(parts)
    raise DefineError(
        "a quantile is not a share of the values",
        at=user_place().at("quantile"),
        got=limit.shown(q),
        want="0 to 1, with at most six decimals",
        code="define.number.outside",
    )
