"""A counterexample made smaller: what is left out of it as long as it still is one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smaller(
    parts: Sequence[T], wrong: Callable[[Sequence[T]], bool], *, tries: int = 400
) -> list[T]:
    """Return some of the parts that are still wrong, none of which can be left out alone.

    Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002), by
    complements only.

    Examples
    --------
    >>> smaller(range(100), lambda parts: 7 in parts and 40 in parts)
    [7, 40]
    """
    left = list(parts)
    size = max(len(left) // 2, 1)
    while tries > 0:
        place, shorter = 0, False
        while place < len(left) and tries > 0:
            rest = left[:place] + left[place + size :]
            tries -= 1
            if wrong(rest):
                left, shorter = rest, True
            else:
                place += size
        if size == 1 and not shorter:
            break
        size = max(size // 2, 1)
    return left
