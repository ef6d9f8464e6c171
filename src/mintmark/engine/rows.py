"""The compiled row expressions: a small register machine over float64, a block of rows at a time.

Register i holds the value of instruction i for each row of the block; null is NaN.  An instruction
is looked up once for the block and then runs down its rows in a loop that the compiler vectorises.
The same function runs before the fold (what is stored with an event) and after it (what a request
is answered), in replay, and in live for a block of one.  Every result that is not finite is null;
no libm, no contraction.  Tables are those of `engine.row_layout`.
Compiled; imported only by the kernel.

    registers   float64[instructions, width]: `width` rows are a block at most, BLOCK in replay;
                1 in live, so that what one row needs lies close together
    inputs      int64[slots, n], stored units, NULL for null
    limits      int64[slots, 2], the least and the greatest number of each; others are null
    aggregates  float64[A, n]
    zones       int64[m, 2], rows (from this time on, offset in us), one table after another
    days        int64[k], days since 1970-01-01 that are holidays, one table after another
    hashes      int64[codes], the 64 bits of the hash of every text by its code
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np
from numba import njit

from mintmark.engine import exact_math as exact
from mintmark.engine import row_layout as L
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import LIMIT, MASKED, NULL, UNKNOWN

# A group of operations is one function for the reader and part of `run` for the compiler: a call
# would cost a live decision more than the operation.
part = njit(inline="always")

_POW10 = np.array([10.0**k for k in range(23)])
_GREATEST = np.finfo(np.float64).max
_SECOND_US, _MINUTE_US, _HOUR_US, _DAY_US = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
_FARTHEST_US = 6e16
_FROM, _TO = L.OUTPUT_REGISTER, L.OUTPUT_PLACE
# Days are counted from 1 March of the year 0, so that none within reach is negative; the masks say
# so to the compiler, which then divides by constants without a look at signs.
_EPOCH_DAY = 719_468
_EPOCH_US = _EPOCH_DAY * _DAY_US
_US_MASK, _DAY_MASK = (1 << 57) - 1, (1 << 21) - 1
(
    _SLOT, _CONSTANT, _AGGREGATE,
    _ADD, _SUB, _MUL, _DIV, _MOD, _LEAST, _MOST,
    _NEG, _ABS, _SQRT, _SIGN, _FLOOR, _FIXED, _POWER,
    _LOG, _EXP, _SIN, _COS, _ATAN,
    _LT, _LE, _GT, _GE, _EQ, _NE,
    _AND, _OR, _NOT, _NULL, _OTHERWISE, _WHERE,
    _HASH,
    _HOUR, _MINUTE, _SECOND, _WEEKDAY, _DAY, _MONTH, _YEAR, _YEARDAY, _WEEK, _HOLIDAY,
) = range(len(L.OPS))  # fmt: skip


@quick
def _finite(value):
    """A result, null unless it is a number; there is one NaN."""
    return value if abs(value) <= _GREATEST else np.nan


@quick
def _either(value, x, y):
    """A value, null when one of two operands is."""
    return np.nan if (x != x) | (y != y) else value


@quick
def _chosen(truth, x, y):
    """One of two values, both read, so that nothing branches."""
    return x if truth else y


@quick
def _fixed(x, unit):
    """round(x * unit), half to even; null beyond the limit."""
    scaled = np.rint(x * unit)
    return scaled if abs(scaled) <= LIMIT else np.nan


@quick
def _stored(v, least, most):
    """An input as it is stored: null when it is beyond the range of its field."""
    return v if (least <= v) & (v <= most) else NULL


@part
def _load(op, place, scale, constants, limits, inputs, first, count, aggregates, out):
    """What reads no register."""
    if op == _SLOT:
        least, most, unit = limits[place, 0], limits[place, 1], _POW10[scale]
        source = inputs[place, first : first + count]
        for k in range(count):
            v = _stored(source[k], least, most)
            out[k] = np.nan if v == NULL else np.float64(v) / unit
    elif op == _AGGREGATE:
        told = aggregates[place, first : first + count]
        for k in range(count):
            out[k] = told[k]
    else:
        constant = constants[place]
        for k in range(count):
            out[k] = constant


@part
def _pair(op, x, y, count, out):
    """Arithmetic of two operands; a null operand gives null because NaN does."""
    if op == _ADD:
        for k in range(count):
            out[k] = _finite(x[k] + y[k])
    elif op == _SUB:
        for k in range(count):
            out[k] = _finite(x[k] - y[k])
    elif op == _MUL:
        for k in range(count):
            out[k] = _finite(x[k] * y[k])
    elif op == _DIV:
        for k in range(count):
            out[k] = _finite(x[k] / y[k])
    elif op == _MOD:
        for k in range(count):
            out[k] = _finite(x[k] - y[k] * np.floor(x[k] / y[k]))
    elif op == _LEAST:
        for k in range(count):
            out[k] = _finite(_either(_chosen(x[k] <= y[k], x[k], y[k]), x[k], y[k]))
    else:
        for k in range(count):
            out[k] = _finite(_either(_chosen(x[k] >= y[k], x[k], y[k]), x[k], y[k]))


@part
def _single(op, x, b, constants, count, out):
    """Arithmetic of one operand."""
    if op == _NEG:
        for k in range(count):
            out[k] = _finite(-x[k])
    elif op == _ABS:
        for k in range(count):
            out[k] = _finite(abs(x[k]))
    elif op == _SQRT:
        for k in range(count):
            out[k] = _finite(math.sqrt(x[k]))
    elif op == _SIGN:
        for k in range(count):
            sign = 1.0 if x[k] > 0.0 else (-1.0 if x[k] < 0.0 else 0.0)
            out[k] = _either(sign, x[k], x[k])
    elif op == _FLOOR:
        for k in range(count):
            out[k] = _finite(np.floor(x[k]))
    elif op == _FIXED:
        unit = _POW10[b]
        for k in range(count):
            out[k] = _finite(_fixed(x[k], unit) / unit)
    elif exact.is_whole(constants[b]):
        whole = np.int64(constants[b])
        for k in range(count):
            out[k] = _finite(exact.whole_power(x[k], whole))
    else:
        broken = constants[b]
        for k in range(count):
            out[k] = broken * exact.log(x[k])
        for k in range(count):
            out[k] = exact.exp(out[k])
        for k in range(count):
            out[k] = _finite(exact.raised(x[k], broken, out[k]))


@part
def _curve(op, x, count, out):
    """The functions of `engine.exact_math`."""
    if op == _LOG:
        for k in range(count):
            out[k] = _finite(exact.log(x[k]))
    elif op == _EXP:
        for k in range(count):
            out[k] = _finite(exact.exp(x[k]))
    elif op == _SIN:
        for k in range(count):
            out[k] = _finite(exact.sin(x[k]))
    elif op == _COS:
        for k in range(count):
            out[k] = _finite(exact.cos(x[k]))
    else:
        for k in range(count):
            out[k] = _finite(exact.atan(x[k]))


@quick
def _told(truth, x, y):
    """A comparison as 1.0 or 0.0; null when either side is."""
    return _either(1.0 if truth else 0.0, x, y)


@part
def _comparison(op, x, y, count, out):
    """The comparisons of two operands."""
    if op == _LT:
        for k in range(count):
            out[k] = _told(x[k] < y[k], x[k], y[k])
    elif op == _LE:
        for k in range(count):
            out[k] = _told(x[k] <= y[k], x[k], y[k])
    elif op == _GT:
        for k in range(count):
            out[k] = _told(x[k] > y[k], x[k], y[k])
    elif op == _GE:
        for k in range(count):
            out[k] = _told(x[k] >= y[k], x[k], y[k])
    elif op == _EQ:
        for k in range(count):
            out[k] = _told(x[k] == y[k], x[k], y[k])
    else:
        for k in range(count):
            out[k] = _told(x[k] != y[k], x[k], y[k])


@part
def _logic(op, x, y, z, count, out):
    """Kleene's and, or, not; `x.null()`; x, or y where x is null; where, null when x is."""
    if op == _AND:
        for k in range(count):
            out[k] = 0.0 if (x[k] == 0.0) | (y[k] == 0.0) else _either(1.0, x[k], y[k])
    elif op == _OR:
        for k in range(count):
            out[k] = 1.0 if (x[k] == 1.0) | (y[k] == 1.0) else _either(0.0, x[k], y[k])
    elif op == _NOT:
        for k in range(count):
            out[k] = _finite(1.0 - x[k])
    elif op == _NULL:
        for k in range(count):
            out[k] = 1.0 if x[k] != x[k] else 0.0
    elif op == _OTHERWISE:
        for k in range(count):
            out[k] = _finite(_chosen(x[k] != x[k], y[k], x[k]))
    else:
        for k in range(count):
            out[k] = _finite(_either(_chosen(x[k] == 1.0, y[k], z[k]), x[k], x[k]))


