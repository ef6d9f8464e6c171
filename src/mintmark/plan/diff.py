"""What changes from one plan to another, feature by feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mintmark.ground import short
from mintmark.plan.meaning import meaning
from mintmark.plan.plan import Plan
from mintmark.plan.text import feature_lines

Kinds: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One difference: `kind` is "added", "removed" or "changed", of a feature or a part."""

    part: str  # "request", "feature", "event", "label", "zone", "holiday", "aggregate"
    name: str
    kind: str
    old: str = ""
    new: str = ""

    def text(self) -> str:
        """Return the change as one or two lines."""
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        lines = [f"{sign} {self.part} {self.name}"]
        lines += [f"    {mark} {line}" for mark, line in (("-", self.old), ("+", self.new)) if line]
        return "\n".join(lines)


def diff(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Return what is added, removed and changed from one plan to another; nothing if equal.

    A feature is changed if its values can be others: its own expression, or any column, window or
    feature that it reads. Places in tables, which move when other features come or go, are not
    looked at.
    """
    changes: list[Change] = []
    if old.digest == new.digest:
        return ()
    if old.request != new.request:
        changes.append(Change("request", new.request, "changed", old.request, new.request))
    changes += _compared("feature", _features(old), _features(new))
    changes += _compared("event", _events(old), _events(new))
    changes += _compared("label", _label(old), _label(new))
    for part, tables in (
        ("zone", (old.zones, new.zones)),
        ("holiday", (old.holidays, new.holidays)),
        ("aggregate", _both(old.kinds, new.kinds)),
    ):
        told = [{name: (d, short(d)) for name, d in table.items()} for table in tables]
        changes += _compared(part, *told)
    return tuple(changes)


def _both(old: Kinds, new: Kinds) -> tuple[Kinds, Kinds]:
    # That a kind is used now or no longer is seen by the features; that it changed is not.
    shared = old.keys() & new.keys()
    return {kind: old[kind] for kind in shared}, {kind: new[kind] for kind in shared}


def _compared(
    part: str, old: dict[str, tuple[Any, str]], new: dict[str, tuple[Any, str]]
) -> list[Change]:
    changes = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            changes.append(Change(part, name, "added", new=new[name][1]))
        elif name not in new:
            changes.append(Change(part, name, "removed", old=old[name][1]))
        elif old[name][0] != new[name][0]:
            changes.append(Change(part, name, "changed", old[name][1], new[name][1]))
    return changes


def _features(plan: Plan) -> dict[str, tuple[Any, str]]:
    lines = feature_lines(plan)
    return {
        output.name: ((meaning(plan, output.node), output.values), lines[output.name])
        for output in plan.outputs
    }


def _events(plan: Plan) -> dict[str, tuple[Any, str]]:
    return {str(form["name"]): (form, "") for form in plan.events}


def _label(plan: Plan) -> dict[str, tuple[Any, str]]:
    return {} if plan.label is None else {str(plan.label["field"]): (plan.label, "")}
