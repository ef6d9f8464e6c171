"""A table goes the whole way: definitions, plan, files, log, features; and what came late."""

import json
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from define.folders import SOUND
from mintmark.engine import Live
from mintmark.ground import ProjectError
from mintmark.project import Project

TABLES = """
    import mintmark as mm
    from events import terminal

    merchant = mm.Table(
        "merchant", of=terminal, fields={"mcc": mm.Category(["5411", "5812"])}, valid_from="since"
    )
    """
PAYMENTS = """payment_id,paid_at,card,terminal,amount,country,online,opened_at,memo
a,2020-01-01T12:00:00Z,c,t,1.00,BE,true,2020-01-01T00:00:00Z,x
b,2020-01-03T12:00:00Z,c,t,2.00,BE,true,2020-01-01T00:00:00Z,x
c,2020-01-05T12:00:00Z,c,,3.00,BE,true,2020-01-01T00:00:00Z,x
"""
MERCHANTS = """terminal,since,mcc
t,2020-01-01T00:00:00Z,5812
t,2020-01-03T00:00:00Z,5411
,2020-01-03T00:00:00Z,5411
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a table of merchants, and files of payments and merchants beside it."""
    monkeypatch.setenv("MINTMARK_KEYS_DIR", str(tmp_path / "keys"))
    folder, source = tmp_path / "fraud", tmp_path / "source"
    Project.init(folder)
    for file in (folder / "definitions").iterdir():
        if file.is_file():
            file.unlink()
    files = SOUND | {"tables": TABLES}
    files["features"] = files["features"].replace(
        "amount=amount,", 'amount=amount, mcc=merchant["mcc"],'
    )
    files["features"] = "\n        from tables import merchant" + files["features"]
    for name, text in files.items():
        (folder / "definitions" / f"{name}.py").write_text(dedent(text))
    source.mkdir()
    (source / "payment.csv").write_text(PAYMENTS)
    (source / "merchant-2020.csv").write_text(MERCHANTS)
    opened = Project.open(folder)
    opened.ingest([str(source)])
    return opened


def test_a_feature_reads_a_table_from_file_to_value(project: Project, tmp_path: Path) -> None:
    """Each payment has the code that its terminal had then, as its place among the values."""
    assert "mcc       = mcc of merchant by terminal as of the request" in project.plan().text
    project.replay(tmp_path / "features.parquet")
    assert pl.read_parquet(tmp_path / "features.parquet")["mcc"].to_list() == [1.0, 0.0, None]


def test_inspect_says_what_each_source_brought(project: Project) -> None:
    """In words and as JSON: events by stream, and what a file brought that was refused."""
    told = project.inspect()
    form = json.loads(json.dumps(told.form))
    by_stream = {one["stream"]: one for one in form["lateness"]}
    assert (by_stream["payment"]["rows"], by_stream["merchant"]["rows"]) == (3, 2)
    (refused,) = by_stream["merchant"]["refused"]
    assert refused["source"].endswith("merchant-2020.csv")
    assert refused["reasons"] == {"null": 1}
    assert "merchant: 2 events" in told.text
    assert "chargeback: no events" in told.text


def test_inspect_measures_what_state_takes(project: Project, tmp_path: Path) -> None:
    """Of all of the log, or of a snapshot; `plan` told in advance what each feature adds."""
    told = project.inspect(memory=True)
    form = json.loads(json.dumps(told.form))["memory"]
    groups = {one["name"]: one for one in form["groups"]}
    merchants, cards = groups["merchant by terminal"], groups["payment by card"]
    assert (merchants["keys"], merchants["events"]) == (1, 2)
    assert (cards["keys"], cards["largest_events"]) == (1, 3)
    assert form["used_bytes"] == sum(one["used_bytes"] for one in form["groups"])
    assert "the largest key: 3 events" in told.text
    material = project._material
    live = Live.start(material.plan, material.tables(material.log()))
    live.snapshot(tmp_path / "state")
    assert project.inspect(state=tmp_path / "state").form["memory"] == told.form["memory"]
    planned = project.plan(events=10)
    assert planned.form["memory"]["events"] == 10
    assert "for keys that keep 10 events each" in planned.text
    with pytest.raises(ProjectError) as caught:
        project.plan(events=0)
    assert caught.value.code == "project.plan.events"
