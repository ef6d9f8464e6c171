"""What events look up in tables when they come: by which names a plan's columns read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mintmark.plan.plan import Plan


def lookups_of(plan: Plan, stream: str) -> tuple[str, ...]:
    """Return what the columns of a stream look up, each once: "table.field|key" of the event."""
    nodes = plan.event_nodes.get(stream, ())
    return tuple(dict.fromkeys(str(node.value) for node in nodes if node.op == "lookup"))


def lookup_parts(name: str) -> tuple[str, str, str]:
    """Return the table, its field and the key of the event that a lookup names.

    Examples
    --------
    >>> lookup_parts("rates.rate|currency")
    ('rates', 'rate', 'currency')
    """
    told, _, role = name.partition("|")
    table, _, field = told.partition(".")
    return table, field, role
