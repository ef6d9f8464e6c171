"""Definitions compiled to one immutable, printable, digested plan."""

from mintmark.plan.passes import PASSES, compile_plan
from mintmark.plan.plan import Aggregate, Column, Group, Node, Output, Plan
from mintmark.plan.zones import check_zones, zone_digest, zone_table

__all__ = [
    "PASSES",
    "Aggregate",
    "Column",
    "Group",
    "Node",
    "Output",
    "Plan",
    "check_zones",
    "compile_plan",
    "zone_digest",
    "zone_table",
]
