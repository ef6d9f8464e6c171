"""The plan as text that reads well: what is stored, for how long, and each feature in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mintmark.define import (
    aggregate_kind,
    parameter_words,
    reach_us,
    role_words,
    window_words,
)
from mintmark.ground import format_span, short
from mintmark.plan.lookups import lookup_parts, lookups_of
from mintmark.plan.memory import EVENT_WORDS, KEY_WORDS, LONG_EVENTS, WORD_BYTES
from mintmark.plan.node import Aggregate, Column, Node, Window

if TYPE_CHECKING:
    from mintmark.plan.plan import Plan

_SIGNS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "&",
    "or": "|",
}
_WIDTH = 96
_LONG = 160
"""A feature whose line is longer names what it says more than once."""


def plan_text(plan: Plan) -> str:
    """Return a plan as text for people; equal plans have equal texts."""
    parts = [_head(plan), _events(plan), _state(plan), _features(plan)]
    if plan.label:
        parts.append(_label(plan.label))
    for title, table in (("zones", plan.zones), ("holidays", plan.holidays)):
        if table:
            told = [(name, short(digest)) for name, digest in sorted(table.items())]
            parts.append([title, *_columns(told)])
    parts.append([f"digest  {plan.digest}"])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def feature_lines(plan: Plan) -> dict[str, str]:
    """Return each feature as the one line that a person would write for it."""
    return {
        name: ", with ".join(lines[:1] + [", ".join(lines[1:])] * (len(lines) > 1))
        for name, lines in _feature_parts(plan).items()
    }


def _feature_parts(plan: Plan) -> dict[str, list[str]]:
    words = _Words(plan)
    return {output.name: words.of_output(output.node, output.name) for output in plan.outputs}


def _head(plan: Plan) -> list[str]:
    counts = (
        (len(plan.outputs), "feature"),
        (len(plan.aggregates), "aggregate"),
        (len(plan.groups), "state"),
    )
    told = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts)
    return [f"plan of {plan.request}: {told}"]


def _events(plan: Plan) -> list[str]:
    rows = []
    for form in plan.events:
        keys = [_key(role, key) for role, key in sorted(form["keys"].items())]
        told = [_identity(form)]
        if form["refers_to"]:
            told.append(f"of {form['refers_to']} by {form['refers_by']}")
        if form["reverses"]:
            told.append(f"reverses {form['reverses']}")
        rows.append((form["name"], "   ".join(told)))
        if keys:
            rows.append(("", f"keys {', '.join(keys)}"))
        rows.append(("", "   ".join(_rules(form))))
    return ["events", *_columns(rows)]


def _identity(form: Mapping[str, Any]) -> str:
    if form.get("id_of"):
        return f"table, a row for each {' and '.join(form['id_of'])}"
    return f"{'table, ' if _table(form) else ''}id {form['id']} ({form['id_type']})"


def _table(form: Mapping[str, Any]) -> bool:
    return form.get("noun") == "table"


def _key(role: str, key: Mapping[str, Any]) -> str:
    told = [] if key["entity"] == role else [key["entity"]]
    told += [] if key["type"] == "text" else [key["type"]]
    told += ["optional"] if key["optional"] else []
    return f"{role} ({', '.join(told)})" if told else role


def _rules(form: Mapping[str, Any]) -> Iterator[str]:
    known = form["known_at"]
    after = f" + {format_span(known['after_us'])}" if known["after_us"] else ""
    when = "valid from" if _table(form) else "at"
    yield f"{when} {form['at']}, known at {known['column'] or form['at']}{after}"
    if not _table(form):
        yield f"late up to {format_span(form['lateness_us'])}"
    yield f"kept {format_span(form['keep_us'])}" if form["keep_us"] else "kept for ever"


def _state(plan: Plan) -> list[str]:
    lines = ["state"]
    for place in range(len(plan.groups)):
        lines += _group(plan, place)
    for stream in sorted(plan.event_nodes):
        for of in dict.fromkeys(lookup_parts(name)[::2] for name in lookups_of(plan, stream)):
            lines += _looked_up(plan, stream, *of)
    if not plan.groups:
        return [*lines, "  none"]
    return [
        *lines,
        f"  a key with more than {LONG_EVENTS} events also keeps running parts of its windows",
    ]


def _group(plan: Plan, place: int) -> list[str]:
    group, (fixed, each) = plan.groups[place], plan.bytes_per_key()[place]
    words = _Words(plan)
    stored = [words.column(plan.columns[c]) for c in group.columns]
    windows = sorted((a for a in plan.aggregates if a.group == place), key=_length)
    came = ", all that came" if group.every else ""
    return [
        f"  {group.stream} by {role_words(group.roles, group.request_roles)}{came}",
        *_wrapped(
            "memory", [f"{fixed} bytes a key", f"{each} bytes an event", *_kept(plan, place)]
        ),
        *_wrapped("stores", stored or ["times alone"]),
        *_wrapped("windows", list(dict.fromkeys(window_words(a.window) for a in windows))),
    ]


def _looked_up(plan: Plan, stream: str, table: str, role: str) -> list[str]:
    """Return the state of a table that the events of a stream look up when they come."""
    told = [lookup_parts(name) for name in lookups_of(plan, stream)]
    stored = list(dict.fromkeys(field for of, field, by in told if (of, by) == (table, role)))
    each = WORD_BYTES * (EVENT_WORDS + len(stored))
    return [
        f"  {table} by {role}, looked up when a {stream} comes",
        *_wrapped("memory", [f"{WORD_BYTES * KEY_WORDS} bytes a key", f"{each} bytes a row"]),
        *_wrapped("stores", stored),
    ]


def _kept(plan: Plan, place: int) -> list[str]:
    """Return for how long, or how many, events are kept."""
    kept, late = plan.kept(place), format_span(plan.event(plan.request)["lateness_us"])
    if kept.span_us is None:
        return ["kept for ever"]
    inside = [a.window for a in plan.aggregates if a.group == place]
    ever = [window.offset_us + 1 for window in inside if kept.past and window.endless]
    # A microsecond more is for edges that leave their end out.
    span_us = kept.span_us - (kept.span_us in ever)
    told = [format_span(span_us)] if span_us else []
    if kept.newest:
        of = "" if kept.newest_us is None else f" of {format_span(kept.newest_us)}"
        told.append(f"the newest {kept.newest}{of}")
    past = ["older ones summed up"] if kept.past else []
    if not told:
        return [f"kept {late} for late ones", *past]
    return [f"kept {' and '.join(told)}", f"and {late} for late ones", *past]


def _length(a: Aggregate) -> tuple[bool, int, str]:
    reach = reach_us(a.window)
    return reach is None, reach or 0, window_words(a.window)


def _features(plan: Plan) -> list[str]:
    rows = []
    for name, (line, *parts) in _feature_parts(plan).items():
        rows += [(name, f"= {line}"), *(("", f"  {part}") for part in parts)]
    return ["features", *_columns(rows)]


def _label(label: Mapping[str, Any]) -> list[str]:
    otherwise = "unknown" if label["otherwise"] is None else label["otherwise"]
    if label["kind"] == "flag" and label["otherwise"] is not None:
        otherwise = "true" if label["otherwise"] else "false"
    mature = format_span(label["mature_after_us"])
    return [
        "label",
        f"  {label['field']}  = {label['event']}.{label['field']} of {label['of']}, "
        f"{otherwise} where none came, mature after {mature}",
    ]


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name.ljust(width)}  {text}".rstrip() for name, text in rows]


def _wrapped(title: str, items: Sequence[str]) -> list[str]:
    lines, start = [f"    {title:<8}"], " " * 12
    for place, item in enumerate(items):
        text = f" {item}" + ("," if place + 1 < len(items) else "")
        if len(lines[-1] + text) > _WIDTH and lines[-1].strip() not in ("", title):
            lines.append(start)
        lines[-1] += text
    return lines


class _Words:
    """Turns nodes into the text that a person would write."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # A feature inside another goes by its name, if it is more than a field.
        self._named: dict[int, str] = {}
        for output in plan.outputs:
            if plan.nodes[output.node].op not in ("field", "key", "at", "literal", "text"):
                self._named.setdefault(output.node, output.name)
        self._parts: dict[int, str] = {}

    def of_output(self, node: int, name: str) -> list[str]:
        """Return the line of a feature, other features in it by their names.

        Where that would be long, what it says more than once is named `$1`, `$2`, ... in lines
        that follow.
        """
        alias = self._named.get(node, name)
        if alias != name:
            return [alias]
        line = self._row(node, top=True)
        if len(line) <= _LONG:
            return [line]
        said_twice = self._shared(node)
        self._parts = {place: f"${i}" for i, place in enumerate(said_twice, 1)}
        parts = [f"{self._parts[place]} = {self._row(place, top=True)}" for place in said_twice]
        lines = [self._row(node, top=True), *parts]
        self._parts = {}
        return lines

    def _shared(self, root: int) -> list[int]:
        """Return what a feature reads more than once, arguments before what they stand in."""
        uses: dict[int, int] = {}
        stack = [root]
        while stack:
            for arg in self._plan.nodes[stack.pop()].args:
                uses[arg] = uses.get(arg, 0) + 1
                if uses[arg] == 1 and arg not in self._named:
                    stack.append(arg)
        nodes = self._plan.nodes
        return [
            place
            for place, count in sorted(uses.items())
            if count > 1
            and place not in self._named
            and (nodes[place].args or nodes[place].op == "aggregate")
        ]

    def aggregate(self, a: Aggregate) -> str:
        """Return an aggregate in words: `mean(amount) by card over 30d`."""
        group = self._plan.groups[a.group]
        what = "" if a.column is None else self.column(self._plan.columns[a.column])
        other = "" if group.stream == self._plan.request else f" of {group.stream}"
        keys = role_words(group.roles, group.request_roles)
        if a.kind == "newest" and a.window == Window() and _table(self._plan.event(group.stream)):
            return f"{what} of {group.stream} by {keys} as of the request"
        kind = a.kind.replace("_", " ")
        declared = zip(aggregate_kind(a.kind).params, a.params, strict=True)
        told = [word for name, value in declared if (word := parameter_words(name, value))]
        # A condition on rows that are only counted follows their name: count where new.
        where = f" {what}" if what.startswith("where ") else ""
        inside = ", ".join(told if where or not what else [what, *told])
        text = f"{kind}({inside}){other}{where}" if inside else f"{kind}{other}{where}"
        text += " of all that came" if group.every else ""
        unsaid = a.kind.startswith(("since_", "gap_")) and a.window == Window()
        return f"{text} by {keys}" + ("" if unsaid else f" over {window_words(a.window)}")

    def column(self, column: Column) -> str:
        """Return a stored column in words."""
        if column.source == "outcome":
            label = (column.label or "").split(".")[-1]
            text = f"{label} settling in {format_span(column.settles_us or 0)}"
            if column.node is not None:
                nodes = self._plan.event_nodes[column.stream]
                text += f" where {self._text(nodes, column.node, top=True)}"
            return text
        assert column.node is not None
        nodes = self._plan.event_nodes[column.stream]
        root = nodes[column.node]
        if root.op == "where" and nodes[root.args[2]] == Node("literal", (), None, root.kind):
            condition = self._text(nodes, root.args[0], top=True)
            value = self._text(nodes, root.args[1])
            counted = "" if nodes[root.args[1]] == Node("literal", (), 1) else f"{value} "
            return f"{counted}where {condition}"
        return self._text(nodes, column.node, top=True)

    def _row(self, node: int, *, top: bool = False) -> str:
        return self._text(self._plan.nodes, node, top=top)

    def _text(
        self, nodes: Sequence[Node], place: int, *, top: bool = False, bare: bool = False
    ) -> str:
        """Return a node as text: `bare` without brackets, `top` not by its name either."""
        if nodes is self._plan.nodes and not top:
            name = self._named.get(place) or self._parts.get(place)
            if name is not None:
                return name
        place = self._whole(nodes, place)
        node = nodes[place]
        if not node.args:
            return self._leaf(node, top=top)
        listed = _listed(nodes, place)
        if listed is not None:
            texts = ", ".join(_literal(value) for value in listed[1])
            return f"{self._text(nodes, listed[0])} in ({texts})"
        infix = node.op in _SIGNS or node.op in ("otherwise", "neg", "not")
        told = [self._text(nodes, arg, bare=not infix) for arg in node.args]
        if node.op == "otherwise":
            return " otherwise ".join(told) if top or bare else f"({' otherwise '.join(told)})"
        if node.op in _SIGNS:
            text = f"{told[0]} {_SIGNS[node.op]} {told[1]}"
            return text if top or bare else f"({text})"
        if node.op in ("neg", "not"):
            return f"{'-' if node.op == 'neg' else 'not '}{told[0]}"
        if node.value is not None:
            told.append(str(node.value).replace("|", ", "))
        return f"{node.op}({', '.join(told)})"

    def _whole(self, nodes: Sequence[Node], place: int) -> int:
        """Return what is null where its window was cut, for its window says that it is capped."""
        node = nodes[place]
        if node.op != "where" or nodes[node.args[0]].op != "gt" or not _null(nodes[node.args[1]]):
            return place
        inner = nodes[node.args[2]]
        if inner.op == "where":
            # What stands in for an empty window is written around the aggregate.
            inner = nodes[inner.args[1]]
        if inner.op != "aggregate" or not isinstance(inner.value, int):
            return place
        capped = self._plan.aggregates[inner.value].window.cap is not None
        return node.args[2] if capped else place

    def _leaf(self, node: Node, *, top: bool) -> str:
        if node.op == "aggregate":
            assert isinstance(node.value, int)
            text = self.aggregate(self._plan.aggregates[node.value])
            return text if top else f"[{text}]"
        if node.op in ("literal", "text"):
            return _literal(node.value)
        if node.op == "lookup":
            table, field, role = lookup_parts(str(node.value))
            return f"[{field} of {table} by {role}]"
        return "at" if node.op == "at" else str(node.value)


def _null(node: Node) -> bool:
    return node.op == "literal" and node.value is None


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _listed(nodes: Sequence[Node], place: int) -> tuple[int, list[str]] | None:
    """Return what is looked for, and in which texts, where a node says that it is one of them."""
    stack, subjects, texts = [place], set(), []
    if nodes[place].op != "or":
        return None
    while stack:
        node = nodes[stack.pop()]
        if node.op == "or":
            stack += node.args
        elif node.op == "eq" and nodes[node.args[1]].op == "text":
            subjects.add(node.args[0])
            texts.append(str(nodes[node.args[1]].value))
        else:
            return None
    return (subjects.pop(), sorted(texts)) if len(subjects) == 1 else None
