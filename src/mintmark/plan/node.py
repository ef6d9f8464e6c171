"""The parts of a plan: nodes, columns, groups, windows, aggregates, outputs; all frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["number", "flag", "category", "time"]
Scalar = int | float | str | bool | None


@dataclass(frozen=True)
class Node:
    """One row expression; `args` are the places of earlier nodes of the same table.

    `op` is one of: field key at literal text aggregate lookup, or an operation of
    `engine.layout.OPS`.  `value` is a literal, the name of a field or key, the place of an
    aggregate, a zone, the decimals of `fixed`, the exponent of `power`, the size of `hash`,
    "CODE|zone" of `holiday`, or "table.field|key" of `lookup`: the field of the table's row that
    held at the event, of those that were known when it came, by a key of the event.
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
    the event is older than `settles_us`, and null before that; an outcome with a `node` is null
    for good where that node is not true.
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
    """The state of the keys of one stream and some roles; `columns` are places in the plan's.

    `request_roles` are the roles of the request that each of `roles` is looked up by, in the same
    order: (payee,) with roles (account,) reads what logins say of the payee's account.
    every : all rows that came stand in it, those too that are corrected or taken back since
    """

    stream: str
    roles: tuple[str, ...]
    columns: tuple[int, ...]
    request_roles: tuple[str, ...] = ()
    every: bool = False


@dataclass(frozen=True)
class Window:
    """Which events of a key an aggregate sees at request r, all with seq(e) < seq(r).

    span_us : at(r) - offset - span < at(e) <= at(r) - offset; None is a lifetime
    last : of those, only the `last` newest by (at, seq), whatever their value; None for all
    edges : which ends of event time belong: "(]", "[]", "()", "[)"
    ties : "before": an equal `at` and a smaller seq counts; "none": no equal `at` counts
    include_current : r itself counts too, as the newest
    calendar, zone : "day", "week", "month" or "year": the window begins where that unit of
        at(r) - offset begins on the clocks of `zone`, that instant included
    session_us : only events that are linked to at(r) - offset by gaps of at most this
    cap : only the `cap` newest, as `last`; but what is taken of it is not used where more came, so
        what is older may be forgotten even where newer ones can leave
    """

    span_us: int | None = None
    offset_us: int = 0
    last: int | None = None
    edges: Literal["(]", "[]", "()", "[)"] = "(]"
    ties: Literal["before", "none"] = "before"
    include_current: bool = False
    calendar: Literal["day", "week", "month", "year"] | None = None
    zone: str | None = None
    session_us: int | None = None
    cap: int | None = None

    @property
    def endless(self) -> bool:
        """Whether it holds all that came before its newer edge."""
        bounds = self.span_us, self.last, self.cap, self.calendar, self.session_us
        return all(bound is None for bound in bounds)

    @property
    def most(self) -> int | None:
        """How many events it looks at, at most; None is all."""
        return self.last if self.cap is None else self.cap


@dataclass(frozen=True)
class Aggregate:
    """One number of a window of a group: `kind` names a file of `engine.aggregates`.

    Nulls of the column are skipped. Without a column events are counted or timed by themselves.
    `params` are whole numbers in the order in which the kind declares them.
    """

    group: int
    kind: str
    column: int | None
    window: Window = field(default_factory=Window)
    params: tuple[int, ...] = ()


@dataclass(frozen=True)
class Output:
    """A feature: its name, its node, and for a category the texts whose places it becomes."""

    name: str
    node: int
    values: tuple[str, ...] | None = None
