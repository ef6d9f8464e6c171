"""The parts of a plan: nodes, columns, groups, aggregates, outputs; plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "flag", "category", "time"]
Scalar = int | float | str | bool | None


@dataclass(frozen=True)
class Node:
    """One row expression; `args` are the places of earlier nodes of the same table.

    `op` is one of: field key at literal text aggregate add sub mul div neg abs sqrt lt le gt ge eq
    ne and or not null otherwise where least greatest hour weekday day fixed.  `value` is a literal,
    the name of a field or key, the place of an aggregate, a zone, or the decimals of `fixed`.
    """

    op: str
    args: tuple[int, ...] = ()
    value: Scalar = None
    kind: Kind = "number"


@dataclass(frozen=True)
class Column:
    """A value that is stored with each event of a stream; the stored int64 means value * 10**scale.

    For `source` "expr" it is the value of `node` in `event_nodes[stream]`; for "outcome" it is
    what the label `label` ("event.field") says of the event, `otherwise` (a stored integer) once
    the event is older than `settles_us`, and null before that.
    """

    stream: str
    source: Literal["expr", "outcome"]
    node: int | None
    scale: int
    kind: Kind
    label: str | None = None
    settles_us: int | None = None
    otherwise: int | None = None


@dataclass(frozen=True)
class Group:
    """The state of the keys of one stream and some roles; `columns` are places in the plan's."""

    stream: str
    roles: tuple[str, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Aggregate:
    """One number of a window of a group.

    Of request r it covers the events e with at(r) - offset - span < at(e) <= at(r) - offset and
    seq(e) < seq(r); r itself too iff `include_current`. A span of None is a lifetime. Nulls of the
    column are skipped; without a column rows are counted, or the newest row is looked at.
    """

    group: int
    kind: str  # count sum mean std min max last distinct since_last
    column: int | None
    span_us: int | None
    offset_us: int = 0
    include_current: bool = False


@dataclass(frozen=True)
class Output:
    """A feature: its name, its node, and for a category the texts whose places it becomes."""

    name: str
    node: int
    values: tuple[str, ...] | None = None
