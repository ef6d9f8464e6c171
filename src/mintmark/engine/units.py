"""The units of the kernel: each state and each aggregate compiled by itself, once for a machine.

A file of `states` says how a window's words change when a value comes or goes; a file of
`aggregates` how a number is read off the words.  A unit is the loop around them, written here as a
module of source in the cache folder, because Numba keeps no code that has no file.  It takes one
argument, the address of a context (`layout.LOOK_*`).  A plan's units are found by name; what no
plan asks for is never compiled.

    state       slide over the events to each read of a batch, leave its words in the parts
    aggregate   words of each read -> one float64

Names of arguments say what a function wants: a word of the state, or value, at, a, b, table, ...
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from mintmark.define.code import imported_modules
from mintmark.engine import layout as L
from mintmark.engine.sentinel import NULL
from mintmark.engine.source import reader_source, state_source
from mintmark.ground import EngineError

STATES = "mintmark.engine.states"


@dataclass(frozen=True)
class State:
    """What a file of `states` declares.

    words : its words, those that `finish` adds last;  kept : how many of them live on between
    reads;  zero : these before any value, and then a table of fixed length;  extends : the state
    whose words come first among its own, "" for none;  far : which part of its table the newest
    event will touch (`layout.FAR_*`), 0 for none;  uses : the names of all arguments that its
    functions want.
    """

    name: str
    words: tuple[str, ...]
    zero: tuple[int, ...]
    kept: int
    extends: str
    form: str
    table: bool
    weights: bool
    far: int
    uses: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """What the file of an aggregate declares for the kernel: its state and its module."""

    kind: str
    state: str
    module: str
    own: bool
    uses: frozenset[str]


def state_of(name: str) -> State:
    """Return what a state declares."""
    module = _state_module(name)
    finished = getattr(module, "FINISHED", ())
    names = ("add", "drop", "lost", "look", "follow", "finish")
    parts = [getattr(module, part, None) for part in names]
    uses = frozenset(n for part in parts if part is not None for n in names_of(part))
    return State(
        name=name,
        words=(*module.WORDS, *finished),
        zero=(
            *getattr(module, "ZERO", (0,) * len(module.WORDS)),
            *[getattr(module, "FILL", NULL)] * getattr(module, "FIXED", 0),
        ),
        kept=len(module.WORDS),
        extends=getattr(module, "EXTENDS", ""),
        form=module.FORM,
        table=getattr(module, "TABLE", False),
        weights=getattr(module, "WEIGHTS", False),
        far=getattr(module, "FAR", 0),
        uses=uses,
    )


def reading_of(kind: str, module_name: str) -> Reading:
    """Return what an aggregate declares for the kernel."""
    module = importlib.import_module(module_name)
    return Reading(
        kind=kind,
        state=module.STATE,
        module=module_name,
        own=getattr(module, "OWN", False),
        uses=frozenset(names_of(module.read)),
    )


def names_of(function: Any) -> tuple[str, ...]:
    """Return the names of the arguments of a compiled function."""
    return tuple(inspect.signature(getattr(function, "py_func", function)).parameters)


def chain_of(name: str) -> tuple[str, ...]:
    """Return a state and all those that it extends, the richest first."""
    chain = [name]
    while (before := state_of(chain[-1]).extends) != "":
        chain.append(before)
    return tuple(chain)


def one_state(names: Iterable[str]) -> str | None:
    """Return the one of some states that extends all others, None if there is none."""
    wanted = set(names)
    for name in sorted(wanted):
        if wanted <= set(chain_of(name)):
            return name
    return None


class Units:
    """The compiled units of this process, by name; each is loaded when it is first asked for.

    Parameters
    ----------
    folder : Path or None
        Where their sources are written; None writes them to a folder that is gone at exit.
    compiled : function
        Compiles a Python function of one word, returns its address and what keeps it alive.
    """

    def __init__(self, folder: Path, compiled: Callable[[Any], tuple[int, Any]]) -> None:
        self._folder, self._compiled = folder, compiled
        self._addresses: dict[str, int] = {}
        self._alive: list[Any] = []

    def state(self, name: str, *, many: bool = False) -> int:
        """Return the address of the unit of a state, or of its own for many reads, if it has one.

        One that does both would cost a live decision, which is one read, half a microsecond.
        """
        module = _state_module(name)
        apart = many and getattr(module, "SUMS", False)
        return self._unit(
            f"state_{name}_many" if apart else f"state_{name}",
            lambda: state_source(module, many=apart) + _stamp(module),
        )

    def reader(self, reading: Reading, state: State) -> int:
        """Return the address of the unit that reads an aggregate off the words of a state."""
        unknown = reading.uses - set(state.words) - READ_NAMES
        if unknown:
            raise EngineError(
                f'aggregate "{reading.kind}" reads words that its state does not have',
                got=", ".join(sorted(unknown)),
                want=", ".join(state.words),
                code="engine.aggregate.words",
            )
        # Words of a richer state come after those of the one that it extends.
        home = state_of(reading.state)
        return self._unit(
            f"read_{reading.kind}_{_short(reading.module)}",
            lambda: (
                reader_source(reading.module, home.words, reading.uses)
                + _stamp(importlib.import_module(reading.module))
            ),
        )

    def _unit(self, name: str, source: Callable[[], str]) -> int:
        if name not in self._addresses:
            address, alive = self._compiled(self._module(name, source()).unit)
            self._addresses[name] = address
            self._alive.append(alive)
        return self._addresses[name]

    def _module(self, name: str, source: str) -> ModuleType:
        """The module of a source that stands in the folder."""
        path = self._folder / f"{name}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != source:
            spare = path.with_suffix(f".{_short(source)}.tmp")
            spare.write_text(source, encoding="utf-8")
            spare.replace(path)
        spec = spec_from_file_location(f"mintmark_unit_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module


READ_NAMES = frozenset({"at", "until", "unit", "a", "b"})
"""What a reader may ask for beside words: the request's time, the window's end, the unit of the
column (10.0 ** scale), and the parameters of the aggregate."""


def _state_module(name: str) -> Any:
    return importlib.import_module(name if "." in name else f"{STATES}.{name}")


def _stamp(module: Any) -> str:
    """A line that moves with a file, for Numba's cache looks at the file of the unit alone.

    And with all that the file imports of its own package: ours names the folder (`kernel_digest`),
    but of a stranger's package that knows no more than the aggregates.
    """
    own, found, waiting = module.__name__.split(".")[0], dict[str, str](), [module.__name__]
    while waiting:
        name = waiting.pop()
        part = sys.modules.get(name)
        if part is None or name in found or getattr(part, "__file__", None) is None:
            continue
        found[name] = Path(str(part.__file__)).read_text(encoding="utf-8")
        if own != "mintmark":
            imported = imported_modules(ast.parse(found[name]), part.__package__ or "")
            waiting += [other for other in imported if other.split(".")[0] == own]
    text = "\0".join(found[name] for name in sorted(found))
    return f"\n# of {module.__name__} {_short(text)}\n"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


__all__ = ["READ_NAMES", "Reading", "State", "Units", "chain_of", "one_state", "reading_of",
           "state_of"]  # fmt: skip

assert L.WORDS_MAX >= 20, "the richest state has 20 words"
