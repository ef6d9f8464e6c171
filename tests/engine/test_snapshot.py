"""A snapshot is taken whole, restored by the same plan, and refused in every other case."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec
import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, reports, told
from mintmark.engine import snapshot
from mintmark.engine.live import Live
from mintmark.engine.program import lower
from mintmark.ground import EngineError

PLAN = plan_of(
    n=mm.count().by("card").over("5s"),
    mean=amount.mean().by("card").over("lifetime"),
    risk=payment.outcome(fraud, settles_after="3s").mean().by("card").over("lifetime"),
)


@pytest.fixture
def live() -> Live:
    """A state with a few payments, a label and a parked label."""
    tables = {
        "payment": payments([paid(1, 0), paid(2, 1, 250), paid(3, 1, card="b")]),
        "report": reports([told(4, "p1"), told(5, "p9")]),
    }
    return Live.start(PLAN, tables)


def test_a_restored_state_goes_on_with_the_same_bits(tmp_path: Path, live: Live) -> None:
    """Labels that wait, late rows and new keys included."""
    live.snapshot(tmp_path / "state")
    restored = Live.restore(tmp_path / "state", PLAN)
    assert (restored.seq, restored.names) == (live.seq, live.names)
    for row in (paid(9, 2), paid(10, 1), paid(11, 6, card="new"), paid(12, 6)):
        assert restored.decide(row).tobytes() == live.decide(row).tobytes()


def test_a_snapshot_of_a_restored_state_has_the_same_bytes(tmp_path: Path, live: Live) -> None:
    """Nothing is lost on the way, and nothing is added."""
    live.snapshot(tmp_path / "first")
    Live.restore(tmp_path / "first", PLAN).snapshot(tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_another_plan_is_refused(tmp_path: Path, live: Live) -> None:
    """A window of another length is another plan."""
    live.snapshot(tmp_path / "state")
    with pytest.raises(EngineError, match="another plan") as caught:
        Live.restore(tmp_path / "state", plan_of(n=mm.count().by("card").over("6s")))
    assert caught.value.code == "engine.snapshot.plan"
    assert "Live.start" in caught.value.hint


def test_another_version_is_refused(
    tmp_path: Path, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State of another layout says so."""
    live.snapshot(tmp_path / "state")
    monkeypatch.setattr(snapshot, "FORMAT", 99)
    with pytest.raises(EngineError, match="another version"):
        Live.restore(tmp_path / "state", PLAN)


def test_other_words_of_the_same_plan_are_refused(tmp_path: Path, live: Live) -> None:
    """States that keep other words give the values that they gave, but cannot go on from these."""
    live.snapshot(tmp_path / "state")
    held = snapshot.read_snapshot(tmp_path / "state", PLAN.digest, lower(PLAN).layout)
    other = msgspec.structs.replace(held.header, layout="sha256:0")
    snapshot.write_snapshot(tmp_path / "other", snapshot.Snapshot(other, held.arrays))
    with pytest.raises(EngineError, match="another version") as caught:
        Live.restore(tmp_path / "other", PLAN)
    assert caught.value.code == "engine.snapshot.version"
    assert caught.value.got == "states 0"


def test_any_flipped_bit_is_found(tmp_path: Path, live: Live) -> None:
    """Wherever it is: in the magic, the header, the arrays or the seal."""
    live.snapshot(tmp_path / "state")
    good = (tmp_path / "state").read_bytes()
    for place in range(0, len(good), 97):
        bad = bytearray(good)
        bad[place] ^= 1 << (place % 8)
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(EngineError) as caught:
            Live.restore(tmp_path / "bad", PLAN)
        assert caught.value.code in ("engine.snapshot.damaged", "engine.snapshot.foreign")


@pytest.mark.parametrize("length", [0, 10, 16, 20, 60, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, live: Live, length: int) -> None:
    """However short it is."""
    live.snapshot(tmp_path / "state")
    (tmp_path / "short").write_bytes((tmp_path / "state").read_bytes()[:length])
    with pytest.raises(EngineError, match=re.compile("snapshot")):
        Live.restore(tmp_path / "short", PLAN)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """With the code of its own."""
    with pytest.raises(EngineError) as caught:
        Live.restore(tmp_path / "nothing", PLAN)
    assert caught.value.code == "engine.snapshot.missing"


def test_writing_again_replaces_the_file_and_leaves_no_spare(tmp_path: Path, live: Live) -> None:
    """One file, whole, after any number of snapshots."""
    for _ in range(3):
        live.snapshot(tmp_path / "state")
    assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="a folder") as found:
        Live.restore(tmp_path, PLAN)
    assert found.value.code == "engine.snapshot.foreign"


def test_a_place_where_no_file_can_be_is_told_before_anything(tmp_path: Path, live: Live) -> None:
    """A text is a path too; a missing folder, a folder and no path at all are told."""
    live.snapshot(str(tmp_path / "state"))
    assert Live.restore(str(tmp_path / "state"), PLAN).seq == live.seq
    for place in (tmp_path, tmp_path / "nowhere" / "state", tmp_path / "state" / "state", "", None):
        with pytest.raises(EngineError) as told:
            live.snapshot(place)  # type: ignore[arg-type]
        assert told.value.code == "engine.snapshot.place"
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
    with pytest.raises(EngineError) as told:
        Live.restore(tmp_path / "state" / "state", PLAN)
    assert told.value.code == "engine.snapshot.missing"
    with pytest.raises(EngineError) as told:
        Live.restore(None, PLAN)  # type: ignore[arg-type]
    assert told.value.code == "engine.snapshot.place"


def test_a_later_version_is_told_whatever_else_its_header_says(tmp_path: Path, live: Live) -> None:
    live.snapshot(tmp_path / "state")
    data = (tmp_path / "state").read_bytes()
    begin = len(snapshot._MAGIC)
    end = begin + 8 + int.from_bytes(data[begin : begin + 8], "little")
    header = msgspec.msgpack.encode({"format": snapshot.FORMAT + 1, "books": 7})
    body = data[:begin] + len(header).to_bytes(8, "little") + header + data[end:-32]
    (tmp_path / "state").write_bytes(body + hashlib.sha256(body).digest())
    with pytest.raises(EngineError, match="another version"):
        Live.restore(tmp_path / "state", PLAN)
