"""The oracle's aggregates: for each kind its written formula over the values of one window.

Integers are exact, `float(int)` is the correctly rounded conversion, and every operation stands in
the order of the formula. None is null. Nothing here is shared with the compiled engine.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from mintmark.engine import oracle_math

Stored = Any  # an integer, a text or None
Value = Any  # a number, a text or None

REGISTERS = 4096
UNIT_WEIGHT = 2**32


@dataclass(frozen=True)
class Sample:
    """What an aggregate sees: the values of its window that are not null, oldest first.

    values : stored integers or texts, 0 each where rows alone are counted;  times : their `at`;
    unit : 10.0**scale;  at : of the request;  until : that less the offset;  own : the request's
    own value;  newest : the value of the newest event, null or not.
    """

    values: Sequence[Stored]
    times: Sequence[int]
    unit: float
    at: int
    until: int
    params: tuple[int, ...]
    own: Stored
    newest: Stored

    @property
    def n(self) -> int:
        return len(self.values)

    def power_sum(self, power: int) -> int:
        """The exact sum of v**power."""
        return int(sum(v**power for v in self.values))

    def told(self, v: Stored) -> Value:
        """A stored value as the number or the text that it stands for."""
        return v if v is None or isinstance(v, str) else float(v) / self.unit

    def counts(self) -> list[tuple[Stored, int]]:
        """The different values with how often each is there, the most frequent first."""
        return sorted(Counter(self.values).items(), key=lambda pair: (-pair[1], _order(pair[0])))


def formula(kind: str, sample: Sample) -> Value:
    """The value of an aggregate."""
    value: Value = FORMULAS[kind](sample)
    return value


def _order(v: Stored) -> int | bytes:
    return v.encode() if isinstance(v, str) else int(v)


def _at(ordered: Sequence[Any], place: int) -> Any:
    """The element at a place that counts from 1, null beyond the end."""
    return ordered[place - 1] if place <= len(ordered) else None


def _moment2(s: Sample) -> int:
    return s.n * s.power_sum(2) - s.power_sum(1) ** 2


def _spread(n: int, moment2: int) -> float:
    """The variance of whole numbers with n - 1, from n * S2 - S1**2."""
    return float(moment2) / (float(n) * float(n - 1))


def _var(s: Sample) -> Value:
    return None if s.n < 2 else _spread(s.n, _moment2(s)) / (s.unit * s.unit)


def _std(s: Sample) -> Value:
    return None if s.n < 2 else math.sqrt(_spread(s.n, _moment2(s))) / s.unit


def _cv(s: Sample) -> Value:
    if s.n < 2 or s.power_sum(1) == 0:
        return None
    return math.sqrt(_spread(s.n, _moment2(s))) / (float(s.power_sum(1)) / float(s.n))


def _concentration(s: Sample) -> float:
    return float(sum(count**2 for _, count in s.counts())) / (float(s.n) * float(s.n))


def _below(s: Sample) -> float:
    return float(sum(v < s.own for v in s.values)) / float(s.n)


def _skew(s: Sample) -> Value:
    n, s1, s2, s3 = s.n, s.power_sum(1), s.power_sum(2), s.power_sum(3)
    m2, m3 = _moment2(s), n**2 * s3 - 3 * n * s1 * s2 + 2 * s1**3
    if n < 3 or m2 == 0:
        return None
    return float(m3) / (float(m2) * math.sqrt(float(m2)))


def _kurt(s: Sample) -> Value:
    n, s1, s2, s3, s4 = s.n, s.power_sum(1), s.power_sum(2), s.power_sum(3), s.power_sum(4)
    m2 = _moment2(s)
    m4 = n**3 * s4 - 4 * n**2 * s1 * s3 + 6 * n * s1**2 * s2 - 3 * s1**4
    if n < 4 or m2 == 0:
        return None
    return float(m4) / (float(m2) * float(m2)) - 3.0


def _since(s: Sample, choose: Callable[[Sequence[Stored]], Stored]) -> Value:
    """Seconds since the newest of the events that have the chosen value."""
    if s.n == 0:
        return None
    chosen = choose(s.values)
    return float(s.at - max(t for v, t in zip(s.values, s.times, strict=True) if v == chosen)) / 1e6


def _log_weight(count: int) -> int:
    """count * log(count) as a whole number of millionths of two's kind."""
    logarithm = oracle_math.log(float(count))
    assert logarithm is not None
    return round(logarithm * float(count) * 1048576.0)


def _entropy(s: Sample) -> Value:
    if s.n == 0:
        return None
    parts = sum(_log_weight(count) for _, count in s.counts())
    return float(max(0, _log_weight(s.n) - parts)) / float(s.n) / 1048576.0


