"""Whole-number chance for the world: raw Philox words and tables of quantiles, nothing else.

The same seed must give the same bytes on another machine and under another NumPy. So every draw is
a cut of the raw 64-bit stream (which NumPy promises to keep, unlike its distributions), and every
curve is a table of quantiles rounded far above the last bit in which two mathematics libraries
may differ. Looking a quantile up is also several times faster than computing it.
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from mintmark.ground import generator

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

QUANTILES = 4096
_MIDDLES: Floats = (np.arange(QUANTILES) + 0.5) / np.float64(QUANTILES)
_NORMAL: Floats = np.array([round(NormalDist().inv_cdf(p), 9) for p in _MIDDLES.tolist()])
_WAIT = np.array([round(-math.log1p(-p), 9) for p in _MIDDLES.tolist()])


@cache
def spread(sigma: float) -> Floats:
    """Quantiles of a lognormal factor of median 1 whose logarithm has deviation `sigma`."""
    return np.array([round(math.exp(sigma * z), 9) for z in _NORMAL.tolist()])


class Draws:
    """One named stream of chance; two streams of different names never meet.

    Parameters
    ----------
    seed : int
        The world's seed.
    stream : str or int
        The path of the stream, such as ``"payments", 3``.
    """

    def __init__(self, seed: int, *stream: str | int) -> None:
        self._bits = generator(seed, "world", *stream).bit_generator

    def words(self, n: int) -> npt.NDArray[np.uint64]:
        """`n` raw words of 64 bits."""
        return np.asarray(self._bits.random_raw(n), dtype="<u8")

    def halves(self, n: int) -> npt.NDArray[np.uint32]:
        """`n` whole numbers of 32 bits."""
        return self.words((n + 1) // 2).view("<u4")[:n]

    def quarters(self, n: int) -> npt.NDArray[np.uint16]:
        """`n` whole numbers of 16 bits."""
        return self.words((n + 3) // 4).view("<u2")[:n]

    def below(self, n: int, limit: int | Ints) -> Ints:
        """`n` whole numbers from 0 up to, not including, `limit` (one for all, or one each)."""
        return (self.halves(n).astype(np.int64) * limit) >> 32

    def between(self, n: int, *, low: int, high: int) -> Ints:
        """`n` whole numbers from `low` up to, not including, `high`."""
        return low + self.below(n, high - low)

    def chance(self, n: int, share: float | Floats) -> Flags:
        """`n` flags, each true with probability `share`, in steps of 2**-32."""
        return self.halves(n) < np.asarray(share) * 2.0**32

    def look(self, n: int, quantiles: Floats) -> Floats:
        """`n` values of the distribution whose 4096 quantiles are given."""
        values: Floats = quantiles[self.quarters(n) >> 4]
        return values

    def waits(self, n: int) -> Floats:
        """`n` exponential waits of mean 1."""
        return self.look(n, _WAIT)

    def shuffle(self, n: int) -> Ints:
        """A random order of 0 .. n-1."""
        low = np.arange(n, dtype=np.int64)
        order: Ints = np.sort((self.halves(n).astype(np.int64) >> 1 << 32) | low) & 0xFFFFFFFF
        return order


def lottery(weights: Floats, bits: int) -> npt.NDArray[np.int32]:
    """A table of ``2**bits`` places in which each index stands about as often as it weighs.

    One look-up in it is one weighted draw. An index whose weight is below one place may be absent.
    """
    edges = np.cumsum(weights)
    places = (np.arange(1 << bits) + 0.5) * (edges[-1] / (1 << bits))
    found = np.minimum(np.searchsorted(edges, places), len(weights) - 1)
    table: npt.NDArray[np.int32] = found.astype(np.int32)
    return table
