"""Logistic regression as a frozen formula: numbers in JSON, evaluated in one written order.

The dot product is summed from the intercept on, input by input; a BLAS would choose its own order,
and with it the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mintmark.ground import EngineError

Floats = npt.NDArray[np.float64]

_BLOCK_ROWS = 8_192  # keeps the table of terms of a large batch within 4 MiB at 50 inputs
_LISTS = ("mean", "scale", "fill", "coef")


@dataclass(frozen=True)
class LogisticModel:
    """A linear margin over standardised inputs.

    ``margin = intercept + sum over inputs of coef * ((x, or fill when null) - mean) / scale``.

    Examples
    --------
    >>> model = LogisticModel.from_form({"kind": "logistic", "names": ["amount"], "mean": [10.0],
    ...     "scale": [2.0], "fill": [10.0], "coef": [3.0], "intercept": -1.0})
    >>> float(model.margins(np.array([[14.0]]))[0]), model.contributions(np.array([14.0])).tolist()
    (5.0, [6.0, -1.0])
    """

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    fill: Floats
    coef: Floats
    intercept: float

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> LogisticModel:
        """Read what `form` wrote; EngineError ``engine.logistic.form`` for anything else."""
        names = form.get("names")
        lists = [form.get(key) for key in _LISTS] + [[form.get("intercept")]]
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            names = []
        counts = [len(names)] * len(_LISTS) + [1]
        sound = form.get("kind") == "logistic" and all(
            isinstance(values, list)
            and len(values) == count
            and all(isinstance(value, float) and np.isfinite(value) for value in values)
            for values, count in zip(lists, counts, strict=True)
        )
        if not sound or not names or any(scale <= 0 for scale in form["scale"]):
            raise EngineError(
                "a stored logistic regression does not hold the numbers that it should",
                at="model.json",
                got=", ".join(sorted(map(str, form)))[:80],
                want="kind, names, intercept, and finite mean, scale (> 0), fill, coef per name",
                hint="the file was altered or cut short; release the model again",
                code="engine.logistic.form",
            )
        mean, scale, fill, coef = (np.array(form[key], dtype=np.float64) for key in _LISTS)
        return cls(tuple(names), mean, scale, fill, coef, float(form["intercept"]))

    def form(self) -> dict[str, Any]:
        """Canonical form, which `from_form` reads back to the bit."""
        lists = {key: getattr(self, key).tolist() for key in _LISTS}
        return {"kind": "logistic", "names": list(self.names), "intercept": self.intercept, **lists}

    def _terms(self, rows: Floats) -> Floats:
        """What each input adds to each row's margin."""
        filled = np.where(np.isnan(rows), self.fill, rows)
        return np.asarray(((filled - self.mean) / self.scale) * self.coef)

    def margins(self, rows: Floats) -> Floats:
        """Return the margin of each row of `rows` [n, F]."""
        out = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK_ROWS):
            terms = self._terms(rows[start : start + _BLOCK_ROWS])
            whole = np.concatenate([np.full((len(terms), 1), self.intercept), terms], axis=1)
            out[start : start + _BLOCK_ROWS] = np.add.accumulate(whole, axis=1)[:, -1]
        return out

    def margin(self, row: Floats) -> float:
        """Return the margin of one row [F]."""
        return float(self.margins(row[np.newaxis])[0])

    def contributions(self, row: Floats) -> Floats:
        """Return what each input of one row added to the margin, and the intercept last [F + 1]."""
        return np.append(self._terms(row[np.newaxis])[0], self.intercept)
