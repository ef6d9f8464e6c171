"""Replay beyond one process: shards of keys folded by workers, one commit by the driver.

Workers read the streams' Parquet files and write files of their own; no row goes through the
driver. The features become a Delta table by one commit of the driver; before it there is none. The
bits are those of `engine.replay`, whatever the number of shards and workers and whoever was killed
meanwhile.

    files ─► exchange ─► fold, one task a shard ─► aggregates ─► answer, one a piece ─► commit
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintmark.engine.shards import shards_of
from mintmark.flow.exchange import Exchange, note_tasks, settle_tasks, split_tasks
from mintmark.flow.executor import Executor
from mintmark.flow.shard_work import digest_in, folded
from mintmark.flow.source_files import Cut, RowGroup, cuts, every_nth, row_groups, rows_between
from mintmark.ground import FlowError, Progress, Silent, digest, short, write_atomic
from mintmark.log.tables import Table
from mintmark.plan import Plan

PIECE_ROWS = 1 << 18
"""Requests that one task answers, and so the rows of an output file."""
SHARD_ROWS = 1 << 21
"""Rows of a stream that a shard should not have many more of, for the memory of a worker."""
CHUNK_ROWS = 1 << 20
"""Rows of a stream that one task reads to exchange them."""

Sources = Mapping[str, Path | Sequence[Path]]


@dataclass(frozen=True)
class Sharded:
    """What a sharded replay left: a Delta table of `mm_seq` and one float64 column a feature.

    digest : of the bits of all features, the same for any number of shards and workers.
    """

    folder: Path
    rows: int
    digest: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """One replay on its way: its plan and files, and the folder that it works in."""

    plan: Plan
    groups: Mapping[str, list[RowGroup]]
    out: Path
    name: str
    of: int

    @property
    def place(self) -> Path:
        return self.out / f".shards-{self.name}"

    @property
    def cuts(self) -> dict[str, list[Cut]]:
        return {name: cuts(groups, CHUNK_ROWS) for name, groups in self.groups.items()}

    @property
    def requests(self) -> list[RowGroup]:
        return self.groups[self.plan.request]

    def exchange(self) -> Exchange:
        chunks = {name: len(found) for name, found in self.cuts.items()}
        rows = {name: _rows(groups) for name, groups in self.groups.items()}
        return Exchange.of_plan(self.plan, self.place / "exchange", self.of, chunks, rows)


def replay_sharded(
    plan: Plan,
    sources: Sources,
    out: Path,
    executor: Executor,
    *,
    shards: int | None = None,
    progress: Progress | None = None,
) -> Sharded:
    """Replay files by shards of keys; write the features into a folder that is not there yet.

    A run that was broken off goes on from the shards that are done, if it is said again.

    Parameters
    ----------
    sources : stream name to Parquet files, or to the folder of a Delta table
        Rows as `engine.replay` takes them; of a table the newest version as it is now. Workers must
        reach them, and `out`, by the same paths.
    shards : int, optional
        Into how many the keys of each group are split; by default so that each worker has two to
        do and none has many more than `SHARD_ROWS` rows.

    Raises
    ------
    FlowError
        `flow.replay.there` when `out` is a table already; `flow.replay.order` when files of a
        stream overlap; `flow.replay.empty`; `flow.replay.column`; `flow.replay.unreadable`;
        `flow.parcels.broken`; `flow.worker.lost`.
    GroundError
        `ground.disk.full`; say the same again once there is room.
    EngineError
        Those of `engine.replay`.
    """
    steps = progress or Silent()
    groups = {name: row_groups(name, given) for name, given in sources.items()}
    if not groups.get(plan.request):
        raise _no_requests(plan, sources)
    if (out / "_delta_log").exists():
        raise _there(out)
    of = shards or _parts(len(plan.groups), executor.workers, max(map(_rows, groups.values())))
    name = short(digest([plan.digest, of, PIECE_ROWS, CHUNK_ROWS, _identity(groups)]))
    run = _Run(plan, groups, out, name, of)
    _clear(run)
    (run.place / "exchange").mkdir(parents=True, exist_ok=True)
    write_atomic(run.place / "plan.json", json.dumps(plan.form()).encode())
    _fold(run, executor, steps)
    pieces = _answer(run, executor, steps)
    whole = digest([plan.digest, list(plan.names), *map(digest_in, pieces)])
    Table(out).adopt(pieces, {"mintmark.plan": plan.digest, "mintmark.digest": whole})
    shutil.rmtree(run.place)
    return Sharded(out, _rows(run.requests), whole, plan.names)


def _parts(groups: int, workers: int, rows: int) -> int:
    """Into how many the keys of each group are split unless it is said."""
    return max(-(-2 * workers // max(groups, 1)), -(-rows // SHARD_ROWS), 1)


def _clear(run: _Run) -> None:
    """Take away what another run, that was broken off, has left in the folder."""
    for place in run.out.glob(".shards-*"):
        if place != run.place:
            shutil.rmtree(place)
    for part in run.out.glob("part-*.parquet"):
        if not part.name.startswith(f"part-{run.name}-"):
            part.unlink()


def _exchanged(run: _Run, exchange: Exchange, executor: Executor, steps: Progress) -> None:
    """Write the rows of every shard where it finds them."""
    phases: list[Iterable[dict[str, Any]]] = [
        note_tasks(run.plan, exchange, run.cuts),
        split_tasks(run.plan, exchange, run.cuts),
        settle_tasks(run.plan, exchange),
    ]
    steps.start("exchange", None)
    rows = 0
    for phase in phases:
        for _, told in executor.run(_undone(run, phase, exchange=exchange.form())):
            rows += int(told["rows"])
            steps.advance(int(told["rows"]))
    steps.done(f"{rows:,} rows read and written by key")


def _fold(run: _Run, executor: Executor, steps: Progress) -> None:
    """Fold every shard whose file is not there."""
    wanted = shards_of(run.plan, run.of)
    exchange = run.exchange()
    left = [shard for shard in wanted if not folded(run.place, shard).exists()]
    if any(shard.group in exchange.groups for shard in left):
        _exchanged(run, exchange, executor, steps)
    tasks = _undone(
        run,
        (
            {
                "do": "fold", "group": shard.group, "place": shard.place, "of": shard.of,
                "out": str(folded(run.place, shard)),
            }
            for shard in left
        ),
        exchange=exchange.form(),
        cuts=run.cuts,
        pieces=every_nth(run.requests, PIECE_ROWS),
    )  # fmt: skip
    steps.start("shards", len(tasks))
    for _ in executor.run(tasks):
        steps.advance(1)
    steps.done(f"{len(wanted):,} shards, {len(tasks):,} of them folded now")
    shutil.rmtree(run.place / "exchange")


def _answer(run: _Run, executor: Executor, steps: Progress) -> list[Path]:
    """Answer all requests that are not answered yet, piece by piece; return the files."""
    rows = _rows(run.requests)
    starts = range(0, rows, PIECE_ROWS)
    outs = [run.out / f"part-{run.name}-{place:05}.parquet" for place in range(len(starts))]
    tasks = _undone(
        run,
        (
            {
                "do": "answer", "piece": piece, "out": str(out),
                "requests": rows_between(run.requests, start, start + PIECE_ROWS),
            }
            for piece, (start, out) in enumerate(zip(starts, outs, strict=True))
        ),
        folded=str(run.place),
        of=run.of,
    )  # fmt: skip
    steps.start("features", rows)
    for _, told in executor.run(tasks):
        steps.advance(int(told["rows"]))
    steps.done(f"{rows:,} rows, {len(run.plan.names)} features")
    return outs


def _undone(run: _Run, tasks: Iterable[dict[str, Any]], **shared: Any) -> list[dict[str, Any]]:
    """The tasks whose files are not there, each with what all of them are told."""
    told = {"plan": str(run.place / "plan.json")} | shared
    return [told | task for task in tasks if not Path(task["out"]).exists()]


def _rows(groups: Sequence[RowGroup]) -> int:
    return sum(group.rows for group in groups)


def _identity(groups: Mapping[str, Sequence[RowGroup]]) -> list[object]:
    """What tells these files from others under the same names."""
    paths = {name: list(dict.fromkeys(g.path for g in groups[name])) for name in sorted(groups)}
    stats = {path: Path(path).stat() for files in paths.values() for path in files}
    told = {path: [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}
    return [{name: [[path, *told[path]] for path in files]} for name, files in paths.items()]


def _there(out: Path) -> FlowError:
    return FlowError(
        "there is a table already where the features would go",
        at=str(out),
        hint="name a folder that is not there, or remove this one",
        code="flow.replay.there",
    )


def _no_requests(plan: Plan, sources: Sources) -> FlowError:
    return FlowError(
        f'there are no rows of "{plan.request}", whose requests the plan answers',
        got=", ".join(sorted(sources)) or "no streams",
        want=plan.request,
        code="flow.replay.empty",
    )
