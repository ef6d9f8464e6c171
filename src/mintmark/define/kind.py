"""Which kinds of value an operation takes, and which kind it gives.

There are four: number, flag, category, time. A flag counts as a number (1 or 0) wherever numbers
stand. None is the kind of what is not known yet: a reference to another feature, or a null.
"""

from collections.abc import Sequence

from mintmark.define.field import Kind

MaybeKind = Kind | None

ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
COMPARISON = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
LOGIC = {"and": "&", "or": "|"}
SIGNS = ARITHMETIC | COMPARISON | LOGIC | {"neg": "-", "not": "~"}
NUMERIC = (
    *("neg", "abs", "sqrt", "sign", "floor", "mod", "fixed", "power", "log", "exp"),
    *("sin", "cos", "atan"),
)
"""Operations on numbers that are written as methods."""
CALENDAR = (
    *("hour", "minute", "second_of_day", "weekday", "day", "month", "year", "yearday", "week"),
    "holiday",
)
"""Operations that read a time on the clocks of a zone."""

_NUMERIC = {"number", "flag", None}
_TIMES = {"time", None}
_TEXTS = {"category", None}
_FLAGS = {"flag", None}


def result(op: str, kinds: Sequence[MaybeKind]) -> tuple[bool, MaybeKind]:
    """Return whether an operation takes these kinds, and the kind that it gives."""
    given = set(kinds)
    if op == "sub" and given <= _TIMES and "time" in given:
        return True, "number"
    if op in ARITHMETIC or op in NUMERIC:
        return given <= _NUMERIC, "number"
    if op in ("eq", "ne"):
        return any(given <= group for group in (_NUMERIC, _TIMES, _TEXTS)), "flag"
    if op in COMPARISON:
        return given <= _NUMERIC or given <= _TIMES, "flag"
    if op in LOGIC or op == "not":
        return given <= _FLAGS, "flag"
    if op == "null":
        return True, "flag"
    if op in ("isin", "hash"):
        return given <= _TEXTS, "flag" if op == "isin" else "number"
    if op in CALENDAR:
        return given <= _TIMES, "flag" if op == "holiday" else "number"
    if op == "where":
        return kinds[0] in _FLAGS and _alike(set(kinds[1:])), _merged(kinds[1:])
    assert op in ("otherwise", "least", "greatest"), op
    return _alike(given) and (op == "otherwise" or "category" not in given), _merged(kinds)


def wanted(op: str) -> str:
    """Return in words what an operation takes."""
    if op == "sub":
        return "numbers, or two times"
    if op in ARITHMETIC or op in NUMERIC:
        return "numbers"
    if op in ("eq", "ne"):
        return "two numbers, two times or two texts"
    if op in COMPARISON:
        return "two numbers or two times; texts know only == and !="
    if op in LOGIC or op == "not":
        return "flags: comparisons in brackets, (a > 1) & (b < 2)"
    if op in ("isin", "hash"):
        return "a category and a list of texts" if op == "isin" else "a category or a key"
    if op in CALENDAR:
        return "a time: event.at or a Time field"
    if op == "where":
        return "a flag, then two values of one kind"
    return "values of one kind" if op == "otherwise" else "numbers or times"


def alike(first: MaybeKind, second: MaybeKind) -> bool:
    """Return whether values of two kinds can stand for each other."""
    return _alike({first, second})


def _alike(kinds: set[MaybeKind]) -> bool:
    return any(kinds <= group for group in (_NUMERIC, _TIMES, _TEXTS))


def _merged(kinds: Sequence[MaybeKind]) -> MaybeKind:
    known = {kind for kind in kinds if kind is not None}
    if len(known) == 1 and len(set(kinds)) <= 2:
        return known.pop()
    return "number" if "number" in known else None
