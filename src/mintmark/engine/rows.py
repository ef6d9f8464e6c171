"""The compiled row expressions: a small register machine over float64, one row or a million.

Register i holds the value of node i; null is NaN.  The same function runs before the fold (what is
stored with an event) and after it (what a request is answered), in replay and live.  Every result
that is not finite is null; no libm, no contraction.  Tables are those of `engine.layout`.
Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np
from numba import njit

from mintmark.engine import layout as L
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import LIMIT, MASKED, NULL, UNKNOWN

_POW10 = np.array([10.0**k for k in range(23)])
_GREATEST = np.finfo(np.float64).max
_DAY_US = 86_400_000_000
_FARTHEST_US = 6e16
_HOUR_US = 3_600_000_000
(
    _SLOT, _CONSTANT, _AGGREGATE, _ADD, _SUB, _MUL, _DIV, _NEG, _ABS, _SQRT, _FIXED,
    _LT, _LE, _GT, _GE, _EQ, _NE, _AND, _OR, _NOT, _NULL, _OTHERWISE, _WHERE,
    _LEAST, _GREATEST_OF, _HOUR, _WEEKDAY, _DAY,
) = range(len(L.OPS))  # fmt: skip


@quick
def _arithmetic(op, x, y):
    """One operation of arithmetic; a null operand gives null because NaN does."""
    if op == _ADD:
        return x + y
    if op == _SUB:
        return x - y
    if op == _MUL:
        return x * y
    if op == _DIV:
        return np.nan if y == 0.0 else x / y
    if op == _NEG:
        return -x
    if op == _ABS:
        return abs(x)
    return math.sqrt(x) if x >= 0.0 else np.nan


@quick
def _comparison(op, x, y):
    """One comparison, as 1.0 or 0.0; null when either side is."""
    if math.isnan(x) or math.isnan(y):
        return np.nan
    if op == _LT:
        truth = x < y
    elif op == _LE:
        truth = x <= y
    elif op == _GT:
        truth = x > y
    elif op == _GE:
        truth = x >= y
    elif op == _EQ:
        truth = x == y
    else:
        truth = x != y
    return 1.0 if truth else 0.0


@quick
def _logic(op, x, y):
    """Kleene's and, or, not; `x.null()`; the value of x, or y where x is null."""
    if op == _NULL:
        return 1.0 if math.isnan(x) else 0.0
    if op == _OTHERWISE:
        return y if math.isnan(x) else x
    if op == _NOT:
        return 1.0 - x
    decisive = 0.0 if op == _AND else 1.0
    if x == decisive or y == decisive:
        return decisive
    if math.isnan(x) or math.isnan(y):
        return np.nan
    return 1.0 - decisive


@quick
def _choice(op, x, y, z):
    """where(x, y, z), null when x is; least and greatest of x and y, null when either is."""
    if op == _WHERE:
        if math.isnan(x):
            return np.nan
        return y if x == 1.0 else z
    if math.isnan(x) or math.isnan(y):
        return np.nan
    if op == _LEAST:
        return x if x <= y else y
    return x if x >= y else y


@quick
def _fixed(x, unit):
    """round(x * unit), half to even; null beyond the limit."""
    scaled = np.rint(x * unit)
    return scaled if abs(scaled) <= LIMIT else np.nan


