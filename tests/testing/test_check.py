"""The check kit holds real plans to the oracle, and notices when a plan does not keep to it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mintmark as mm
from mintmark.engine import replay
from mintmark.ground import EngineError
from mintmark.plan import Plan, compile_plan
from mintmark.testing import check as kit
from mintmark.testing import check_hostile, check_plan, hostile_log, seeded

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def _example(name: str) -> tuple[Plan, tuple[mm.Event, ...]]:
    definitions = mm.load(EXAMPLES / name / "definitions")
    return compile_plan(definitions.features), definitions.events


@pytest.mark.parametrize("name", ["card_fraud", "handbook"])
def test_the_examples_keep_to_the_oracle(name: str) -> None:
    """Oracle, replay and live agree bit for bit on each example, on thirty hostile logs."""
    plan, events = _example(name)
    done = check_hostile(plan, events, logs=30, rows=40)
    assert done.requests > 200
    assert done.values == done.requests * len(plan.outputs)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_choices_may_come_from_a_property_test(data: st.DataObject) -> None:
    """A hostile log can be drawn by Hypothesis, which then makes a failing one smaller."""
    plan, events = _CARD_FRAUD
    tables = hostile_log(events, lambda a, b: data.draw(st.integers(a, b)), rows=12)
    check_plan(plan, tables)


_CARD_FRAUD = _example("card_fraud")


def test_a_hostile_log_is_one_that_a_log_lets_through() -> None:
    """Over many seeds every nastiness occurs, and no row is too late, too early or said twice."""
    _, events = _CARD_FRAUD
    seen = {"tie": 0, "late": 0, "ahead": 0, "null": 0, "unknown": 0, "again": 0}
    by_name = {event.name: event for event in events}
    for seed in range(40):
        tables = hostile_log(events, seeded(seed), rows=30)
        sequence = sorted(x for t in tables.values() for x in t["mm_seq"].to_pylist())
        assert sequence == list(range(len(sequence)))
        payment, chargeback = tables["payment"], tables["chargeback"]
        _no_row_is_refused(payment, by_name["payment"], seen)
        ids = set(payment["payment_id"].to_pylist())
        seen["unknown"] += sum(x not in ids for x in chargeback["payment_id"].to_pylist())
        cases = list(
            zip(*(chargeback[c].to_pylist() for c in ("case_id", "mm_revision")), strict=True)
        )
        assert len(set(cases)) == len(cases)
        seen["again"] += len(cases) - len({case for case, _ in cases})
        seen["null"] += payment["amount"].null_count
    assert min(seen.values()) > 10, seen


def _no_row_is_refused(table: pa.Table, event: mm.Event, seen: dict[str, int]) -> None:
    """Hold a stream to the log's rule of lateness, and count what is nasty in it."""
    at, known = (table[name].to_numpy() for name in ("mm_at", "mm_known_at"))
    assert (np.diff(known) >= 0).all()
    assert (at <= known + event.skew_us).all()
    line = np.maximum.accumulate(np.minimum(at, known))[:-1]
    assert (at[1:] >= line - event.lateness_us).all()
    seen["tie"] += len(at) - len(set(at.tolist()))
    seen["late"] += int((at[1:] < line).sum())
    seen["ahead"] += int((at > known).sum())


def test_the_same_seed_gives_the_same_log() -> None:
    """A hostile log is named by its seed."""
    _, events = _CARD_FRAUD
    assert hostile_log(events, seeded(4)) == hostile_log(events, seeded(4))
    assert hostile_log(events, seeded(4)) != hostile_log(events, seeded(5))


def test_one_wrong_bit_is_noticed() -> None:
    """A value that differs in its last bit, or a zero with a sign, is an error that names it."""
    plan, events = _CARD_FRAUD
    features = replay(plan, hostile_log(events, seeded(1))).features
    seq, names = np.arange(len(features)), [output.name for output in plan.outputs]
    column = names.index("amount")
    row = int(np.flatnonzero(np.isfinite(features[:, column]))[0])
    for wrong in (np.nextafter(features[row, column], np.inf), -0.0):
        other = features.copy()
        other[row, column] = wrong
        with pytest.raises(EngineError, match="live and replay") as raised:
            kit._compare("live", other, features, names=names, seq=seq)
        assert raised.value.at == f"seq {row}, feature amount"
