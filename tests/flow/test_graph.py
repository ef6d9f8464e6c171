"""The order of steps."""

import pytest

from mintmark.flow import Done, Step, order, run
from mintmark.ground import FlowError, Silent


def _step(name: str, *needs: str) -> Step:
    return Step(name, lambda made, progress: Done(sorted(made), name), needs)


def test_each_step_stands_after_its_needs() -> None:
    """A step comes after what it needs, whatever order the graph was written in."""
    steps = [_step("serve", "release"), _step("release", "judge"), _step("judge"), _step("plan")]
    names = [step.name for step in order(steps)]
    assert names == ["judge", "release", "serve", "plan"] or names.index("judge") < names.index(
        "release"
    ) < names.index("serve")


def test_a_circle_is_refused_and_named() -> None:
    """Steps that need each other are refused with the circle in the message."""
    with pytest.raises(FlowError) as caught:
        order([_step("a", "b"), _step("b", "a")])
    assert caught.value.code == "flow.graph.cycle"


def test_an_unknown_need_is_refused() -> None:
    """A need that no step of the graph meets is refused."""
    with pytest.raises(FlowError) as caught:
        order([_step("a", "nowhere")])
    assert caught.value.code == "flow.graph.unknown_need"


def test_two_steps_of_one_name_are_refused() -> None:
    """Two steps of one name are refused before anything runs."""
    with pytest.raises(FlowError) as caught:
        order([_step("a"), _step("a")])
    assert caught.value.code == "flow.graph.two_of_one_name"


def test_a_step_is_handed_what_it_needs_and_no_more() -> None:
    """The runner hands a step the values of its needs alone."""
    ran = run([_step("a"), _step("b"), _step("c", "a")], Silent())
    assert ran["c"].done.value == ["a"]


def test_a_fresh_step_is_left_out() -> None:
    """A step with an earlier result for the same inputs does not work again."""

    def work(made: object, progress: object) -> Done:
        raise AssertionError("worked though it was fresh")

    ran = run([Step("train", work, fresh=lambda made: Done(7, "up to date"))], Silent())
    assert ran["train"].fresh
    assert ran["train"].done.value == 7
