"""Where each number stands in the kernel's int64 tables: the one description that all sides read.

`engine.windows` writes the table of a group from a plan; compiled code reads it.  Names are offsets
inside a record; counts and places are in words.

    group     columns, windows, ..., then the records that it points to
    window    its bounds, how many views, where they stand
    view      one column as one window reads it through one state; then its readers
    reader    one aggregate: the unit that turns words into a number, where that goes, parameters
    key       a row of the directory of keys
    block     at[capacity], seq[capacity], then capacity words per column; or a table of pages
    page      a block of PAGE events
    past      of a key that forgot: for each view of a lifetime its words over what has left
    pace      of a long key: for each view (low, high, words ..., table, size, settled), the table
              where its state has one, `settled` where its outcomes settle
"""

(
    GROUP_COLUMNS, GROUP_WINDOWS, GROUP_WINDOWS_AT, GROUP_SLOTS_AT, GROUP_HORIZON, GROUP_NEWEST,
    GROUP_NEWEST_BEHIND, GROUP_NEWEST_HORIZON, GROUP_PACE, GROUP_SCRATCH, GROUP_VIEWS,
    GROUP_VIEWS_AT, GROUP_OUTS, GROUP_ENDS, GROUP_ENDS_AT, GROUP_PACE_USED, GROUP_FARS,
    GROUP_FARS_AT, GROUP_PAST, GROUP_PAST_AT, GROUP_PASTS, GROUP_PASTS_AT, GROUP_WAITS,
) = range(23)  # fmt: skip
GROUP_SIZE = 23
"""GROUP_PAST words of the past of a key, which begins as those at GROUP_PAST_AT; it is added to
through the GROUP_PASTS views that are listed at GROUP_PASTS_AT.  GROUP_WAITS: reads that wait are
answered before anything is forgotten."""

END_FIELD, END_COUNT = range(2)
END_SIZE = 2
"""How many values of a field the windows without a beginning look at, from their newer end."""

FAR_KIND, FAR_PLACE, FAR_SLOT, FAR_B = range(4)
FAR_SIZE = 4
"""What the pace of a key points to and a read touches: where it says so, and of which column."""
FAR_EVENT, FAR_PAIRS, FAR_PHASES = range(3)
"""An event at an edge; in a table of pairs the pair of a value, in one of phases that of a time."""

SLOT_SOURCE, SLOT_LABEL = range(2)
SLOT_SIZE = 2

(
    WINDOW_SPAN, WINDOW_OFFSET, WINDOW_LEFT, WINDOW_RIGHT, WINDOW_TIES, WINDOW_CURRENT,
    WINDOW_LAST, WINDOW_CALENDAR, WINDOW_ZONE_AT, WINDOW_ZONES, WINDOW_SESSION, WINDOW_VIEWS,
    WINDOW_VIEWS_AT,
) = range(13)  # fmt: skip
WINDOW_SIZE = 13

(
    VIEW_UNIT, VIEW_FIELD, VIEW_SLOT, VIEW_SETTLES, VIEW_OTHERWISE, VIEW_A, VIEW_B, VIEW_WORDS,
    VIEW_PACE, VIEW_TABLE, VIEW_AGAIN, VIEW_WEIGHTS_AT, VIEW_WEIGHTS, VIEW_CODED, VIEW_OWN,
    VIEW_READERS, VIEW_READERS_AT, VIEW_SETTLED, VIEW_PAST, VIEW_UNIT_OF_MANY,
) = range(20)  # fmt: skip
VIEW_SIZE = 20

READER_UNIT, READER_OUT, READER_UNIT_BITS, READER_A, READER_B = range(5)
READER_SIZE = 5

KEY_START, KEY_CAPACITY, KEY_BASE, KEY_HEAD, KEY_END, KEY_PACE, KEY_PAST = range(7)
KEY_SIZE = 8
"""A row of the directory fills one line of the cache."""

FIELD_AT, FIELD_SEQ, FIELD_COLUMNS = range(3)
PAGE_BITS = 10
PAGE = 1 << PAGE_BITS
FIRST_TABLE = 16
"""Pages that the table of a key that just outgrew one block has room for."""
LONG = 64
"""A key with more living events than this keeps its pace from one read to the next."""

