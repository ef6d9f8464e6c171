"""Running a folder of definitions, behind one border.

The files run in the order of their names; `from events import payment` runs `events.py` first, from
the same folder. Nothing of it stays in `sys.modules` or `sys.path`: imports of the folder's own
names are answered here. Whatever a file raises becomes an error that names the user's line, without
a frame of ours. This is the only place in Mintmark that runs text as code.
"""

import ast
import builtins
import contextlib
import io
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from mintmark.define.definitions import Definitions, assembled, missing
from mintmark.define.fault import POISON, gather, gathering, raise_all
from mintmark.define.place import Place, files_of
from mintmark.define.source import Source, read_source
from mintmark.ground import DefineError, MintmarkError, mask

_PACKAGE = "mintmark_definitions"
_TWICE = re.compile(r"([\w.]+)\(\) got multiple values for keyword argument '(\w+)'")


def load(folder: str | Path) -> Definitions:
    """Return what the files of a folder define.

    Parameters
    ----------
    folder : path
        Its `*.py` files run in the order of their names; they may import each other.

    Raises
    ------
    DefineError, Faults
        Every fault of every file at once; `define.folder.missing`, `define.folder.empty`.
    """
    definitions, faults = _read(Path(folder))
    raise_all(faults)
    assert definitions is not None
    return definitions


def check(folder: str | Path) -> tuple[MintmarkError, ...]:
    """Return every fault of a folder of definitions, in the order of files and lines.

    A folder without faults lacks nothing that a run needs: event, features, model, policy, gates.
    """
    definitions, faults = _read(Path(folder))
    if definitions is not None and not faults:
        return tuple(missing(definitions))
    return faults


def _read(folder: Path) -> tuple[Definitions | None, tuple[MintmarkError, ...]]:
    root = folder.expanduser().resolve()
    paths = sorted(p for p in root.glob("*.py") if p.is_file()) if root.is_dir() else []
    if not paths:
        return None, (_nothing(folder, there=root.is_dir()),)
    with files_of(root), gathering() as found:
        sources = {path.stem: _runnable(read_source(path)) for path in paths}
        for source in sources.values():
            found.extend(source.faults)
        run = _Run(root, sources)
        for name in sources:
            run.module(name)
        definitions, apart = assembled(run.values())
        found.extend(apart)
        faults = tuple(found)
    return definitions, tuple(dict.fromkeys(sorted(faults, key=_reading_order)))


def _runnable(source: Source) -> Source:
    """Return a file that is not run where it holds an account number: it could print it."""
    held = any(fault.code == "define.pan.literal" for fault in source.faults)
    return replace(source, tree=None) if held else source


def _nothing(folder: Path, *, there: bool) -> DefineError:
    return DefineError(
        "a folder of definitions is empty" if there else "there is no folder of definitions",
        at=str(folder),
        want="*.py files",
        hint="`mintmark init DIR` lays out a project that runs",
        code="define.folder.empty" if there else "define.folder.missing",
    )


def _reading_order(error: MintmarkError) -> tuple[str, int]:
    file, _, line = error.at.split("   ")[0].rpartition(":")
    return (file, int(line)) if line.isdigit() else (error.at, 0)


def _given_twice(place: Place, found: re.Match[str]) -> DefineError:
    # f(**one, **two): Python finds it before we are called, and knows one line only.
    name, features = found[2], found[1].endswith("Features")
    return DefineError(
        f'two features are called "{name}"' if features else f'"{name}" is given twice',
        at=place.at(f"$.features.{name}" if features else ""),
        want="one feature of a name" if features else "one value of a name",
        code="define.feature.twice" if features else "define.name.twice",
    )


class _Failed(ModuleType):
    """Stands for a file that could not be run to its end: what it lacks is poison."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return POISON


class _Run:
    """One run of the files of a folder."""

    def __init__(self, root: Path, sources: Mapping[str, Source]) -> None:
        self._root = root
        self._sources = sources
        self._modules: dict[str, ModuleType] = {}
        self._running: list[str] = []
        self._builtins = vars(builtins) | {"__import__": self._import}

    def values(self) -> Iterator[object]:
        """Yield everything that a file has a name for, files in order."""
        for name in self._sources:
            yield from vars(self._modules[name]).values()

    def module(self, name: str) -> ModuleType:
        """Return the module of a file, run now if it is asked for the first time."""
        if name not in self._modules:
            source = self._sources[name]
            kind = _Failed if source.tree is None else ModuleType
            module = self._modules[name] = kind(f"{_PACKAGE}.{name}")
            module.__file__, module.__package__ = str(source.path), _PACKAGE
            vars(module)["__builtins__"] = self._builtins
            if source.tree is not None:
                self._execute(name, source.path, source.tree)
        return self._modules[name]

    def _execute(self, name: str, path: Path, tree: ast.Module) -> None:
        self._running.append(name)
        module = self._modules[name]
        # Known to Python only while it runs: dataclasses look their own module up.
        sys.modules[module.__name__] = module
        try:
            code: CodeType = compile(tree, str(path), "exec", dont_inherit=True)
            # What a file prints is shown beside the answer, never within it, and masked.
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(code, vars(module))
            sys.stderr.write(mask(printed.getvalue()))
        except MintmarkError as error:
            self._fail(name, error)
        # The border: whatever is raised here is the user's.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._fail(name, self._told(path, error))
        finally:
            self._running.pop()
            sys.modules.pop(module.__name__, None)

    def _fail(self, name: str, error: MintmarkError) -> None:
        gather(error)
        self._modules[name].__class__ = _Failed

    def _told(self, path: Path, error: BaseException) -> DefineError:
        """Return an error of the user's code as one of ours, at the user's own line."""
        if isinstance(error, SyntaxError) and error.filename == str(path):
            place = Place(str(path), error.lineno or 1)
        else:
            frames = traceback.extract_tb(error.__traceback__)
            own = [f for f in frames if Path(f.filename).parent == self._root]
            place = Place(own[-1].filename, own[-1].lineno or 1) if own else Place(str(path), 1)
        twice = _TWICE.search(str(error)) if isinstance(error, TypeError) else None
        if twice is not None:
            return _given_twice(place, twice)
        return DefineError(
            "a file of definitions stops with an error",
            at=place.at(),
            got=f"{type(error).__name__}: {str(error) or 'without a word'}"[:300],
            code="define.file.raised",
        )

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Answer an import: names of the folder here, all others by Python."""
        if level == 0 and name.split(".")[0] not in self._sources:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if level == 1 and not name:
            package = ModuleType(_PACKAGE)
            for part in fromlist or ():
                setattr(package, part, self._own(part))
            return package
        return self._own(name)

    def _own(self, name: str) -> ModuleType:
        if name not in self._sources:
            raise ImportError(f"no file {name}.py in this folder")
        if name in self._running:
            circle = [*self._running[self._running.index(name) :], name]
            raise ImportError("files import each other in a circle: " + " -> ".join(circle))
        return self.module(name)
