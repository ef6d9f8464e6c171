"""One row, live, in one call: what it stores, every group, what it is answered.

The context lists units and contexts in the order in which they run; the fold says what is short and
is called again from where it stood.  Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.memory import call, fetch, numbers, words
from mintmark.engine.pairs import first_pair
from mintmark.engine.places import first_place, place_for
from mintmark.engine.places_layout import ENTRY_SIZE, ENTRY_VALUE
from mintmark.engine.quick import quick
from mintmark.engine.rows import clean
from mintmark.engine.single_layout import (
    BUFFER_AT,
    FIND_A,
    FIND_B,
    FIND_ENTRIES,
    FIND_SIZE,
    FIND_TABLE,
    FIND_TARGET,
    FINDS,
    FIRST,
    FOLDS,
    FRONT,
    MARK_AT,
    RAW_AT,
    SIZE,
    STEPS,
    STORES,
    UNKNOWN_KEY,
)
from mintmark.engine.states.fading import word_of_phase

_LINE = 8
"""Words of a line of the cache."""


@quick
def second(raw, one):
    """The second number of what is to be found; 0 where the first stands alone."""
    return 0 if one[FIND_B] < 0 else raw[one[FIND_B]]


@quick
def find(c, finds):
    """Lay a row that goes straight out, its keys found; False if one of them was never met."""
    raw = words(c[RAW_AT], c[FRONT] + 2 * c[FINDS])
    for i in range(c[FINDS]):
        one = words(finds + 8 * FIND_SIZE * i, FIND_SIZE)
        place = first_place(one[FIND_ENTRIES], raw[one[FIND_A]], second(raw, one))
        fetch(one[FIND_TABLE] + 8 * ENTRY_SIZE * place)
    buffer = words(c[BUFFER_AT], c[FRONT] + c[FINDS])
    for i in range(c[FRONT]):
        buffer[i] = raw[i]
    mark = c[FRONT] - 1
    buffer[mark] = min(raw[mark], raw[mark - 2])
    for i in range(c[FINDS]):
        one = words(finds + 8 * FIND_SIZE * i, FIND_SIZE)
        key = raw[one[FIND_A]]
        place = place_for(one[FIND_TABLE], one[FIND_ENTRIES], key, second(raw, one))
        entry = words(place, ENTRY_SIZE)
        if entry[ENTRY_VALUE] == 0:
            return False
        buffer[one[FIND_TARGET]] = entry[ENTRY_VALUE] - 1
    return True


@quick
def fetch_keys(folds):
    """Ask for what each fold will read, so that all of it comes at once and not one by one.

    The rows of the keys first; then, of each key, its pace and its newest events.
    """
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
            for line in range(0, table[L.GROUP_PACE_USED], _LINE):
                fetch(f[L.FOLD_HEAP] + 8 * (key[L.KEY_PACE] + line))
        elif key[L.KEY_PAST]:
            for line in range(0, table[L.GROUP_PAST], _LINE):
                fetch(f[L.FOLD_HEAP] + 8 * (key[L.KEY_PAST] + line))
        if 0 < key[L.KEY_CAPACITY] <= L.PAGE:
            place = key[L.KEY_START] + key[L.KEY_END] - key[L.KEY_BASE]
            for field in range(L.FIELD_COLUMNS + table[L.GROUP_COLUMNS]):
                fetch(f[L.FOLD_HEAP] + 8 * (place + field * key[L.KEY_CAPACITY]))


@quick
def fetch_far(folds):
    """Ask for what a pace points to: the oldest event of each window, the tables of its states."""
    for i in range(folds.size):
        f = words(folds[i], L.FOLD_SIZE)
        which = words(f[L.FOLD_KEY], 1)[0]
        if which <= 0:
            continue
        key = words(f[L.FOLD_KEYS] + 8 * L.KEY_SIZE * which, L.KEY_SIZE)
        if key[L.KEY_PACE] == 0:
            continue
        table = words(f[L.FOLD_TABLE], f[L.FOLD_TABLE_SIZE])
        pace = words(f[L.FOLD_HEAP] + 8 * key[L.KEY_PACE], table[L.GROUP_PACE_USED])
        times = f[L.FOLD_HEAP] + 8 * (key[L.KEY_START] - key[L.KEY_BASE])
        rows = words(f[L.FOLD_ROWS], table[L.GROUP_COLUMNS])
        for far in range(table[L.GROUP_FARS]):
            record = table[L.GROUP_FARS_AT] + far * L.FAR_SIZE
            place = table[record + L.FAR_PLACE]
            kind = table[record + L.FAR_KIND]
            if kind == L.FAR_EVENT:
                if pace[place] >= 0 and key[L.KEY_CAPACITY] <= L.PAGE:
                    fetch(times + 8 * pace[place])
            elif pace[place] != 0:
                inside = 0
                if kind == L.FAR_PHASES:
                    inside = word_of_phase(words(f[L.FOLD_AT], 1)[0] // table[record + L.FAR_B])
                elif table[record + L.FAR_SLOT] >= 0:
                    row = rows[table[record + L.FAR_SLOT]]
                    value = words(f[L.FOLD_VALUES] + 8 * row * f[L.FOLD_STRIDE], 1)[0]
                    inside = first_pair(pace[place + 1], value)
                fetch(f[L.FOLD_HEAP] + 8 * (pace[place] + inside))


@quick
def hand_over(address):
    """Copy numbers from one address to another, each as a feature: a count, then the pairs."""
    count = words(address, 1)[0]
    pairs = words(address + 8, 2 * count)
    for i in range(count):
        numbers(pairs[2 * i + 1], 1)[0] = clean(numbers(pairs[2 * i], 1)[0])
    return 0


@quick
def run_steps(address):
    """Run pairs (unit, context) from the first that is left; stop at one that is short of room.

    The context (`engine.single_layout`): how many there are is `STEPS`, where to begin is `FIRST`,
    then the pairs, then the contexts of the `FOLDS` among them.
    """
    c = words(address, SIZE)
    steps = words(address + 8 * SIZE, 2 * c[STEPS])
    folds = words(address + 8 * (SIZE + 2 * c[STEPS]), c[FOLDS])
    i = c[FIRST]
    if i == 0:
        if c[FINDS] and not find(c, address + 8 * (SIZE + 2 * c[STEPS] + c[FOLDS])):
            return UNKNOWN_KEY
        fetch_keys(folds)
    # What is stored with the event is worked out while its keys are on their way.
    begin = c[STORES]
    while i < c[STEPS]:
        if i == begin:
            fetch_far(folds)
        status = call(steps[2 * i], steps[2 * i + 1])
        if status != 0:
            c[FIRST] = i
            return status
        i += 1
    c[FIRST] = 0
    mark = words(c[MARK_AT], 1)[0]
    for k in range(folds.size):
        meta = words(words(folds[k], L.FOLD_SIZE)[L.FOLD_META], L.META_SIZE)
        meta[L.META_WATERMARK] = max(meta[L.META_WATERMARK], mark)
    return 0
