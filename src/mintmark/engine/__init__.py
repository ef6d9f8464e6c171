"""Runs a plan: aggregates as algebra, one compiled kernel for replay and live, and its slow oracle.

Prediction, policy and metrics stand beside them in files of their own.  Importing this package
loads neither the compiler nor pyarrow: a name is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mintmark.engine.history import Replay as Replay
    from mintmark.engine.history import replay as replay
    from mintmark.engine.live import Live as Live

_HOMES = {"Live": "live", "Replay": "history", "replay": "history"}

__all__ = ["Live", "Replay", "replay"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
