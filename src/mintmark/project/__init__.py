"""The hall: the only wiring, one method for each verb, no logic of its own.

A name is imported when it is first asked for, so that a door can print its help at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mintmark.project.answer import Answer as Answer
    from mintmark.project.demo import DemoSettings as DemoSettings
    from mintmark.project.demo import play as play
    from mintmark.project.project import Project as Project

_HOMES = {"Answer": "answer", "DemoSettings": "demo", "Project": "project", "play": "demo"}

__all__ = ["Answer", "DemoSettings", "Project", "play"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
