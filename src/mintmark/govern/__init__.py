"""Judges and never measures: gates, waivers, verdicts and model cards.

    evaluation ──▶ judge(gates) ──▶ verdict: PROMOTE, HOLD or REJECT, gate by gate, with a reason

Figures come from `engine.metrics` by way of an evaluation; a gate cannot compute one of its own.
"""

from mintmark.govern.card import Card, CardWords, card
from mintmark.govern.figures import METRICS, Figure, Metric
from mintmark.govern.gates import judge
from mintmark.govern.verdict import GateResult, Result, Verdict, Waived

__all__ = [
    "METRICS",
    "Card",
    "CardWords",
    "Figure",
    "GateResult",
    "Metric",
    "Result",
    "Verdict",
    "Waived",
    "card",
    "judge",
]
