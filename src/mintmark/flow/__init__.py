"""Order and time of steps: what must run, in which order, and what need not run again."""

from mintmark.flow.graph import order
from mintmark.flow.runner import Ran, run
from mintmark.flow.step import Done, Step

__all__ = ["Done", "Ran", "Step", "order", "run"]
