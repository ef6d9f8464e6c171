"""Sharded ≡ replay, and split ≡ live, bit for bit; a worker that is killed changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flow.made import (
    Inline,
    drawn_case,
    features_in,
    full_case,
    short_of_room,
    write_tables,
)
from laws.drawn import tables_of
from laws.paths import in_shards
from mintmark.engine.exchange import sorted_out
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.engine.shards import columns_of, place_of_key, place_of_keys
from mintmark.flow import exchange_work, shard_work, sharded
from mintmark.flow.executor import Processes
from mintmark.flow.shard_work import Form
from mintmark.flow.sharded import replay_sharded
from mintmark.flow.source_files import batches
from mintmark.flow.split import Here, SplitLive
from mintmark.ground import EngineError, FlowError, GroundError

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
DRAWN = settings(max_examples=60, phases=[Phase.generate], **RELAXED)


@DRAWN
@given(seed=st.integers(0, 2**63), rows=st.sampled_from((1, 12, 50)), of=st.sampled_from((1, 2, 3)))
def test_shards_give_the_bits_of_one_process(seed: int, rows: int, of: int) -> None:
    """Any plan, any log: replayed by 1, 2 or 3 shards of each group's keys."""
    plan, log = drawn_case(seed, rows)
    tables = tables_of(log)
    assert in_shards(plan, tables, of) == replay(plan, tables).features.tobytes()


@DRAWN
@given(seed=st.integers(0, 2**63), rows=st.sampled_from((1, 12, 50)), of=st.sampled_from((1, 2, 3)))
def test_places_give_the_bits_of_one_live_state(seed: int, rows: int, of: int) -> None:
    """Any plan, any log: folded by 1, 2 or 3 places, from the start and from a history on."""
    plan, log = drawn_case(seed, rows)
    cut = seed % (rows + 1)
    one = Live.start(plan, tables_of([]))
    truth = [one.decide(row) if s == plan.request else one.fold(s, row) for s, row in log]
    for split, done in (
        (SplitLive.here(plan, of), 0),
        (SplitLive.here(plan, of, tables_of(log[:cut])), cut),
    ):
        answers = split.take(log[done:])
        for mine, theirs in zip(truth[done:], answers, strict=True):
            assert (mine is None) == (theirs is None)
            assert mine is None or theirs is None or mine.tobytes() == theirs.tobytes()


def test_a_key_has_one_place_whoever_asks() -> None:
    """Columns and single keys, integers of any type and texts, small and large, agree on it."""
    texts = ["a", "é", None, "日本", "", "a"]
    whole = [0, -1, None, 2**62, -(2**62), 7]
    columns = [pa.chunked_array([pa.array(texts)]), pa.chunked_array([pa.array(whole)])]
    for some in (columns[:1], columns[1:], columns, columns[::-1]):
        at_once = place_of_keys(some, len(texts), 5).tolist()
        keys = zip(*(column.to_pylist() for column in some), strict=True)
        assert at_once == [place_of_key(key, 5) for key in keys]
    assert place_of_key([np.int64(7)], 5) == place_of_key([7], 5)  # type: ignore[list-item]


def test_two_processes_and_any_shards_leave_one_digest(tmp_path: Path) -> None:
    """Files to a Delta table by real workers, the streams in one file or several."""
    plan, log = full_case(3, 200)
    tables = tables_of(log)
    truth, digests = replay(plan, tables).features.tobytes(), set()
    with Processes(2) as workers:
        for of, files in ((1, 1), (2, 3), (3, 2)):
            sources = write_tables(tables, tmp_path / f"in-{of}", files=files)
            made = replay_sharded(plan, sources, tmp_path / f"out-{of}", workers, shards=of)
            assert features_in(made) == truth
            assert sorted(p.name for p in made.folder.iterdir() if p.name[0] == ".") == []
            digests.add(made.digest)
    assert len(digests) == 1


class Killing:
    """Kills a worker in the middle of each phase, while it has tasks to do."""

    workers = 2

    def __init__(self, behind: Processes) -> None:
        self.behind, self.kills = behind, 0

    def run(self, tasks: Sequence[Form]) -> Iterator[tuple[int, Form]]:
        """Do every task, and kill once some are done."""
        for number, ended in enumerate(self.behind.run(tasks)):
            if number == len(tasks) // 4:
                os.kill(self.behind.pids[0], signal.SIGKILL)
                self.kills += 1
            yield ended


