"""Compiled movements of rows for replay: number keys, lay out by key, scatter back.

They move rows, or say which; they compute no value. Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from mintmark.engine.sentinel import NULL


@njit
def count_keys(codes, starts):
    """Where the operations of each key begin, once they stand in the order of keys.

    starts : int64[k + 1], zeros, written; its last word is how many there are.
    """
    for i in range(codes.size):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for k in range(starts.size - 1):
        starts[k + 1] += starts[k]


@njit
def spread(
    codes, starts, first, kinds, row, request, amend, at, seq, request_at, values, columns,
    first_key, kind_out, key_out, at_out, seq_out, amend_out, request_out, values_out,
):  # fmt: skip
    """Lay operations out by key, those of a key as they come; a code below 0 is left out.

    Rows are read one after another and written to as many places as there are keys, which the
    caches follow; reading them in the order of keys would miss at every word.

    kinds : int64[n], or one for all;  row, request, amend : int64[n], or empty, when operation i
    inserts row i and answers request first + i.
    """
    cursor = starts.copy()
    listed = row.size > 0
    for i in range(codes.size):
        code = codes[i]
        if code < 0:
            continue
        p = cursor[code]
        cursor[code] += 1
        r = row[i] if listed else i
        kind = kinds[i] if listed else kinds[0]
        kind_out[p] = kind
        key_out[p] = code + first_key
        asked = request[i] if listed else first + i
        request_out[p] = asked
        if at.size:
            at_out[p] = at[r]
            seq_out[p] = seq[r]
            for c in range(columns.size):
                values_out[c, p] = values[columns[c], r]
        if listed:
            amend_out[p] = amend[i]
            # Bit 2 is a read: what another stream's event does not bring along is its time.
            if kind & 2:
                at_out[p] = request_at[asked]


@njit
def join_codes(first, second, width, joined):
    """joined[i] = first[i] * width + second[i], NULL where either is below 0."""
    for i in range(joined.size):
        both = first[i] >= 0 and second[i] >= 0
        joined[i] = np.int64(first[i]) * width + second[i] if both else NULL


@njit
def first_rows(codes, first):
    """Write the row in which each code was met first; codes count up as they are met."""
    count = 0
    for i in range(codes.size):
        if codes[i] == count:
            first[count] = i
            count += 1


@njit
def number(values, low, table, codes, first):
    """Number the values as they are met, NULL and below `low` being none; return how many.

    table : int32[range], all -1, written: the number of each value less `low`;  codes : int32[n],
    written, -1 for none;  first : int64[range], written: the row in which each number was met.
    """
    count = 0
    for i in range(values.size):
        if values[i] < low:
            codes[i] = -1
            continue
        place = values[i] - low
        code = table[place]
        if code < 0:
            code = count
            table[place] = code
            first[code] = i
            count += 1
        codes[i] = code
    return count


@njit
def scatter(source, rows, target, first):
    """target[first + c, rows[i]] = source[c, i]."""
    for c in range(source.shape[0]):
        for i in range(rows.size):
            target[first + c, rows[i]] = source[c, i]


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
