"""The watch over a stretch of served decisions: drift, calibration, outcomes, and findings.

It reads decisions and labels and writes findings. It changes nothing and decides nothing; what
follows from a finding is for `flow` to propose and for `govern` to judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mintmark.engine.truth import Truth, truth_at
from mintmark.ground import format_time
from mintmark.monitor.drift import PSI_WARN, Drift, find_drift
from mintmark.monitor.finding import Finding
from mintmark.monitor.outcomes import by_day, calibration_bins, count_outcomes
from mintmark.monitor.parity import served_matrix

# Observed fraud may be off the predicted by this factor before the watch says so.
CALIBRATION_FACTOR = 1.5
# Ten bins of fewer decisions than this are noise, and any shift could be chance.
DECISIONS_MIN = 500


@dataclass(frozen=True)
class Reference:
    """What the model was trained on: feature names in plan order and float64[n, F]."""

    names: tuple[str, ...]
    features: NDArray[np.float64]


@dataclass(frozen=True)
class Watched:
    """What a watch saw; `form()` is its JSON twin."""

    now_us: int
    drift: tuple[Drift, ...]
    mature: Mapping[str, Any]
    immature: Mapping[str, Any]
    days: Sequence[Mapping[str, Any]]
    calibration: Sequence[Mapping[str, Any]]
    findings: tuple[Finding, ...]

    def form(self) -> dict[str, Any]:
        """Return the watch as JSON values."""
        words = (
            f"Seen at {format_time(self.now_us)}: {self.mature['payments']:,} decisions have "
            f"mature labels and are judged; {self.immature['payments']:,} do not yet and are "
            "shown apart."
        )
        return {
            "words": words,
            "now": format_time(self.now_us),
            "drift": [one.form() for one in self.drift],
            "mature": dict(self.mature),
            "immature": dict(self.immature),
            "days": [dict(day) for day in self.days],
            "calibration": [dict(row) for row in self.calibration],
            "findings": [one.form() for one in self.findings],
        }


def watch(
    decisions: pa.Table,
    tables: Mapping[str, pa.Table],
    label: Mapping[str, Any],
    *,
    reference: Reference,
    now_us: int,
) -> Watched:
    """Look over served decisions with the labels known at `now_us`.

    Parameters
    ----------
    decisions : Table
        The decision log.
    tables : mapping of str to Table
        The payment and label streams by name.
    label : mapping
        The plan's label form.
    reference : Reference
        The window that the model was trained on.
    now_us : int
        The moment of the watch, µs UTC; a later label is not seen.
    """
    served = served_matrix(decisions, len(reference.names))
    payments = tables[label["of"]]
    place = np.searchsorted(payments["mm_seq"].to_numpy(), decisions["seq"].to_numpy())
    truth = truth_at(
        label, payments.take(pa.array(place)), tables[label["event"]], known_by_us=now_us
    )
    alerts = np.array([a != "approve" for a in decisions["action"].to_pylist()], dtype=np.bool_)
    drift = find_drift(reference.names, reference.features, served)
    mature = count_outcomes(truth, alerts, among=truth.mature)
    probability = decisions["probability"].to_numpy()
    calibration = calibration_bins(probability, truth)
    return Watched(
        now_us,
        drift,
        mature.form(mature=True),
        count_outcomes(truth, alerts, among=~truth.mature).form(mature=False),
        by_day(decisions["at"].to_numpy(), truth, alerts),
        calibration,
        (*_drift_findings(drift, len(decisions)), *_calibration_findings(probability, truth)),
    )


def _drift_findings(drift: Sequence[Drift], count: int) -> tuple[Finding, ...]:
    if count < DECISIONS_MIN:
        few = f"{count} decisions, {DECISIONS_MIN} are needed"
        return (Finding("drift", "good", "too few decisions to speak of drift", few),)
    moved = sorted((d for d in drift if d.tone != "good"), key=lambda d: -d.psi)
    return tuple(
        Finding(
            "drift",
            one.tone,
            f'feature "{one.feature}" has drifted',
            f"population stability index {one.psi:.3f}, threshold {PSI_WARN}; "
            f"KS distance {one.ks:.3f}",
        )
        for one in moved
    )


def _calibration_findings(probability: NDArray[np.float64], truth: Truth) -> tuple[Finding, ...]:
    usable = truth.mature & (truth.value >= 0)
    expected = float(probability[usable].sum())
    observed = float(truth.value[usable].sum())
    # Poisson noise of the count: a handful of frauds proves nothing about calibration.
    noise = 3.0 * max(expected, observed, 1.0) ** 0.5
    off = max(observed, 1e-9) / max(expected, 1e-9)
    if abs(observed - expected) <= noise or 1 / CALIBRATION_FACTOR < off < CALIBRATION_FACTOR:
        return ()
    return (
        Finding(
            "calibration",
            "warn",
            "the model's probabilities are off on matured labels",
            f"{observed:.0f} frauds known where {expected:.1f} were expected",
        ),
    )
