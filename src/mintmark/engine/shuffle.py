"""Compiled movements of rows for replay: number keys, lay out by key, scatter back.

They move rows, or say which; they compute no value. Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from mintmark.engine.layout import FIELD_AT, FIELD_COLUMNS, FIELD_SEQ
from mintmark.engine.memory import fetch
from mintmark.engine.rows import clean
from mintmark.engine.sentinel import NULL

AHEAD = 24
"""How many rows before it is written a row's memory is asked for."""


@njit
def count_keys(codes, others, starts):
    """Where the operations of each key begin, once they stand in the order of keys.

    starts : int64[k + 1], zeros, written; its last word is how many there are.
    """
    for i in range(codes.size):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for j in range(others.size):
        if others[j] >= 0:
            starts[others[j] + 1] += 1
    for k in range(starts.size - 1):
        starts[k + 1] += starts[k]


@njit
def order_by_key(codes, others, before, cursor, order):
    """The operations in the order of keys, those of a key as they come; a code below 0 is left out.

    codes : int32[n], of rows;  others : int32[m], of what stands between them, other j after the
    first `before[j]` rows;  cursor : int64[keys], where each key begins, moved;  order : int32,
    written: the number of a row, or n + j.
    """
    j = 0
    for i in range(codes.size + 1):
        while j < others.size and before[j] == i:
            if others[j] >= 0:
                order[cursor[others[j]]] = codes.size + j
                cursor[others[j]] += 1
            j += 1
        if i < codes.size and codes[i] >= 0:
            order[cursor[codes[i]]] = i
            cursor[codes[i]] += 1


@njit
def lay_out(
    order, begin, key, ends, rows, count, kinds, first, packed, columns, kind, row, request, amend,
    request_at, first_key, told, values_out,
):  # fmt: skip
    """Bring operations together in an order, a few keys at a time: what is written stays in cache.

    What is no row as it came is written over afterwards.

    begin : how many operations come before these;  key : whose the first of them is;  ends :
    int64[keys], where those of each key end;  rows : int64[n], or empty for 0, 1, ...;  count : n;
    kinds : int64[n], or one for all;  first : the request of row 0;  packed : int64[r, W], rows
    side by side;  kind, row, request, amend : what else there is;
    told : int64[7, most], written: kind, key, at, seq, amend, request, and room for rows.
    """
    kind_out, key_out, at_out, seq_out = told[0], told[1], told[2], told[3]
    amend_out, request_out, place = told[4], told[5], told[6]
    p = 0
    while p < order.size:
        end = min(ends[key] - begin, order.size)
        for q in range(p, end):
            key_out[q] = key + first_key
        p = end
        key += 1
    if count > 0:
        for p in range(order.size):
            i = order[p] if order[p] < count else 0
            place[p] = rows[i] if rows.size > 0 else i
            kind_out[p] = kinds[i] if kinds.size > 1 else kinds[0]
        # A few at a time, array by array: no read waits for another, and each line is still there.
        for start in range(0, order.size, 64):
            end = min(start + 64, order.size)
            for p in range(start, end):
                at_out[p] = packed[place[p], FIELD_AT]
            for p in range(start, end):
                request_out[p] = first + place[p]
                seq_out[p] = packed[place[p], FIELD_SEQ]
            for c in range(columns.size):
                column = FIELD_COLUMNS + columns[c]
                for p in range(start, end):
                    values_out[c, p] = packed[place[p], column]
    if kind.size == 0:
        return
    for p in range(order.size):
        j = order[p] - count
        if j < 0:
            continue
        kind_out[p], amend_out[p], request_out[p] = kind[j], amend[j], request[j]
        # Bit 1 is an insert; bit 2 a read, and what asks from elsewhere brings its own time.
        if kind[j] & 1:
            r = row[j]
            at_out[p], seq_out[p] = packed[r, FIELD_AT], packed[r, FIELD_SEQ]
            for c in range(columns.size):
                values_out[c, p] = packed[r, FIELD_COLUMNS + columns[c]]
        elif kind[j] & 2:
            at_out[p] = request_at[request[j]]


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
def place_first(values, low, table):
    """Write the row in which each value from `low` on was met first: int64[range], by the value."""
    for i in range(values.size - 1, -1, -1):
        if values[i] >= low:
            table[values[i] - low] = i


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
def deliver(told, rows, pairs, target, row_stride, column_stride):
    """Write what requests were answered where it belongs: one NaN, no -0.0.

    told : float64[A, n];  rows : int64[n], their places;  pairs : int64[m, 2], which of A goes to
    which column;  target : rows and columns by their strides.
    """
    if column_stride == 1 and pairs.shape[0] > 0:
        # What goes to one row lies together, in a line or two that are asked for before.
        address = target.ctypes.data
        first, last = pairs[:, 1].min(), pairs[:, 1].max()
        for i in range(rows.size):
            if i + AHEAD < rows.size:
                ahead = rows[i + AHEAD] * row_stride
                fetch(address + 8 * (ahead + first))
                fetch(address + 8 * (ahead + last))
            at = rows[i] * row_stride
            for j in range(pairs.shape[0]):
                target[at + pairs[j, 1]] = clean(told[pairs[j, 0], i])
        return
    for j in range(pairs.shape[0]):
        source = told[pairs[j, 0]]
        at = pairs[j, 1] * column_stride
        for i in range(rows.size):
            target[at + rows[i] * row_stride] = clean(source[i])


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
