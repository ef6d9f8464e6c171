"""A finding: something that a watch saw, how grave it is, and the figure that shows it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing seen by a watch.

    Parameters
    ----------
    kind : str
        drift, parity, calibration, decay or volume.
    severity : str
        good, warn or bad.
    what : str
        One sentence fragment for people.
    detail : str
        The figure and the threshold that it passed.
    """

    kind: str
    severity: str
    what: str
    detail: str

    def form(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "what": self.what,
            "detail": self.detail,
        }
