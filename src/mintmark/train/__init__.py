"""Datasets by replay with matured labels, splits in time, fit, calibrate, evaluate, export.

    History ─ cut(T) ─► Dataset ─ split ─► fit + calibrate ─► bundle files ─► evaluate ─► record

Nothing heavy is loaded here: LightGBM and scikit-learn are loaded when something is fitted.
"""

from mintmark.train.dataset import Dataset, History
from mintmark.train.evaluate import Candidate, Protocol, Tested, evaluate
from mintmark.train.export import bundle_files, write_bundle
from mintmark.train.fit import KINDS, Fitted, fit, fit_crossed
from mintmark.train.record import Run, environment
from mintmark.train.rows import Rows
from mintmark.train.split import (
    Fold,
    Split,
    Window,
    fold_rows,
    known_compromised,
    prequential,
    split_in_time,
)

__all__ = [
    "KINDS",
    "Candidate",
    "Dataset",
    "Fitted",
    "Fold",
    "History",
    "Protocol",
    "Rows",
    "Run",
    "Split",
    "Tested",
    "Window",
    "bundle_files",
    "environment",
    "evaluate",
    "fit",
    "fit_crossed",
    "fold_rows",
    "known_compromised",
    "prequential",
    "split_in_time",
    "write_bundle",
]
