"""The seeded payments world, and the checks that any plan and any aggregate can be put through."""

from mintmark.testing.check import Checked, check_hostile, check_plan
from mintmark.testing.check_aggregate import CheckedAggregate, check_aggregate
from mintmark.testing.everyday import Drift
from mintmark.testing.handbook import HandbookSummary, write_handbook
from mintmark.testing.hostile import Choose, hostile_log, seeded
from mintmark.testing.settings import WorldSettings, WorldSummary
from mintmark.testing.unit_values import values_digest
from mintmark.testing.world import write_world

__all__ = [
    "Checked",
    "CheckedAggregate",
    "Choose",
    "Drift",
    "HandbookSummary",
    "WorldSettings",
    "WorldSummary",
    "check_aggregate",
    "check_hostile",
    "check_plan",
    "hostile_log",
    "seeded",
    "values_digest",
    "write_handbook",
    "write_world",
]
