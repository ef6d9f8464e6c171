"""A row program with the memory that it runs in: from inputs to stored values, or to features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mintmark.engine import evaluation_layout as E
from mintmark.engine import row_layout as R
from mintmark.engine.state import address_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Interner
    from mintmark.engine.kernel import Unit
    from mintmark.engine.registers import RowProgram

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NOTHING = np.zeros((0, 0))


def _extent(array: NDArray[Any]) -> int:
    """Words from the first number of a table to the one after its last."""
    if not array.size:
        return 0
    steps = zip(array.shape, array.strides, strict=True)
    return int(1 + sum((size - 1) * (stride // 8) for size, stride in steps))


class Expressions:
    """The context of a row program; arrays that it is aimed at live as long as it does."""

    def __init__(self, rows: RowProgram, slots: int, *, width: int = R.BLOCK) -> None:
        self.context = np.zeros(E.SIZE, dtype=np.int64)
        registers = np.empty((max(len(rows.code), 1), width))
        self._alive: tuple[Any, ...] = (rows, registers)
        c = self.context
        for place, size, array in (
            (E.CODE, E.CODE_ROWS, rows.code),
            (E.CONSTANTS, E.CONSTANTS_SIZE, rows.constants),
            (E.LIMITS, E.SLOTS, rows.limits),
            (E.ZONES, E.ZONES_ROWS, rows.zones),
            (E.DAYS, E.DAYS_SIZE, rows.days),
            (E.STORES, E.STORES_ROWS, rows.stores),
            (E.OUTPUTS, E.OUTPUTS_ROWS, rows.outputs),
            (E.CODES, E.CODES_SIZE, rows.codes),
        ):
            c[place], c[size] = address_of(array), len(array)
        assert slots == len(rows.limits), "every input has a limit"
        c[E.REGISTERS], c[E.WIDTH] = address_of(registers), width
        self._aimed: tuple[Any, ...] = ()

    def see_texts(self, interner: Interner) -> None:
        """Note where the interner keeps hashes."""
        self.context[E.HASHES] = interner.addresses[2]
        self.context[E.HASHES_SIZE] = len(interner.hashes)

    def aim(self, inputs: Ints, aggregates: Floats, values: Ints, features: Floats) -> None:
        """Point the context at rows: int64[slots, n], float64[A, n], int64[columns, n] and
        float64[n, F], the last two written; both may stand by row or by column."""
        c = self.context
        c[E.ROWS] = c[E.TO] = inputs.shape[1]
        c[E.INPUTS], c[E.VALUES] = address_of(inputs), address_of(values)
        c[E.AGGREGATES], c[E.AGGREGATES_ROWS] = address_of(aggregates), len(aggregates)
        c[E.FEATURES], c[E.FEATURES_SIZE] = address_of(features), features.size
        c[E.ROW_STRIDE], c[E.FEATURE_STRIDE] = (stride // 8 for stride in features.strides)
        c[E.VALUE_STRIDE], c[E.VALUE_ROW_STRIDE] = (stride // 8 for stride in values.strides)
        c[E.VALUES_SIZE] = _extent(values)
        self._aimed = (inputs, aggregates, values, features)

    def part(self, first: int, last: int) -> None:
        """Point the context at some of the rows alone."""
        self.context[E.FROM], self.context[E.TO] = first, last

    def run(self, unit: Unit) -> None:
        """Evaluate what the context is aimed at."""
        unit.call(address_of(self.context))
