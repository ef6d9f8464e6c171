"""Compiled movements of rows for replay: order by key, gather into it, scatter back.

They move rows, or say which; they compute no value. Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit


@njit
def by_key(codes, starts):
    """The rows whose code is not negative, stably ordered by code (a counting sort).

    starts : int64[k + 1], written: where the rows of each code begin.
    """
    for i in range(codes.size):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for k in range(starts.size - 1):
        starts[k + 1] += starts[k]
    cursor = starts.copy()
    order = np.empty(starts[starts.size - 1], dtype=np.int64)
    for i in range(codes.size):
        code = codes[i]
        if code >= 0:
            order[cursor[code]] = i
            cursor[code] += 1
    return order


@njit
def gather(source, rows, target):
    """target[c, i] = source[c, rows[i]]."""
    for c in range(source.shape[0]):
        for i in range(rows.size):
            target[c, i] = source[c, rows[i]]


@njit
def scatter(source, rows, target, first):
    """target[rows[i], first + c] = source[i, c], a negative row for none."""
    for i in range(rows.size):
        if rows[i] < 0:
            continue
        for c in range(source.shape[1]):
            target[rows[i], first + c] = source[i, c]


@njit
def settle(rows, revisions, best):
    """Which labels, in the order of their seq, are not outdone by an earlier greater revision.

    rows : int64[m], the event that each tells about, negative for none;  best : int64[events],
    written: the greatest revision told of each event.
    """
    effective = np.zeros(rows.size, dtype=np.int64)
    for i in range(rows.size):
        row = rows[i]
        if row >= 0 and revisions[i] >= best[row]:
            best[row] = revisions[i]
            effective[i] = 1
    return effective
