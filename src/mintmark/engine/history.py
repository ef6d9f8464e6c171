"""Replay: the features of every request in a history, point in time, by the kernel that serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine.folding import fold_history
from mintmark.engine.live import Live
from mintmark.engine.operations import Mode
from mintmark.ground import Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.plan import Plan


@dataclass(frozen=True)
class Replay:
    """What a replay gives: one row of features for each row of the request stream, in its order.

    seq : int64[n];  features : float64[n, F], C order, NaN for null;  names : F names;  live : the
    state after the last row of all tables, None unless it was asked for.
    """

    seq: NDArray[np.int64]
    features: NDArray[np.float64]
    names: tuple[str, ...]
    live: Live | None


def replay(
    plan: Plan,
    tables: Mapping[str, pa.Table],
    *,
    keep_state: bool = False,
    progress: Progress | None = None,
) -> Replay:
    """Return the features of every request as they stood when it became known.

    Parameters
    ----------
    tables : stream name to rows
        Each in the order of the log, with `mm_seq`, `mm_at`, `mm_known_at`, `mm_revision` and the
        declared columns in stored units. A stream that is missing has no rows.
    keep_state : bool
        Whether to return live state that goes on after the last row.

    Raises
    ------
    EngineError
        `engine.batch.stream`, `engine.batch.column`, `engine.batch.order`.

    Cost: the 14 Handbook columns over 1.3 million rows in about 2 s on two cores.
    """
    mode = Mode(read=True, keep=keep_state)
    history = fold_history(plan, tables, mode, progress or Silent())
    return Replay(
        seq=history.batches[plan.request].seq,
        features=history.features,
        names=history.program.names,
        live=Live.after(history) if keep_state else None,
    )
