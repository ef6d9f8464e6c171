"""The plan: definitions compiled to one immutable, printable, digested value.

A plan says, without any Python of the user's, what is stored with each event, in which states, and
how a request's row is computed from them. The engine lowers it to its tables; a release carries it
as JSON. Two plans with one digest give the same values on the same log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mintmark.ground import PlanError, digest
from mintmark.plan import memory
from mintmark.plan.holidays import check_holidays
from mintmark.plan.kinds import check_kinds
from mintmark.plan.node import Aggregate, Column, Group, Node, Output, Window
from mintmark.plan.text import plan_text
from mintmark.plan.zones import check_zones

FORMAT = 2
"""Version of the form and of the written formulas that it stands for."""


@dataclass(frozen=True)
class Plan:
    """Everything that computing the features of a stream needs to know.

    Attributes
    ----------
    request : str
        The event whose rows are given features.
    events : tuple of dict
        Forms of the request's event and of all others that are read, by name.
    label : dict or None
        Form of the label that a model learns, if the plan was made for one.
    event_nodes : mapping of str to tuple of Node
        The expressions over one row of each stream that feed its columns.
    nodes : tuple of Node
        The expressions over the row of a request.
    outputs : tuple of Output
        The features, by name.
    zones : mapping of str to str
        Time zones that are read, with the digest of their clock changes.
    holidays : mapping of str to str
        Countries whose holidays are read, with the digest of their days.
    kinds : mapping of str to str
        Kinds of aggregate that are used, with the digest of what they declare.
    digest : str
        Digest of `form()` without itself.
    """

    request: str
    events: tuple[dict[str, Any], ...]
    label: dict[str, Any] | None
    event_nodes: Mapping[str, tuple[Node, ...]]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    aggregates: tuple[Aggregate, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    zones: Mapping[str, str] = field(default_factory=dict)
    holidays: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self._form()))

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of a row."""
        return tuple(output.name for output in self.outputs)

    def event(self, name: str) -> dict[str, Any]:
        """Return the form of an event that the plan reads.

        Raises
        ------
        PlanError
            `plan.event.unknown`.
        """
        for form in self.events:
            if form["name"] == name:
                return form
        raise PlanError(
            "the plan reads no such event",
            got=name,
            want=" or ".join(str(form["name"]) for form in self.events),
            code="plan.event.unknown",
        )

    def scale_of(self, name: str) -> int:
        """Return the decimals of a field of the request: its stored integer is value * 10**scale.

        Raises
        ------
        PlanError
            `plan.field.unknown`.
        """
        fields = self.event(self.request)["fields"]
        if name not in fields:
            raise PlanError(
                f'event "{self.request}" has no field "{name}"',
                want=" or ".join(sorted(fields)),
                code="plan.field.unknown",
            )
        return int(fields[name].get("scale", 0))

    def form(self) -> dict[str, Any]:
        """Return the canonical form, which `Plan.from_form` reads back, digest included."""
        return self._form() | {"digest": self.digest}

    def text(self) -> str:
        """Return the plan as text for people; equal plans have equal texts."""
        return plan_text(self)

    def bytes_per_key(self) -> tuple[tuple[int, int], ...]:
        """Return for each group the bytes that a key takes, and those of each event kept for it."""
        return memory.bytes_per_key(self)

    def horizon_us(self, group: int) -> int | None:
        """Return how far back the windows of a group look; None is for ever."""
        return memory.horizon_us(self, group)

    def kept(self, group: int) -> memory.Kept:
        """Return which events of a key a group keeps."""
        return memory.kept(self, group)

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> Plan:
        """Return the plan of a form, as a release carries it.

        Raises
        ------
        PlanError
            `plan.form.unreadable`; `plan.form.altered` where the digest is another;
            `plan.zone.changed`, `plan.holiday.changed` and `plan.kind.changed` where a zone, a
            country or an aggregate is another on this machine.
        """
        try:
            if form["plan"] != FORMAT:
                raise ValueError(f"format {form['plan']}")
            plan = cls(
                request=form["request"],
                events=tuple(form["events"]),
                label=form["label"],
                event_nodes={n: _nodes(t) for n, t in sorted(form["event_nodes"].items())},
                columns=tuple(Column(**c) for c in form["columns"]),
                groups=tuple(_group(g) for g in form["groups"]),
                aggregates=tuple(_aggregate(a) for a in form["aggregates"]),
                nodes=_nodes(form["nodes"]),
                outputs=tuple(_output(o) for o in form["outputs"]),
                zones=dict(form["zones"]),
                holidays=dict(form["holidays"]),
                kinds=dict(form["kinds"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PlanError(
                "a plan's form cannot be read",
                got=f"{type(error).__name__} {error}",
                want=f"the form of a plan, format {FORMAT}",
                code="plan.form.unreadable",
            ) from None
        if form.get("digest", plan.digest) != plan.digest:
            raise PlanError(
                "a plan is not the one that its digest names",
                got=plan.digest,
                want=form["digest"],
                hint="take the plan from the release again",
                code="plan.form.altered",
            )
        check_zones(plan.zones)
        check_holidays(plan.holidays)
        check_kinds(plan.kinds)
        return plan

    def _form(self) -> dict[str, Any]:
        return {
            "plan": FORMAT,
            "request": self.request,
            "events": list(self.events),
            "label": self.label,
            "event_nodes": {n: [_plain(x) for x in t] for n, t in self.event_nodes.items()},
            "columns": [_plain(c) for c in self.columns],
            "groups": [_plain(g) for g in self.groups],
            "aggregates": [_plain(a) for a in self.aggregates],
            "nodes": [_plain(n) for n in self.nodes],
            "outputs": [_plain(o) for o in self.outputs],
            "zones": dict(self.zones),
            "holidays": dict(self.holidays),
            "kinds": dict(self.kinds),
        }


_LATER = ("cap", "every")
"""Parts that are left out where they say nothing: plans from before them keep their digest."""


def _plain(value: Any) -> dict[str, Any]:
    return {
        name: list(part)
        if isinstance(part, tuple)
        else _plain(part)
        if isinstance(part, Window)
        else part
        for name, part in vars(value).items()
        if name not in _LATER or part not in (None, False)
    }


def _nodes(forms: Any) -> tuple[Node, ...]:
    return tuple(Node(n["op"], tuple(n["args"]), n["value"], n["kind"]) for n in forms)


def _group(form: Mapping[str, Any]) -> Group:
    roles, asked = tuple(form["roles"]), tuple(form["request_roles"])
    return Group(form["stream"], roles, tuple(form["columns"]), asked, form.get("every", False))


def _aggregate(form: Mapping[str, Any]) -> Aggregate:
    window, params = Window(**form["window"]), tuple(form["params"])
    return Aggregate(form["group"], form["kind"], form["column"], window, params)


def _output(form: Mapping[str, Any]) -> Output:
    values = form["values"]
    return Output(form["name"], form["node"], None if values is None else tuple(values))
