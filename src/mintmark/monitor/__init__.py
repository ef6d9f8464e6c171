"""Reads decisions and labels, finds drift, parity breaks and decay, and writes findings."""

from mintmark.monitor.finding import Finding
from mintmark.monitor.parity import Mismatch, Parity, compare
from mintmark.monitor.strike import Struck, strike
from mintmark.monitor.watch import Reference, Watched, watch

__all__ = [
    "Finding",
    "Mismatch",
    "Parity",
    "Reference",
    "Struck",
    "Watched",
    "compare",
    "strike",
    "watch",
]
