"""Parity: is every served feature vector what replay over the log gives, bit for bit?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mintmark.ground import MonitorError


@dataclass(frozen=True)
class Mismatch:
    """One value that was served otherwise than replay gives it."""

    decision_id: str
    feature: str
    served: float
    replayed: float


@dataclass(frozen=True)
class Parity:
    """The outcome of a comparison: how many vectors, how many of them differ, the first few."""

    compared: int
    mismatches: int
    first: tuple[Mismatch, ...]

    def form(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "compared": self.compared,
            "mismatches": self.mismatches,
            "first": [
                [m.decision_id, m.feature, repr(m.served), repr(m.replayed)] for m in self.first
            ],
        }


def served_matrix(decisions: pa.Table, width: int) -> NDArray[np.float64]:
    """Return the served vectors as float64[n, width], in the order of the table.

    Raises
    ------
    MonitorError
        ``monitor.parity.width`` where a logged vector has another length than the plan.
    """
    vectors = decisions["features"].combine_chunks()
    lengths = {len(v) for v in vectors.to_pylist()} if len(vectors) else set()
    if lengths - {8 * width}:
        raise MonitorError(
            "a logged feature vector is not as long as the plan's",
            got=f"{sorted(lengths)} bytes",
            want=f"{8 * width} bytes",
            hint="verify with the release that made the decisions",
            code="monitor.parity.width",
        )
    raw = b"".join(vectors.to_pylist())
    return np.frombuffer(raw, dtype="<f8").reshape(len(decisions), width)


def compare(
    decisions: pa.Table,
    seq: NDArray[np.int64],
    features: NDArray[np.float64],
    names: tuple[str, ...],
) -> Parity:
    """Compare logged vectors with replayed ones by their bits.

    Parameters
    ----------
    decisions : Table
        With ``decision_id``, ``seq`` and ``features``.
    seq : int64[n]
        Ascending; the request that row i of `features` belongs to.
    features : float64[n, F]
        What replay gives.

    Raises
    ------
    MonitorError
        ``monitor.parity.unknown_seq`` where a decision's request is not in the log.
    """
    served = served_matrix(decisions, len(names))
    wanted = decisions["seq"].to_numpy()
    place = np.searchsorted(seq, wanted)
    if len(wanted) and (place.max() >= len(seq) or (seq[place] != wanted).any()):
        raise MonitorError(
            "a decision's request is not in the log",
            want="every decided request in the log that is replayed",
            hint="replay the log that the decisions were written to",
            code="monitor.parity.unknown_seq",
        )
    replayed = np.ascontiguousarray(features[place])
    differs = np.ascontiguousarray(served).view(np.uint64) != replayed.view(np.uint64)
    rows, columns = np.nonzero(differs)
    ids = decisions["decision_id"]
    first = tuple(
        Mismatch(str(ids[int(r)]), names[int(c)], float(served[r, c]), float(replayed[r, c]))
        for r, c in list(zip(rows, columns, strict=True))[:10]
    )
    return Parity(len(wanted), int(differs.any(axis=1).sum()), first)