@quick
def _calendar(op, x, first, count, zones):
    """Hour 0..23, ISO weekday 1..7 or day of month 1..31 of a time in seconds.

    zones : int64[m, 2], rows (from this time on, offset in us), `count` of them from `first` on;
    the first offset holds before its time too.
    """
    us = np.rint(x * 1e6)
    if not abs(us) <= _FARTHEST_US:
        return np.nan
    at = np.int64(us)
    a = first
    b = first + count
    while b - a > 1:
        m = (a + b) >> 1
        if zones[m, 0] <= at:
            a = m
        else:
            b = m
    local = at + zones[a, 1]
    day = local // _DAY_US
    if op == _HOUR:
        return np.float64((local - day * _DAY_US) // _HOUR_US)
    if op == _WEEKDAY:
        return np.float64((day + 3) % 7 + 1)
    return np.float64(_day_of_month(day))


@quick
def _day_of_month(day):
    """Day of the month of a day counted from 1970-01-01 (Hinnant's civil_from_days)."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return of_year - (153 * month + 2) // 5 + 1


@quick
def _stored(v, limit):
    """An input as it is stored: null when it is beyond the range of its field."""
    return v if -limit <= v <= limit else NULL


@quick
def _load(v, limit, scale):
    """An input as a number."""
    v = _stored(v, limit)
    return np.nan if v == NULL else np.float64(v) / _POW10[scale]


@quick
def _run(code, constants, limits, zones, inputs, aggregates, row, registers):
    """Compute every register for one row."""
    for i in range(code.shape[0]):
        op = code[i, L.ROW_OP]
        a = code[i, L.ROW_A]
        b = code[i, L.ROW_B]
        c = code[i, L.ROW_C]
        if op == _SLOT:
            registers[i] = _load(inputs[a, row], limits[a], b)
            continue
        if op == _AGGREGATE:
            registers[i] = aggregates[row, a]
            continue
        if op == _CONSTANT:
            registers[i] = constants[a]
            continue
        x = registers[a]
        if op == _FIXED:
            value = _fixed(x, _POW10[b]) / _POW10[b]
        elif op >= _HOUR:
            value = _calendar(op, x, b, c, zones)
        elif op <= _SQRT:
            value = _arithmetic(op, x, registers[b])
        elif op <= _NE:
            value = _comparison(op, x, registers[b])
        elif op <= _OTHERWISE:
            value = _logic(op, x, registers[b])
        else:
            value = _choice(op, x, registers[b], registers[c])
        registers[i] = value if abs(value) <= _GREATEST else np.nan


@quick
def _store(stores, limits, inputs, registers, row, values):
    """Write what is stored with the event: one int64 per column."""
    for column in range(stores.shape[0]):
        kind = stores[column, L.STORE_KIND]
        source = stores[column, L.STORE_SOURCE]
        mask = stores[column, L.STORE_MASK]
        value = UNKNOWN
        if kind == L.STORE_SLOT:
            value = _stored(inputs[source, row], limits[source])
        elif kind == L.STORE_NUMBER:
            number = _fixed(registers[source], _POW10[stores[column, L.STORE_SCALE]])
            value = NULL if math.isnan(number) else np.int64(number)
            value = _stored(value, stores[column, L.STORE_LIMIT])
        if mask >= 0 and registers[mask] != 1.0:
            value = MASKED if kind == L.STORE_OUTCOME else NULL
        values[column, row] = value


@quick
def _answer(outputs, codes, registers, row, features):
    """Write the features of one row: one NaN, no -0.0, categories as places in declared values."""
    for f in range(outputs.shape[0]):
        x = registers[outputs[f, L.OUTPUT_REGISTER]]
        count = outputs[f, L.OUTPUT_CODES]
        if math.isnan(x):
            value = np.nan
        elif count < 0:
            value = x + 0.0
        else:
            value = np.nan
            first = outputs[f, L.OUTPUT_CODES_AT]
            for i in range(count):
                if codes[first + i] == x:
                    value = np.float64(i)
        features[row, f] = value


@njit
def evaluate(
    code, constants, limits, zones, inputs, aggregates, stores, values, outputs, codes, features
):  # fmt: skip
    """Run a row program over n rows.

    inputs : int64[slots, n], stored units, NULL for null;  aggregates : float64[n, A] from `fold`;
    values : int64[columns, n], written by `stores`;  features : float64[n, F], by `outputs`.
    """
    registers = np.empty(max(code.shape[0], 1), dtype=np.float64)
    for row in range(inputs.shape[1]):
        _run(code, constants, limits, zones, inputs, aggregates, row, registers)
        _store(stores, limits, inputs, registers, row, values)
        _answer(outputs, codes, registers, row, features)
