"""The policy: from a calibrated probability and an amount to the action of lowest expected cost.

One function serves a single payment and a whole history alike, on plain floats or on arrays,
because it is written with the operators that both share. So a policy can be played over last
month before it is released, and what it would have done is, bit for bit, what it will do.

    cost(action) = p * if_fraud(amount) + (1 - p) * if_genuine(amount)
    if_x(amount) = fixed + rate * amount

This file knows no rules, no capacity and no exploration: they change what is offered here, never
this arithmetic.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mintmark.ground import EngineError

ACTIONS: Final = ("approve", "review", "decline")
"""The actions in the order of their codes, which also settles a tie: the milder one wins."""

Value = TypeVar("Value", float, NDArray[np.float64])


@dataclass(frozen=True)
class Affine:
    """What one outcome costs, in major units: `fixed + rate * amount`."""

    fixed: float
    rate: float


@dataclass(frozen=True)
class ActionCost:
    """What one action costs if the payment is fraud and if it is genuine."""

    if_fraud: Affine
    if_genuine: Affine


@dataclass(frozen=True)
class PolicyTable:
    """A policy lowered to twelve numbers and the one money field that they are multiplied with.

    field : name of the request's money field, or None if no cost depends on an amount
    """

    approve: ActionCost
    review: ActionCost
    decline: ActionCost
    field: str | None

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> "PolicyTable":
        """Read the canonical form of a policy, as a release carries it.

        Raises
        ------
        EngineError
            engine.policy.form if an action or a number is missing, or a number is not finite;
            engine.policy.fields if the costs name more than one field.
        """
        fields: set[str] = set()
        costs = {action: _action_cost(form, action, fields) for action in ACTIONS}
        if len(fields) > 1:
            raise EngineError(
                "a policy weighs its costs by more than one field",
                at="$",
                got=", ".join(sorted(fields)),
                want="one money field of the request",
                hint="express every cost in the same amount",
                code="engine.policy.fields",
            )
        return cls(**costs, field=fields.pop() if fields else None)

    def decide(self, probability: Value, amount: Value) -> tuple[Any, tuple[Value, Value, Value]]:
        """Choose the action of lowest expected cost, for one payment or for many.

        Parameters
        ----------
        probability : float or float64[n]
            Calibrated probability of fraud, 0 to 1.
        amount : float or float64[n]
            The money field in major units; NaN if unknown; not read where no cost depends on it.

        Returns
        -------
        (code, costs)
            `code` indexes `ACTIONS` (int, or int64[n]); `costs` are those of approve, review and
            decline in that order. Equal costs go to the milder action: approve, then review, then
            decline. A cost that is not a number (unknown amount, unknown probability) never
            approves or declines: it goes to review.

        Cost
        ----
        Twelve multiplications; under a microsecond for one payment.

        Examples
        --------
        >>> table = PolicyTable.from_form({
        ...     "approve": {"if_fraud": {"fixed": 0.0, "rate": 1.0, "field": "amount"},
        ...                 "if_genuine": {"fixed": 0.0, "rate": 0.0, "field": None}},
        ...     "review": {"if_fraud": {"fixed": 5.0, "rate": 0.0, "field": None},
        ...                "if_genuine": {"fixed": 5.0, "rate": 0.0, "field": None}},
        ...     "decline": {"if_fraud": {"fixed": 0.0, "rate": 0.0, "field": None},
        ...                 "if_genuine": {"fixed": 20.0, "rate": 0.0, "field": None}},
        ... })
        >>> ACTIONS[table.decide(0.5, 4.0)[0]]
        'approve'
        >>> table.decide(np.array([0.01, 0.5, 0.99]), np.array([100.0, 100.0, 100.0]))[0].tolist()
        [0, 1, 2]
        """
        approve = _expected(self.approve, probability, amount)
        review = _expected(self.review, probability, amount)
        decline = _expected(self.decline, probability, amount)
        approves = (approve <= review) & (approve <= decline)
        # Neither holds where a cost is NaN, and then the middle code, review, is what is left.
        declines = (decline < approve) & (decline < review)
        return 1 + 1 * declines - 1 * approves, (approve, review, decline)


def _expected(cost: ActionCost, probability: Value, amount: Value) -> Value:
    if_fraud = _at(cost.if_fraud, amount)
    if_genuine = _at(cost.if_genuine, amount)
    return probability * if_fraud + (1.0 - probability) * if_genuine


def _at(cost: Affine, amount: Value) -> Value | float:
    # A constant cost must not turn into NaN because an amount that it does not use is unknown.
    return cost.fixed if cost.rate == 0.0 else cost.fixed + cost.rate * amount


def _action_cost(form: Mapping[str, Any], action: str, fields: set[str]) -> ActionCost:
    parts: dict[str, Affine] = {}
    for outcome in ("if_fraud", "if_genuine"):
        at = f"$.{action}.{outcome}"
        entry = form.get(action)
        cost = entry.get(outcome) if isinstance(entry, Mapping) else None
        if not isinstance(cost, Mapping):
            raise _bad_form(at, got=cost, want="{fixed, rate, field}")
        parts[outcome] = Affine(
            fixed=_finite(cost.get("fixed"), f"{at}.fixed"),
            rate=_finite(cost.get("rate"), f"{at}.rate"),
        )
        if cost.get("field") is not None and parts[outcome].rate != 0.0:
            fields.add(str(cost["field"]))
    return ActionCost(**parts)


def _finite(value: object, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _bad_form(at, got=value, want="a finite number")
    return float(value)


def _bad_form(at: str, *, got: object, want: str) -> EngineError:
    return EngineError(
        "a policy's form cannot be read",
        at=at,
        got=got,
        want=want,
        hint="take the form from a release, or from Policy.form()",
        code="engine.policy.form",
    )
