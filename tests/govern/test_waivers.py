"""Waivers: they lift a gate that could not be judged, loudly, and nothing else."""

import pytest

from govern.worked import GOOD, NOW, figure, spoiled
from mintmark.define.gates import Gates, Waiver, at_least
from mintmark.govern import judge
from mintmark.govern.waivers import check_waivers
from mintmark.ground import GovernError

NO_GROUPS = spoiled("groups", value=None)


def _waiver(**told: str) -> Waiver:
    whole = {
        "gate": "fpr_ratio",
        "owner": "Ada Lovelace",
        "reason": "the data hold no group",
        "date": "2018-08-01",
    }
    return Waiver(**(whole | told))


def _gates(*waivers: Waiver) -> Gates:
    return Gates(
        auc_roc=at_least(0.8), fpr_ratio=at_least(0.8, by="country"), waivers=list(waivers)
    )


def test_a_waiver_lifts_a_gate_without_groups_and_is_loud() -> None:
    """The verdict is PROMOTE, and both its form and its text say who answers for what."""
    verdict = judge(_gates(_waiver()), NO_GROUPS, at=NOW)
    assert verdict.result == "PROMOTE"
    (gate,) = verdict.waived
    assert gate.waived is not None
    assert gate.waived.owner == "Ada Lovelace"
    assert verdict.form()["waived"] == ["fpr_ratio"]
    text = verdict.text()
    assert "1 gate(s) WAIVED" in text.splitlines()[0]
    assert "!! WAIVED by Ada Lovelace on 2018-08-01: the data hold no group" in text
    assert "country" in text
    assert judge(_gates(), NO_GROUPS, at=NOW).result == "HOLD"


def test_a_waiver_lifts_too_few_cases() -> None:
    """A group too small to judge is the other thing that may be waived."""
    few = {"value": 0.5, "n": 20, "n_positive": 0}
    evaluation = spoiled("groups", "fpr_ratio", "LU", value=few)
    assert judge(_gates(_waiver()), evaluation, at=NOW).result == "PROMOTE"


def test_a_waiver_lifts_no_figure_that_says_no() -> None:
    """Where the groups suffice and the ratio is too low, the gate rejects, waiver or not."""
    evaluation = spoiled("figures", "fpr_ratio", value=figure(0.4))
    verdict = judge(_gates(_waiver()), evaluation, at=NOW)
    assert verdict.result == "REJECT"
    assert verdict.waived == ()


def test_a_waiver_that_is_not_needed_is_not_shown() -> None:
    """A gate that is met on its own is not called waived."""
    verdict = judge(_gates(_waiver()), GOOD, at=NOW)
    assert (verdict.result, verdict.waived) == ("PROMOTE", ())


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"gate": "auc_roc"}, "not_waivable"),
        ({"date": "2018-08-09"}, "future"),
    ],
)
def test_a_waiver_that_does_not_count_is_an_error(told: dict[str, str], code: str) -> None:
    """A gate that no one may waive, and a day that is still to come, are refused."""
    with pytest.raises(GovernError) as caught:
        judge(_gates(_waiver(**told)), NO_GROUPS, at=NOW)
    assert caught.value.code == f"govern.waiver.{code}"
    assert "$.gates.waivers." in caught.value.at


def test_a_waiver_for_no_gate_is_an_error() -> None:
    """The definitions refuse it first; whoever gets past them is refused here."""
    with pytest.raises(GovernError) as caught:
        check_waivers([_waiver()], {"auc_roc": at_least(0.8)}, at=NOW)
    assert caught.value.code == "govern.waiver.unknown_gate"


def test_two_waivers_for_one_gate_are_an_error() -> None:
    """One gate, one person who answers."""
    with pytest.raises(GovernError) as caught:
        judge(_gates(_waiver(), _waiver(owner="Bob")), NO_GROUPS, at=NOW)
    assert caught.value.code == "govern.waiver.twice"
