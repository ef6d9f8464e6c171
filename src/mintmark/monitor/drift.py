"""Drift: how far the values of a feature have moved from those that the model was trained on.

Two measures a feature: the population stability index over bins that hold a tenth of the reference
each (nulls are a bin of their own), and the two-sample Kolmogorov-Smirnov distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The usual reading of the index: under 0.1 nothing moved, above 0.25 the population is another.
PSI_WARN, PSI_BAD = 0.1, 0.25


@dataclass(frozen=True)
class Drift:
    """The drift of one feature.

    Attributes
    ----------
    feature : str
    psi : float
        Population stability index, 0 and above.
    ks : float
        Largest distance of the two distribution functions, 0 to 1, nulls left out.
    null_share, null_share_reference : float
        Share of null values now and in the reference.
    """

    feature: str
    psi: float
    ks: float
    null_share: float
    null_share_reference: float

    @property
    def tone(self) -> str:
        """Good, warn or bad, by the index alone."""
        return "bad" if self.psi > PSI_BAD else "warn" if self.psi > PSI_WARN else "good"

    def form(self) -> dict[str, Any]:
        """Return the drift as JSON values."""
        return {
            "feature": self.feature,
            "psi": self.psi,
            "ks": self.ks,
            "null_share": self.null_share,
            "null_share_reference": self.null_share_reference,
            "tone": self.tone,
        }


def find_drift(
    names: Sequence[str], reference: NDArray[np.float64], current: NDArray[np.float64]
) -> tuple[Drift, ...]:
    """Compare every feature of two matrices, columns in the order of `names`.

    Parameters
    ----------
    reference, current : float64[n, F], float64[m, F]
        NaN is null. Cost: O(n log n) a feature.
    """
    return tuple(
        _drift_of(name, reference[:, index], current[:, index]) for index, name in enumerate(names)
    )


def _drift_of(name: str, reference: NDArray[np.float64], current: NDArray[np.float64]) -> Drift:
    null_reference, null_current = np.isnan(reference), np.isnan(current)
    return Drift(
        name,
        population_stability(reference, current),
        kolmogorov_smirnov(reference[~null_reference], current[~null_current]),
        float(null_current.mean()) if len(current) else 0.0,
        float(null_reference.mean()) if len(reference) else 0.0,
    )


def population_stability(
    reference: NDArray[np.float64], current: NDArray[np.float64], *, bins: int = 10
) -> float:
    """Return the population stability index of two samples; NaN values are a bin of their own.

    A share of zero is raised to half an observation, so one empty bin does not make it infinite.

    Examples
    --------
    >>> same = np.arange(1000.0)
    >>> population_stability(same, same)
    0.0
    """
    if not len(reference) or not len(current):
        return 0.0
    known = reference[~np.isnan(reference)]
    edges = np.empty(0)
    if len(known):
        edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = [_shares(sample, edges) for sample in (reference, current)]
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def _shares(sample: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    null = np.isnan(sample)
    place = np.searchsorted(edges, sample[~null], side="left")
    counts = np.bincount(place, minlength=len(edges) + 1).astype(np.float64)
    counts = np.append(counts, float(null.sum()))
    return np.maximum(counts, 0.5) / len(sample)


def kolmogorov_smirnov(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the largest distance between the distribution functions of two samples.

    Examples
    --------
    >>> kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    1.0
    """
    if not len(first) or not len(second):
        return 0.0
    first, second = np.sort(first), np.sort(second)
    places = np.concatenate([first, second])
    below_first = np.searchsorted(first, places, side="right") / len(first)
    below_second = np.searchsorted(second, places, side="right") / len(second)
    return float(np.abs(below_first - below_second).max())
