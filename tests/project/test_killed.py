"""`kill -9` in the middle of a verb, then the same verb again: the same end, and nothing lost."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mintmark.registry import Ledger
from mintmark.testing import WorldSettings, write_world

COMMAND = [sys.executable, "-m", "mintmark.cli"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A laid-out project with a small world's history beside it."""
    monkeypatch.setenv("MINTMARK_KEYS_DIR", str(tmp_path / "keys"))
    subprocess.run([*COMMAND, "init", str(tmp_path / "fraud")], check=True, capture_output=True)
    write_world(tmp_path / "world", WorldSettings(payments=40_000, live=100, bad_rows=22))
    return tmp_path / "fraud"


def run(project: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [*COMMAND, *words, "--json", "--project", str(project)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    form: dict[str, object] = json.loads(done.stdout)
    return form


def kill(project: Path, *words: str, after_s: float) -> None:
    process = subprocess.Popen(
        [*COMMAND, *words, "--project", str(project)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_ingest_and_train_end_the_same_after_kills(project: Path) -> None:
    """Killed again and again, ingest and train end with the digests of a run that nobody killed."""
    history = str(project.parent / "world" / "history")
    quiet = project.parent / "quiet"
    shutil.copytree(project, quiet)
    run(quiet, "ingest", history)
    wanted = run(quiet, "train")

    for after_s in (0.6, 0.9):
        kill(project, "ingest", history, after_s=after_s)
    run(project, "ingest", history)
    assert run(project, "ingest", history)["added"] == 0
    for after_s in (1.2, 2.0, 2.8):
        kill(project, "train", after_s=after_s)
    ended = run(project, "train")

    for role in ("model", "floor"):
        mine, theirs = ended[role], wanted[role]
        assert isinstance(mine, dict)
        assert isinstance(theirs, dict)
        assert mine["digest"] == theirs["digest"]
        assert mine["data_version"] == theirs["data_version"]
    assert run(project, "train")["fresh"] is True
    models = project / ".mintmark" / "models"
    assert not [left for left in models.iterdir() if left.name.endswith(".tmp")]
    with Ledger.open(f"sqlite:///{project / '.mintmark' / 'ledger.db'}") as ledger:
        ledger.verify()
