"""Every way in which the engine folds a log, and the oracle that each of them must equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa

from laws.drawn_forms import Log, tables_of
from mintmark.engine.history import replay, replay_pieces
from mintmark.engine.live import Live
from mintmark.engine.oracle import oracle
from mintmark.engine.shards import (
    Gathered,
    columns_of,
    corrected,
    request_columns,
    rows_of_shard,
    shard_aggregates,
    shards_of,
)
from mintmark.flow.split import SplitLive
from mintmark.plan import Plan

Bits = list[bytes]
"""The features of each request, as the bytes of their float64."""
WAYS = (
    "replay",
    "pieces",
    "live",
    "resumed from a replay",
    "resumed from a start",
    "restored",
    "followed",
    "sharded",
    "split",
)


def expected(plan: Plan, log: Log) -> Bits:
    """What the oracle answers."""
    return [np.array(row).tobytes() for row in oracle(plan, tables_of(log))]


def expected_at(plan: Plan, log: Log, places: Sequence[int]) -> Bits:
    """What the oracle answers to the requests at some places."""
    return [np.array(row).tobytes() for row in oracle(plan, tables_of(log), places=places)]


def some_features(plan: Plan, log: Log, random: Random) -> list[tuple[int, bytes]]:
    """What is answered where half of the requests are only folded: their places, the answers."""
    live, place, answers = Live.start(plan, tables_of([])), 0, []
    for stream, row in log:
        if stream == plan.request and random.random() < 0.5:
            answers.append((place, live.decide(row).tobytes()))
        else:
            live.fold(stream, row)
        place += stream == plan.request
    return answers


def live_features(live: Live, plan: Plan, log: Log) -> Bits:
    """What a live state answers to the requests of a log, row by row."""
    answers = []
    for stream, row in log:
        if stream == plan.request:
            answers.append(live.decide(row).tobytes())
        else:
            live.fold(stream, row)
    return answers


def in_shards(plan: Plan, tables: Mapping[str, pa.Table], of: int) -> bytes:
    """Replay by shards in this process; return the bytes of the features."""
    parts = []
    for shard in shards_of(plan, of):
        read = {s: c for s, c in columns_of(plan, shard.group).items() if s in tables}
        mine = {stream: tables[stream].select(list(columns)) for stream, columns in read.items()}
        ids = corrected(plan, shard.group, mine)
        rows = {s: rows_of_shard(plan, shard, s, t, ids) for s, t in mine.items()}
        parts.append(shard_aggregates(plan, shard, rows))
    requests = tables[plan.request].select(list(request_columns(plan)))
    return Gathered(plan).features(requests, parts).tobytes()


def answered(plan: Plan, log: Log, cut: int, path: Path) -> Iterator[tuple[str, int, Bits]]:
    """Fold a log in every way: its name, the first request that it answers, the answers.

    cut : after how many rows a state is handed on;  path : where a snapshot may be written.
    "followed" is what another process does beside a server: from one snapshot to the next;
    "sharded" is a history, and "split" live state, by the places of keys.
    """
    tables, before, after = tables_of(log), log[:cut], log[cut:]
    rest = sum(stream == plan.request for stream, _ in before)
    yield "replay", 0, [row.tobytes() for row in replay(plan, tables).features]
    pieces = replay_pieces(plan, tables, piece=1 + cut // 3)
    yield "pieces", 0, [row.tobytes() for piece in pieces for row in piece.features]
    yield "live", 0, live_features(Live.start(plan, tables_of([])), plan, log)
    resumed = replay(plan, tables_of(before), keep_state=True).live
    assert resumed is not None
    yield "resumed from a replay", rest, live_features(resumed, plan, after)
    started = Live.start(plan, tables_of(before))
    started.snapshot(path)
    yield "resumed from a start", rest, live_features(started, plan, after)
    yield "restored", rest, live_features(Live.restore(path, plan), plan, after)
    followed = Live.start(plan, tables_of(before[: cut // 2]))
    followed.snapshot(path)
    followed = Live.restore(path, plan)
    followed.fold_all(tables_of(before[cut // 2 :]))
    followed.snapshot(path)
    yield "followed", rest, live_features(Live.restore(path, plan), plan, after)
    of = 2 + cut % 2
    sharded = np.frombuffer(in_shards(plan, tables, of)).reshape(-1, len(plan.names))
    yield "sharded", 0, [row.tobytes() for row in sharded]
    split = SplitLive.here(plan, of, tables_of(before)).take(after)
    yield "split", rest, [answer.tobytes() for answer in split if answer is not None]
