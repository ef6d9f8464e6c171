"""Charts are well-formed, and their axes choose round steps."""

import xml.etree.ElementTree as ElementTree

import pytest

from mintmark.console.chart import Bars, Frame, Line, chart, horizontal_bars, round_steps


@pytest.mark.parametrize(
    ("low", "high", "want"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 0.031, [0.0, 0.01, 0.02, 0.03]),
        (-8.0, 4.0, [-7.5, -5.0, -2.5, 0.0, 2.5]),
        (3.0, 3.0, [3.0]),
    ],
)
def test_steps_are_round_and_inside(low: float, high: float, want: list[float]) -> None:
    """Steps are round numbers inside the range."""
    assert round_steps(low, high) == want


def test_a_chart_is_well_formed_and_its_words_are_escaped() -> None:
    """Names with markup in them become text, and the drawing parses as XML."""
    frame = Frame("<b>&", "x", "y", (0, 1), (0, 10))
    drawn = chart(frame, [Line("<i>", [(0, 0), (1, 10)], dots=True), Bars("&", [(0, 0.5, 3)])])
    ElementTree.fromstring(drawn)
    assert "<b>" not in drawn
    ElementTree.fromstring(horizontal_bars("t", [("<a>", 0.0, "none", 1)]))


def test_a_higher_value_stands_higher() -> None:
    """A point with a greater value has a smaller y on the screen."""
    frame = Frame("t", "x", "y", (0, 1), (0, 1))
    drawn = chart(frame, [Line("l", [(0.0, 0.1), (1.0, 0.9)], dots=True)])
    circles = [e for e in ElementTree.fromstring(drawn).iter() if e.tag == "circle"]
    assert float(circles[0].attrib["cy"]) > float(circles[1].attrib["cy"])
