"""One row, live, in one call: what it stores, every group, what it is answered.

The context lists units and contexts in the order in which they run; the fold says what is short and
is called again from where it stood.  Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.memory import call, fetch, words
from mintmark.engine.quick import quick
from mintmark.engine.single_layout import FIRST, FOLDS, SIZE, STEPS


@quick
def fetch_keys(address):
    """Ask for what each fold will read, so that all of it comes at once and not one by one.

    The rows of the keys first; then, of each key, its pace and its newest events.
    """
    c = words(address, SIZE)
    folds = words(address + 8 * (SIZE + 2 * c[STEPS]), c[FOLDS])
    for i in range(folds.size):
        f = words(folds[i], L.FOLD_SIZE)
        key = words(f[L.FOLD_KEY], 1)[0]
        if key > 0:
            fetch(f[L.FOLD_KEYS] + 8 * L.KEY_SIZE * key)
    for i in range(folds.size):
        f = words(folds[i], L.FOLD_SIZE)
        which = words(f[L.FOLD_KEY], 1)[0]
        if which <= 0:
            continue
        key = words(f[L.FOLD_KEYS] + 8 * L.KEY_SIZE * which, L.KEY_SIZE)
        table = words(f[L.FOLD_TABLE], f[L.FOLD_TABLE_SIZE])
        if key[L.KEY_PACE]:
            for line in range(0, table[L.GROUP_PACE], 8):
                fetch(f[L.FOLD_HEAP] + 8 * (key[L.KEY_PACE] + line))
        if 0 < key[L.KEY_CAPACITY] <= L.PAGE:
            place = key[L.KEY_START] + key[L.KEY_END] - key[L.KEY_BASE]
            for field in range(L.FIELD_COLUMNS + table[L.GROUP_COLUMNS]):
                fetch(f[L.FOLD_HEAP] + 8 * (place + field * key[L.KEY_CAPACITY]))


@quick
def run_steps(address):
    """Run pairs (unit, context) from the first that is left; stop at one that is short of room.

    The context: how many there are is `STEPS`, where to begin is `FIRST`, then the pairs, then the
    contexts of the `FOLDS` among them.
    """
    c = words(address, SIZE)
    steps = words(address + 8 * SIZE, 2 * c[STEPS])
    i = c[FIRST]
    if i == 0:
        fetch_keys(address)
    while i < c[STEPS]:
        status = call(steps[2 * i], steps[2 * i + 1])
        if status != 0:
            c[FIRST] = i
            return status
        i += 1
    c[FIRST] = 0
    return 0
