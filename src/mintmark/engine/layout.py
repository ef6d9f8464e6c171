"""Where each number stands in the kernel's int64 tables: the one description that both sides read.

`engine.program` writes these tables from a plan; the compiled `engine.step` and `engine.rows`
read them.  Names are offsets inside a record.

    program   [groups, offset of group 0, offset of group 1, ...] then the records
    group     columns, windows, horizon, wants scratch, where the column list and the windows stand
    window    offset, span, current, views, where the views stand
    view      one column as one window reads it: slot, settling, default, powers, then how many
              aggregates read its exact parts, how many there are, those of parts first
    aggregate kind, place in the output, scale
    key       a row of the directory: block start, capacity, head, end, then two hints per window
    block     at[capacity], seq[capacity], then capacity words per column of the group
"""

GROUP_COLUMNS, GROUP_WINDOWS, GROUP_HORIZON, GROUP_SCRATCH, GROUP_SLOTS_AT = range(5)
GROUP_WINDOWS_AT = 5
GROUP_SIZE = 6
SLOT_SOURCE, SLOT_LABEL = range(2)
SLOT_SIZE = 2
WINDOW_OFFSET, WINDOW_SPAN, WINDOW_CURRENT, WINDOW_VIEWS, WINDOW_VIEWS_AT = range(5)
WINDOW_SIZE = 5
VIEW_SLOT, VIEW_SETTLES, VIEW_OTHERWISE, VIEW_POWERS, VIEW_ADDITIVE, VIEW_AGGREGATES = range(6)
VIEW_AGGREGATES_AT = 6
VIEW_SIZE = 7
AGGREGATE_KIND, AGGREGATE_OUT, AGGREGATE_SCALE = range(3)
AGGREGATE_SIZE = 3

KEY_START, KEY_CAPACITY, KEY_HEAD, KEY_END, KEY_HINTS = range(5)

FIELD_AT, FIELD_SEQ, FIELD_COLUMNS = range(3)

META_USED, META_WATERMARK = range(2)
META_SIZE = 8
SIZE_CLASSES = 48

OP_INSERT, OP_READ, OP_AMEND = 1, 2, 4

AMEND_AT, AMEND_SEQ, AMEND_LABEL, AMEND_VALUE = range(4)
AMEND_SIZE = 4

FOREVER = -1
"""Marks a window without a span and a horizon before which nothing is forgotten."""

PARTS = 8
"""Words at the front of the scratch that hold a window's exact parts; a hash table follows."""

DONE, NEED_HEAP, NEED_SCRATCH = 0, 1, 2
"""What `fold` answers: all done, or what must grow before it goes on with the same operation."""

OPS = (
    "slot", "constant", "aggregate", "add", "sub", "mul", "div", "neg", "abs", "sqrt", "fixed",
    "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "null", "otherwise", "where",
    "least", "greatest", "hour", "weekday", "day",
)  # fmt: skip
"""The row operations; the place in the tuple is the code in a row program."""
ROW_OP, ROW_A, ROW_B, ROW_C = range(4)
ROW_SIZE = 4

STORE_SLOT, STORE_NUMBER, STORE_OUTCOME = range(3)
STORE_KIND, STORE_SOURCE, STORE_SCALE, STORE_MASK, STORE_LIMIT = range(5)
STORE_SIZE = 5

OUTPUT_REGISTER, OUTPUT_CODES_AT, OUTPUT_CODES = range(3)
OUTPUT_SIZE = 3
