"""A start goes on from a kept state, equals one from the whole log, and takes no state on trust."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mintmark.define as mm
from mintmark.engine import Live
from mintmark.engine import snapshot as snapshots
from mintmark.ground import DAY_US, LogError, SenderClock
from mintmark.log import Log, Tail, TailRecord
from mintmark.plan import compile_plan
from mintmark.serve import kept
from mintmark.serve.kept import Started, keep, started
from serve.town import CUT_US, Town, amount, payment

OTHER = compile_plan(mm.Features(payment, mean=amount.mean().by("card").over("3d")))


@pytest.fixture
def log(town: Town, served_log: Path) -> Log:
    """The log that ends before the last days."""
    return Log.open(served_log, town.events.values())


def go_on(log: Log, town: Town, count: int, *, first: int = 0, amount: int = 700) -> None:
    """Take some payments and a report after the log's end, as a server would."""
    with Tail.open(log, town.events.values(), SenderClock(CUT_US + first)) as tail:
        for number in range(first, first + count):
            row = {
                "payment_id": f"new-{number}", "paid_at": CUT_US - DAY_US // 2 + number,
                "card": f"card-{number % 5}", "terminal": f"terminal-{number % 3}",
                "amount": f"{amount}.00", "country": "FR",
            }  # fmt: skip
            tail.append(TailRecord("payment", tail.admit("payment", row).row))
        case = {"case_id": 10_000 + first, "reported_at": CUT_US, "payment_id": "pay-2300",
                "fraud": True}  # fmt: skip
        tail.append(TailRecord("chargeback", tail.admit("chargeback", case).row))
        tail.commit()


def answers(live: Live, town: Town) -> list[bytes]:
    """What a state answers to the days that follow."""
    tables = town.tables()
    rows = [
        (row, name)
        for name, table in tables.items()
        for row in table.to_pylist()
        if row["mm_known_at"] >= CUT_US
    ]
    told = []
    for place, (row, name) in enumerate(sorted(rows, key=lambda one: one[0]["mm_seq"])):
        later = row | {"mm_seq": 10**6 + place}
        if name == "payment":
            told.append(live.decide(later).tobytes())
        else:
            live.fold(name, later)
    assert len(told) > 200
    return told


def whole(log: Log, town: Town) -> Started:
    """The state of the whole log, folded from its beginning."""
    tables = {name: log.read(name) for name in town.events}
    return Started(Live.start(town.plan, tables), log.position().epoch, 0, ())


def test_a_start_from_a_kept_state_equals_one_from_the_log(log: Log, town: Town) -> None:
    """Unsealed rows, labels and new keys after it included, bit for bit; again from its own."""
    keep(log, town.plan, whole(log, town))
    for first in (0, 50):
        go_on(log, town, 50, first=first)
        found = started(log, town.plan)
        assert (found.kept_seq > 0, found.passed) == (True, ())
        assert found.origin == f"a snapshot at seq {found.kept_seq:,}"
        assert found.live.seq == log.position().seq
        keep(log, town.plan, found)
        assert started(log, town.plan).kept_seq == found.live.seq
        assert answers(found.live, town) == answers(whole(log, town).live, town)
        log.seal()


def test_only_what_was_acknowledged_is_folded(log: Log, town: Town) -> None:
    """A state that is asked for at a place ends there, whatever the log holds since."""
    end = log.position().seq
    go_on(log, town, 20)
    assert started(log, town.plan, up_to_seq=end).live.seq == end
    keep(log, town.plan, started(log, town.plan, up_to_seq=end))
    found = started(log, town.plan, up_to_seq=end + 5)
    assert (found.kept_seq, found.live.seq) == (end, end + 5)


