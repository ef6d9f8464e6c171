"""Definitions compiled to one immutable, printable, digested plan."""

from mintmark.plan.diff import Change, diff
from mintmark.plan.feature_memory import FeatureMemory, feature_memory, memory_text
from mintmark.plan.holidays import check_holidays, holiday_days, holiday_digest
from mintmark.plan.kinds import check_kinds, kind_digests, layout_digest
from mintmark.plan.lookups import lookup_parts, lookups_of
from mintmark.plan.memory import Kept, has_past
from mintmark.plan.node import Aggregate, Column, Group, Node, Output, Window
from mintmark.plan.passes import PASSES, compile_plan
from mintmark.plan.plan import Plan
from mintmark.plan.survival import Survival, survives
from mintmark.plan.text import feature_lines, plan_text
from mintmark.plan.zones import check_zones, zone_digest, zone_table

__all__ = [
    "PASSES",
    "Aggregate",
    "Change",
    "Column",
    "FeatureMemory",
    "Group",
    "Kept",
    "Node",
    "Output",
    "Plan",
    "Survival",
    "Window",
    "check_holidays",
    "check_kinds",
    "check_zones",
    "compile_plan",
    "diff",
    "feature_lines",
    "feature_memory",
    "has_past",
    "holiday_days",
    "holiday_digest",
    "kind_digests",
    "layout_digest",
    "lookup_parts",
    "lookups_of",
    "memory_text",
    "plan_text",
    "survives",
    "zone_digest",
    "zone_table",
]
