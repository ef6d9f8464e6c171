"""Replay: the features of every request in a history, point in time, by the kernel that serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine.folding import fold_pieces, piece_of, prepare
from mintmark.engine.kept_rows import rows_by_stream
from mintmark.engine.live import Live
from mintmark.engine.operations import Mode
from mintmark.engine.program import lower
from mintmark.ground import EngineError, Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kept_rows import Rows
    from mintmark.plan import Plan


@dataclass(frozen=True)
class Replay:
    """What a replay gives: one row of features for each row of the request stream, in its order.

    seq : int64[n];  features : float64[n, F], NaN for null, in C order but for pieces;  names : F
    names;  live : the state after the last row of all tables, None unless it was asked for.
    """

    seq: NDArray[np.int64]
    features: NDArray[np.float64]
    names: tuple[str, ...]
    live: Live | None


def replay(
    plan: Plan,
    tables: Mapping[str, pa.Table | Rows],
    *,
    keep_state: bool = False,
    progress: Progress | None = None,
) -> Replay:
    """Return the features of every request as they stood when it became known.

    Parameters
    ----------
    tables : stream name to rows
        Each in the order of the log, with `mm_seq`, `mm_at`, `mm_known_at`, `mm_revision` and the
        declared columns in stored units, in memory or in files (`engine.kept_rows`). A number that
        its field does not allow is null; a stream that is missing has no rows.
    keep_state : bool
        Whether to return live state that goes on after the last row.

    Raises
    ------
    EngineError
        `engine.batch.tables`, `engine.batch.stream`, `engine.batch.column`, `engine.batch.order`;
        `engine.plan.none` for what is no plan.
    """
    steps = progress or Silent()
    steps.start("replay", None)
    mode = Mode(read=True, keep=keep_state)
    piece, rows_of = piece_of(lower(plan)), rows_by_stream(tables)
    many = plan.request in rows_of and len(rows_of[plan.request]) > piece
    prepared = prepare(plan, rows_of, mode, pieces=many)
    features = np.empty((len(prepared.requests), len(prepared.program.names)))
    for rows, _ in fold_pieces(prepared, piece, features):
        steps.advance(rows.stop - rows.start)
    names = prepared.program.names
    steps.done(f"{len(prepared.requests):,} rows, {len(names)} features")
    return Replay(
        seq=prepared.requests.seq,
        features=features,
        names=names,
        live=Live.after(prepared) if keep_state else None,
    )


def replay_pieces(
    plan: Plan, tables: Mapping[str, pa.Table | Rows], *, piece: int = 1 << 20
) -> Iterator[Replay]:
    """Yield the features of every request, `piece` requests at a time, in the order of the log.

    What stays in memory between two of them is the state, and of each row its time, its place and
    its keys: 32 bytes for two entities. Rows in files are read with their piece.
    The columns of a piece's features stand in a row each, as files want them.

    Raises
    ------
    EngineError
        `engine.replay.piece` for pieces of no request; those of `replay`.
    """
    if piece < 1:
        raise EngineError(
            "a history goes piece by piece, each of some requests",
            got=piece,
            want=">= 1",
            code="engine.replay.piece",
        )
    prepared = prepare(plan, tables, Mode(read=True, keep=False), pieces=True)
    names = prepared.program.names
    for rows, features in fold_pieces(prepared, piece):
        yield Replay(prepared.requests.seq[rows], features, names, None)
