"""The integers that stand for what is not a number in stored columns, and the greatest that is one.

A stored column is int64.  Three values just above the smallest int64 are not numbers:
`NULL` (no value), `UNKNOWN` (an outcome that no label has told yet) and `MASKED` (an outcome that
its `where=` left out for good).  Everything greater than `MASKED` is a value, and no value is
beyond `LIMIT`, so the sum of its squares over 2**30 events stays inside the wide integers of
`engine.limbs`.
"""

NULL = -(2**63)
UNKNOWN = NULL + 1
MASKED = NULL + 2

LIMIT = 2**62
"""The greatest magnitude that a stored value may have; beyond it a value is null."""

MONEY_LIMIT = 10**13
"""The greatest magnitude of money in minor units, unless its field declares another."""

FORMAT = 4
"""The version of the layout of state and tables; a snapshot of another one is refused."""
