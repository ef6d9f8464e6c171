"""A dataset: the replayed requests up to a cut-off, with the truth about them as known by then.

    history   request table, label events, features of every request (one replay)
       └─ cut at T ─► rows known by T; label = newest revision known by T, for mature rows alone

What is not mature at T is unknown, never "genuine": a chargeback that has come early is not used
either, or the young rows would hold frauds and no genuine payments.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mintmark.engine.truth import UNKNOWN, truth_at
from mintmark.ground import TrainError, canonical, digest, format_time

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """Return one column of a table as an array, text as objects.

    Raises
    ------
    TrainError
        ``train.dataset.column`` where the table has no such column.
    """
    if name not in table.column_names:
        raise TrainError(
            "a dataset lacks a column",
            at=f"$.{name}",
            got=", ".join(table.column_names)[:120],
            want=name,
            code="train.dataset.column",
        )
    found: npt.NDArray[Any] = table.column(name).to_numpy()
    return found


@dataclass(frozen=True)
class History:
    """Everything that datasets are cut from: requests, label events, and one replay's features.

    Attributes
    ----------
    requests, labels : Table
        The two streams in seq order, in the columns that rooms exchange.
    features : float64[n, F]
        One row per request, in the order of `requests`; null is NaN.
    names : tuple of str
        The features' names.
    label : mapping
        The compiled plan's label (`engine.truth.truth_at` says what it holds).
    log_version, plan_digest : str
        What exactly was read, and what computed the features.
    """

    requests: pa.Table
    labels: pa.Table
    features: Floats
    names: tuple[str, ...]
    label: Mapping[str, Any]
    log_version: str
    plan_digest: str

    def __post_init__(self) -> None:
        if self.features.shape != (self.requests.num_rows, len(self.names)):
            raise TrainError(
                "features and requests do not belong together",
                got=f"features {list(self.features.shape)}",
                want=f"[{self.requests.num_rows}, {len(self.names)}]",
                hint="replay the plan over the same version of the log",
                code="train.dataset.misaligned",
            )

    def cut(self, cutoff_at: int) -> "Dataset":
        """Return the dataset as it was known at `cutoff_at` (µs UTC).

        Rows are views of the history; nothing is copied.  Cost: one join of the label events.
        """
        known = column(self.requests, "mm_known_at").astype(np.int64)
        count = int(np.searchsorted(known, cutoff_at, side="right"))
        rows = self.requests.slice(0, count)
        truth = truth_at(self.label, rows, self.labels, known_by_us=cutoff_at)
        value = np.where(truth.mature, truth.value, np.int8(UNKNOWN)).astype(np.int8)
        return Dataset(self, rows, self.features[:count], value, cutoff_at)


@dataclass(frozen=True)
class Dataset:
    """Requests known at a cut-off, their features, and their label where it is mature.

    Attributes
    ----------
    requests : Table
        The rows, in seq order.
    features : float64[n, F]
        Features of the rows.
    value : int8[n]
        1 fraud, 0 genuine, -1 not known at the cut-off.
    cutoff_at : int
        µs UTC.
    """

    history: History
    requests: pa.Table
    features: Floats
    value: npt.NDArray[np.int8]
    cutoff_at: int

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names."""
        return self.history.names

    @cached_property
    def at(self) -> Integers:
        """Event time of each row, µs UTC."""
        return column(self.requests, "mm_at").astype(np.int64)

    @cached_property
    def digest(self) -> str:
        """Digest of every row: seq, time, label and features, as little-endian bytes.

        No file format and no library's own hash is in it, so another version of Arrow gives the
        same name to the same rows.  Cost: 300,000 rows of 50 features 0.1 s.
        """
        names = ["mm_seq:int64", "mm_at:int64", "value:int8", *self.names]
        state = hashlib.sha256(canonical({"columns": names, "rows": len(self.value)}))
        for values, kind in (
            (column(self.requests, "mm_seq"), "<i8"),
            (self.at, "<i8"),
            (self.value, "<i1"),
            (self.features, "<f8"),
        ):
            state.update(np.ascontiguousarray(values, dtype=kind).reshape(-1).data)
        return "sha256:" + state.hexdigest()

    def rows_between(self, start_at: int, *, end_at: int) -> Integers:
        """Return positions of the rows of known label with ``start_at <= at < end_at``."""
        inside = (self.at >= start_at) & (self.at < end_at) & (self.value != UNKNOWN)
        return np.flatnonzero(inside)

    def body(self) -> dict[str, Any]:
        """Return what a ledger records of this dataset."""
        known = self.value != UNKNOWN
        return {
            "digest": self.digest,
            "log_version": self.history.log_version,
            "plan": self.history.plan_digest,
            "label": digest(dict(self.history.label)),
            "cutoff_at": self.cutoff_at,
            "cutoff": format_time(self.cutoff_at),
            "features": len(self.names),
            "rows": {
                "all": len(self.value),
                "mature": int(known.sum()),
                "immature": int((~known).sum()),
                "fraud": int((self.value == 1).sum()),
            },
        }