@quick
def _hash(x, size, hashes, count, out):
    """The hash of each text, by its code, modulo a size."""
    for k in range(count):
        code = x[k]
        if code != code:
            out[k] = np.nan
        else:
            out[k] = np.float64(np.uint64(hashes[np.int64(code)]) % np.uint64(size))


@quick
def _calendar(op, x, code, zones, days, count, out):
    """A part of the local time of each time in seconds; a zone's first offset holds before it too.

    The rows of a block are mostly near in time, so the offset of the row before is tried first.
    """
    first, last = code[L.ROW_B], code[L.ROW_B] + code[L.ROW_C] - 1
    spell = first
    for k in range(count):
        us = np.rint(x[k] * 1e6)
        if not abs(us) <= _FARTHEST_US:
            out[k] = np.nan
            continue
        at = np.int64(us)
        late = spell < last and zones[spell + 1, 0] <= at
        if late or zones[spell, 0] > at:
            spell = _spell(zones, first, last, at)
        local = (at + zones[spell, 1] + _EPOCH_US) & _US_MASK
        day = local // _DAY_US
        if op <= _SECOND:
            out[k] = np.float64(_clock(op, local - day * _DAY_US))
        elif op == _HOLIDAY:
            out[k] = _listed(days, code[L.ROW_D], code[L.ROW_E], day - _EPOCH_DAY)
        else:
            out[k] = np.float64(_date(op, day))


