"""Rows that a model may learn from, and what makes them unfit to learn from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mintmark.ground import TrainError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Rows to learn from or to calibrate on: features [n, F], null as NaN, and labels [n]."""

    features: Floats
    labels: Flags
    names: tuple[str, ...]

    def check(self, purpose: str) -> None:
        """Refuse rows that nothing can be learnt from.

        Raises
        ------
        TrainError
            ``train.rows.empty``, ``train.rows.one_class``, ``train.rows.null_feature``,
            ``train.rows.infinite``.
        """
        frauds = int(self.labels.sum())
        if not len(self.labels):
            raise TrainError(
                f"there are no rows to {purpose} on",
                got="0 rows of mature label",
                want="at least one fraud and one genuine payment",
                hint="ingest more history, or shorten mature_after",
                code="train.rows.empty",
            )
        if frauds in (0, len(self.labels)):
            raise TrainError(
                f"the rows to {purpose} on hold one class only",
                got=f"{len(self.labels)} rows, {frauds} frauds",
                want="frauds and genuine payments",
                hint="lengthen the window, and check that label events refer to these payments",
                code="train.rows.one_class",
            )
        for wrong, what, code in (
            (np.isnan(self.features).all(axis=0), "is null on every row", "null_feature"),
            (np.isinf(self.features).any(axis=0), "is infinite on some row", "infinite"),
        ):
            if wrong.any():
                named = [self.names[at] for at in np.flatnonzero(wrong)]
                raise TrainError(
                    f"a feature {what} to {purpose} on",
                    at=", ".join(f"$.features.{name}" for name in named[:5]),
                    got=f"{len(named)} of {len(self.names)} features",
                    want="a value on some rows, finite on all",
                    hint="check the feature's window and fields, or leave it out",
                    code=f"train.rows.{code}",
                )
