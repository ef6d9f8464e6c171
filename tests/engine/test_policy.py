"""The policy chooses the cheapest action, the same way for one payment and for a history."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.engine.policy import ACTIONS, PolicyTable
from mintmark.ground import EngineError

MONEY = st.floats(0, 1e7, allow_nan=False)
RATES = st.floats(-2, 2, allow_nan=False)


def affine(fixed, rate=0.0, field="amount"):
    return {"fixed": fixed, "rate": rate, "field": field if rate else None}


def form(approve, review, decline):
    return {
        action: {"if_fraud": affine(*fraud), "if_genuine": affine(*genuine)}
        for action, (fraud, genuine) in zip(ACTIONS, (approve, review, decline), strict=True)
    }


USUAL = form(((0.0, 1.0), (0.0,)), ((5.0,), (5.0,)), ((0.0,), (20.0,)))

costs = st.tuples(MONEY, RATES)
forms = st.builds(form, st.tuples(costs, costs), st.tuples(costs, costs), st.tuples(costs, costs))


def cheapest_by_hand(table_form, probability, amount):
    """The definition, written out: the first of the smallest."""
    expected = []
    for action in ACTIONS:
        fraud, genuine = table_form[action]["if_fraud"], table_form[action]["if_genuine"]
        if_fraud = fraud["fixed"] + fraud["rate"] * amount
        if_genuine = genuine["fixed"] + genuine["rate"] * amount
        expected.append(probability * if_fraud + (1.0 - probability) * if_genuine)
    return expected.index(min(expected)), expected


@given(forms, st.floats(0, 1), MONEY)
def test_the_cheapest_action_is_chosen(table_form, probability, amount):
    """The action is the first, in the order of codes, whose expected cost is lowest."""
    code, expected = PolicyTable.from_form(table_form).decide(probability, amount)
    by_hand_code, by_hand = cheapest_by_hand(table_form, probability, amount)
    assert code == by_hand_code
    assert list(expected) == by_hand


@given(forms, st.lists(st.tuples(st.floats(0, 1), MONEY | st.just(math.nan)), min_size=1))
def test_one_payment_and_a_history_agree_to_the_bit(table_form, rows):
    """The function on arrays gives the bits that it gives row by row."""
    table = PolicyTable.from_form(table_form)
    probabilities, amounts = (np.array(column) for column in zip(*rows, strict=True))
    codes, expected = table.decide(probabilities, amounts)
    for row, (probability, amount) in enumerate(rows):
        code, one = table.decide(probability, amount)
        assert int(codes[row]) == code
        assert np.array(one).tobytes() == np.array([cost[row] for cost in expected]).tobytes()


def test_a_tie_goes_to_the_milder_action():
    """Equal costs are settled approve before review before decline."""
    same = ((7.0,), (7.0,))
    worse = ((9.0,), (9.0,))
    assert PolicyTable.from_form(form(same, same, same)).decide(0.3, 1.0)[0] == 0
    assert PolicyTable.from_form(form(worse, same, same)).decide(0.3, 1.0)[0] == 1
    assert PolicyTable.from_form(form(same, worse, same)).decide(0.3, 1.0)[0] == 0


@pytest.mark.parametrize(("probability", "amount"), [(math.nan, 10.0), (0.5, math.nan)])
def test_what_cannot_be_weighed_is_reviewed(probability, amount):
    """An unknown probability or amount is never approved and never declined."""
    assert ACTIONS[PolicyTable.from_form(USUAL).decide(probability, amount)[0]] == "review"


def test_an_unused_amount_may_be_unknown():
    """Constant costs do not turn unknown because the amount is."""
    table = PolicyTable.from_form(form(((50.0,), (0.0,)), ((5.0,), (5.0,)), ((0.0,), (20.0,))))
    assert table.field is None
    assert ACTIONS[table.decide(0.01, math.nan)[0]] == "approve"


@pytest.mark.parametrize("bad", [None, "1", True, math.nan, math.inf])
def test_a_number_that_is_not_one_is_refused(bad):
    """Every cost is a finite number, and the error names which is not."""
    broken = {**USUAL, "review": {**USUAL["review"], "if_fraud": affine(bad)}}
    with pytest.raises(EngineError) as caught:
        PolicyTable.from_form(broken)
    assert caught.value.code == "engine.policy.form"
    assert caught.value.at == "$.review.if_fraud.fixed"


def test_a_missing_action_is_refused():
    """A policy prices all three actions."""
    with pytest.raises(EngineError) as caught:
        PolicyTable.from_form({"approve": USUAL["approve"], "review": USUAL["review"]})
    assert caught.value.at == "$.decline.if_fraud"


def test_two_money_fields_are_refused():
    """Costs are weighed in one amount, or they could not be compared."""
    broken = {**USUAL, "decline": {"if_fraud": affine(0.0, 1.0, "tip"), "if_genuine": affine(1.0)}}
    with pytest.raises(EngineError) as caught:
        PolicyTable.from_form(broken)
    assert caught.value.code == "engine.policy.fields"
