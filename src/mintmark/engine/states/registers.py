"""registers: HyperLogLog registers of the values of the window.

Form: commutative idempotent monoid with a table of 4,096 registers of a byte, eight to a word; what
was added cannot be taken away, so a window is read again.  high * 2**32 + low is the sum of
2**(53 - register), `zeros` counts the empty ones; both are exact.
Source: Flajolet, Fusy, Gandouet, Meunier, HyperLogLog (AofA 2007), figure 3.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.text_order import hash_of

WORDS = ("high", "low", "zeros")
ZERO = (4096 << 21, 0, 4096)
FORM = "ordered"
TABLE = True
FIXED = 512
TEXTS = True
FILL = 0

_LOW = 0xFFFFFFFF


@quick
def room(n):
    """4,096 bytes, however many values there are."""
    return FIXED


@quick
def add(high, low, zeros, value, table, texts):
    """Raise the register of a value to the length of its run of zeros."""
    hashed = np.uint64(hash_of(value, texts))
    register = np.int64(hashed >> np.uint64(52))
    rest = hashed << np.uint64(12)
    rank = 1
    while rank < 53 and not rest >> np.uint64(63):
        rest = rest << np.uint64(1)
        rank += 1
    shift = 8 * (register & 7)
    before = (table[register >> 3] >> shift) & 0xFF
    if rank <= before:
        return high, low, zeros
    table[register >> 3] += (rank - before) << shift
    more = 1 << (53 - rank)
    less = 1 << (53 - before)
    high += (more >> 32) - (less >> 32)
    low += (more & _LOW) - (less & _LOW)
    return high, low, zeros - (1 if before == 0 else 0)
