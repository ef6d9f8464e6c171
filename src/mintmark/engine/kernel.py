"""The compiled kernel: found in the cache or compiled once, then called by replay and live alike.

It is compiled unit by unit, once for each version of Mintmark, Numba, llvmlite and CPU, never for a
plan and never under a request: `lower` asks for the units of a plan's states and aggregates before
the first row comes.  Numba's own cache does not notice an edit in another file that a function
calls, so the folder of the cache is named by the digest of every source that is compiled.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any

from mintmark.define.catalogue import names as aggregate_names
from mintmark.ground import EngineError, Progress, Silent, kernel_cache_dir, monotonic_ns

if TYPE_CHECKING:
    from mintmark.engine.units import Reading, State, Units

ROOM = Path(__file__).parent
SOURCES = (
    "edges", "evaluation", "evaluation_layout", "exact_math", "layout", "limbs", "memory", "pages",
    "pairs", "places", "places_layout", "quick", "row_layout", "rows", "sentinel", "shuffle",
    "single", "single_layout", "source", "step", "text_order", "units",
)  # fmt: skip
_LOCK = Lock()
_loaded: list[Kernel] = []
_UNIT = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
_HELD_UNIT = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_int64)


@dataclass(frozen=True)
class Unit:
    """A compiled unit: its address, and how Python calls it with the address of a context.

    call : lets other threads run;  quick_call : does not, and is 40 ns cheaper, for one row.
    """

    address: int
    call: Callable[[int], int]
    quick_call: Callable[[int], int]


@dataclass(frozen=True)
class Kernel:
    """The compiled functions; each is described where it is written.

    fold : `engine.step.fold`;  evaluate : `engine.evaluation.evaluate`;  run_steps and hand_over :
    `engine.single`;  note : `engine.places.note`;  count_keys, order_by_key, lay_out, number,
    place_first, join_codes, first_rows, deliver and settle : `engine.shuffle`.  All of them let
    other threads run.
    """

    fold: Unit
    evaluate: Unit
    run_steps: Unit
    hand_over: Unit
    note: Unit
    count_keys: Callable[..., None]
    order_by_key: Callable[..., None]
    lay_out: Callable[..., None]
    number: Callable[..., Any]
    place_first: Callable[..., None]
    join_codes: Callable[..., None]
    first_rows: Callable[..., None]
    deliver: Callable[..., None]
    settle: Callable[..., Any]
    units: Units

    def reading(self, kind: str) -> Reading:
        """Return what an aggregate declares for the kernel.

        Raises
        ------
        EngineError
            `engine.plan.unknown_aggregate`.
        """
        return _reading(kind)

    def state(self, name: str) -> State:
        """Return what a state declares."""
        return _state(name)

    def one_state(self, names: Sequence[str]) -> str | None:
        """Return the state that extends all of some others, if there is one."""
        return _one_state(tuple(names))

    def state_unit(self, name: str, *, many: bool = False) -> int:
        """Return the address of the unit of a state, or of its own for many reads, if it has one.

        It is compiled if need be.
        """
        with _LOCK:
            return self.units.state(name, many=many)

    def reader_unit(self, reading: Reading, state: str) -> int:
        """Return the address of the unit of an aggregate, compiled if need be."""
        with _LOCK:
            return self.units.reader(reading, _state(state))


def load(progress: Progress | None = None) -> float:
    """Make the kernel ready and return the seconds that it took, near 0 when it was ready.

    Cost: about 10 s to compile, half a second from the cache.
    """
    start = monotonic_ns()
    with _LOCK:
        if not _loaded:
            steps = progress or Silent()
            steps.start("compile", None)
            _loaded.append(_load())
            steps.done(f"kernel {kernel_digest()[:12]}")
    return (monotonic_ns() - start) / 1e9


def ready() -> Kernel:
    """Return the kernel, loading it first if nobody did."""
    if not _loaded:
        load()
    return _loaded[0]


def module_of(kind: str) -> str:
    """Return the module of an aggregate, ours or a stranger's.

    Raises
    ------
    EngineError
        `engine.plan.unknown_aggregate`.
    """
    if (ROOM / "aggregates" / f"{kind}.py").exists():
        return f"mintmark.engine.aggregates.{kind}"
    for point in entry_points(group="mintmark.aggregates"):
        if point.name == kind:
            return point.value.split(":")[0]
    raise EngineError(
        f'this version has no aggregate "{kind}"',
        want="one of " + ", ".join(aggregate_names()),
        hint="make the plan again with this version",
        code="engine.plan.unknown_aggregate",
    )


@lru_cache(maxsize=1)
def kernel_digest() -> str:
    """Return the digest that names the compiled kernel: sources, Numba, llvmlite and CPU."""
    import llvmlite
    import numba
    from llvmlite import binding

    parts = [numba.__version__, llvmlite.__version__, binding.get_host_cpu_name()]
    parts.append(binding.get_host_cpu_features().flatten())
    files = [ROOM / f"{name}.py" for name in SOURCES]
    files += sorted((ROOM / "states").glob("*.py")) + sorted((ROOM / "aggregates").glob("*.py"))
    files += [Path(str(_spec(point.value))) for point in _strangers()]
    parts += [file.read_text(encoding="utf-8") for file in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _strangers() -> list[Any]:
    return sorted(entry_points(group="mintmark.aggregates"), key=lambda point: point.name)


def _spec(value: str) -> str:
    spec = importlib.util.find_spec(value.split(":")[0])
    assert spec is not None
    return str(spec.origin)


@lru_cache(maxsize=512)
def _reading(kind: str) -> Reading:
    from mintmark.engine.units import reading_of

    return reading_of(kind, module_of(kind))


@lru_cache(maxsize=512)
def _state(name: str) -> State:
    from mintmark.engine.units import state_of

    return state_of(name)


@lru_cache(maxsize=4096)
def _one_state(names: tuple[str, ...]) -> str | None:
    from mintmark.engine.units import one_state

    return one_state(names)


def cache_folder(parent: Path) -> Path | None:
    """Return the folder of this kernel, made if need be; None where nothing can be written.

    Numba would fall back to a folder beside the sources, which does not notice their edits; without
    a folder of our own the kernel is compiled for this process alone.
    """
    folder = parent / f"kernel-{kernel_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _load() -> Kernel:
    """Import and compile what every plan needs; the units of states and aggregates come later."""
    import numba

    from mintmark.engine.units import Units

    folder = cache_folder(kernel_cache_dir())
    cache = folder is not None
    spare = None if cache else TemporaryDirectory(prefix="mintmark-kernel-")
    place = folder or Path(spare.name if spare else "")

    def compiled(function: Any) -> tuple[int, Any]:
        with _cache_in(numba, place):
            unit = _compiled_unit(numba, function, cache=cache)
        return unit.address, (unit, spare)

    with _cache_in(numba, place):
        named = {
            name: _compiled_unit(numba, _function(module, name), cache=cache)
            for module, name in (
                ("step", "fold"), ("evaluation", "evaluate"), ("single", "run_steps"),
                ("single", "hand_over"), ("places", "note"),
            )
        }  # fmt: skip
        moved = _compile_moves(numba, cache=cache)
    return Kernel(
        fold=named["fold"],
        evaluate=named["evaluate"],
        run_steps=named["run_steps"],
        hand_over=named["hand_over"],
        note=named["note"],
        units=Units(place, compiled),
        **moved,
    )


class _cache_in:
    """While it is open, Numba's cache points to a folder."""

    def __init__(self, numba: Any, folder: Path) -> None:
        self._config, self._folder = numba.config, folder

    def __enter__(self) -> None:
        self._before = self._config.CACHE_DIR
        self._config.CACHE_DIR = str(self._folder)

    def __exit__(self, *_: object) -> None:
        self._config.CACHE_DIR = self._before


