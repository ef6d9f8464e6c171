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
CALENDAR = ("hour", "weekday", "day")

_NUMERIC = {"number", "flag", None}
_TIMES = {"time", None}
_TEXTS = {"category", None}
_FLAGS = {"flag", None}

# What an aggregate can be taken of, and the kind that it gives (None: that of its values).
AGGREGATES: dict[str, tuple[set[str], Kind | None]] = {
    "count": ({"number", "flag", "category", "time"}, "number"),
    "sum": ({"number", "flag"}, "number"),
    "mean": ({"number", "flag"}, "number"),
    "std": ({"number", "flag"}, "number"),
    "min": ({"number", "flag", "time"}, None),
    "max": ({"number", "flag", "time"}, None),
    "last": ({"number", "flag", "category", "time"}, None),
    "distinct": ({"number", "flag", "category", "time"}, "number"),
    "since_last": ({"time"}, "number"),
}


def result(op: str, kinds: Sequence[MaybeKind]) -> tuple[bool, MaybeKind]:
    """Return whether an operation takes these kinds, and the kind that it gives."""
    given = set(kinds)
    if op == "sub" and given <= _TIMES and "time" in given:
        return True, "number"
    if op in ARITHMETIC or op in ("neg", "abs", "sqrt", "fixed"):
        return given <= _NUMERIC, "number"
    if op in ("eq", "ne"):
        return any(given <= group for group in (_NUMERIC, _TIMES, _TEXTS)), "flag"
    if op in COMPARISON:
        return given <= _NUMERIC or given <= _TIMES, "flag"
    if op in LOGIC or op == "not":
        return given <= _FLAGS, "flag"
    if op == "null":
        return True, "flag"
    if op == "isin":
        return given <= _TEXTS, "flag"
    if op in CALENDAR:
        return given <= _TIMES, "number"
    if op == "where":
        return kinds[0] in _FLAGS and _alike(set(kinds[1:])), _merged(kinds[1:])
    assert op in ("otherwise", "least", "greatest"), op
    return _alike(given) and (op == "otherwise" or "category" not in given), _merged(kinds)


def wanted(op: str) -> str:
    """Return in words what an operation takes."""
    if op == "sub":
        return "numbers, or two times"
    if op in ARITHMETIC or op in ("neg", "abs", "sqrt", "fixed"):
        return "numbers"
    if op in ("eq", "ne"):
        return "two numbers, two times or two texts"
    if op in COMPARISON:
        return "two numbers or two times; texts know only == and !="
    if op in LOGIC or op == "not":
        return "flags: comparisons in brackets, (a > 1) & (b < 2)"
    if op == "isin":
        return "a category and a list of texts"
    if op in CALENDAR:
        return "a time: event.at or a Time field"
    if op == "where":
        return "a flag, then two values of one kind"
    return "values of one kind" if op == "otherwise" else "numbers or times"


def _alike(kinds: set[MaybeKind]) -> bool:
    return any(kinds <= group for group in (_NUMERIC, _TIMES, _TEXTS))


def _merged(kinds: Sequence[MaybeKind]) -> MaybeKind:
    known = {kind for kind in kinds if kind is not None}
    if len(known) == 1 and len(set(kinds)) <= 2:
        return known.pop()
    return "number" if "number" in known else None
