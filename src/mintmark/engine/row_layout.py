"""Where each number stands in the int64 tables of a row program: what both of its sides read.

`engine.registers` writes these tables from the nodes of a plan; the compiled `engine.rows` reads
them.  Names are offsets inside a record.

    code      operation, then its operands: registers first, in A, B and C, then whole numbers
    store     one stored column: what it is taken from, its scale, its mask (-1: none), its limit
    output    one feature: its register, and for a category its table in `codes`: where it stands,
              how many codes it covers (-1: no category) and the first of them; the table holds the
              place of a code among the declared values, NaN where it is none of them

What stands behind the registers of an instruction:

    slot       A slot, B scale       fixed         B scale
    constant   A constant            power         B constant
    aggregate  A aggregate           hash          B size
                                     hour ... week B, C zone table: where it stands, rows
                                     holiday       the same, and D, E days: where, how many
"""

OPS = (
    "slot", "constant", "aggregate",
    "add", "sub", "mul", "div", "mod", "least", "greatest",
    "neg", "abs", "sqrt", "sign", "floor", "fixed", "power",
    "log", "exp", "sin", "cos", "atan",
    "lt", "le", "gt", "ge", "eq", "ne",
    "and", "or", "not", "null", "otherwise", "where",
    "hash",
    "hour", "minute", "second_of_day", "weekday", "day", "month", "year", "yearday", "week",
    "holiday",
)  # fmt: skip
"""The row operations; the place in the tuple is the code in a row program."""

LOADS = OPS[:3]
"""Operations that read no register."""
CALENDAR = OPS[OPS.index("hour") :]
"""Operations that read a time on the clocks of a zone."""

ROW_OP, ROW_A, ROW_B, ROW_C, ROW_D, ROW_E = range(6)
ROW_SIZE = 6

STORE_SLOT, STORE_NUMBER, STORE_OUTCOME = range(3)
STORE_KIND, STORE_SOURCE, STORE_SCALE, STORE_MASK, STORE_LIMIT = range(5)
STORE_SIZE = 5

OUTPUT_REGISTER, OUTPUT_CODES_AT, OUTPUT_CODES, OUTPUT_LOW, OUTPUT_PLACE = range(5)
OUTPUT_SIZE = 5

BLOCK = 128
"""Rows that a row program runs over at a time when there are many: the width of its registers."""
