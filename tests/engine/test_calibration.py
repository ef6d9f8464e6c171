"""Calibration: monotone, the same bits for one margin and for many, exact in its stored form."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.engine.calibration import Calibration, exponential
from mintmark.ground import EngineError

margins = st.lists(st.floats(-50, 50), min_size=1, max_size=30)
steps = st.lists(
    st.tuples(st.floats(-20, 20), st.floats(0, 1)),
    min_size=1,
    max_size=12,
    unique_by=lambda point: point[0],
)


def _isotonic(points: list[tuple[float, float]]) -> Calibration:
    x, y = sorted(p[0] for p in points), sorted(p[1] for p in points)
    return Calibration.from_form({"kind": "isotonic", "x": x, "y": y})


@given(steps, margins)
def test_one_margin_gives_the_bits_of_many(
    points: list[tuple[float, float]], drawn: list[float]
) -> None:
    """A served probability equals the replayed one, for both kinds."""
    for calibration in (_isotonic(points), Calibration.platt(a=1.3, b=-0.2)):
        many = calibration.probability(np.array(drawn))
        assert [calibration.probability(margin) for margin in drawn] == many.tolist()


@given(steps, margins)
def test_a_higher_margin_never_has_a_lower_probability(
    points: list[tuple[float, float]], drawn: list[float]
) -> None:
    """The map rises and stays in 0..1, on its points and between and beyond them."""
    calibration = _isotonic(points)
    mapped = calibration.probability(np.sort(np.array([*drawn, *(p[0] for p in points)])))
    assert (np.diff(mapped) >= 0).all()
    assert mapped[0] >= 0
    assert mapped[-1] <= 1


@given(steps)
def test_points_map_to_themselves(points: list[tuple[float, float]]) -> None:
    """At each stored margin stands exactly the stored probability."""
    calibration = _isotonic(points)
    assert calibration.probability(calibration.x).tolist() == calibration.y.tolist()


@given(steps)
def test_the_form_reads_back_to_the_bit(points: list[tuple[float, float]]) -> None:
    """JSON out and in changes nothing."""
    for calibration in (_isotonic(points), Calibration.platt(a=1 / 3, b=-0.1)):
        again = Calibration.from_form(json.loads(json.dumps(calibration.form())))
        assert again.form() == calibration.form()


def test_the_exponential_is_within_two_units_of_the_last_place() -> None:
    """Our own e^x, which every machine computes alike, is as good as the library's."""
    x = np.linspace(-690, 690, 20_001)
    exact = np.array([math.exp(value) for value in x])
    assert (np.abs(exponential(x) - exact) <= 2 * np.spacing(exact)).all()


def test_platt_is_the_sigmoid() -> None:
    """With a=1 and b=0 the margin is log-odds, far out too."""
    plain = Calibration.platt(a=1.0, b=0.0)
    assert plain.probability(0.0) == 0.5
    assert plain.probability(math.log(9)) == pytest.approx(0.9)
    assert plain.probability(-1e6) == pytest.approx(0.0)
    assert plain.probability(1e6) == 1.0


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "spline", "x": [0.0], "y": [0.0]},
        {"kind": "isotonic", "x": [], "y": []},
        {"kind": "isotonic", "x": [0.0, 0.0], "y": [0.0, 0.1]},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [0.2, 0.1]},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [0.2, 1.1]},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [0.2]},
        {"kind": "isotonic", "x": [0.0, float("nan")], "y": [0.2, 0.3]},
        {"kind": "isotonic", "x": "01", "y": [0.2, 0.3]},
        {"kind": "platt", "a": 1.0},
        {"kind": "platt", "a": "1", "b": 0.0},
    ],
)
def test_a_form_that_is_no_calibration_is_refused(form: dict[str, object]) -> None:
    """Altered or cut calibrations never score."""
    with pytest.raises(EngineError) as caught:
        Calibration.from_form(form)
    assert caught.value.code == "engine.calibration.form"
