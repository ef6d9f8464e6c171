"""The record of a training run: everything that one needs to make the same model again."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mintmark.ground import digest
from mintmark.train.dataset import Dataset
from mintmark.train.fit import Fitted
from mintmark.train.split import Split

_LIBRARIES = ("numpy", "lightgbm", "scikit-learn", "scipy", "numba", "pyarrow", "polars")


def environment() -> dict[str, Any]:
    """Return what the run runs in: Python, the libraries that matter, a digest of all packages.

    Cost: reads the metadata of every installed package, 50 ms.
    """
    installed = {
        (found.metadata["Name"] or "").lower().replace("_", "-"): found.version
        for found in importlib.metadata.distributions()
    }
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "libraries": {name: installed[name] for name in _LIBRARIES if name in installed},
        "lock": digest(dict(sorted(installed.items()))),
    }


@dataclass(frozen=True)
class Run:
    """One training run: what went in and what came out.

    Attributes
    ----------
    dataset : Dataset
        What it learnt from; names the data version and the plan.
    split : Split
    fitted : Fitted
        Model, parameters and seed.
    bundle : str
        Digest of the exported bundle, by which the model is evaluated and released.
    metrics : mapping
        Figures by name, as far as they are known when the run is recorded.
    """

    dataset: Dataset
    split: Split
    fitted: Fitted
    bundle: str
    metrics: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        """Return what a ledger records of this run; it holds no time, so the same run is the same.

        The times of a ledger are its own.
        """
        return {
            "digest": self.bundle,
            "content": self.fitted.digest,
            "learner": self.fitted.kind,
            "parameters": dict(self.fitted.parameters),
            "seed": self.fitted.seed,
            "features": list(self.fitted.names),
            "dataset": self.dataset.digest,
            "data_version": self.dataset.history.log_version,
            "plan": self.dataset.history.plan_digest,
            "split": self.split.form(),
            "environment": environment(),
            "metrics": dict(self.metrics),
        }
