"""Drift measures."""

import numpy as np
import pytest

from mintmark.ground.draw import generator
from mintmark.monitor.drift import find_drift, kolmogorov_smirnov, population_stability


def test_a_sample_has_not_drifted_from_itself() -> None:
    """Both measures are zero between a sample and itself, nulls included."""
    sample = generator(1, "drift").normal(size=5000)
    sample[::7] = np.nan
    (one,) = find_drift(("x",), sample[:, None], sample[:, None])
    assert one.psi == 0.0
    assert one.ks == 0.0
    assert one.tone == "good"


def test_a_shift_of_one_deviation_is_bad() -> None:
    """A shift of one standard deviation passes the threshold of another population."""
    draw = generator(2, "drift")
    before, after = draw.normal(size=4000), draw.normal(1.0, size=4000)
    (one,) = find_drift(("x",), before[:, None], after[:, None])
    assert one.tone == "bad"
    # Two normals one deviation apart: the largest distance is 2 Phi(1/2) - 1.
    assert abs(one.ks - 0.3829) < 0.03


def test_values_that_turn_null_are_drift() -> None:
    """A feature that goes missing drifts by its null bin though its other values stay."""
    before = generator(3, "drift").normal(size=4000)
    after = before.copy()
    after[:1500] = np.nan
    assert population_stability(before, after) > 0.25


def test_the_distance_equals_a_count_by_hand() -> None:
    """The KS distance equals the one counted by hand on six points."""
    first, second = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    assert kolmogorov_smirnov(first, second) == pytest.approx(1 / 3)


def test_empty_and_constant_features_have_no_drift() -> None:
    """All-null and constant features are compared without an error."""
    null, constant = np.full(50, np.nan), np.ones(50)
    both = np.column_stack([null, constant])
    assert [d.psi for d in find_drift(("n", "c"), both, both)] == [0.0, 0.0]
