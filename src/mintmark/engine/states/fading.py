"""fading: the sum of weights, and of weight * value, a weight halving with each half-life of age.

Age is counted in ticks of 1/32 half-life, back from the tick of the window's end: a value that is
q half-lives and r ticks old weighs base[r] / 2**q, base[r] being round(2**32 * 2**(-r / 32)), and
nothing once it is 32 half-lives old.  For each of the 32 phases of a tick a table keeps the sums
of 2**e and of value * 2**e, e counting the half-lives from a common epoch; as the epoch moves on,
what is left divides by two exactly, for only living values are in.  So every sum is an exact
integer, a value comes and goes in O(1), and a read costs 32 products however many values there are.

Form: follow, with a table.  b : tick, us;  weights : base[0..31].
Cost: 5 ns a value that comes or goes, 0.1 us a read.
"""

# Numba infers the types of what follows; the units compile it by the names of its arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import (
    add_shifted,
    add_signed,
    add_unsigned,
    shifted_right,
    two_and_two,
)
from mintmark.engine.pages import left_of, place_of, upper
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN

WORDS = ("epoch",)
FINISHED = ("c0", "c1", "c2", "c3", "s0", "s1", "s2", "s3")
FORM = "follow"
TABLE = True
WEIGHTS = True
FILL = 0

_PHASES = 32
_OLDEST = 1024
"""Ticks of age from which on a value weighs nothing."""
REACH = _OLDEST + 1
_EACH = 3
"""Words of a phase: the sum of 2**e, and two limbs of the sum of value * 2**e."""


@quick
def room(n):
    """Words of the table."""
    return 128


@quick
def tick_of(at, b, inverse):
    """floor(at / b), from a product that is off by one at most."""
    tick = np.int64(np.floor(np.float64(at) * inverse))
    rest = at - tick * b
    if rest < 0:
        return tick - 1
    if rest >= b:
        return tick + 1
    return tick


@quick
def _count(heap, key, field, otherwise, first, last, settled, b, table, epoch, sign):
    """Let the values at some positions in, or out."""
    inverse = 1.0 / np.float64(b)
    p = first
    while p < last:
        m = min(left_of(key, p), last - p)
        place = place_of(heap, key, field, p)
        times = place_of(heap, key, 0, p)
        for i in range(m):
            value = heap[place + i]
            if value == UNKNOWN:
                value = otherwise if p + i < settled else NULL
            if value <= MASKED:
                continue
            tick = tick_of(heap[times + i], b, inverse)
            at = _EACH * (tick & (_PHASES - 1))
            shift = (tick >> 5) - epoch
            table[at] += sign << shift
            table[at + 1], table[at + 2] = add_shifted(
                table[at + 1], table[at + 2], value, shift, sign
            )
        p += m


@quick
def follow(
    heap, key, field, otherwise, low, high, first, last, settled, fresh, until, b, table, epoch
):  # fmt: skip
    """Follow the window [first, last) from [low, high), or begin anew; (low, high, epoch)."""
    now = until // b
    first = upper(heap, key, first, last, (now - _OLDEST + 1) * b - 1, max(low, first))
    coming = (now >> 5) - _PHASES
    shift = coming - epoch
    again = fresh or first >= high or last < high or first < low or shift < 0 or shift > 40
    if again:
        for i in range(_EACH * _PHASES):
            table[i] = 0
        low = first
        high = first
    else:
        _count(heap, key, field, otherwise, low, first, settled, b, table, epoch, -1)
        if shift:
            for i in range(0, _EACH * _PHASES, _EACH):
                table[i] >>= shift
                table[i + 1], table[i + 2] = shifted_right(table[i + 1], table[i + 2], shift)
    _count(heap, key, field, otherwise, high, last, settled, b, table, coming, 1)
    return first, last, coming


@quick
def finish(table, until, b, weights):
    """The sums of weights and of weight * value, in units of 2**-64."""
    now = (until // b) & (_PHASES - 1)
    c0 = c1 = 0
    # Of a sum's two limbs the lower has no sign, the upper one has; each by a weight of 34 bits,
    # 32 times, stays within two limbs.
    low0 = low1 = high0 = high1 = 0
    for phase in range(_PHASES):
        at = _EACH * phase
        weight = weights[(now - phase) & (_PHASES - 1)]
        # Phases after the present one are of the half-life before: one halving less.
        if phase > now:
            weight += weight
        c0, c1 = add_signed(c0, c1, table[at], weight)
        low0, low1 = add_unsigned(low0, low1, table[at + 1], weight)
        high0, high1 = add_signed(high0, high1, table[at + 2], weight)
    c2 = c3 = c1 >> 63
    s0, s1, s2, s3 = two_and_two(low0, low1, high0, high1)
    return c0, c1, c2, c3, s0, s1, s2, s3