def test_a_killed_worker_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 in the middle of each phase: its task is done again, and the digest is the same."""
    monkeypatch.setattr(sharded, "CHUNK_ROWS", 10)
    plan, log = full_case(5, 400)
    sources = write_tables(tables_of(log), tmp_path / "in", files=8)
    with Processes(2) as workers:
        calm = replay_sharded(plan, sources, tmp_path / "calm", workers, shards=2)
        killing = Killing(workers)
        rough = replay_sharded(plan, sources, tmp_path / "rough", killing, shards=64)
    assert killing.kills >= 3
    assert rough.digest == calm.digest
    assert features_in(rough) == replay(plan, tables_of(log)).features.tobytes()


class Broken(Inline):
    """Does one task of a phase and stops at the next, as a driver that is killed does."""

    def __init__(self, phase: str) -> None:
        self.phase, self.done = phase, list[str]()

    def do(self, task: Form) -> Form:
        """Do one task, or stop."""
        if task["do"] == self.phase and any(f"/{self.phase} " in f"/{d}" for d in self.done):
            raise KeyboardInterrupt
        self.done.append(f"{task['do']} {task['out']}")
        return super().do(task)


PHASES = ("note", "split", "settle", "fold", "answer")


@pytest.mark.parametrize("phase", PHASES)
def test_a_run_that_was_broken_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    """What is done is not done again, whatever it was; there is no table before the commit."""
    monkeypatch.setattr(sharded, "CHUNK_ROWS", 10)
    monkeypatch.setattr(sharded, "PIECE_ROWS", 20)
    plan, log = full_case(4, 60)
    sources = write_tables(tables_of(log), tmp_path / "in", files=3)
    broken, again = Broken(phase), Broken("nothing")
    with pytest.raises(KeyboardInterrupt):
        replay_sharded(plan, sources, tmp_path / "out", broken, shards=3)
    assert not (tmp_path / "out" / "_delta_log").exists()
    made = replay_sharded(plan, sources, tmp_path / "out", again, shards=3)
    assert features_in(made) == replay(plan, tables_of(log)).features.tobytes()
    assert broken.done
    assert len(set(broken.done + again.done)) == len(broken.done + again.done)
    assert {done.split()[0] for done in broken.done + again.done} == set(PHASES)


@pytest.mark.parametrize("phase", PHASES)
def test_a_full_disk_is_told_and_the_run_goes_on_later(tmp_path: Path, phase: str) -> None:
    """No room in the middle of any phase: an error that says so, and the same digest afterwards."""

    class Full(Inline):
        """Has no room for what one phase writes."""

        def do(self, task: Form) -> Form:
            if task["do"] != phase:
                return super().do(task)
            with short_of_room(100):
                return super().do(task)

    plan, log = full_case(4, 60)
    sources = write_tables(tables_of(log), tmp_path / "in")
    with pytest.raises(GroundError) as error:
        replay_sharded(plan, sources, tmp_path / "out", Full(), shards=2)
    assert (error.value.code, error.value.kind) == ("ground.disk.full", "world")
    made = replay_sharded(plan, sources, tmp_path / "out", Inline(), shards=2)
    calm = replay_sharded(plan, sources, tmp_path / "calm", Inline(), shards=1)
    assert made.digest == calm.digest


def test_a_file_between_tasks_that_a_disk_changed_is_told(tmp_path: Path) -> None:
    """What was written is not computed with when it is not what is read."""

    class Flipping(Inline):
        """Changes one bit of what a shard was folded to."""

        def do(self, task: Form) -> Form:
            told = super().do(task)
            if task["do"] == "fold":
                octets = bytearray(Path(task["out"]).read_bytes())
                octets[20] ^= 1
                Path(task["out"]).write_bytes(octets)
            return told

    plan, log = full_case(4, 60)
    sources = write_tables(tables_of(log), tmp_path / "in")
    with pytest.raises(FlowError) as error:
        replay_sharded(plan, sources, tmp_path / "out", Flipping(), shards=2)
    assert error.value.code == "flow.parcels.broken"
    shutil.rmtree(Path(error.value.at).parent)
    made = replay_sharded(plan, sources, tmp_path / "out", Inline(), shards=2)
    assert features_in(made) == replay(plan, tables_of(log)).features.tobytes()


def test_a_shard_reads_its_own_rows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file of the sources is read for the exchange; no shard of a split group reads it."""
    read: list[str] = []

    def counted(cut, columns, rows):  # type: ignore[no-untyped-def]
        read.extend(path for path, _ in cut)
        return batches(cut, columns, rows)

    for module in (exchange_work, shard_work):
        monkeypatch.setattr(module, "batches", counted)
    plan, log = drawn_case(2, 300, lookups=False)
    assert all(group.roles and not plan.groups[0].request_roles for group in plan.groups)
    sources = write_tables(tables_of(log), tmp_path / "in", files=2)
    made = replay_sharded(plan, sources, tmp_path / "out", Inline(), shards=20)
    assert features_in(made) == replay(plan, tables_of(log)).features.tobytes()
    # Once to note which ids come again, once to split.
    assert sorted(Path(path).name for path in read) == sorted(
        2 * ["payment-0.parquet", "payment-1.parquet"]
    )


