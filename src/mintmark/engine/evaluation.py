"""Row expressions over a context: `engine.rows` as a unit that takes one address.

Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import evaluation_layout as E
from mintmark.engine import row_layout as R
from mintmark.engine.memory import number_table, numbers, word_table, words
from mintmark.engine.quick import quick
from mintmark.engine.rows import answer, run, store


@quick
def evaluate(address):
    """Run the row program of a context over its rows from one up to another, block by block."""
    c = words(address, E.SIZE)
    rows = c[E.ROWS]
    code = word_table(c[E.CODE], c[E.CODE_ROWS], R.ROW_SIZE)
    constants = numbers(c[E.CONSTANTS], c[E.CONSTANTS_SIZE])
    limits = word_table(c[E.LIMITS], c[E.SLOTS], 2)
    zones = word_table(c[E.ZONES], c[E.ZONES_ROWS], 2)
    days = words(c[E.DAYS], c[E.DAYS_SIZE])
    hashes = words(c[E.HASHES], c[E.HASHES_SIZE])
    inputs = word_table(c[E.INPUTS], c[E.SLOTS], rows)
    aggregates = number_table(c[E.AGGREGATES], c[E.AGGREGATES_ROWS], rows)
    stores = word_table(c[E.STORES], c[E.STORES_ROWS], R.STORE_SIZE)
    values = words(c[E.VALUES], c[E.VALUES_SIZE])
    outputs = word_table(c[E.OUTPUTS], c[E.OUTPUTS_ROWS], R.OUTPUT_SIZE)
    codes = numbers(c[E.CODES], c[E.CODES_SIZE])
    features = numbers(c[E.FEATURES], c[E.FEATURES_SIZE])
    width = c[E.WIDTH]
    registers = number_table(c[E.REGISTERS], max(c[E.CODE_ROWS], 1), width)
    for first in range(c[E.FROM], c[E.TO], width):
        count = min(width, c[E.TO] - first)
        run(
            code, constants, limits, zones, days, hashes, inputs, first, count, aggregates,
            registers,
        )  # fmt: skip
        store(
            stores, limits, inputs, first, count, registers, values, c[E.VALUE_STRIDE],
            c[E.VALUE_ROW_STRIDE],
        )  # fmt: skip
        answer(
            outputs, codes, registers, count, features, first, c[E.ROW_STRIDE],
            c[E.FEATURE_STRIDE],
        )  # fmt: skip
    return 0