@quick
def _spell(zones, first, last, at):
    """The newest row of a zone's table that is not after a time; the first where all are."""
    a, b = first, last + 1
    while b - a > 1:
        m = (a + b) >> 1
        if zones[m, 0] <= at:
            a = m
        else:
            b = m
    return a


@quick
def _clock(op, us):
    """Hour 0..23, minute 0..59 or second of the day, of the microseconds since midnight."""
    if op == _HOUR:
        return us // _HOUR_US
    if op == _MINUTE:
        return us // _MINUTE_US % 60
    return us // _SECOND_US


@quick
def _date(op, day):
    """Part of the date of a day counted from 0000-03-01.

    Source: Neri and Schneider, Euclidean affine functions and their application to calendar
    algorithms (2022), figure 12; months and years begin on 1 March until the last lines.
    """
    weekday = ((day + 2) & _DAY_MASK) % 7
    if op == _WEEKDAY:
        return weekday + 1
    # The week of a date is that of its Thursday, and the year of the week is the Thursday's.
    quarters = 4 * ((day + (3 - weekday if op == _WEEK else 0)) & _DAY_MASK) + 3
    century = quarters // 146_097
    product = 2_939_745 * (quarters % 146_097 // 4 * 4 + 3)
    year = product >> 32
    of_year = (product & 0xFFFFFFFF) // 2_939_745 // 4
    month = 2_141 * of_year + 197_913
    turned = of_year >= 306
    if op == _DAY:
        return (month & 0xFFFF) // 2_141 + 1
    if op == _MONTH:
        return (month >> 16) - (12 if turned else 0)
    if op == _YEAR:
        return 100 * century + year + (1 if turned else 0)
    leap = (year % 4 == 0) & ((year != 0) | (century % 4 == 0))
    yearday = of_year - 305 if turned else of_year + 60 + (1 if leap else 0)
    return (yearday - 1) // 7 + 1 if op == _WEEK else yearday


@quick
def _listed(days, first, count, day):
    """1.0 where a day is among some sorted days, 0.0 where it is not."""
    a, b = first, first + count
    while a < b:
        m = (a + b) >> 1
        if days[m] < day:
            a = m + 1
        else:
            b = m
    return 1.0 if a < first + count and days[a] == day else 0.0


@quick
def run(code, constants, limits, zones, days, hashes, inputs, first, count, aggregates, registers):
    """Compute every register for the rows first .. first + count, at most a block."""
    for i in range(code.shape[0]):
        op, a, b = code[i, L.ROW_OP], code[i, L.ROW_A], code[i, L.ROW_B]
        out = registers[i]
        if op <= _AGGREGATE:
            _load(op, a, b, constants, limits, inputs, first, count, aggregates, out)
            continue
        x = registers[a]
        if op <= _MOST:
            _pair(op, x, registers[b], count, out)
        elif op <= _POWER:
            _single(op, x, b, constants, count, out)
        elif op <= _ATAN:
            _curve(op, x, count, out)
        elif op <= _NE:
            _comparison(op, x, registers[b], count, out)
        elif op <= _WHERE:
            _logic(op, x, registers[b], registers[code[i, L.ROW_C]], count, out)
        elif op == _HASH:
            _hash(x, b, hashes, count, out)
        else:
            _calendar(op, x, code[i], zones, days, count, out)


@quick
def store(stores, limits, inputs, first, count, registers, values, stride, row_stride):
    """Write what is stored with the events of a block: one int64 for each column and row.

    stride, row_stride : how many words from one column to the next, and from one row to the next.
    """
    for column in range(stores.shape[0]):
        kind, source = stores[column, L.STORE_KIND], stores[column, L.STORE_SOURCE]
        at = column * stride + first * row_stride
        if kind == L.STORE_SLOT:
            least, most = limits[source, 0], limits[source, 1]
            told = inputs[source, first : first + count]
            for k in range(count):
                values[at + k * row_stride] = _stored(told[k], least, most)
        elif kind == L.STORE_NUMBER:
            limit, unit = stores[column, L.STORE_LIMIT], _POW10[stores[column, L.STORE_SCALE]]
            number = registers[source]
            for k in range(count):
                scaled = _fixed(number[k], unit)
                null = scaled != scaled
                whole = np.int64(0.0 if null else scaled)
                values[at + k * row_stride] = NULL if null else _stored(whole, -limit, limit)
        else:
            for k in range(count):
                values[at + k * row_stride] = UNKNOWN
        mask = stores[column, L.STORE_MASK]
        if mask >= 0:
            masked = MASKED if kind == L.STORE_OUTCOME else NULL
            shown = registers[mask]
            for k in range(count):
                values[at + k * row_stride] = (
                    values[at + k * row_stride] if shown[k] == 1.0 else masked
                )


@quick
def clean(x):
    """A feature: one NaN, no -0.0."""
    return _either(x + 0.0, x, x)


@quick
def answer(outputs, codes, registers, count, features, first, row_stride, feature_stride):
    """Write the features of a block: one NaN, no -0.0, categories as places in declared values.

    Four features at a time, because registers are columns and features mostly rows: a feature
    alone would fetch a line of the cache for every row.
    """
    size = outputs.shape[0]
    start = first * row_stride
    for f in range(0, size - 3, 4):
        a, b = registers[outputs[f, _FROM]], registers[outputs[f + 1, _FROM]]
        c, d = registers[outputs[f + 2, _FROM]], registers[outputs[f + 3, _FROM]]
        to_a = start + outputs[f, _TO] * feature_stride
        to_b = start + outputs[f + 1, _TO] * feature_stride
        to_c = start + outputs[f + 2, _TO] * feature_stride
        to_d = start + outputs[f + 3, _TO] * feature_stride
        for k in range(count):
            row = k * row_stride
            features[to_a + row] = clean(a[k])
            features[to_b + row] = clean(b[k])
            features[to_c + row] = clean(c[k])
            features[to_d + row] = clean(d[k])
    for f in range(size - size % 4, size):
        a = registers[outputs[f, _FROM]]
        to_a = start + outputs[f, _TO] * feature_stride
        for k in range(count):
            features[to_a + k * row_stride] = clean(a[k])
    for f in range(size):
        known = outputs[f, L.OUTPUT_CODES]
        if known >= 0:
            at, low = outputs[f, L.OUTPUT_CODES_AT], outputs[f, L.OUTPUT_LOW]
            to = start + outputs[f, _TO] * feature_stride
            for k in range(count):
                place = features[to + k * row_stride] - low
                inside = (place >= 0.0) & (place < known)
                told = codes[at + np.int64(place)] if inside else np.nan
                features[to + k * row_stride] = told
