"""Bootstrap intervals by drawing whole clusters, cards say, with replacement.

Payments of one card rise and fall together, so drawing rows one by one would make every interval
too narrow.  A draw never copies rows: it is a weight per row (how often its cluster was drawn),
and a statistic that sorted its rows once answers for each draw.  All statistics of one run see
the same draws, which is what makes a difference of two of them a paired one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mintmark.ground import EngineError, generator

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats | None], float]

UNDEFINED_SHARE_MAX = 0.05


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds between which its bootstrap draws lie, and the rows behind it.

    Bounds are NaN where more than one draw in twenty had no value.
    """

    value: float
    low: float
    high: float
    n: int

    def form(self) -> dict[str, float | int | None]:
        """JSON form, in which a figure that does not exist is null."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {**{k: v if math.isfinite(v) else None for k, v in numbers.items()}, "n": self.n}


def interval(value: float, *, draws: Floats, n: int, level: float = 0.95) -> Interval:
    """Return the percentile interval of `draws` around `value`."""
    known = draws[np.isfinite(draws)]
    if len(draws) == 0 or len(known) < (1 - UNDEFINED_SHARE_MAX) * len(draws):
        return Interval(value, math.nan, math.nan, n)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), n)


@dataclass(frozen=True)
class Resampled:
    """What some statistics said on the rows as they are and on each draw of them."""

    values: Mapping[str, float]
    draws: Mapping[str, Floats]
    n: int

    def figure(self, name: str) -> Interval:
        """Return one statistic with its interval."""
        return interval(self.values[name], draws=self.draws[name], n=self.n)

    def difference(self, name: str, *, against: str) -> Interval:
        """Return ``name - against`` with the interval of the differences, draw by draw."""
        gap = self.values[name] - self.values[against]
        return interval(gap, draws=self.draws[name] - self.draws[against], n=self.n)


@dataclass(frozen=True)
class Resampling:
    """Rows grouped into clusters, and the seed that fixes every draw of them.

    Examples
    --------
    >>> drawn = Resampling.of(["a", "a", "b"], seed=1, rounds=50)
    >>> sizes = [float(weights.sum()) for weights in drawn.weights()]
    >>> sorted(set(sizes))
    [2.0, 3.0, 4.0]
    """

    codes: npt.NDArray[np.int64]
    clusters: int
    seed: int
    rounds: int

    @classmethod
    def of(cls, clusters: npt.ArrayLike, *, seed: int, rounds: int = 200) -> Resampling:
        """Group rows by `clusters` (keys of any type, one a row)."""
        keys, codes = np.unique(np.asarray(clusters), return_inverse=True)
        if not len(codes) or rounds < 1:
            raise EngineError(
                "there is nothing to draw from",
                got=f"{len(codes)} rows, {rounds} rounds",
                want="at least one row and one round",
                code="engine.bootstrap.empty",
            )
        return cls(codes.astype(np.int64), len(keys), seed, rounds)

    def weights(self) -> Iterator[Floats]:
        """Yield for each draw how often every row's cluster was drawn; the same at every call."""
        draw = generator(self.seed, "bootstrap")
        for _ in range(self.rounds):
            picks = draw.integers(0, self.clusters, self.clusters)
            yield np.bincount(picks, minlength=self.clusters).astype(np.float64)[self.codes]

    def run(self, statistics: Mapping[str, Statistic]) -> Resampled:
        """Ask every statistic about the rows as they are, then about each draw.

        Cost: the ROC area and the average precision of 60,000 rows of 5,000 cards over 200 draws
        take 0.8 s.
        """
        values = {name: statistic(None) for name, statistic in statistics.items()}
        draws = {name: np.empty(self.rounds) for name in statistics}
        for number, weights in enumerate(self.weights()):
            for name, statistic in statistics.items():
                draws[name][number] = statistic(weights)
        return Resampled(values, draws, len(self.codes))
