"""LightGBM's prediction calls by ctypes, from its library file alone.

`import lightgbm` drags in scikit-learn, pandas and scipy: seconds and hundreds of megabytes that
a server does not need for a call of five microseconds.  So the shared library is found as a file
and opened by path.  Text reaches it only after `engine.model_text` has checked it.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
import threading
import weakref
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mintmark.ground import EngineError, rest_idle_threads

Floats = npt.NDArray[np.float64]

_FLOAT64, _ROW_MAJOR, _ALL_TREES = 1, 1, -1
_RAW, _CONTRIBUTIONS = 1, 3
_ONE_ROW = b"num_threads=1 verbosity=-1"
_BATCH = b"num_threads=2 verbosity=-1"


def library_path() -> Path | None:
    """Return the path of LightGBM's shared library, or None where the package is not installed."""
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    names = ("lib/lib_lightgbm.so", "lib/lib_lightgbm.dylib", "bin/lib_lightgbm.dll",
             "lib_lightgbm.dll", "lib/lib_lightgbm.dll")  # fmt: skip
    return next((folder / name for name in names if (folder / name).is_file()), None)


def openmp_missing() -> str | None:
    """Return what to install when LightGBM's library cannot be opened, or None when it can.

    LightGBM's wheel expects an OpenMP runtime of the system and says so only by failing to load.
    """
    rest_idle_threads()
    path = library_path()
    if path is None:
        return "LightGBM's library file is not installed: install the package lightgbm"
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        said = str(error)
    else:
        return None
    if "omp" not in said.lower():
        return f"LightGBM's library does not open: {said}"
    package = "libomp (brew install libomp)" if sys.platform == "darwin" else (
        "libgomp1 (Debian, Ubuntu) or libgomp (Fedora, Alpine, Arch: gcc-libs)"
    )  # fmt: skip
    return f"LightGBM needs the OpenMP runtime of the system, which is missing: install {package}"


@cache
def _library() -> ctypes.CDLL:
    """The opened library, its calls typed once."""
    missing = openmp_missing()
    if missing is not None:
        raise EngineError(missing, at=str(library_path() or ""), code="engine.native.library")
    library = ctypes.CDLL(str(library_path()))
    pointer, whole, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    count, out = ctypes.POINTER(ctypes.c_int64), pointer
    shapes = {
        "LGBM_BoosterLoadModelFromString": (text, ctypes.POINTER(whole), ctypes.POINTER(pointer)),
        "LGBM_BoosterFree": (pointer,),
        "LGBM_BoosterGetNumFeature": (pointer, ctypes.POINTER(whole)),
        "LGBM_BoosterPredictForMat": (pointer, pointer, whole, ctypes.c_int32, ctypes.c_int32,
                                      whole, whole, whole, whole, text, count, out),
        "LGBM_BoosterPredictForMatSingleRowFastInit": (pointer, whole, whole, whole, whole,
                                                       ctypes.c_int32, text,
                                                       ctypes.POINTER(pointer)),
        "LGBM_BoosterPredictForMatSingleRowFast": (pointer, pointer, count, out),
        "LGBM_FastConfigFree": (pointer,),
    }  # fmt: skip
    for name, shape in shapes.items():
        function = getattr(library, name)
        function.argtypes, function.restype = shape, whole
    library.LGBM_GetLastError.restype = text
    return library


def _done(status: int) -> None:
    """Turn a failed call into our error; the library keeps the words of its last one."""
    if status != 0:
        said = (_library().LGBM_GetLastError() or b"").decode("utf-8", "replace")
        raise EngineError(f"LightGBM refused a call: {said}", code="engine.native.call")


def _free(library: ctypes.CDLL, booster: ctypes.c_void_p, prepared: list[ctypes.c_void_p]) -> None:
    """Give back what a booster holds, its prepared calls first."""
    for fast in prepared:
        library.LGBM_FastConfigFree(fast)
    library.LGBM_BoosterFree(booster)


class Booster:
    """A loaded LightGBM model with its one-row calls prepared.

    Not for text of unknown shape: check it with `engine.model_text.check_text` first.  May be
    called from several threads; the one-row calls share one buffer and take turns.
    """

    def __init__(self, text: bytes, *, inputs: int, trees: int) -> None:
        """Load `text`; EngineError ``engine.native.differs`` if the library saw another model."""
        library = _library()
        self._fast = library.LGBM_BoosterPredictForMatSingleRowFast
        handle, loaded, seen = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
        _done(library.LGBM_BoosterLoadModelFromString(
            text, ctypes.byref(loaded), ctypes.byref(handle)
        ))  # fmt: skip
        self._handle = handle
        self._prepared: list[ctypes.c_void_p] = []
        weakref.finalize(self, _free, library, handle, self._prepared)
        _done(library.LGBM_BoosterGetNumFeature(handle, ctypes.byref(seen)))
        if (seen.value, loaded.value) != (inputs, trees):
            raise EngineError(
                "LightGBM read another model than the text holds",
                got=f"{seen.value} inputs, {loaded.value} trees",
                want=f"{inputs} inputs, {trees} trees",
                code="engine.native.differs",
            )
        self._inputs = inputs
        self._row, self._shares = np.zeros(inputs), np.zeros(inputs + 1)
        self._score, self._count = ctypes.c_double(), ctypes.c_int64()
        self._score_at = ctypes.cast(ctypes.byref(self._score), ctypes.c_void_p)
        self._row_at = ctypes.c_void_p(self._row.ctypes.data)
        self._shares_at = ctypes.c_void_p(self._shares.ctypes.data)
        self._raw = self._prepare(_RAW)
        self._explained = self._prepare(_CONTRIBUTIONS)
        self._turn = threading.Lock()

    def _prepare(self, kind: int) -> ctypes.c_void_p:
        """Fix everything about a one-row call but the row."""
        fast = ctypes.c_void_p()
        _done(_library().LGBM_BoosterPredictForMatSingleRowFastInit(
            self._handle, kind, 0, _ALL_TREES, _FLOAT64, self._inputs, _ONE_ROW,
            ctypes.byref(fast),
        ))  # fmt: skip
        self._prepared.append(fast)
        return fast

    def margin(self, row: Floats) -> float:
        """Return the raw margin of one row [F] of float64.  Cost: 2 to 20 us, by trees."""
        with self._turn:
            self._row[:] = row
            _done(self._fast(self._raw, self._row_at, self._count, self._score_at))
            return self._score.value

    def contributions(self, row: Floats) -> Floats:
        """Return each input's exact (Shapley) share of the margin, the expected value last."""
        with self._turn:
            self._row[:] = row
            _done(self._fast(self._explained, self._row_at, self._count, self._shares_at))
            return self._shares.copy()

    def margins(self, rows: Floats) -> Floats:
        """Return the raw margin of each row of `rows` [n, F], bit for bit as one by one."""
        held = np.ascontiguousarray(rows, dtype=np.float64)
        out, count = np.empty(len(held)), ctypes.c_int64()
        if len(held):
            _done(_library().LGBM_BoosterPredictForMat(
                self._handle, held.ctypes.data, _FLOAT64, len(held), self._inputs,
                _ROW_MAJOR, _RAW, 0, _ALL_TREES, _BATCH, ctypes.byref(count), out.ctypes.data,
            ))  # fmt: skip
        return out
