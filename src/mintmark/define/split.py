"""Splits: which stretches of time a model is trained, calibrated and tested on."""

from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any

from mintmark.define import limit
from mintmark.define.fault import Named
from mintmark.define.place import Place, user_place
from mintmark.ground import digest


@dataclass(frozen=True, eq=False)
class Split(Named):
    """How a history is divided in time, counted back from its last day with mature labels.

    The label's delay stands between what is learned from and what is tested::

        ├─ warmup ─┼── train ──┼─ calibration ─┤·· mature_after ··├── test ──┤·· mature_after ··┤

    Parameters
    ----------
    subject : str
        The role whose keys the figures are by: the card of card precision and of resampling.
    test, calibration, train : str or None
        Spans. Without a `calibration` the training window calibrates, on scores of models that have
        not seen the scored subject; without a `train` all that lies before is learned from.
    warmup : str
        What to leave out at the start, where long windows are not full yet.
    drop_known : bool
        Whether to leave a subject out of the test from the day on which it is known to be
        compromised: such a card is blocked, and scoring it proves nothing.
    """

    subject: str
    test: str = slot(default="14d", kw_only=True)
    calibration: str | None = slot(default="7d", kw_only=True)
    train: str | None = slot(default=None, kw_only=True)
    warmup: str = slot(default="0s", kw_only=True)
    drop_known: bool = slot(default=False, kw_only=True)
    test_us: int = slot(init=False)
    calibration_us: int = slot(init=False)
    train_us: int | None = slot(init=False)
    warmup_us: int = slot(init=False)
    place: Place = slot(default_factory=user_place, init=False, repr=False)

    def __post_init__(self) -> None:
        path = "$.model.split"
        limit.name(self.subject, self.place, path=f"{path}.subject", what="a role")
        limit.one_of(self.drop_known, (True, False), self.place, path=f"{path}.drop_known")
        for part in ("test", "calibration", "train", "warmup"):
            told = getattr(self, part)
            absent = None if part == "train" else 0
            zero = part == "warmup"
            span_us = (
                absent
                if told is None and part in ("calibration", "train")
                else limit.span(told, self.place, path=f"{path}.{part}", zero=zero)
            )
            object.__setattr__(self, f"{part}_us", span_us)

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {
            "subject": self.subject,
            "test_us": self.test_us,
            "calibration_us": self.calibration_us,
            "train_us": self.train_us,
            "warmup_us": self.warmup_us,
            "drop_known": self.drop_known,
        }