def test_a_table_that_shards_see_whole_is_read_and_not_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each shard of a group whose events look up by another key reads the table, and no task
    writes it anew."""
    read: list[str] = []

    def counted(cut, columns, rows):  # type: ignore[no-untyped-def]
        read.extend(Path(path).name for path, _ in cut)
        return batches(cut, columns, rows)

    for module in (exchange_work, shard_work):
        monkeypatch.setattr(module, "batches", counted)
    plan, log = full_case(4, 300)
    sources = write_tables(tables_of(log), tmp_path / "in")
    made = replay_sharded(plan, sources, tmp_path / "out", Inline(), shards=20)
    assert features_in(made) == replay(plan, tables_of(log)).features.tobytes()
    by_key = any("holder" in sorted_out(plan, group) for group in range(len(plan.groups)))
    shards = [
        20 if group.roles else 1
        for place, group in enumerate(plan.groups)
        if "holder" in columns_of(plan, place).keys() - sorted_out(plan, place).keys()
    ]
    assert shards
    assert read.count("holder-0.parquet") == sum(shards) + by_key


def test_a_task_that_raises_is_told_and_not_tried_again(tmp_path: Path) -> None:
    """Errors of ours come through with their code; so do those of the driver itself."""
    plan, log = drawn_case(3, 30)
    tables = tables_of(log)
    sources = write_tables(tables, tmp_path / "in")
    out = tmp_path / "out"
    with Processes(1) as workers:
        lacking = tmp_path / "lacking.parquet"
        pq.write_table(tables[plan.request].drop_columns(["mm_at"]), lacking)
        with pytest.raises(FlowError) as error:
            replay_sharded(plan, sources | {plan.request: lacking}, out, workers)
        assert error.value.code == "flow.replay.column"
        backwards = tmp_path / "backwards.parquet"
        rows = tables[plan.request]
        pq.write_table(rows.take(np.arange(len(rows))[::-1]), backwards)
        with pytest.raises(EngineError) as refused:
            replay_sharded(plan, sources | {plan.request: backwards}, out, workers)
        assert refused.value.code == "engine.batch.order"
        twice = {plan.request: [*sources[plan.request], *sources[plan.request]]}
        with pytest.raises(FlowError) as error:
            replay_sharded(plan, sources | twice, out, workers)
        assert error.value.code == "flow.replay.order"
        with pytest.raises(FlowError) as error:
            replay_sharded(plan, {}, out, workers)
        assert error.value.code == "flow.replay.empty"
        replay_sharded(plan, sources, out, workers)
        with pytest.raises(FlowError) as error:
            replay_sharded(plan, sources, out, workers)
        assert error.value.code == "flow.replay.there"


def test_a_worker_that_dies_each_time_ends_the_run() -> None:
    """A task that no worker survives is told as such."""
    with Processes(1) as workers:
        stop = threading.Event()
        killer = threading.Thread(target=_kill_all, args=(workers, stop))
        killer.start()
        with pytest.raises(FlowError) as error:
            list(workers.run([{"do": "fold", "plan": "/dev/stdin", "out": "x"}]))
        stop.set()
        killer.join()
    assert error.value.code == "flow.worker.lost"


def _kill_all(workers: Processes, stop: threading.Event) -> None:
    while not stop.wait(0.05):
        for pid in workers.pids:
            os.kill(pid, signal.SIGKILL)


def test_a_bad_row_is_refused_before_any_place_folds_it() -> None:
    """All rows that are handed over together, or none."""
    plan, log = full_case(3, 90)
    split, one = SplitLive.here(plan, 2), Live.start(plan, tables_of([]))
    requests = [(s, r) for s, r in log if s == plan.request][-1:]
    holders = [(s, r) for s, r in log if s == "holder"][-1:]
    assert holders
    for stream, bad in requests + holders:
        for change, code in (
            ({"mm_at": "noon"}, "engine.live.row"),
            ({"mm_at": 2**70}, "engine.live.row"),
            ({"mm_at": None}, "engine.live.row"),
            ({"mm_known_at": -(2**62) - 1}, "engine.live.row"),
            ({"mm_seq": 2**62 + 1}, "engine.live.row"),
            ({"card": ["x"]}, "engine.live.row"),
            ({"mm_seq": -1}, "engine.live.order"),
        ):
            with pytest.raises(EngineError) as error:
                split.take([*log, (stream, bad | {"mm_seq": 10**9} | change)])
            assert error.value.code == code, change
    answers = split.take(log)
    for (stream, row), answer in zip(log, answers, strict=True):
        if stream == plan.request:
            assert answer is not None
            assert answer.tobytes() == one.decide(row).tobytes()
        else:
            one.fold(stream, row)


def test_a_lost_host_makes_the_state_unsound() -> None:
    """After a loss no answer comes that a log does not give."""

    class Gone(Here):
        """A host whose process is gone."""

        def take(self, calls):  # type: ignore[no-untyped-def]
            raise FlowError("a host of the live state is gone", code="flow.host.lost")

    plan, log = drawn_case(3, 30)
    split = SplitLive(plan, [Gone(None), Gone(None)])  # type: ignore[arg-type]
    for code in ("flow.host.lost", "flow.split.unsound"):
        with pytest.raises(FlowError) as error:
            split.take(log)
        assert error.value.code == code
