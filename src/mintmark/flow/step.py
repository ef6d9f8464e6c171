"""A step: a name, what it needs, and a function from what they made to what it makes.

Every step has one call shape, so a graph of steps is plain data: it can be printed, ordered and
run by code that knows nothing of payments. A step never calls another; it reads what the steps
that it needs left behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mintmark.ground import Progress

Made = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What a finished step leaves: its value, one line for people, and figures for machines.

    Parameters
    ----------
    value : Any
        Handed to the steps that need this one.
    line : str
        One line of result, in words.
    figures : Mapping[str, Any]
        JSON values, kept in the summary under the step's name.
    """

    value: Any
    line: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One unit of work in a graph.

    Parameters
    ----------
    name : str
        Unique within its graph.
    work : callable
        ``work(made, progress) -> Done`` where ``made`` maps each needed step's name to its value.
    needs : tuple of str
        Names of the steps that must have run before.
    fresh : callable, optional
        ``fresh(made) -> Done | None``: an earlier result for exactly these inputs, found in the
        records. The step's work is left out when there is one.
    """

    name: str
    work: Callable[[Made, Progress], Done]
    needs: tuple[str, ...] = ()
    fresh: Callable[[Made], Done | None] | None = None
