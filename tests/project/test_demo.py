"""The main job, played small and whole: real files, real log, real server process."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from mintmark.ground import Silent
from mintmark.monitor import strike
from mintmark.project import watching
from mintmark.project.material import Material

MINTMARK = [sys.executable, "-m", "mintmark.cli"]
pytestmark = pytest.mark.xdist_group("demo")


def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*MINTMARK, *words], capture_output=True, text=True, timeout=400)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo on a world of 250,000 payments, of which 1,500 were served."""
    folder = tmp_path_factory.mktemp("demo")
    words = ("--payments", "250000", "--served", "1500", "--folder", str(folder / "demo"))
    run("demo", *words, "--json", str(folder / "figures.json"))
    return folder


def test_the_demo_promises_its_figures(played: Path) -> None:
    """The JSON holds every figure that the demo promises; parity is whole and nothing failed."""
    form = json.loads((played / "figures.json").read_text())
    assert form["verdict"] == "PROMOTE"
    assert form["parity"] == {"compared": 1500, "mismatches": 0}
    assert form["served"]["decisions"] == 1500
    assert form["served"]["errors"] == 0
    assert form["served"]["latency_ms_p50"] <= form["served"]["latency_ms_p99"]
    assert form["rows"]["quarantined"] > 0
    three = {"auc_roc", "average_precision", "card_precision_100"}
    assert set(form["evaluation"]) == set(form["floor"]) == three
    assert form["evaluation"]["average_precision"] > form["floor"]["average_precision"]
    assert form["release"]["digest"].startswith("sha256:")
    steps = "compile ingest plan replay train judge release serve verify watch report total"
    assert set(steps.split()) <= set(form["seconds"])


def test_the_report_stands_alone(played: Path) -> None:
    """The page fetches nothing, runs nothing, and its JSON twin holds what it shows."""
    page = (played / "demo" / "report.html").read_text()
    assert "<script" not in page
    assert "http://" not in page.replace("http://127.0.0.1", "")
    assert "https://" not in page
    twin = json.loads((played / "demo" / "report.json").read_text())
    assert {"data", "plan", "evaluation", "verdict", "release", "served", "watch", "card"} <= set(
        twin
    )
    for drawn in (
        "Precision and recall",
        "Calibration",
        "Scores",
        "Drift",
        "Latency",
        "Model card",
    ):
        assert drawn in page


def test_a_decision_is_explained_and_struck_again(played: Path) -> None:
    """`explain` tells one decision's story and `verify` strikes it again to the bit."""
    project = str(played / "demo" / "project")
    decision = json.loads((played / "figures.json").read_text())["decision"]
    story = json.loads(run("explain", decision, "--project", project, "--json").stdout)
    assert story["reasons"]
    assert len(story["reasons"]) <= 4
    assert all(reason["contribution"] > 0 for reason in story["reasons"])
    struck = json.loads(run("verify", decision, "--project", project, "--json").stdout)
    assert struck == {"decision_id": decision, "same": True, "differences": {}}


def test_the_champion_of_a_moment_is_known(played: Path) -> None:
    """The champion of any moment is known, with who put it there and on what evidence."""
    project = str(played / "demo" / "project")
    form = json.loads(run("champion", "--project", project, "--json").stdout)
    digest = json.loads((played / "figures.json").read_text())["release"]["digest"]
    assert form["release"] == digest
    assert form["actor"]
    assert form["evidence"]
    run("champion", "--at", "2001-01-01T00:00:00Z", "--project", project, code=1)


def test_altered_bytes_of_a_release_are_refused(played: Path) -> None:
    """One changed byte in a release is named, and nothing of it is loaded."""
    home = played / "demo" / "project" / ".mintmark"
    (release,) = [p for p in (home / "releases").iterdir() if p.is_dir()]
    model = release / "model.txt"
    whole = model.read_bytes()
    model.write_bytes(whole.replace(b"leaf_value=0", b"leaf_value=1", 1))
    try:
        done = run("serve", "--port", "0", "--project", str(played / "demo" / "project"), code=1)
        assert "registry.release.altered" in done.stderr
    finally:
        model.write_bytes(whole)


def test_a_port_in_use_is_an_error_of_the_world(played: Path) -> None:
    """A server whose port is taken says so and leaves with 3."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--project", str(played / "demo" / "project"), code=3)
    assert "serve.port" in done.stderr


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """The demo does not replace what it did not make."""
    (tmp_path / "mine.txt").write_text("mine")
    done = run("demo", "--folder", str(tmp_path), code=1)
    assert "project.demo.folder" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_changed_decision_does_not_strike_the_same(played: Path) -> None:
    """Reasons left out, a score off by its last bit, another action: each is told by its name."""
    project = Material(played / "demo" / "project", Silent())
    log, decisions = watching.decided_log(project)
    wanted = json.loads((played / "figures.json").read_text())["decision"]
    row = watching.decision_row(decisions, wanted)
    striker = watching.striker_of(project, row["release"])
    tables = project.tables(log)
    changes = {
        "reasons": [],
        "margin": math.nextafter(row["margin"], 99.0),
        "action": "approve" if row["action"] != "approve" else "decline",
    }
    for name, value in changes.items():
        struck = strike(row | {name: value}, striker.plan, tables, striker.die)
        assert list(struck.differences) == [name]