def _quantile(s: Sample) -> Value:
    (q_ppm,) = s.params
    return s.told(_at(sorted(s.values), max(1, (q_ppm * s.n + 999_999) // 1_000_000)))


def _gaps(s: Sample) -> list[int]:
    return [newer - older for older, newer in pairwise(s.times)]


def _gap_mean(s: Sample) -> Value:
    return None if s.n < 2 else float(s.times[-1] - s.times[0]) / float(s.n - 1) / 1e6


def _gap_std(s: Sample) -> Value:
    gaps = _gaps(s)
    m = len(gaps)
    if m < 2:
        return None
    return math.sqrt(_spread(m, m * sum(g * g for g in gaps) - sum(gaps) ** 2)) / 1e6


def _gap(s: Sample, choose: Callable[[Sequence[int]], int]) -> Value:
    return None if s.n < 2 else float(choose(_gaps(s))) / 1e6


def _streaks(s: Sample) -> list[int]:
    """Lengths of the runs of values that are not 0, a 0 at either end where there is none."""
    runs = [(on, len(list(run))) for on, run in groupby(s.values, key=lambda v: v != 0)]
    return [length if on else 0 for on, length in runs] or [0]


@lru_cache(maxsize=4096)
def weight(ticks: int) -> int:
    """The weight of an age in ticks of 1/32 half-life, in units of 2**-64: it halves every 32."""
    if ticks >= 1024:
        return 0
    with localcontext() as context:
        context.prec = 60
        base = round(Decimal(2) ** (32 - Decimal(ticks % 32) / 32))
    return base << (32 - ticks // 32)


def _decayed(s: Sample, values: Sequence[int]) -> int:
    """The sum of values by the weight of their age in ticks at the end of the window."""
    tick_us = s.params[1]
    newest = s.until // tick_us
    pairs = zip(values, s.times, strict=True)
    return sum(weight(newest - t // tick_us) * v for v, t in pairs)


def _decay_count(s: Sample) -> float:
    return float(_decayed(s, [1] * s.n)) / 18446744073709551616.0


def _decay_sum(s: Sample) -> float:
    return float(_decayed(s, s.values)) / 18446744073709551616.0 / s.unit


def _decay_mean(s: Sample) -> Value:
    weights = _decayed(s, [1] * s.n)
    return float(_decayed(s, s.values)) / float(weights) / s.unit if weights else None


def _slope(s: Sample) -> Value:
    sum_x, sum_xx = sum(s.times), sum(t * t for t in s.times)
    sum_xv = sum(t * v for v, t in zip(s.values, s.times, strict=True))
    above, below = s.n * sum_xv - sum_x * s.power_sum(1), s.n * sum_xx - sum_x**2
    return float(above) / float(below) / s.unit * 1e6 if below else None


def _approx_distinct(s: Sample) -> float:
    registers: dict[int, int] = {}
    for v in set(s.values):
        h = oracle_math.hash64(v)
        rest = (h << 12) % 2**64
        rank = min(1 + 64 - rest.bit_length(), 53)
        registers[h >> 52] = max(registers.get(h >> 52, 0), rank)
    zeros = REGISTERS - len(registers)
    z = zeros * 2**53 + sum(2 ** (53 - rank) for rank in registers.values())
    estimate = 0.7213 / (1.0 + 1.079 / 4096.0) * 4096.0 * 4096.0 / (float(z) / 9007199254740992.0)
    if estimate <= 10240.0 and zeros:
        logarithm = oracle_math.log(4096.0 / float(zeros))
        assert logarithm is not None
        return 4096.0 * logarithm
    return estimate


FORMULAS: Mapping[str, Callable[[Sample], Value]] = {
    "count": lambda s: float(s.n),
    "sum": lambda s: float(s.power_sum(1)) / s.unit,
    "mean": lambda s: float(s.power_sum(1)) / float(s.n) / s.unit if s.n else None,
    "var": _var,
    "std": _std,
    "cv": _cv,
    "rms": lambda s: math.sqrt(float(s.power_sum(2)) / float(s.n)) / s.unit if s.n else None,
    "skew": _skew,
    "kurt": _kurt,
    "rate": lambda s: float(s.n) * (float(s.params[0]) / float(s.params[1])),
    "min": lambda s: float(min(s.values)) / s.unit if s.n else None,
    "max": lambda s: float(max(s.values)) / s.unit if s.n else None,
    "range": lambda s: float(max(s.values) - min(s.values)) / s.unit if s.n else None,
    "first": lambda s: s.told(_at(s.values, 1)),
    "last": lambda s: s.told(_at(s.values[::-1], 1)),
    "nth": lambda s: s.told(_at(s.values, s.params[0])),
    "lag": lambda s: s.told(_at(s.values[::-1], s.params[0])),
    "newest": lambda s: s.told(s.newest),
    "since_first": lambda s: float(s.at - s.times[0]) / 1e6 if s.n else None,
    "since_last": lambda s: float(s.at - s.times[-1]) / 1e6 if s.n else None,
    "since_max": lambda s: _since(s, max),
    "since_min": lambda s: _since(s, min),
    "distinct": lambda s: float(len(set(s.values))),
    "unique_share": lambda s: float(len(set(s.values))) / float(s.n) if s.n else None,
    "mode": lambda s: s.told(_at([v for v, _ in s.counts()], s.params[0])),
    "top_share": lambda s: float(s.counts()[0][1]) / float(s.n) if s.n else None,
    "entropy": _entropy,
    "concentration": lambda s: _concentration(s) if s.n else None,
    "below_share": lambda s: None if s.own is None or not s.n else _below(s),
    "is_new": lambda s: None if s.own is None else float(s.own not in s.values),
    "seen": lambda s: None if s.own is None else float(list(s.values).count(s.own)),
    "quantile": _quantile,
    "top": lambda s: s.told(_at(sorted(s.values, reverse=True), s.params[0])),
    "bottom": lambda s: s.told(_at(sorted(s.values), s.params[0])),
    "gap_mean": _gap_mean,
    "gap_std": _gap_std,
    "gap_min": lambda s: _gap(s, min),
    "gap_max": lambda s: _gap(s, max),
    "longest_streak": lambda s: float(max(_streaks(s))),
    "current_streak": lambda s: float(_streaks(s)[-1]),
    "changes": lambda s: float(sum(older != newer for older, newer in pairwise(s.values))),
    "decay_count": _decay_count,
    "decay_sum": _decay_sum,
    "decay_mean": _decay_mean,
    "slope": _slope,
    "approx_distinct": _approx_distinct,
}
