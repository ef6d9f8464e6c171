"""The order of a step graph: every step after all that it needs, ties by the order given."""

from collections.abc import Sequence

from mintmark.flow.step import Step
from mintmark.ground import FlowError


def order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps so that each stands after all that it needs.

    Among steps that are ready at once, the one given first goes first, so the same graph always
    runs in the same order.

    Raises
    ------
    FlowError
        ``flow.graph.two_of_one_name``, ``flow.graph.unknown_need`` or ``flow.graph.cycle``.

    Examples
    --------
    >>> from mintmark.flow import Done, Step, order
    >>> work = lambda made, progress: Done(None, "")
    >>> [s.name for s in order([Step("train", work, ("replay",)), Step("replay", work)])]
    ['replay', 'train']
    """
    by_name = {step.name: step for step in steps}
    _refuse_faulty_names(steps, set(by_name))
    placed: list[Step] = []
    waiting = list(steps)
    while waiting:
        names = {step.name for step in placed}
        ready = [step for step in waiting if set(step.needs) <= names]
        if not ready:
            circle = " -> ".join(step.name for step in waiting)
            raise FlowError(
                "steps need each other in a circle",
                got=circle,
                want="a graph without a cycle",
                hint="take one of the needs away",
                code="flow.graph.cycle",
            )
        placed.append(ready[0])
        waiting.remove(ready[0])
    return tuple(placed)


def _refuse_faulty_names(steps: Sequence[Step], known: set[str]) -> None:
    seen: set[str] = set()
    for step in steps:
        if step.name in seen:
            raise FlowError(
                f'two steps are called "{step.name}"',
                got=step.name,
                want="a name of its own for each step",
                code="flow.graph.two_of_one_name",
            )
        seen.add(step.name)
        if missing := set(step.needs) - known:
            raise FlowError(
                f'step "{step.name}" needs a step that is not in the graph',
                got=sorted(missing),
                want=f"one of {sorted(known)}",
                code="flow.graph.unknown_need",
            )