def flipped(path: Path) -> None:
    """One bit of the file is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 8
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (flipped, "the snapshot is not as it was written"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "not as it was written"),
        (lambda path: path.write_bytes(b""), "the file is not a snapshot of this version"),
        (lambda path: path.write_bytes(b"mintmark state 9" * 40), "not a snapshot of this version"),
        (lambda path: path.rename(path.with_name("1" + path.name)), "it is of epoch 10"),
        (lambda path: path.rename(path.with_name(path.name.replace("-0", "-9", 1))), "ends before"),
    ],
)
def test_a_state_that_is_not_as_it_was_is_passed_over(
    log: Log, town: Town, harm: Callable[[Path], object], reason: str
) -> None:
    """The one before it is taken, or the whole log is folded; the reason is told."""
    first = keep(log, town.plan, whole(log, town))
    assert first is not None
    go_on(log, town, 20)
    second = keep(log, town.plan, whole(log, town))
    assert second is not None
    harm(second)
    found = started(log, town.plan)
    assert found.kept_seq == log.position().seq - 21
    assert (len(found.passed), reason in found.passed[0]) == (1, True), found.passed
    harm(first)
    found = started(log, town.plan)
    assert (found.kept_seq, len(found.passed)) == (0, 2)
    assert found.origin.startswith("the whole log; ")
    assert answers(found.live, town) == answers(whole(log, town).live, town)


def test_a_state_of_another_plan_or_version_is_passed_over(
    log: Log, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it holds would answer, and answer otherwise."""
    keep(log, OTHER, started(log, OTHER))
    assert "of another plan" in started(log, town.plan).passed[0]
    keep(log, town.plan, whole(log, town))
    assert started(log, town.plan).passed == ()
    monkeypatch.setattr(snapshots, "FORMAT", 99)
    assert "belongs to another version" in started(log, town.plan).passed[0]


def test_a_state_under_another_name_is_passed_over(log: Log, town: Town) -> None:
    """A file says itself how far it goes."""
    early = keep(log, town.plan, whole(log, town))
    go_on(log, town, 20)
    late = keep(log, town.plan, whole(log, town))
    assert early is not None
    assert late is not None
    early.replace(late)
    assert "it holds the state at seq" in started(log, town.plan).passed[0]


def test_a_state_of_a_log_that_went_on_otherwise_is_passed_over(town: Town, tmp_path: Path) -> None:
    """A log put back from a copy has other rows at the same places."""
    one, two = (
        Log.open(town.served_log(tmp_path / name), town.events.values()) for name in ("one", "two")
    )
    go_on(one, town, 20)
    go_on(two, town, 20, amount=900)
    path = keep(one, town.plan, whole(one, town))
    assert path is not None
    (tmp_path / "two" / "state").mkdir()
    (tmp_path / "two" / "state" / path.name).write_bytes(path.read_bytes())
    assert one.read("chargeback").equals(two.read("chargeback"))
    assert "the log has other rows before its place" in started(two, town.plan).passed[0]


def test_many_rows_after_a_state_are_folded_with_the_whole(
    log: Log, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row by itself costs some times what one of many costs."""
    keep(log, town.plan, whole(log, town))
    go_on(log, town, 20)
    monkeypatch.setattr(kept, "FEWER", 1_000)
    found = started(log, town.plan)
    assert (found.kept_seq, "21 rows came after it" in found.passed[0]) == (0, True)


def test_two_states_of_a_plan_stay_and_one_of_the_others(log: Log, town: Town) -> None:
    """No more, however often; what a killed process left half-written goes too."""
    keep(log, OTHER, started(log, OTHER))
    for first in range(0, 40, 10):
        (log.store.folder / "state").joinpath(f".{first}.state.9.tmp").write_bytes(b"half")
        keep(log, town.plan, whole(log, town))
        go_on(log, town, 10, first=first)
    names = sorted(path.name for path in (log.store.folder / "state").iterdir())
    ends = log.position().seq - 11
    places = [int(name.split("-")[1]) for name in names]
    assert places == [places[0], ends - 11, ends]
    assert started(log, town.plan).kept_seq == ends


def test_nothing_is_kept_where_the_disk_would_be_full(
    log: Log, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log goes first: what a state takes must be free once more."""
    state = whole(log, town)
    monkeypatch.setattr(Live, "bytes", property(lambda _: 1 << 60))
    with pytest.raises(LogError) as caught:
        keep(log, town.plan, state)
    assert caught.value.code == "log.disk.full"
    assert not list((log.store.folder / "state").iterdir())


def test_an_empty_log_keeps_nothing(town: Town, tmp_path: Path) -> None:
    """There is no row whose state it would be."""
    log = Log.create(tmp_path / "empty", town.events.values())
    assert keep(log, town.plan, started(log, town.plan)) is None
