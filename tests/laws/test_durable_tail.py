"""Law 7, on the log: what was acknowledged survives `kill -9` at any instant, once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from log import appender
from log.worked import EVENTS, START
from mintmark.ground import SenderClock
from mintmark.log import Log, Tail

ROUNDS = 6
SEED = 20180808


def _killed(folder: Path, after_s: float) -> list[tuple[str, int]]:
    """Let a process append, kill it, and return what it said is safe."""
    command = [sys.executable, appender.__file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b"opened")
        time.sleep(after_s)
        os.kill(child.pid, signal.SIGKILL)
        told, _ = child.communicate()
    whole = told[: told.rfind(b"\n") + 1].decode().splitlines()
    return [(line.split()[0], int(line.split()[1])) for line in whole]


def test_acknowledged_records_survive_a_kill_once(tmp_path: Path) -> None:
    """Kill after kill, each acknowledged event is there once, at its place, with its decision.

    appended  . . . | . . | . . . . | . kill      | commit and answer
    read back 1 2 3   4 5   6 7 8 9               whole commits, perhaps one more that was not told
    """
    draw = random.Random(SEED)
    log = Log.create(tmp_path / "log", EVENTS)
    safe: dict[str, int] = {}
    for _ in range(ROUNDS):
        told = _killed(tmp_path / "log", after_s=draw.uniform(0, 0.3))
        assert not set(told) & set(safe.items())
        safe.update(told)
        rows, decisions = log.read("payment"), log.decisions()
        found = dict(zip(rows["payment_id"].to_pylist(), rows["mm_seq"].to_pylist(), strict=True))
        assert len(found) == rows.num_rows
        assert rows["mm_seq"].to_pylist() == list(range(1, rows.num_rows + 1))
        assert {event_id: found.get(event_id) for event_id in safe} == safe
        assert decisions["event_id"].to_pylist() == rows["payment_id"].to_pylist()
        assert decisions["seq"].to_pylist() == rows["mm_seq"].to_pylist()
        version = log.version()
        with Tail.open(log, EVENTS, SenderClock(START)) as tail:
            assert tail.seq == rows.num_rows
            for event_id, seq in list(safe.items())[-20:]:
                want = appender.decided(event_id, seq)
                assert tail.decision_of("payment", event_id) == want
        assert log.version() == version
        assert rows["amount"].to_pylist() == [100 * seq for seq in rows["mm_seq"].to_pylist()]
    assert len(safe) > 100, f"seed {SEED}"
    log.seal()
    assert log.read("payment").num_rows == rows.num_rows
