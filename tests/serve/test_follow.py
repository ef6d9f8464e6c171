"""A process of its own folds the log once more and keeps the state, while a server answers."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mintmark.engine import Live
from mintmark.ground import ServeError
from mintmark.log import Log
from mintmark.serve import load, read_script
from mintmark.serve.follow import KILLED, Follower
from serve.running import running
from serve.town import Town


def states(folder: Path) -> list[Path]:
    """The states that are kept of a log, the oldest first."""
    return sorted((folder / "state").glob("*.state"))


def end_of(town: Town, folder: Path) -> int:
    """The last place of a log."""
    return Log.open(folder, town.events.values()).position().seq


def test_what_a_follower_keeps_answers_as_the_server_does(
    town: Town, served_log: Path, tmp_path: Path
) -> None:
    """Its state and the live one at the same place give the same bits for all that follows."""
    material = load(town.source(served_log))
    Follower(town.source(served_log)).keep(material.tail.committed_seq)
    (path,) = states(served_log)
    followed = Live.restore(path, town.plan)
    assert followed.seq == material.live.seq == material.tail.committed_seq
    later = town.tables()["payment"].to_pylist()[-200:]
    for place, row in enumerate(later, 10**6):
        asked = row | {"mm_seq": place}
        assert followed.decide(asked).tobytes() == material.live.decide(asked).tobytes()
    material.tail.close()


def test_a_server_has_its_state_kept_and_starts_from_it(
    town: Town, served_log: Path, tmp_path: Path
) -> None:
    """Followers run beside the answers; after kill -9 the start says what it went on from."""
    _, steps = read_script(town.script(tmp_path / "script.jsonl"))
    with running(town, served_log, keeping=True) as server:
        first = [server.do(step)[2] for step in steps[:60]]
        wait_for(
            lambda: states(served_log) and kept_seq(served_log) > end_of(town, served_log) - 20
        )
        server.stop(signal.SIGKILL)
    with running(town, served_log) as server:
        assert server.line.rpartition("  ")[2].startswith("loaded in ")
        assert " from a snapshot at seq " in server.line
        assert "passed over" not in server.line
        again = [server.do(step)[2] for step in steps[:60]]
        decided = [place for place, step in enumerate(steps[:60]) if step.decide]
        assert [again[place] for place in decided] == [first[place] for place in decided]
        assert all(server.do(step)[0] == 200 for step in steps[60:90])
        assert server.stop() == 0


def test_a_damaged_state_does_not_keep_a_server_from_starting(
    town: Town, served_log: Path, tmp_path: Path
) -> None:
    """It says why it folded the whole log, and answers."""
    Follower(town.source(served_log)).keep(end_of(town, served_log))
    (path,) = states(served_log)
    path.write_bytes(path.read_bytes()[:-1])
    _, steps = read_script(town.script(tmp_path / "script.jsonl"))
    with running(town, served_log) as server:
        assert f"from the whole log; {path.name} is passed over" in server.line
        assert server.do(steps[0])[0] == 200


def test_a_follower_killed_at_any_moment_leaves_the_states_whole(
    town: Town, served_log: Path, tmp_path: Path
) -> None:
    """The one before stays, nothing half-written is taken, and the next follower cleans up."""
    follower = Follower(town.source(served_log))
    follower.keep(end_of(town, served_log) - 100)
    before = states(served_log)[0].read_bytes()
    for part in range(6):
        process = started(town, served_log, end_of(town, served_log) - 50)
        time.sleep(0.4 * part)
        process.kill()
        process.communicate()
        assert states(served_log)[0].read_bytes() == before
        for path in states(served_log):
            Live.restore(path, town.plan)
    follower.keep(end_of(town, served_log))
    assert kept_seq(served_log) == end_of(town, served_log)
    assert not list((served_log / "state").glob(".*.tmp"))


def test_a_follower_ends_with_its_server(town: Town, served_log: Path) -> None:
    """Whatever ended the server closes the input that the follower waits on."""
    process = started(town, served_log, end_of(town, served_log))
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == KILLED
    assert states(served_log) == []


def test_a_stopped_follower_is_silent_and_starts_nothing(town: Town, served_log: Path) -> None:
    """A server that ends waits for nobody."""
    follower = Follower(town.source(served_log))
    follower.stop()
    follower.keep(end_of(town, served_log))
    assert states(served_log) == []


def test_a_failure_is_told_with_what_the_process_said(town: Town, served_log: Path) -> None:
    """The server hears of it as an error of its own and goes on."""
    (served_log / "state").write_text("in the way")
    with pytest.raises(ServeError) as caught:
        Follower(town.source(served_log)).keep(end_of(town, served_log))
    assert (caught.value.code, caught.value.kind) == ("serve.follow.failed", "world")
    assert "state" in str(caught.value.got)


def kept_seq(folder: Path) -> int:
    """The place of the newest state."""
    return int(states(folder)[-1].name.split("-")[1])


def started(town: Town, log: Path, until: int) -> "subprocess.Popen[bytes]":
    """A follower, its input held open."""
    words = [sys.executable, "-m", "mintmark.serve.follow", "--log", str(log)]
    words += ["--release", str(town.release.folder), "--public", town.public.hex()]
    return subprocess.Popen([*words, "--until", str(until)], stdin=subprocess.PIPE)


def wait_for(true: Callable[[], object]) -> None:
    """Wait until something holds."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")
