"""The seeded payments world, and the checks that any plan can be put through."""

from mintmark.testing.check import Checked, check_hostile, check_plan
from mintmark.testing.everyday import Drift
from mintmark.testing.handbook import HandbookSummary, write_handbook
from mintmark.testing.hostile import Choose, hostile_log, seeded
from mintmark.testing.settings import WorldSettings, WorldSummary
from mintmark.testing.world import write_world

__all__ = [
    "Checked",
    "Choose",
    "Drift",
    "HandbookSummary",
    "WorldSettings",
    "WorldSummary",
    "check_hostile",
    "check_plan",
    "hostile_log",
    "seeded",
    "write_handbook",
    "write_world",
]
