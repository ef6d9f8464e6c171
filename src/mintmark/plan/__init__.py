"""Definitions compiled to one immutable, printable, digested plan."""

from mintmark.plan.diff import Change, diff
from mintmark.plan.node import Aggregate, Column, Group, Node, Output
from mintmark.plan.passes import PASSES, compile_plan
from mintmark.plan.plan import Plan
from mintmark.plan.text import feature_lines, plan_text
from mintmark.plan.zones import check_zones, zone_digest, zone_table

__all__ = [
    "PASSES",
    "Aggregate",
    "Change",
    "Column",
    "Group",
    "Node",
    "Output",
    "Plan",
    "check_zones",
    "compile_plan",
    "diff",
    "feature_lines",
    "plan_text",
    "zone_digest",
    "zone_table",
]
