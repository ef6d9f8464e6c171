"""ranks: the values of the window in order of size.

Form: commutative group with a table: the sorted values.  Adding and dropping move what is greater.
Cost: a search and 0.1 ns for each value moved.  a : which one, see `pick`.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("n",)
FORM = "group"
TABLE = True


@quick
def room(n):
    """Words of a table for n values."""
    size = 64
    while size < n:
        size *= 2
    return size


@quick
def _place(table, n, value):
    """The first place whose value is not less."""
    low = 0
    high = n
    while low < high:
        middle = (low + high) >> 1
        if table[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@quick
def add(n, value, table):
    """Put a value at its place."""
    place = _place(table, n, value)
    for i in range(n - place):
        table[n - i] = table[n - i - 1]
    table[place] = value
    return (n + 1,)


@quick
def drop(n, value, table):
    """Take a value out."""
    place = _place(table, n, value)
    for i in range(place, n - 1):
        table[i] = table[i + 1]
    return (n - 1,)


@quick
def fits(n, size):
    """Whether one more value fits into a table of `size` words."""
    return n + 1 <= size


@quick
def wanted(n):
    """Words of the table to move to."""
    return room(2 * n)


@quick
def move(n, table, larger):
    """Copy the values into another table."""
    for i in range(n):
        larger[i] = table[i]
    return (n,)
