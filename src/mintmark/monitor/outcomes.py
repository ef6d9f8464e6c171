"""What became of the served decisions: alerts, and precision and recall on matured labels alone.

A payment whose label is not mature yet may still turn out to be fraud, so it counts in no
precision and no recall; what is known of it is shown apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mintmark.engine.truth import UNKNOWN, Truth
from mintmark.ground import DAY_US, format_time


@dataclass(frozen=True)
class Outcomes:
    """Alerts and frauds over a set of decisions.

    Attributes
    ----------
    payments, frauds, alerts, caught : int
        Decisions; those known to be fraud; those not approved; alerts that are known fraud.
    """

    payments: int
    frauds: int
    alerts: int
    caught: int

    @property
    def precision(self) -> float | None:
        """Share of alerts that were fraud; None without an alert."""
        return self.caught / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Share of frauds that were alerts; None without a fraud."""
        return self.caught / self.frauds if self.frauds else None

    def form(self, *, mature: bool) -> dict[str, Any]:
        """Return the outcomes as JSON values; precision and recall only where labels are mature."""
        return {
            "payments": self.payments,
            "frauds": self.frauds,
            "alerts": self.alerts,
            "caught": self.caught,
            "precision": self.precision if mature else None,
            "recall": self.recall if mature else None,
        }


def count_outcomes(
    truth: Truth, alerts: NDArray[np.bool_], *, among: NDArray[np.bool_]
) -> Outcomes:
    """Count alerts and frauds over the decisions where `among` holds."""
    fraud = (truth.value == 1) & among
    return Outcomes(
        int(among.sum()),
        int(fraud.sum()),
        int((alerts & among).sum()),
        int((fraud & alerts).sum()),
    )


def by_day(at: NDArray[np.int64], truth: Truth, alerts: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return one row a UTC day: payments, alert rate, and fraud rate where the day is mature."""
    days = at // DAY_US
    rows = []
    for day in np.unique(days):
        among = days == day
        mature = bool(truth.mature[among].all())
        outcomes = count_outcomes(truth, alerts, among=among)
        rows.append(
            {
                "day": format_time(int(day) * DAY_US)[:10],
                "payments": outcomes.payments,
                "alert_rate": outcomes.alerts / outcomes.payments,
                "fraud_rate": outcomes.frauds / outcomes.payments if mature else None,
            }
        )
    return rows


def calibration_bins(
    probability: NDArray[np.float64], truth: Truth, *, bins: int = 10
) -> list[dict[str, Any]]:
    """Return predicted against observed fraud over equal-sized bins of the mature decisions."""
    usable = truth.mature & (truth.value != UNKNOWN)
    order = np.argsort(probability[usable], kind="stable")
    predicted, observed = probability[usable][order], truth.value[usable][order]
    rows = []
    for part in np.array_split(np.arange(len(order)), bins):
        if len(part):
            rows.append(
                {
                    "predicted": float(predicted[part].mean()),
                    "observed": float(observed[part].mean()),
                    "n": len(part),
                }
            )
    return rows
