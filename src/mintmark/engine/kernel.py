"""The compiled kernel: found in the cache or compiled once, then called by replay and live alike.

It is compiled once for each version of Mintmark, Numba, llvmlite and CPU, never for a plan and
never under a request. Numba's own cache does not notice an edit in another file that a function
calls, so the folder of the cache is named by the digest of every source that is compiled.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from mintmark.ground import Progress, Silent, kernel_cache_dir, monotonic_ns

ROOM = Path(__file__).parent
SOURCES = ("layout", "limbs", "moments", "quick", "rows", "sentinel", "shuffle", "step")
_LOCK = Lock()
_loaded: list[Kernel] = []


@dataclass(frozen=True)
class Kernel:
    """The compiled functions; each is described where it is written.

    fold : `engine.step.fold`;  evaluate : `engine.rows.evaluate`;  by_key, gather, scatter and
    settle : `engine.shuffle`.  All of them let other threads run.
    """

    fold: Callable[..., tuple[int, int]]
    evaluate: Callable[..., None]
    by_key: Callable[..., Any]
    gather: Callable[..., None]
    scatter: Callable[..., None]
    settle: Callable[..., Any]


def load(progress: Progress | None = None) -> float:
    """Make the kernel ready and return the seconds that it took, near 0 when it was ready.

    Cost: about 10 s to compile, 1 s from the cache.
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


def kernel_digest() -> str:
    """Return the digest that names the compiled kernel: sources, Numba, llvmlite and CPU."""
    import llvmlite
    import numba
    from llvmlite import binding

    parts = [numba.__version__, llvmlite.__version__, binding.get_host_cpu_name()]
    parts.append(binding.get_host_cpu_features().flatten())
    files = [ROOM / f"{name}.py" for name in SOURCES]
    files += sorted((ROOM / "aggregates").glob("*.py"))
    parts += [file.read_text(encoding="utf-8") for file in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _load() -> Kernel:
    """Import what is compiled while Numba's cache points to the folder of this digest."""
    import numba
    from numba import config

    folder = cache_folder(kernel_cache_dir())
    settings: Any = config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = "" if folder is None else str(folder)
    try:
        return _compile(numba, cache=folder is not None)
    finally:
        settings.CACHE_DIR = before


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


def _compile(numba: Any, *, cache: bool) -> Kernel:
    """Compile every function for the one signature that it is ever called with."""
    word, number, types = numba.types.int64, numba.types.float64, numba.types
    line, table = word[::1], word[:, ::1]
    numbers, features = number[::1], number[:, ::1]
    pair = types.UniTuple(word, 2)
    functions = {
        ("step", "fold"): pair(
            line, line, table, table, line, line, line, line, line, line, word,
            line, line, table, table, line, features, word,
        ),
        ("rows", "evaluate"): types.void(
            table, numbers, line, table, table, features, table, table, table, numbers, features
        ),
        ("shuffle", "by_key"): line(line, line),
        ("shuffle", "gather"): types.void(table, line, table),
        ("shuffle", "scatter"): types.void(features, line, features, word),
        ("shuffle", "settle"): line(line, line, line),
    }  # fmt: skip
    compiled = {}
    for (module, name), signature in functions.items():
        function = getattr(importlib.import_module(f"mintmark.engine.{module}"), name)
        counted = function.targetoptions.get("_nrt", True)
        decorate = numba.njit(signature, nogil=True, cache=cache, _nrt=counted)
        compiled[name] = decorate(function.py_func)
    return Kernel(**compiled)
