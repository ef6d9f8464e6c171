"""What the reading verbs refuse before they work, and what they say where there is nothing."""

from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from define.folders import SOUND
from mintmark.define import load
from mintmark.ground import EngineError, LogError, ProjectError
from mintmark.plan import compile_plan
from mintmark.plan.feature_memory import MOST_EVENTS
from mintmark.project import Project
from mintmark.project import project as hall

HEADER = "payment_id,paid_at,card,terminal,amount,country,online,opened_at,memo\n"
PAYMENTS = HEADER + "a,2020-01-01T12:00:00Z,c,t,1.00,BE,true,2020-01-01T00:00:00Z,x\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project whose definitions are those of the tests of definitions."""
    monkeypatch.setenv("MINTMARK_KEYS_DIR", str(tmp_path / "keys"))
    folder = tmp_path / "fraud"
    Project.init(folder)
    for file in (folder / "definitions").glob("*.py"):
        file.unlink()
    for name, text in SOUND.items():
        (folder / "definitions" / f"{name}.py").write_text(dedent(text))
    return folder


@pytest.fixture
def filled(folder: Path, tmp_path: Path) -> Project:
    """A project with one payment."""
    (tmp_path / "good.csv").write_text(PAYMENTS)
    project = Project.open(folder)
    project.ingest([f"payment={tmp_path / 'good.csv'}"])
    return project


def test_after_an_ingest_that_failed_nothing_has_been_ingested(folder: Path) -> None:
    """It leaves a log behind in which nothing is, of which every verb says so."""
    project = Project.open(folder)
    with pytest.raises(LogError):
        project.ingest(["payment=nothing.csv"])
    for verb in (project.inspect, project.replay, project.train):
        with pytest.raises(ProjectError) as told:
            verb()
        assert told.value.code == "project.nothing_ingested"


def test_an_ingest_of_which_all_was_refused_says_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(PAYMENTS.replace("1.00", "-1.00"))
    project = Project.open(folder)
    told = project.ingest([f"payment={tmp_path / 'bad.csv'}"])
    assert told.text.startswith("0 events added, 0 known already, 1 quarantined\n")
    assert "negative          1" in project.inspect().text


def test_a_failed_ingest_changes_nothing_that_is_said(filled: Project) -> None:
    before = filled.inspect().form
    with pytest.raises(LogError):
        filled.ingest(["payment=nothing.csv"])
    assert filled.inspect().form == before


def test_a_replay_refuses_its_file_before_it_works(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object) -> None:
        raise AssertionError("it worked before it looked where to write")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hall.kernel, "load", work)
    places = {
        ".": "project.out.folder", "": "project.out.folder", "good.csv": "project.replay.exists",
        "nowhere/x.parquet": "project.out.no_folder", "good.csv/x": "project.out.no_folder",
        "/proc/x.parquet": "project.out.refused",
    }  # fmt: skip
    for place, code in places.items():
        with pytest.raises(ProjectError) as told:
            filled.replay(Path(place))
        assert told.value.code == code, place
    with pytest.raises(ProjectError) as told:
        filled.report(Path(), str)
    assert told.value.code == "project.out.folder"


def test_features_need_no_model(filled: Project, folder: Path, tmp_path: Path) -> None:
    """Plan, replay and what state takes are of features alone."""
    whole = filled.replay(tmp_path / "whole.parquet")
    (folder / "definitions" / "model.py").unlink()
    project = Project.open(folder)
    features = load(folder / "definitions").features
    assert project.plan().form["digest"] == compile_plan(features).digest
    assert project.replay(tmp_path / "alone.parquet").form["rows"] == whole.form["rows"] == 1
    one, other = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("whole", "alone"))
    assert one.equals(other)
    assert project.inspect(memory=True).form["memory"]["groups"]


@pytest.mark.parametrize("place", [".", "", "nowhere/state", "mintmark.toml", "mintmark.toml/x"])
def test_a_place_that_holds_no_state_is_told(
    filled: Project, folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(EngineError) as told:
        filled.inspect(state=Path(place))
    assert told.value.code in ("engine.snapshot.foreign", "engine.snapshot.missing")
    assert (told.value.kind, told.value.want) == ("input", "a file that Live.snapshot wrote")


@pytest.mark.parametrize("events", [-1, 0, MOST_EVENTS + 1, 10**30])
def test_memory_is_told_of_keys_that_there_can_be(filled: Project, events: int) -> None:
    with pytest.raises(ProjectError) as told:
        filled.plan(events)
    assert (told.value.code, told.value.at) == ("project.plan.events", "--events")
    assert filled.plan(MOST_EVENTS).form["memory"]["events"] == MOST_EVENTS
