"""Where in the user's files a definition stands, so that an error can say so."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_ROOM = __name__.rpartition(".")[0]
_folder: ContextVar[str | None] = ContextVar("definitions_folder", default=None)


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def at(self, path: str = "") -> str:
        """Return the text of an error's `at`: file:line, then the JSON path if there is one."""
        text = f"{_shown(self.file)}:{self.line}"
        return f"{text}   {path}" if path else text


def user_place() -> Place:
    """Return the line that called into this room: the first frame outside it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _inside(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def called_inside() -> bool:
    """Return whether the caller of the function that asks is code of this room."""
    return _inside(sys._getframe(2).f_globals.get("__name__", ""))


@contextmanager
def files_of(folder: Path) -> Iterator[None]:
    """Show the files of a folder by their names alone while its definitions run."""
    token = _folder.set(str(folder))
    try:
        yield
    finally:
        _folder.reset(token)


def _inside(module: str) -> bool:
    # dataclasses.replace() stands between two frames of ours.
    return module in (_ROOM, "dataclasses") or module.startswith(_ROOM + ".")


def _shown(file: str) -> str:
    for root in (_folder.get(), os.getcwd()):
        if root and file.startswith(root + os.sep):
            return file[len(root) + 1 :]
    return os.path.basename(file)