def _function(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"mintmark.engine.{module}"), name)


def _compiled_unit(numba: Any, function: Any, *, cache: bool) -> Unit:
    from mintmark.engine.quick import OPTIONS

    word = numba.types.int64
    made = numba.cfunc(word(word), cache=cache, **OPTIONS)(function.py_func)
    kept = (_UNIT(made.address), _HELD_UNIT(made.address))
    _alive.append(made)
    return Unit(made.address, *kept)


_alive: list[Any] = []
"""Compiled code, which is freed with the object that Numba made of it."""


def _compile_moves(numba: Any, *, cache: bool) -> dict[str, Any]:
    """Compile the movements of rows, each for the one signature that it is ever called with."""
    word, number, types = numba.types.int64, numba.types.float64, numba.types
    line, table = word[::1], word[:, ::1]
    features = number[:, ::1]
    # What is only read may come from Arrow, which lends it for reading alone.
    fixed = types.Array(word, 1, "C", readonly=True)
    code = types.int32[::1]
    codes = types.Array(types.int32, 1, "C", readonly=True)
    signatures = {
        "count_keys": types.void(codes, codes, line),
        "order_by_key": types.void(codes, codes, fixed, line, code),
        "lay_out": types.void(
            code,
            word,
            word,
            line,
            fixed,
            word,
            fixed,
            word,
            table,
            *[fixed] * 6,
            word,
            table,
            table,
        ),
        "place_first": types.void(fixed, word, line),
        "number": word(fixed, word, code, code, line),
        "join_codes": types.void(codes, codes, word, line),
        "first_rows": types.void(codes, line),
        "deliver": types.void(features, line, table, number[::1], word, word),
        "settle": line(fixed, fixed, line),
    }
    return {
        name: numba.njit(signature, nogil=True, cache=cache)(_function("shuffle", name).py_func)
        for name, signature in signatures.items()
    }
