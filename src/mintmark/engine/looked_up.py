"""What events look up in tables when they come: a plan of its own, answered before all else.

An event is a request to that plan: it is told what each table said at its time, of the rows that
were known when it came. The answers stand beside the event's own columns from then on, so that
whatever is stored with it, corrected or taken back is reckoned of them, and never looked up again.

    rates ─► state by currency ─┐
    payments ───────────────────┴─► payments with "rates.rate|currency" ─► the plan itself
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mintmark.engine.program import LOOKS_UP
from mintmark.engine.sentinel import NULL
from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan, lookup_parts, lookups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kept_rows import Rows

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def looking(plan: Plan) -> tuple[str, ...]:
    """Return the streams whose events look tables up."""
    return tuple(name for name in sorted(plan.event_nodes) if lookups_of(plan, name))


@lru_cache(maxsize=64)
def lookup_plan(plan: Plan, stream: str) -> Plan:
    """Return the plan that answers each event of a stream what it looks up, in that order."""
    asked = [lookup_parts(name) for name in lookups_of(plan, stream)]
    kinds = {str(n.value): n.kind for n in plan.event_nodes[stream] if n.op == "lookup"}
    fields = list(dict.fromkeys((table, field) for table, field, _ in asked))
    states = list(dict.fromkeys((table, role) for table, _, role in asked))
    nodes: dict[str, list[Node]] = {table: [] for table, _ in states}
    columns = []
    for table, field in fields:
        kind = next(k for name, k in kinds.items() if name.startswith(f"{table}.{field}|"))
        scale = scale_of(plan, table, field)
        columns.append(Column(table, "expr", len(nodes[table]), scale, kind))
        nodes[table].append(Node("field", (), field, kind))
    groups = []
    for table, role in states:
        read = sorted(fields.index((t, f)) for t, f, by in asked if (t, by) == (table, role))
        groups.append(Group(table, tuple(plan.event(table)["keys"]), tuple(read), (role,)))
    # An event asks once, when it comes: a correction is an event that asks again.
    alone = dict.fromkeys(("revision", "reverses", "refers_to", "refers_by"))
    forms = [plan.event(stream) | alone, *(plan.event(table) for table in nodes)]
    return Plan(
        request=stream,
        events=tuple(sorted(forms, key=lambda form: str(form["name"]))),
        label=None,
        event_nodes={table: tuple(told) for table, told in nodes.items()},
        columns=tuple(columns),
        groups=tuple(groups),
        aggregates=tuple(
            Aggregate(states.index((table, role)), LOOKS_UP, fields.index((table, field)))
            for table, field, role in asked
        ),
        nodes=tuple(Node("aggregate", (), place) for place in range(len(asked))),
        outputs=tuple(Output(f"{place:06}", place) for place in range(len(asked))),
    )


def scale_of(plan: Plan, table: str, field: str) -> int:
    """Return the decimals of a field of a table."""
    return int(plan.event(table)["fields"][field].get("scale", 0))


def stored(plan: Plan, stream: str, answers: Floats) -> Ints:
    """Return what was looked up as the integers that the tables hold: int64[n, lookups].

    Exact, for a definition lets nothing be looked up that floats do not tell apart.
    """
    units = [10.0 ** scale_of(plan, *lookup_parts(n)[:2]) for n in lookups_of(plan, stream)]
    null = np.isnan(answers)
    whole = np.rint(np.where(null, 0.0, answers * np.array(units))).astype(np.int64)
    return np.where(null, NULL, whole)


def told_one(plan: Plan, stream: str, answers: Floats) -> Mapping[str, int | None]:
    """Return what one event was told, by name."""
    values = stored(plan, stream, answers.reshape(1, -1))[0].tolist()
    names = lookups_of(plan, stream)
    return {n: None if v == NULL else v for n, v in zip(names, values, strict=True)}


class ToldRows:
    """Rows of a stream beside what each of them looked up."""

    def __init__(self, rows: Rows, told: Mapping[str, Ints]) -> None:
        self._rows = rows
        self._told = {
            name: pa.chunked_array([pa.array(values, mask=values == NULL)])
            for name, values in told.items()
        }

    @property
    def names(self) -> Sequence[str]:
        """The columns that there are."""
        return [*self._rows.names, *self._told]

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column of all rows."""
        found = self._told.get(name)
        return self._rows.column(name) if found is None else found

    def part(self, first: int, last: int, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows from one place up to another."""
        table = self._rows.part(first, last, [n for n in names if n not in self._told])
        return self._with(table, names, lambda column: column.slice(first, last - first))

    def take(self, places: Ints, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows at some places."""
        table = self._rows.take(places, [n for n in names if n not in self._told])
        return self._with(table, names, lambda column: column.take(pa.array(places)))

    def _with(self, table: pa.Table, names: Sequence[str], some: Any) -> pa.Table:
        told = self._told
        return pa.table({n: some(told[n]) if n in told else table.column(n) for n in names})
