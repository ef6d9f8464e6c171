"""Scoring from a bundle folder: margin, contributions and probability, one row or many.

A bundle holds no code and nothing pickled: ``model.txt`` (LightGBM's native text) or
``model.json`` (a logistic regression), ``calibration.json`` and ``bundle.json``, which names the
inputs in order and the digest of each file.  Every file is digested and checked before use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np
import numpy.typing as npt

from mintmark.engine.calibration import Calibration
from mintmark.engine.logistic import LogisticModel
from mintmark.engine.model_text import check_text
from mintmark.engine.native import Booster, openmp_missing
from mintmark.ground import EngineError, digest_bytes

__all__ = ["Margins", "Scorer", "model_of", "openmp_missing"]

Floats = npt.NDArray[np.float64]


class Margins(Protocol):
    """What a loaded model of any kind answers; each method takes float64 inputs, NaN for null."""

    def margin(self, row: Floats) -> float:
        """Return the raw margin of one row [F]."""
        ...

    def margins(self, rows: Floats) -> Floats:
        """Return the raw margin of each row of [n, F], bit for bit what `margin` gives."""
        ...

    def contributions(self, row: Floats) -> Floats:
        """Return each input's share of the margin and the base value last [F + 1]."""
        ...


def _read(folder: Path, name: str, digests: Mapping[str, Any]) -> bytes:
    """One file of a bundle, compared with the digest that the bundle names, if it names one."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise EngineError(
            f"a bundle lacks {name}", at=str(folder), want=name, code="engine.predict.missing"
        ) from None
    named, found = digests.get(name), digest_bytes(content)
    if named is not None and named != found:
        raise EngineError(
            "a bundle's file is not the one that was released",
            at=str(folder / name),
            got=found,
            want=str(named),
            hint="fetch the release again; nothing was loaded",
            code="engine.predict.altered",
        )
    return content


def _parse(content: bytes, *, at: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise EngineError(
            "a bundle's file is no JSON", at=at, got=str(error), code="engine.predict.json"
        ) from None
    if not isinstance(parsed, dict):
        raise EngineError(
            "a bundle's file is no JSON object", at=at, got=type(parsed).__name__,
            want="an object", code="engine.predict.json",
        )  # fmt: skip
    return parsed


def _names(bundle: Mapping[str, Any], at: str) -> tuple[str, ...]:
    """The inputs that the bundle declares, in order."""
    inputs = bundle.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(n, str) for n in inputs):
        raise EngineError(
            "a bundle does not name its inputs", at=f"{at} $.inputs", got=str(inputs)[:80],
            want="a list of names", code="engine.predict.inputs",
        )  # fmt: skip
    return tuple(inputs)


def model_of(file: str, content: bytes, *, names: tuple[str, ...]) -> Margins:
    """Load a model from the content of its file, checked before native code sees it.

    Parameters
    ----------
    file : str
        ``model.txt`` (LightGBM's text) or ``model.json`` (a logistic regression).
    content : bytes
        The file.
    names : tuple of str
        Inputs that the model must name, in order.

    Raises
    ------
    EngineError
        ``engine.model_text.shape``, ``engine.logistic.form``, ``engine.predict.inputs``,
        ``engine.predict.json``, ``engine.native.*``.
    """
    if file == "model.txt":
        outline = check_text(content, names=names)
        return Booster(content, inputs=len(names), trees=outline.trees)
    model = LogisticModel.from_form(_parse(content, at=file))
    if model.names != names:
        raise EngineError(
            "a model's inputs are not the bundle's",
            at=file,
            got=", ".join(model.names)[:80],
            want=", ".join(names)[:80],
            code="engine.predict.inputs",
        )
    return model


def _load_calibration(folder: Path, digests: Mapping[str, Any]) -> Calibration:
    """The bundle's calibration; a bundle that has none reads its margin as plain log-odds."""
    path = folder / "calibration.json"
    if "calibration.json" not in digests and not path.exists():
        return Calibration.platt(a=1.0, b=0.0)
    return Calibration.from_form(_parse(_read(folder, path.name, digests), at=str(path)))


class Scorer:
    """A frozen model with its calibration, ready to score.

    Attributes
    ----------
    names : tuple of str
        Inputs in the order of a row.
    """

    __slots__ = ("_calibration", "_model", "names")

    def __init__(self, names: tuple[str, ...], *, model: Margins, calibration: Calibration) -> None:
        """Put a scorer together from loaded parts; `load` is the usual way."""
        self.names = names
        self._model = model
        self._calibration = calibration

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Load a bundle folder.

        Raises
        ------
        EngineError
            ``engine.predict.*`` for a missing, altered or unreadable file,
            ``engine.model_text.shape`` for a text model that is not whole,
            ``engine.native.library`` where LightGBM's library does not open.

        Cost: 200 trees of 31 leaves take about 40 ms, nearly all of it the check of the text.
        """
        bundle = _parse(_read(folder, "bundle.json", {}), at=str(folder / "bundle.json"))
        names = _names(bundle, str(folder / "bundle.json"))
        digests = bundle.get("digests", {})
        if not isinstance(digests, dict):
            digests = {}
        file = "model.txt" if (folder / "model.txt").exists() else "model.json"
        model = model_of(file, _read(folder, file, digests), names=names)
        return cls(names, model=model, calibration=_load_calibration(folder, digests))

    def _row(self, row: Floats) -> Floats:
        """A row of the right shape: numpy would stretch one of length one over all inputs."""
        if row.shape != (len(self.names),) or row.dtype != np.float64:
            raise EngineError(
                "a row to score has another shape",
                got=f"{row.dtype}{list(row.shape)}",
                want=f"float64[{len(self.names)}]",
                code="engine.predict.shape",
            )
        return row

    def margin(self, row: Floats) -> float:
        """Return the raw margin of one row [F] of float64, null as NaN: the score of record."""
        return self._model.margin(self._row(row))

    def margins(self, rows: Floats) -> Floats:
        """Return the raw margin of each row of [n, F], bit for bit what `margin` gives."""
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise EngineError(
                "rows to score have another shape",
                got=f"{rows.dtype}{list(rows.shape)}",
                want=f"float64[n, {len(self.names)}]",
                code="engine.predict.shape",
            )
        return self._model.margins(np.asarray(rows, dtype=np.float64))

    def contributions(self, row: Floats) -> Floats:
        """Return each input's share of the margin and the base value last [F + 1].

        Trees: exact Shapley values by the library's own call; their sum is the margin to
        rounding.  Logistic regression: the terms of its sum, against the training mean.
        """
        return self._model.contributions(self._row(row))

    @overload
    def probability(self, margin: float) -> float: ...
    @overload
    def probability(self, margin: Floats) -> Floats: ...
    def probability(self, margin: float | Floats) -> float | Floats:
        """Return the calibrated probability of fraud of one margin or of an array of them."""
        return self._calibration.probability(margin)
