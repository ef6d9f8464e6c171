"""Kept states: the quickest way from a log to live state, and the files that make it quick.

    log     |===============================================>
    files           ^ one            ^ another
    start                            the newest one that can be used, then the rows after it

The log is the truth and these files are a cache in its folder: whatever is wrong with one, it is
passed over with its reason, and without any the whole log is folded.  A file's name says whose
state it holds: epoch and place in the log, plan, and a digest of the rows right before that place,
so that a log which was put back from a copy, and went on otherwise, does not take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa

from mintmark.engine import Live
from mintmark.ground import EngineError, Progress, digest, short, sync_folder
from mintmark.log import Log, disk
from mintmark.plan import Plan

FOLDER: Final = "state"
SEEN: Final = 100
"""Places up to a kept state at which the log must have the rows that it had."""
FEWER: Final = 4
"""How many rows a whole fold takes while one is folded by itself: 4 to 8 us against 25."""

Tables: TypeAlias = Mapping[str, pa.Table]

_NAME = re.compile(r"(\d+)-(\d+)-([0-9a-f]{12})-([0-9a-f]{12})\.state")


@dataclass(frozen=True)
class Kept:
    """One file of state: of which epoch, place, plan and rows it says to be."""

    path: Path
    epoch: int
    seq: int
    plan: str
    mark: str


@dataclass(frozen=True)
class Started:
    """Live state at the end of a log, and where it came from.

    epoch : that of the log;  kept_seq : the place of the file that it went on from, 0 without one;
    passed : a sentence for each file that was passed over.
    """

    live: Live
    epoch: int
    kept_seq: int
    passed: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Where the state came from, in words."""
        found = f"a snapshot at seq {self.kept_seq:,}" if self.kept_seq else "the whole log"
        return "; ".join((found, *self.passed))


class _Passed(Exception):
    """Why a file of state cannot be used."""


def started(
    log: Log, plan: Plan, *, up_to_seq: int | None = None, progress: Progress | None = None
) -> Started:
    """Return the state of a plan after the rows of a log, by the quickest way.

    Parameters
    ----------
    up_to_seq : int or None
        The last row to fold; the newest one by default.

    Raises
    ------
    LogError
        As `Log.read`.
    EngineError
        As `Live.start`.

    Cost
    ----
    A million cards of thirty events: 2 to 7 s from a file, and 25 us for each row after it. A
    whole fold: 4 to 8 us a row, which is minutes there.
    """
    end = log.position()
    last = end.seq if up_to_seq is None else min(up_to_seq, end.seq)
    passed: list[str] = []
    mine = short(plan.digest)
    for file in sorted(_listed(log), key=lambda one: (one.seq, one.plan == mine), reverse=True):
        try:
            live = _continued(file, log, plan, epoch=end.epoch, last=last)
            return Started(live, end.epoch, file.seq, tuple(passed))
        except (_Passed, EngineError, OSError) as reason:
            why = reason.what if isinstance(reason, EngineError) else reason
            passed.append(f"{file.path.name} is passed over: {why}")
    tables = _read(log, plan, epoch=end.epoch, after_seq=None, up_to_seq=last)
    return Started(Live.start(plan, tables, progress), end.epoch, 0, tuple(passed))


def keep(log: Log, plan: Plan, state: Started) -> Path | None:
    """Write the state of a plan after some row of a log to a file; return it.

    None where nothing is folded yet. Of this plan the two newest files stay, of all others one:
    what a release that is taken back goes on from.

    Raises
    ------
    LogError
        `log.disk.full`: what the state takes must be free once more beside it, for the log goes
        first.
    """
    live, epoch = state.live, state.epoch
    if live.seq < 0:
        return None
    seen = _read(log, plan, epoch=epoch, after_seq=live.seq - SEEN, up_to_seq=live.seq)
    folder = _folder(log)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
    for unfinished in folder.glob(".*.tmp"):
        unfinished.unlink(missing_ok=True)
    disk.require(folder, 2 * live.bytes)
    name = f"{epoch}-{live.seq:020d}-{short(plan.digest)}-{_mark(epoch, seen)}.state"
    with disk.guarded(folder):
        live.snapshot(folder / name)
    _drop_old(log, folder / name)
    return folder / name


def _continued(file: Kept, log: Log, plan: Plan, *, epoch: int, last: int) -> Live:
    """The state of a file after the rows that follow it; what rules it out is told beforehand."""
    if file.plan != short(plan.digest):
        raise _Passed("it is of another plan")
    if file.epoch != epoch:
        raise _Passed(f"it is of epoch {file.epoch}, the log is in epoch {epoch}")
    if file.seq > last:
        raise _Passed(f"the log ends before it, at seq {last:,}")
    if FEWER * (last - file.seq) > last:
        raise _Passed(f"{last - file.seq:,} rows came after it: a whole fold is quicker")
    rows = _read(log, plan, epoch=epoch, after_seq=file.seq - SEEN, up_to_seq=last)
    seen, after = _parted(rows, file.seq)
    if _mark(epoch, seen) != file.mark:
        raise _Passed("the log has other rows before its place")
    live = Live.restore(file.path, plan)
    if live.seq != file.seq:
        raise _Passed(f"it holds the state at seq {live.seq:,}")
    live.fold_all(after)
    return live


def _read(log: Log, plan: Plan, *, epoch: int, after_seq: int | None, up_to_seq: int) -> Tables:
    """The rows of a plan's streams after one place and up to another."""
    names = [str(form["name"]) for form in plan.events]
    return {
        name: log.read(name, epoch=epoch, after_seq=after_seq, up_to_seq=up_to_seq)
        for name in names
    }


def _parted(tables: Tables, seq: int) -> tuple[Tables, Tables]:
    """The rows up to a place, and those after it."""
    before, after = {}, {}
    for name, table in tables.items():
        end = int(np.searchsorted(table["mm_seq"].to_numpy(), seq, "right"))
        before[name], after[name] = table.slice(0, end), table.slice(end)
    return before, after


def _mark(epoch: int, tables: Tables) -> str:
    """What tells some rows from others at the same places."""
    return short(digest([epoch, {name: table.to_pylist() for name, table in tables.items()}]))


def _folder(log: Log) -> Path:
    return log.store.folder / FOLDER


def _listed(log: Log) -> Iterator[Kept]:
    """The files of state in a log's folder, of whatever plan."""
    for path in _folder(log).glob("*.state"):
        if found := _NAME.fullmatch(path.name):
            epoch, seq, plan, mark = found.groups()
            yield Kept(path, int(epoch), int(seq), plan, mark)


def _drop_old(log: Log, newest: Path) -> None:
    """Delete what no start would go on from; what lies beyond the newest is not of this log."""
    files = sorted(_listed(log), key=lambda one: one.seq)
    mine = next(one for one in files if one.path == newest)
    same = [one for one in files if one.plan == mine.plan]
    before = [one for one in same if one.seq < mine.seq and one.epoch == mine.epoch]
    others = [one for one in files if one.plan != mine.plan]
    stay = {mine, *before[-1:], *others[-1:]}
    for one in files:
        if one not in stay:
            one.path.unlink(missing_ok=True)
