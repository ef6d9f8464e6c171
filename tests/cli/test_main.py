"""The command line's manners: help, exit codes, errors in one form, JSON on demand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

VERBS = (
    *(
        "init",
        "check",
        "migrate",
        "ingest",
        "inspect",
        "plan",
        "replay",
        "train",
        "judge",
        "release",
    ),
    *("champion", "serve", "verify", "explain", "watch", "report", "demo"),
)


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mintmark.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


def test_help_fits_a_screen_and_names_every_verb() -> None:
    """`--help` is at most 40 lines, lists every verb and ends the introduction with an example."""
    told = run("--help")
    assert told.returncode == 0
    assert len(told.stdout.split("\n")) <= 40
    assert all(f"  {verb} " in told.stdout for verb in VERBS)
    assert "Example:" in told.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_and_json(verb: str) -> None:
    """Each verb explains itself, shows an example, and takes --json."""
    told = run(verb, "--help")
    assert told.returncode == 0
    assert f"mintmark {verb}" in told.stdout
    assert "Example:" in told.stdout
    assert "--json" in told.stdout


def test_a_wrong_word_is_an_error_of_ours() -> None:
    """An unknown option ends with 1 and our form of error, not a usage dump."""
    told = run("plan", "--plann")
    assert told.returncode == 1
    assert "cli.usage" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("ingest", "payment=x.csv"),
        ("inspect",),
        ("replay",),
        ("train",),
        ("judge",),
        ("release",),
        ("champion",),
        ("verify",),
        ("explain", "d0"),
        ("watch",),
        ("report",),
        ("serve",),
    ],
)
def test_a_folder_that_is_no_project_is_told(words: tuple[str, ...], tmp_path: Path) -> None:
    """Every verb says that the folder is not a project and how to make one."""
    told = run(*words, cwd=tmp_path)
    assert told.returncode == 1
    assert "project.none" in told.stderr
    assert "mintmark init" in told.stderr


def test_an_error_is_json_where_json_is_asked_for(tmp_path: Path) -> None:
    """With --json an error is one JSON object on standard output."""
    told = run("plan", "--json", cwd=tmp_path)
    form = json.loads(told.stdout)
    assert form["error"]["code"] == "project.none"
    assert told.stderr == ""


def test_a_laid_out_project_runs_and_verbs_in_the_wrong_order_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`init` lays out a project whose check and plan pass; each verb too early names the first."""
    monkeypatch.setenv("MINTMARK_KEYS_DIR", str(tmp_path / "keys"))
    project = tmp_path / "fraud"
    assert run("init", str(project)).returncode == 0
    for key in ("signing.key", "token.key"):
        assert (tmp_path / "keys" / key).stat().st_mode & 0o777 == 0o600
    assert run("check", cwd=project).returncode == 0
    plan = run("plan", "--json", cwd=project)
    assert json.loads(plan.stdout)["digest"].startswith("sha256:")
    for verb, code in (
        ("inspect", "project.nothing_ingested"),
        ("replay", "project.nothing_ingested"),
        ("train", "project.nothing_ingested"),
        ("judge", "project.nothing_trained"),
        ("release", "project.nothing_judged"),
        ("champion", "project.no_champion"),
        ("watch", "project.nothing_ingested"),
        ("serve", "project.no_champion"),
    ):
        told = run(verb, cwd=project)
        assert (told.returncode, code in told.stderr) == (1, True), told.stderr
    again = run("init", str(project))
    assert again.returncode == 1
    assert "project.init.not_empty" in again.stderr


def test_check_tells_every_fault_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two faults in two files are both told, each at its line, and the exit code is 1."""
    monkeypatch.setenv("MINTMARK_KEYS_DIR", str(tmp_path / "keys"))
    project = tmp_path / "fraud"
    run("init", str(project))
    (project / "definitions" / "extra.py").write_text('import mintmark as mm\nmm.Money("XXQ")\n')
    (project / "definitions" / "broken.py").write_text("def (:\n")
    told = run("check", "--json", cwd=project)
    faults = json.loads(told.stdout)["error"]["errors"]
    assert told.returncode == 1
    where = " ".join(fault["at"] for fault in faults)
    assert "extra.py:2" in where
    assert "broken.py:1" in where
