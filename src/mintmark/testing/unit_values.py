"""The digest of an aggregate's values over a log that never changes: what its VERSION stands for.

A plan names an aggregate by what its file declares, and not by its text (decision 0013). Whoever
keeps such a digest beside a version is told when a value changes under the same one. The log is
hostile: nulls, extremes, ties, late rows, a key that fills pages. It is made of arithmetic alone,
so that no other generator of random numbers, and no other version of one, makes another log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from mintmark.define.catalogue import aggregate_kind
from mintmark.engine import replay
from mintmark.engine.interner import hash_of
from mintmark.engine.sentinel import LIMIT
from mintmark.plan.node import Window
from mintmark.testing.small_logs import COLUMNS, TEXTS, Log, aggregates_of, plan_of, tables_of

SIZES = (0, 1, 40, 41, 42, 43, 300, 2_400)
"""Rows of each log; the last two have keys that keep their pace, and that fill pages."""
WINDOWS = (
    Window(), Window(span_us=20), Window(span_us=200, edges="[)"), Window(last=3),
    Window(span_us=60, last=5, offset_us=7), Window(session_us=5),
    Window(calendar="day", zone="UTC"),
)  # fmt: skip
OWN_WINDOWS = (Window(include_current=True), Window(span_us=60, include_current=True))
_DAY_US = 86_400_000_000
_NEAR = (0, 0, 1, 1, 2, 3, 5, 5, -3, 100, 999)
_FAR = (LIMIT, 1 - LIMIT, 10**13, -(10**13), 2**53 + 1, 2**32 + 1, 2**31, -(2**32) - 1)


def values_digest(kind: str, *, params: Sequence[tuple[int, ...]] = ((),)) -> str:
    """Return the digest of what an aggregate gives over a fixed log, for its author to keep.

    Parameters
    ----------
    kind : str
        A file of `engine.aggregates`, or an entry point of the group "mintmark.aggregates".
    params : sequence of tuple of int
        Parameters to try; one named `span_us` is left out, being the window's own span.

    Examples
    --------
    >>> values_digest("count") == values_digest("count")
    True
    """
    declared = aggregate_kind(kind)
    seal = hashlib.sha256()
    columns = [place for place, column in enumerate(COLUMNS) if column.kind in declared.takes]
    for request in ("event",) if declared.own else ("ask", "event"):
        windows = OWN_WINDOWS if request == "event" and not declared.own else WINDOWS
        aggregates = list(aggregates_of(declared, columns, windows, params))
        plan = plan_of(request, aggregates)
        for size in SIZES:
            log = fixed_log(size, largest=declared.largest or LIMIT)
            seal.update(replay(plan, tables_of(log)).features.tobytes())
    return seal.hexdigest()


def fixed_log(rows: int, *, largest: int) -> Log:
    """Return the log of so many rows, no stored number larger than `largest` in size."""
    log: Log = []
    now = 10**15
    numbers = (*_NEAR, *(n for n in _FAR if abs(n) <= largest), None)
    for seq in range(rows):
        draws = _draws(1_000 * rows + seq)

        def one_of(choices: Sequence[Any], draws: Iterator[int] = draws) -> Any:
            return choices[next(draws) % len(choices)]

        # Most rows are some microseconds after the one before, some at the same time or a day on.
        now += one_of((0, 0, 1, 1, 2, 9, 40)) if next(draws) % 97 else _DAY_US // 3
        at = now - one_of((0, 0, 0, 0, 0, 0, 1, 9, 30))
        log.append((
            one_of(("event", "event", "ask")),
            {
                "id": seq, "key": one_of("kkkkkj"), "mm_seq": seq, "mm_at": at,
                "mm_known_at": now, "mm_revision": 0, "number": one_of(numbers),
                "flag": one_of((True, True, False, None)), "text": one_of((*TEXTS, None)),
                "time": one_of((None, at, at - 1, now)),
            },
        ))  # fmt: skip
    return log


def _draws(seed: int) -> Iterator[int]:
    """Whole numbers that look like chance: splitmix64 of a count."""
    place = seed << 8
    while True:
        yield hash_of(place) & (2**63 - 1)
        place += 1
