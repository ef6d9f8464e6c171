"""Expressions as the text that a person would write for them, in errors and in `repr`."""

from __future__ import annotations

from typing import Any

from mintmark.define import kind as kinds
from mintmark.ground import format_span


def words(expr: Any) -> str:
    """Return an expression as the text that a person would write for it."""
    if expr.op == "aggregate":
        return _aggregate(expr)
    told = [words(arg) for arg in expr.args]
    if expr.op == "literal":
        return '"' + expr.value + '"' if isinstance(expr.value, str) else str(expr.value)
    if expr.op in ("field", "key"):
        return f"{expr.stream.name if expr.stream else ''}.{expr.value}"
    if expr.op == "at":
        return f"{expr.stream.name if expr.stream else ''}.at"
    if expr.op == "ref":
        return f"ref {expr.value}"
    if len(told) == 2 and expr.op in kinds.SIGNS:
        return f"({told[0]} {kinds.SIGNS[expr.op]} {told[1]})"
    if expr.value is not None:
        told.append(str(expr.value))
    return f"{expr.op}({', '.join(told)})"


def parameter_words(name: str, value: int) -> str:
    """Return a parameter of an aggregate in words; nothing of one that follows from another."""
    if name in ("span_us", "tick_us"):
        return ""
    if name.endswith("_us"):
        return f"{name[:-3].replace('_', ' ')} {format_span(value)}"
    if name.endswith("_ppm"):
        return f"{value / 1_000_000:g}"
    return str(value) if name == "k" else f"{name.replace('_', ' ')} {value}"


def role_words(roles: tuple[str, ...], request_roles: tuple[str, ...]) -> str:
    """Return the keys of an aggregate in words: "card", or "payee as account"."""
    pairs = zip(roles, request_roles or roles, strict=True)
    return ", ".join(theirs if ours == theirs else f"{ours} as {theirs}" for theirs, ours in pairs)


def _aggregate(a: Any) -> str:
    if getattr(a, "looked_up", False):
        return repr(a.source)
    told = [] if a.source is None else [repr(a.source)]
    told += [word for name, value in a.params if (word := parameter_words(name, value))]
    stream = f"{a.stream.name}." if a.stream is not None and a.source is None else ""
    text = f"{stream}{a.how}({', '.join(told)})"
    if a.filter is not None:
        text += f" where {words(a.filter)}"
    if a.roles:
        text += f" by {role_words(a.roles, a.request_roles)}"
    return text if a.window is None else f"{text} over {a.window.words()}"
