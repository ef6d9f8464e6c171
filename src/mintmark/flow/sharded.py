"""Replay beyond one process: shards of keys folded by workers, one commit by the driver.

Workers read the streams' Parquet files and write files of their own; no row goes through the
driver. The features become a Delta table by one commit of the driver; before it there is none. The
bits are those of `engine.replay`, whatever the number of shards and workers and whoever was killed
meanwhile.

    files ─► fold, one task a shard ─► aggregates ─► answer, one task a piece ─► parts ─► commit
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from mintmark.engine.shards import shards_of
from mintmark.flow.executor import Executor
from mintmark.ground import FlowError, Progress, Silent, digest, short, write_atomic
from mintmark.log.tables import Table
from mintmark.plan import Plan

PIECE_ROWS = 1 << 18
"""Requests that one task answers, and so the rows of an output file."""
SHARD_ROWS = 1 << 21
"""Rows of a stream that a shard should not have many more of, for the memory of a worker."""

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
    sources: Mapping[str, list[str]]
    out: Path
    name: str

    @property
    def place(self) -> Path:
        return self.out / f".shards-{self.name}"

    def task(self, do: str, out: Path, **more: Any) -> dict[str, Any]:
        return {"do": do, "plan": str(self.place / "plan.json"), "out": str(out)} | more


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
        do and none has many more than `SHARD_ROWS` rows. Each reads its columns of all rows, so
        more of them than that cost more than they bring.

    Raises
    ------
    FlowError
        `flow.replay.there` when `out` is a table already; `flow.replay.order` when files of a
        stream overlap; `flow.replay.empty`; `flow.replay.column`; `flow.worker.lost`.
    EngineError
        Those of `engine.replay`.
    """
    steps = progress or Silent()
    listed = {name: _files(name, given) for name, given in sources.items()}
    paths = {name: [str(path) for path, _ in files] for name, files in listed.items()}
    rows = {name: sum(count for _, count in files) for name, files in listed.items()}
    if plan.request not in paths:
        raise _no_requests(plan, sources)
    if (out / "_delta_log").exists():
        raise _there(out)
    of = shards or _parts(len(plan.groups), executor.workers, max(rows.values()))
    run = _Run(plan, paths, out, short(digest([plan.digest, of, PIECE_ROWS, _identity(paths)])))
    _clear(run)
    run.place.mkdir(parents=True, exist_ok=True)
    write_atomic(run.place / "plan.json", json.dumps(plan.form()).encode())
    folded = _folded(run, executor, of, steps)
    pieces, told = _answered(run, executor, folded, rows[plan.request], steps)
    whole = digest([plan.digest, list(plan.names), *(piece["digest"] for piece in told)])
    Table(out).adopt(pieces, {"mintmark.plan": plan.digest, "mintmark.digest": whole})
    shutil.rmtree(run.place)
    return Sharded(out, sum(piece["rows"] for piece in told), whole, plan.names)


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


def _folded(run: _Run, executor: Executor, of: int, steps: Progress) -> list[str]:
    """Fold every shard whose file is not there; return the files of all."""
    wanted = shards_of(run.plan, of)
    outs = [run.place / f"{shard.group:03}-{shard.place:05}.arrow" for shard in wanted]
    tasks = [
        run.task("fold", out, sources=run.sources, group=s.group, place=s.place, of=s.of)
        for s, out in zip(wanted, outs, strict=True)
        if not out.exists()
    ]
    steps.start("shards", len(tasks))
    for _ in executor.run(tasks):
        steps.advance(1)
    steps.done(f"{len(outs):,} shards, {len(tasks):,} of them folded now")
    return [str(out) for out in outs]


def _answered(
    run: _Run, executor: Executor, folded: Sequence[str], rows: int, steps: Progress
) -> tuple[list[Path], list[dict[str, Any]]]:
    """Answer all requests, piece by piece; return the files and what was said of each."""
    starts = range(0, max(rows, 1), PIECE_ROWS)
    outs = [run.out / f"part-{run.name}-{place:05}.parquet" for place in range(len(starts))]
    tasks = [
        run.task(
            "answer", out, sources=run.sources[run.plan.request], parts=folded,
            rows=[start, min(start + PIECE_ROWS, rows)],
        )
        for start, out in zip(starts, outs, strict=True)
    ]  # fmt: skip
    told: list[dict[str, Any]] = [{} for _ in tasks]
    steps.start("features", rows)
    for place, answer in executor.run(tasks):
        told[place] = dict(answer)
        steps.advance(int(answer["rows"]))
    steps.done(f"{rows:,} rows, {len(run.plan.names)} features")
    return outs, told


def _files(name: str, given: Path | Sequence[Path]) -> list[tuple[Path, int]]:
    """The files of a stream in the order of the log, and the rows of each; empty ones left out."""
    if isinstance(given, Path):
        given = Table(given).files() if (given / "_delta_log").exists() else [given]
    found = []
    for path in given:
        about = pq.read_metadata(path)
        if about.num_rows:
            found.append((_bounds(about), path.resolve(), about.num_rows))
    found.sort(key=lambda file: file[0])
    for (before, *_), (after, path, _) in pairwise(found):
        if after[0] <= before[1]:
            raise FlowError(
                f'the files of "{name}" overlap in the order of the log',
                at=str(path),
                got=f"mm_seq from {after[0]}",
                want=f"> {before[1]}",
                hint="sort the rows by mm_seq over all files",
                code="flow.replay.order",
            )
    return [(path, count) for _, path, count in found]


def _bounds(about: Any) -> tuple[int, int]:
    """The first and the last mm_seq of a file, by its statistics."""
    place = about.schema.to_arrow_schema().get_field_index("mm_seq")
    parts = [about.row_group(i).column(place).statistics for i in range(about.num_row_groups)]
    return min(part.min for part in parts), max(part.max for part in parts)


def _identity(paths: Mapping[str, list[str]]) -> list[object]:
    """What tells these files from others under the same names."""
    stats = {path: Path(path).stat() for files in paths.values() for path in files}
    told = {path: [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}
    return [{name: [[path, *told[path]] for path in paths[name]]} for name in sorted(paths)]


def _there(out: Path) -> FlowError:
    return FlowError(
        "there is a table already where the features would go",
        at=str(out),
        hint="name a folder that is not there, or remove this one",
        code="flow.replay.there",
    )


def _no_requests(plan: Plan, sources: Sources) -> FlowError:
    return FlowError(
        f'there are no files of "{plan.request}", whose requests the plan answers',
        got=", ".join(sorted(sources)) or "no streams",
        want=plan.request,
        code="flow.replay.empty",
    )
