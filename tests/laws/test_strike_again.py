"""Law 6: any logged decision re-derives: same score, same action, same reasons.

A cell decides what Hypothesis sends it: payments that share their µs, come late, lack a terminal,
come twice; chargebacks for payments that are known, or not yet, or never. Then the cell is closed,
and from the files alone, the log and the signed release, every decision is struck again.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.engine import replay
from mintmark.engine.policy import PolicyTable
from mintmark.engine.predict import Scorer
from mintmark.engine.strike import Die
from mintmark.ground import HOUR_US, LogError
from mintmark.log import Decision, Log
from mintmark.log.decision import from_row
from mintmark.plan import Plan
from mintmark.registry.release import open_release
from mintmark.serve import Cell, load
from mintmark.serve.commit import Committer
from serve.town import START_US, Town, build

PAYMENT = st.fixed_dictionaries(
    {
        "card": st.sampled_from(["card-1", "card-2", "card-3"]),
        "terminal": st.none() | st.sampled_from(["terminal-1", "terminal-2"]),
        "cents": st.integers(0, 200_000),
        "country": st.sampled_from(["BE", "FR", "XX"]),
        "late_us": st.sampled_from([0, 0, 0, 1, HOUR_US, 20 * HOUR_US, 40 * HOUR_US]),
    }
)
STEP = st.tuples(
    st.sampled_from([0, 0, 1, HOUR_US, 30 * HOUR_US, 200 * HOUR_US]),
    st.one_of(
        PAYMENT,
        st.tuples(st.just("label"), st.integers(0, 12), st.booleans()),
        st.tuples(st.just("again"), st.integers(0, 12)),
    ),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town, for its release."""
    return build(tmp_path_factory.mktemp("town"))


class Driver:
    """Sends drawn steps to a cell and keeps what it decided."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._now = START_US
        self._sent: list[dict[str, object]] = []
        self._cases = 0
        self.decided: dict[str, Decision] = {}

    def do(self, wait_us: int, what: object) -> None:
        """Wait, then send one thing; what is refused leaves no decision."""
        self._now += wait_us
        self._cell.clock.advance(self._now)
        if isinstance(what, dict):
            self._pay(what)
        elif what[0] == "label":
            self._label(about=what[1], fraud=what[2])
        elif what[1] < len(self._sent):
            self._again(self._sent[what[1]])

    def _pay(self, drawn: dict[str, object]) -> None:
        row = {
            "payment_id": f"pay-{len(self._sent)}",
            "paid_at": self._now - drawn["late_us"],
            "card": drawn["card"],
            "terminal": drawn["terminal"],
            "amount": f"{drawn['cents'] / 100:.2f}",
            "country": drawn["country"],
        }
        self._sent.append(row)
        self._unless_refused(lambda: self._keep(self._cell.decide(row)))

    def _again(self, row: dict[str, object]) -> None:
        known = self.decided.get(str(row["payment_id"]))
        if known is not None:
            assert self._cell.decide(row) is known

    def _label(self, *, about: int, fraud: bool) -> None:
        row = {"case_id": self._cases, "reported_at": self._now, "payment_id": f"pay-{about}"}
        self._cases += 1
        self._unless_refused(lambda: self._cell.take("chargeback", row | {"fraud": fraud}))

    def _keep(self, decision: Decision) -> None:
        self.decided[str(decision.event_id)] = decision

    def _unless_refused(self, send: Callable[[], object]) -> None:
        try:
            send()
        except LogError as error:
            if error.code != "log.row.late":
                raise


def decided_by_a_cell(town: Town, folder: Path, steps: list[tuple[int, object]]) -> list[Decision]:
    """Let a cell decide the steps over a fresh log; return what it decided."""
    Log.create(folder, town.events.values())
    material = load(town.source(folder))

    async def run() -> list[Decision]:
        def failed(error: BaseException) -> None:
            raise AssertionError(error)

        committer = Committer(material.tail.commit, failed)
        driver = Driver(Cell(material, committer, failed))
        for wait_us, what in steps:
            driver.do(wait_us, what)
        committer.close()
        material.tail.commit()
        return list(driver.decided.values())

    try:
        return uvloop.run(run())
    finally:
        material.tail.close()


def struck_again(town: Town, folder: Path) -> list[tuple[Decision, Decision]]:
    """Return each logged decision, and the same struck again from the files alone."""
    log = Log.open(folder, town.events.values())
    release = open_release(town.release.folder, town.public)
    plan = Plan.from_form(json.loads(release.read("plan.json")))
    policy = PolicyTable.from_form(json.loads(release.read("policy.json")))
    die = Die(Scorer.load(release.folder), policy, plan.names)
    tables = {name: log.read(name) for name in town.events}
    again = replay(plan, tables)
    cents = tables["payment"]["amount"].to_pylist()
    pairs = []
    for then in map(from_row, log.decisions().to_pylist()):
        place = int(np.searchsorted(again.seq, then.seq))
        vector = again.features[place]
        struck = die.strike(vector, cents[place] / 100)
        now = msgspec.structs.replace(
            then,
            features=vector.tobytes(),
            margin=struck.margin,
            probability=struck.probability,
            action=struck.action,
            costs=struck.costs,
            reasons=die.reasons(vector),
        )
        pairs.append((then, now))
    return pairs


@settings(max_examples=20, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=40))
def test_any_logged_decision_re_derives(town: Town, steps: list[tuple[int, object]]) -> None:
    """Features, margin, probability, action, costs and reasons come out the same, bit for bit."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        decided = decided_by_a_cell(town, log, steps)
        pairs = struck_again(town, log)
        assert [then for then, _ in pairs] == decided
        for then, now in pairs:
            assert msgspec.msgpack.encode(now) == msgspec.msgpack.encode(then)


def test_a_decision_that_was_altered_is_found(town: Town, tmp_path: Path) -> None:
    """The comparison sees one unit in the last place of a margin, so it proves something."""
    pay = {"card": "card-1", "terminal": None, "cents": 1_234, "country": "BE", "late_us": 0}
    decided_by_a_cell(town, tmp_path / "log", [(0, pay)])
    ((then, now),) = struck_again(town, tmp_path / "log")
    nudged = msgspec.structs.replace(then, margin=float(np.nextafter(then.margin, 9.0)))
    assert msgspec.msgpack.encode(now) == msgspec.msgpack.encode(then)
    assert msgspec.msgpack.encode(now) != msgspec.msgpack.encode(nudged)