META_USED, META_WATERMARK = range(2)
META_SIZE = 8
SIZE_CLASSES = 64
"""Free lists: of blocks by the logarithm of their capacity, then of plain runs of words."""
RUNS = 16
"""The first free list of plain runs of words: list RUNS + k holds runs of 2**k."""

BATCH = 256
"""Reads of one key that are answered together."""

(
    FOLD_TABLE, FOLD_HEAP, FOLD_HEAP_SIZE, FOLD_KEYS, FOLD_FREE, FOLD_META, FOLD_TEMP,
    FOLD_SCRATCH, FOLD_SCRATCH_SIZE, FOLD_TEXTS, FOLD_KIND, FOLD_KEY, FOLD_SOURCE, FOLD_OPERATIONS,
    FOLD_FIRST, FOLD_AT, FOLD_SEQ, FOLD_VALUES, FOLD_STRIDE, FOLD_AMENDS, FOLD_OUT,
    FOLD_OUT_STRIDE, FOLD_READS, FOLD_RELEASE, FOLD_TABLE_SIZE, FOLD_KEY_AT, FOLD_ROWS,
    FOLD_VALUES_ROWS, FOLD_EXPECTED,
) = range(29)  # fmt: skip
FOLD_SIZE = 32
"""The context of a fold: addresses, sizes and where it stands."""

(
    LOOK_READS, LOOK_LOW, LOOK_HIGH, LOOK_SETTLED, LOOK_AT, LOOK_OWN, LOOK_HEAP, LOOK_HEAP_SIZE,
    LOOK_KEY, LOOK_FIELD, LOOK_OTHERWISE, LOOK_A, LOOK_B, LOOK_PARTS, LOOK_PACE, LOOK_SCRATCH,
    LOOK_SCRATCH_SIZE, LOOK_TEXTS, LOOK_WEIGHTS, LOOK_WEIGHTS_SIZE, LOOK_OFFSET, LOOK_MODE,
    LOOK_PLACE, LOOK_FREE, LOOK_META, LOOK_OUT, LOOK_UNIT_BITS, LOOK_READ_A, LOOK_READ_B,
    LOOK_OWN_OTHERWISE, LOOK_UNTIL, LOOK_PAST,
) = range(32)  # fmt: skip
LOOK_SIZE = 32
"""The context of a unit: the reads of one batch, one view, and where its words go."""

MODE_READ, MODE_ADD, MODE_DROP = range(3)
"""What a unit does: read for a batch, or take positions LOOK_PLACE to LOOK_UNTIL in or out."""

PACE_LOW, PACE_HIGH, PACE_WORDS = range(3)

(TEMP_LOW, TEMP_HIGH, TEMP_SETTLED, TEMP_AT, TEMP_OWN, TEMP_VISIBLE) = range(6)
"""Arrays of BATCH words each at the front of the temporary memory."""
TEMP_LOOK = 6 * BATCH
TEMP_PACE = TEMP_LOOK + LOOK_SIZE
TEMP_PARTS = TEMP_PACE + 64
WORDS_MAX = 24
TEMP_SIZE = TEMP_PARTS + WORDS_MAX * BATCH

NO_KEY, NOTHING = -1, -2
"""In place of a key: a part of it is null, so a read answers null; or nothing is to be done."""

OP_INSERT, OP_READ, OP_AMEND, OP_REMOVE, OP_FORGET = 1, 2, 4, 8, 16

FORGOTTEN = 2 * PAGE
"""Events of one key with a past that leave together, at most: adding them takes time."""
ANEW_BITS = 20
"""After 2**20 events that left, the running words of a lifetime begin with its past anew."""

AMEND_AT, AMEND_SEQ, AMEND_LABEL, AMEND_VALUE = range(4)
AMEND_SIZE = 4

FOREVER = -1
"""Marks a window without a span and a horizon before which nothing is forgotten."""

DONE, NEED_HEAP, NEED_SCRATCH = 0, 1, 2
"""What a fold answers: all done, or what must grow before it goes on with the same operation."""
