"""The seeded payments world, and the checks that any plan and any table can be put through."""

from mintmark.testing.everyday import Drift
from mintmark.testing.handbook import HandbookSummary, write_handbook
from mintmark.testing.settings import WorldSettings, WorldSummary
from mintmark.testing.world import write_world

__all__ = [
    "Drift",
    "HandbookSummary",
    "WorldSettings",
    "WorldSummary",
    "write_handbook",
    "write_world",
]
