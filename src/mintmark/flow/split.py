"""Live state split by key over hosts, the order staying with the one who hands the rows over.

A host holds one place of n and takes calls in the order in which they are sent. Rows may be handed
over several at a time: each host folds its own in order, and no host waits for another, so the
answers are those of one live state that takes the rows one by one, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from mintmark.engine.live_shards import Answer, Call, Joined, LivePlace, Routes
from mintmark.ground import FlowError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from mintmark.engine.live import Row
    from mintmark.plan import Plan

    Floats = NDArray[np.float64]


class Host(Protocol):
    """Holds one place of a split live state."""

    def take(self, calls: Sequence[Call]) -> Callable[[], list[Answer]]:
        """Begin to fold rows after all those before; return how to wait for the answers.

        Raises
        ------
        FlowError
            `flow.host.lost`, when the wait is for a host that is gone.
        """
        ...


class Here:
    """A host in this process."""

    def __init__(self, place: LivePlace) -> None:
        self._place = place

    def take(self, calls: Sequence[Call]) -> Callable[[], list[Answer]]:
        """Fold rows at once, as `Host` says."""
        answers = self._place.take(calls)
        return lambda: answers


class SplitLive:
    """A live state whose keys are spread over hosts; it is what `engine.Live` is to a caller.

    When a host is lost, or a place refuses what the checks let through, the state is one that no
    log ends in; it takes nothing more, and is started again from the log.
    """

    def __init__(self, plan: Plan, hosts: Sequence[Host]) -> None:
        self._request, self._hosts = plan.request, hosts
        self._routes, self._joined = Routes(plan, len(hosts)), Joined(plan)
        self._sound = True
        self.names = self._joined.names
        self.seq = -1

    @classmethod
    def here(
        cls, plan: Plan, places: int, tables: Mapping[str, pa.Table] | None = None
    ) -> SplitLive:
        """Return a state split over places of this process, after all rows of some tables."""
        hosts = [Here(LivePlace(plan, place, places, tables)) for place in range(places)]
        return cls(plan, hosts)

    def decide(self, row: Row) -> Floats:
        """Fold one request and return its features; raises as `engine.Live.decide`."""
        (answer,) = self.take([(self._request, row)])
        assert answer is not None
        return answer

    def fold(self, stream: str, row: Row) -> None:
        """Fold one row of another stream; raises as `engine.Live.decide`."""
        self.take([(stream, row)])

    def take(self, rows: Sequence[tuple[str, Row]]) -> list[Floats | None]:
        """Fold rows in their order; return the features of the requests among them.

        A bad row is found before any is folded.

        Raises
        ------
        EngineError
            `engine.live.order`, `engine.live.row`.
        FlowError
            `flow.host.lost`; `flow.split.unsound` after one of those.
        """
        if not self._sound:
            raise _unsound()
        seq = self.seq
        for stream, row in rows:
            seq = self._routes.check(stream, row, seq)
        sent: list[list[Call]] = [[] for _ in self._hosts]
        asked: list[list[tuple[int, int]]] = [[] for _ in self._hosts]
        for number, (stream, row) in enumerate(rows):
            for place, call in self._routes.calls(stream, row):
                sent[place].append(call)
                if call[3]:
                    asked[place].append((number, call[0]))
        self._sound = False
        waits = [host.take(calls) for host, calls in zip(self._hosts, sent, strict=True)]
        answers: list[dict[int, Answer]] = [{} for _ in rows]
        for wait, mine in zip(waits, asked, strict=True):
            for (number, group), answer in zip(mine, wait(), strict=True):
                answers[number][group] = answer
        self._sound, self.seq = True, seq
        return [
            self._joined.features(row, answers[number]) if stream == self._request else None
            for number, (stream, row) in enumerate(rows)
        ]


def _unsound() -> FlowError:
    return FlowError(
        "a split state lost a part of itself and takes nothing more",
        hint="start it again from the log",
        code="flow.split.unsound",
        kind="world",
    )
