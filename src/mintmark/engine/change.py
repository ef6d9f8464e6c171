"""Another plan takes over from a running one: its state is folded beside, catches up, and joins.

Nothing of the running state is touched or copied: the new plan's state is a fold of the same log,
so what survives and what is new comes out the same (`plan.survives` says which is which). While the
past is folded in a thread of its own the running plan answers every row; rows that came meanwhile
are folded when the new state joins, a bounded number at a time.

    running   past rows ... | row row row row row row |
    new       fold of the past, beside      catch up  `- joins: answers from here on
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mintmark.engine.live import Live
from mintmark.engine.program import lower
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from mintmark.plan import Plan

Row = Mapping[str, Any]


class Joining:
    """A plan whose state is being folded from the log while another plan answers.

    Parameters
    ----------
    plan : Plan
        The plan that will take over.
    tables : stream name to rows
        All rows of the log so far, as `Live.start` takes them.

    Examples
    --------
    >>> joining = Joining(plan, tables)                                # doctest: +SKIP
    >>> running.decide(row); joining.offer(plan.request, row)          # doctest: +SKIP
    >>> if joining.catch_up(1000):                                     # doctest: +SKIP
    ...     running = joining.join()
    """

    def __init__(self, plan: Plan, tables: Mapping[str, pa.Table]) -> None:
        lower(plan)  # whatever is wrong with the plan, or has to be compiled, comes out here
        self._request = plan.request
        self._waiting: deque[tuple[str, Row]] = deque()
        pool = ThreadPoolExecutor(1)
        self._started: Future[Live] = pool.submit(Live.start, plan, dict(tables))
        pool.shutdown(wait=False)

    @property
    def behind(self) -> int:
        """How many rows the new state has still to fold, beside the past if that is not done."""
        return len(self._waiting)

    def offer(self, stream: str, row: Row) -> None:
        """Note a row that the running plan was handed; in the order of the log, none left out."""
        self._waiting.append((stream, row))

    def catch_up(self, most: int) -> bool:
        """Fold up to `most` of the rows that wait; return whether none is left.

        Raises
        ------
        EngineError
            What folding the past raised.  Cost: that of as many live rows, nothing before the past
            is folded.
        """
        if not self._started.done():
            return False
        live = self._started.result()
        for _ in range(min(most, len(self._waiting))):
            stream, row = self._waiting[0]
            if stream == self._request:
                live.decide(row)
            else:
                live.fold(stream, row)
            self._waiting.popleft()
        return not self._waiting

    def join(self) -> Live:
        """Return the new state, at the row that was offered last.

        Raises
        ------
        EngineError
            `engine.change.behind` while rows are left to fold.
        """
        if not self._started.done() or self._waiting:
            raise EngineError(
                "a plan that is being backfilled cannot answer yet",
                got=f"{self.behind} rows behind",
                want="catch_up(...) that returned True",
                code="engine.change.behind",
            )
        return self._started.result()
