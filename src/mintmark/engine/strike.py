"""Strike a decision: from a feature vector to margin, probability, action, costs and reasons.

Serving strikes a decision once, and verify strikes it again from the log: both call this, so a
decision that does not come out the same was made from other inputs, never by other code.

    vector → margin → probability ┬→ policy → action, costs
       └──── contributions ───────┴→ reasons
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mintmark.engine.policy import ACTIONS, PolicyTable
from mintmark.engine.predict import Scorer
from mintmark.ground import EngineError

REASONS_MAX: Final = 4
"""More reasons than this help nobody to act on a decision (Regulation B, commentary to 1002.9)."""

Reason: TypeAlias = tuple[str, float, float | None]
"""Feature, its share of the margin, and its value (None where it was null)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Struck:
    """What one vector was answered, before anybody wrote it down."""

    margin: float
    probability: float
    action: str
    costs: dict[str, float]


class Die:
    """A release made ready to strike decisions: model, calibration and policy with their places
    in the vector.

    Parameters
    ----------
    scorer : Scorer
        The released model.
    policy : PolicyTable
        The released policy.
    outputs : sequence of str
        The plan's outputs, the order of every vector; each input of the model is one of them.

    Raises
    ------
    EngineError
        engine.strike.inputs if the model reads what the plan does not compute.
    """

    __slots__ = ("_inputs", "_policy", "_same", "_scorer", "outputs")

    def __init__(self, scorer: Scorer, policy: PolicyTable, outputs: Sequence[str]) -> None:
        missing = [name for name in scorer.names if name not in outputs]
        if missing:
            raise EngineError(
                "a model reads features that its plan does not compute",
                got=", ".join(missing[:5]),
                want="inputs among the plan's outputs",
                hint="release model and plan together",
                code="engine.strike.inputs",
            )
        self.outputs = tuple(outputs)
        self._scorer = scorer
        self._policy = policy
        self._inputs = np.array([self.outputs.index(name) for name in scorer.names], dtype=np.intp)
        self._same = tuple(scorer.names) == self.outputs

    @property
    def amount_field(self) -> str | None:
        """The money field of the request that the policy weighs, if any."""
        return self._policy.field

    def strike(self, vector: Floats, amount: float) -> Struck:
        """Score one vector and choose its action.

        Parameters
        ----------
        vector : float64[F]
            In the order of `outputs`, NaN for null.
        amount : float
            The policy's money field, major units; NaN if unknown or if the policy reads none.

        Cost
        ----
        About 20 µs for 200 trees of 31 leaves.
        """
        margin = self._scorer.margin(self._row(vector))
        probability = self._scorer.probability(margin)
        code, costs = self._policy.decide(probability, amount)
        return Struck(margin, probability, ACTIONS[code], dict(zip(ACTIONS, costs, strict=True)))

    def reasons(self, vector: Floats) -> list[Reason]:
        """Name what raised the risk of one vector the most.

        Returns
        -------
        list of (feature, contribution, value)
            At most four, only contributions above zero, the largest first, equal ones by feature
            name.

        Cost
        ----
        The library's exact tree walk: 0.3 ms for 300 trees of 8 leaves, 1.5 ms for 200 trees of
        31 leaves.
        """
        row = self._row(vector)
        shares = self._scorer.contributions(row)[:-1].tolist()
        raised = sorted(
            (-share, name, place)
            for place, (name, share) in enumerate(zip(self._scorer.names, shares, strict=True))
            if share > 0.0
        )
        return [(name, -share, _known(row[place])) for share, name, place in raised[:REASONS_MAX]]

    def _row(self, vector: Floats) -> Floats:
        return vector if self._same else vector[self._inputs]


def _known(value: float) -> float | None:
    return None if value != value else float(value)
