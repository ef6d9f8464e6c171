"""What the state of a plan will take: the numbers that can be told before there is any.

The engine's layout fixes them; `mintmark inspect` measures what they come to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mintmark.define import reach_us

if TYPE_CHECKING:
    from mintmark.plan.plan import Plan

WORD_BYTES = 8
KEY_WORDS = 8
"""Words of a key: a line of the cache that says where its events stand."""
EVENT_WORDS = 2
"""Words of a stored event beside its columns: `at` and `seq`."""
LONG_EVENTS = 64
"""A key with more living events than this also keeps running parts for each of its windows."""


def bytes_per_key(plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return for each group the bytes that a key takes, and those of each event kept for it."""
    return tuple(
        (WORD_BYTES * KEY_WORDS, WORD_BYTES * (EVENT_WORDS + len(group.columns)))
        for group in plan.groups
    )


def horizon_us(plan: Plan, group: int) -> int | None:
    """Return how far back the windows of a group look; None is for ever."""
    reaches = [reach_us(a.window) for a in plan.aggregates if a.group == group]
    return None if None in reaches else max(reach for reach in reaches if reach is not None)
