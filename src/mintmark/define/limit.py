"""The limits of what a definition may say, each declared once: the check and the sentence."""

import difflib
import math
import re
from collections.abc import Iterable

from mintmark.define.place import Place
from mintmark.ground import DefineError, GroundError, format_span, parse_span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_RESERVED = "mm_"
_LONGEST_BITS = 256
LONGEST_SPAN_US = parse_span("36525d")
LONGEST_K = 1_000_000
"""The farthest from its end that a value is looked for."""
PPM = 1_000_000
TICKS = 32
"""A half-life of decay is cut into so many ticks, in each of which all events weigh the same."""
HALF_LIFE_US = (parse_span("1ms"), parse_span("1106d"))
"""The shortest and the longest half-life: past 33 of them, in a span's length, nothing weighs."""


def name(text: object, place: Place, *, path: str, what: str) -> str:
    """Return a name that a table, a file and a Python keyword can all carry."""
    if not isinstance(text, str) or not _NAME.fullmatch(text) or text.startswith(_RESERVED):
        raise DefineError(
            f"a name of {what} cannot be this",
            at=place.at(path),
            got=repr(text),
            want='letters, digits and "_", at most 63, not beginning with a digit or "mm_"',
            code="define.name.unfit",
        )
    return text


def span(text: object, place: Place, *, path: str, zero: bool = False) -> int:
    """Return a span in microseconds, at most 100 years, longer than nothing unless `zero`."""
    least = 0 if zero else 1
    return span_within(text, place, path=path, bounds=(least, LONGEST_SPAN_US))


def span_within(text: object, place: Place, *, path: str, bounds: tuple[int, int]) -> int:
    """Return a span in microseconds between two others."""
    low, high = map(format_span, bounds)
    try:
        us = parse_span(text)  # type: ignore[arg-type]
    except GroundError as error:
        want = f"{error.want}; {low} to {high}"
        at = place.at(path)
        raise DefineError(error.what, at=at, got=error.got, want=want, code=error.code) from None
    if not bounds[0] <= us <= bounds[1]:
        raise DefineError(
            "a span has no length" if us == 0 else f"a span is too {_which(us, bounds)}",
            at=place.at(path),
            got=repr(text)[:80],
            want=f"{low} to {high}",
            code="define.span.outside",
        )
    return us


def _which(us: int, bounds: tuple[int, int]) -> str:
    return "short" if us < bounds[0] else "long"


def shown(value: object, most: int = 80) -> str:
    """Return what was given, cut to what fits a line; of an endless number how long it is."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_BITS:
        return f"a whole number of about {round(value.bit_length() * math.log10(2))} digits"
    try:
        return repr(value)[:most]
    except ValueError:  # Python writes no number of thousands of digits out
        return f"{type(value).__name__} of an endless number"


def whole(value: object, place: Place, *, path: str, low: int, high: int) -> int:
    """Return a whole number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DefineError(
            "a whole number is outside its bounds",
            at=place.at(path),
            got=shown(value),
            want=f"{low} to {high}",
            code="define.number.outside",
        )
    return value


def number_fault(value: object, place: Place, *, path: str) -> DefineError:
    """Return the error of what is no number, or none that can be reckoned with."""
    return DefineError(
        "a number cannot stand here",
        at=place.at(path),
        got=shown(value),
        want="a number of at most 1000, of either sign",
        code="define.number.outside",
    )


def one_of(value: object, choices: Iterable[object], place: Place, *, path: str) -> None:
    """Refuse what is not one of a few values."""
    known = tuple(choices)
    # Types are compared too: True is no 1 here.
    if not any(type(value) is type(choice) and value == choice for choice in known):
        raise DefineError(
            "a value is not one of those that can stand here",
            at=place.at(path),
            got=repr(value),
            want=" or ".join(repr(choice) for choice in known),
            code="define.value.choice",
        )


def instance(value: object, kind: type | tuple[type, ...], place: Place, *, path: str) -> None:
    """Refuse what is not one of our nouns of the right sort."""
    if isinstance(value, kind):
        return
    kinds = kind if isinstance(kind, tuple) else (kind,)
    raise DefineError(
        "a value of another sort stands here",
        at=place.at(path),
        got=f"{type(value).__name__}: {value!r}"[:80],
        want=" or ".join(f"mm.{k.__name__}" for k in kinds),
        code="define.value.sort",
    )


ELSEWHERE = {
    "avg": "mean", "average": "mean", "nunique": "distinct", "n_unique": "distinct",
    "stddev": "std", "stdev": "std", "variance": "var", "size": "count", "length": "count",
    "skewness": "skew", "kurtosis": "kurt", "percentile": "quantile", "ewm_sum": "decay_sum",
}  # fmt: skip
"""What other libraries call what is called otherwise here."""


def close(text: str, known: Iterable[str]) -> str:
    """Return a hint with the known name that is nearest to an unknown one, or all of them."""
    names = sorted(known)
    if (here := ELSEWHERE.get(text.lower(), "")) in names:
        return f'did you mean "{here}"?'
    near = difflib.get_close_matches(text, names)
    if near:
        # Of names that are equally near, such as "mean" and "seen" to "meen", all are told.
        likeness = [difflib.SequenceMatcher(None, name, text).ratio() for name in near]
        meant = [name for name, like in zip(near, likeness, strict=True) if like == likeness[0]]
        return "did you mean " + " or ".join(f'"{name}"' for name in sorted(meant)) + "?"
    return "known here: " + ", ".join(names[:8]) if names else ""


def placed(error: GroundError | DefineError, at: str) -> DefineError:
    """Return an error of the ground as one of a definition, with its place."""
    return DefineError(
        error.what,
        at=at,
        got=error.got,
        want=error.want,
        hint=error.hint,
        code=error.code,
    )
