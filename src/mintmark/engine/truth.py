"""The truth about past payments as it was known at one moment, and whether it is final.

A label event refers to a payment. At a cut-off the payment's truth is the label's newest revision
known by then; a payment without one is taken as `otherwise` once it is mature and is unknown
before. Training reads the truth of its rows here, and so does the watch of served decisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

UNKNOWN = -1


@dataclass(frozen=True)
class Truth:
    """What was known of each payment at a cut-off.

    Attributes
    ----------
    value : int8[n]
        The label (0 or 1), or -1 where it is unknown.
    mature : bool[n]
        Whether ``at + mature_after <= cut-off``: from then on the truth counts as final.
    reported : bool[n]
        Whether a label event had been seen by the cut-off.
    """

    value: NDArray[np.int8]
    mature: NDArray[np.bool_]
    reported: NDArray[np.bool_]


def truth_at(
    label: Mapping[str, Any], payments: pa.Table, labels: pa.Table, *, known_by_us: int
) -> Truth:
    """Return the truth of every payment as known at `known_by_us`.

    Parameters
    ----------
    label : mapping
        A compiled plan's label: ``field``, ``refers``, ``id``, ``mature_after_us``, ``otherwise``.
    payments, labels : Table
        The request stream and the label stream, in the columns that rooms exchange.
    known_by_us : int
        The cut-off, µs UTC: a label event counts iff ``mm_known_at <= known_by_us``.
    """
    id_name, refers, field = label["id"], label["refers"], label["field"]
    known = (
        pl.DataFrame(labels.select([refers, field, "mm_revision", "mm_seq", "mm_known_at"]))
        .filter(pl.col("mm_known_at") <= known_by_us)
        .sort(["mm_revision", "mm_seq"])
        .group_by(refers, maintain_order=True)
        .agg(pl.col(field).last().cast(pl.Int8))
    )
    rows = pl.DataFrame(payments.select([id_name, "mm_at"])).join(
        known, left_on=id_name, right_on=refers, how="left", maintain_order="left"
    )
    at = rows["mm_at"].to_numpy()
    mature = at + int(label["mature_after_us"]) <= known_by_us
    reported = rows[field].is_not_null().to_numpy()
    value = rows[field].fill_null(UNKNOWN).to_numpy().astype(np.int8)
    if label["otherwise"] is not None:
        value = np.where(~reported & mature, np.int8(label["otherwise"]), value).astype(np.int8)
    return Truth(value, mature, reported)
