"""fading: the sum of weights, and of weight * value, a weight halving with each half-life of age.

Age is counted in ticks of 1/32 half-life, back from the tick of the window's end: a value that is
q half-lives and r ticks old weighs base[r] / 2**q, base[r] being round(2**32 * 2**(-r / 32)), and
nothing once it is 32 half-lives old.  For each of the 32 phases of a tick a table keeps the sums
of 2**e and of value * 2**e, e counting the half-lives from a common epoch; as the epoch moves on,
what is left divides by two exactly, for only living values are in.  So every sum is an exact
integer, a value comes and goes in O(1), and a read costs 32 products however many values there are.
Within one tick no weight changes: the sums of the read before are kept, a value that comes or goes
is weighed by itself, and a read costs nothing.

Form: follow, with a table.  b : tick, us;  weights : base[0..31].
Cost: 5 ns a value that comes or goes, 0.3 us for the first read of a tick.
"""

# Numba infers the types of what follows; the units compile it by the names of its arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import layout as L
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

WORDS = ("c0", "c1", "low0", "low1", "high0", "high1", "tick")
"""The sum of weights, and of weight * value that of lower and that of upper limbs, in units of
2**-64; and the tick that they are of."""
FINISHED = ("c2", "c3", "s0", "s1", "s2", "s3")
FORM = "follow"
TABLE = True
WEIGHTS = True
FILL = 0
FAR = L.FAR_PHASES

_PHASES = 32
_OLDEST = 1024
"""Ticks of age from which on a value weighs nothing."""
REACH = 1025
"""Ticks before the end of a window that it looks at, the one of the end among them."""
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
def word_of_phase(tick):
    """Where the sums of a tick's phase stand in the table."""
    return _EACH * (tick & (_PHASES - 1))


@quick
def _weight(weights, now, phase):
    """What a phase weighs at a tick."""
    present = now & (_PHASES - 1)
    weight = weights[(present - phase) & (_PHASES - 1)]
    # Phases after the present one are of the half-life before: one halving less.
    return weight + weight if phase > present else weight


@quick
def _weighed(c0, c1, low0, low1, high0, high1, count, low, high, weight):
    """The sums with a count, and a sum of two limbs, weighed.

    Of two limbs the lower has no sign, the upper one has; each, by a weight of 34 bits, as often as
    a window has events, stays within two limbs.
    """
    c0, c1 = add_signed(c0, c1, count, weight)
    low0, low1 = add_unsigned(low0, low1, low, weight)
    high0, high1 = add_signed(high0, high1, high, weight)
    return c0, c1, low0, low1, high0, high1


@quick
def _total(table, weights, now):
    """The sums of a table."""
    wide = 0
    for phase in range(_PHASES):
        wide |= table[_EACH * phase + 2] ^ (table[_EACH * phase + 1] >> 63)
    if wide == 0:
        return _narrow_total(table, weights, now)
    c0 = c1 = low0 = low1 = high0 = high1 = 0
    for phase in range(_PHASES):
        at = _EACH * phase
        c0, c1, low0, low1, high0, high1 = _weighed(
            c0, c1, low0, low1, high0, high1, table[at], table[at + 1], table[at + 2],
            _weight(weights, now, phase),
        )  # fmt: skip
    return c0, c1, low0, low1, high0, high1


@quick
def _narrow_total(table, weights, now):
    """The sums of a table whose sums are all of one limb with its sign: what mostly is."""
    present = now & (_PHASES - 1)
    c0 = c1 = s0 = s1 = 0
    for phase in range(present + 1):
        weight = weights[present - phase]
        c0, c1 = add_signed(c0, c1, table[_EACH * phase], weight)
        s0, s1 = add_signed(s0, s1, table[_EACH * phase + 1], weight)
    # Phases after the present one are of the half-life before: one halving less.
    for phase in range(present + 1, _PHASES):
        weight = weights[present - phase + _PHASES] << 1
        c0, c1 = add_signed(c0, c1, table[_EACH * phase], weight)
        s0, s1 = add_signed(s0, s1, table[_EACH * phase + 1], weight)
    return c0, c1, s0, s1, 0, 0


@quick
def _counted(
    heap, key, field, otherwise, first, last, settled, b, inverse, table, weights, tick, sign,
    weigh, c0, c1, low0, low1, high0, high1,
):  # fmt: skip
    """Let the values at some positions in, or out, of the table of a tick; the sums after it.

    weigh : whether the sums are to be kept.
    """
    epoch = (tick >> 5) - _PHASES
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
            stood = tick_of(heap[times + i], b, inverse)
            at = word_of_phase(stood)
            shift = (stood >> 5) - epoch
            table[at] += sign << shift
            table[at + 1], table[at + 2] = add_shifted(
                table[at + 1], table[at + 2], value, shift, sign
            )
            if weigh:
                low, high = add_shifted(0, 0, value, shift, sign)
                c0, c1, low0, low1, high0, high1 = _weighed(
                    c0, c1, low0, low1, high0, high1, sign << shift, low, high,
                    _weight(weights, tick, stood & (_PHASES - 1)),
                )  # fmt: skip
        p += m
    return c0, c1, low0, low1, high0, high1


@quick
def follow(
    heap, key, field, otherwise, low, high, first, last, settled, fresh, until, b, weights, table,
    c0, c1, low0, low1, high0, high1, tick,
):  # fmt: skip
    """Follow the window [first, last) from [low, high), or begin anew; the edges and the words."""
    inverse = 1.0 / np.float64(b)
    now = tick_of(until, b, inverse)
    first = upper(heap, key, first, last, (now - _OLDEST + 1) * b - 1, max(low, first))
    shift = (now >> 5) - (tick >> 5)
    again = fresh or first >= high or last < high or first < low or shift < 0 or shift > 40
    same = now == tick and not again
    if again:
        for i in range(_EACH * _PHASES):
            table[i] = 0
        low = first
        high = first
    elif not same:
        # Values leave the table before it is halved, while it holds all of their bits.
        if low < first:
            c0, c1, low0, low1, high0, high1 = _counted(
                heap, key, field, otherwise, low, first, settled, b, inverse, table, weights, tick,
                -1, False, c0, c1, low0, low1, high0, high1,
            )  # fmt: skip
        low = first
        if shift:
            for i in range(0, _EACH * _PHASES, _EACH):
                table[i] >>= shift
                table[i + 1], table[i + 2] = shifted_right(table[i + 1], table[i + 2], shift)
    for turn in range(2):
        a, z, sign = (low, first, -1) if turn == 0 else (high, last, 1)
        if a < z:
            c0, c1, low0, low1, high0, high1 = _counted(
                heap, key, field, otherwise, a, z, settled, b, inverse, table, weights, now, sign,
                same, c0, c1, low0, low1, high0, high1,
            )  # fmt: skip
    if not same:
        c0, c1, low0, low1, high0, high1 = _total(table, weights, now)
    return first, last, c0, c1, low0, low1, high0, high1, now


@quick
def finish(c1, low0, low1, high0, high1):
    """The upper limbs of the sum of weights, and the sum of weight * value."""
    s0, s1, s2, s3 = two_and_two(low0, low1, high0, high1)
    return c1 >> 63, c1 >> 63, s0, s1, s2, s3
