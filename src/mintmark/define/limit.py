"""The limits of what a definition may say, each declared once: the check and the sentence."""

import difflib
import re
from collections.abc import Iterable

from mintmark.define.place import Place
from mintmark.ground import DefineError, GroundError, format_span, parse_span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_RESERVED = "mm_"
LONGEST_SPAN_US = parse_span("36525d")


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
    try:
        us = parse_span(text)  # type: ignore[arg-type]
    except GroundError as error:
        raise placed(error, place.at(path)) from None
    if us > LONGEST_SPAN_US or (us == 0 and not zero):
        raise DefineError(
            "a span has no length" if us == 0 else "a span is too long",
            at=place.at(path),
            got=repr(text),
            want=f"{'0s' if zero else '1us'} to {format_span(LONGEST_SPAN_US)}",
            code="define.span.outside",
        )
    return us


def whole(value: object, place: Place, *, path: str, low: int, high: int) -> int:
    """Return a whole number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DefineError(
            "a whole number is outside its bounds",
            at=place.at(path),
            got=repr(value),
            want=f"{low} to {high}",
            code="define.number.outside",
        )
    return value


def number_fault(value: object, place: Place, *, path: str) -> DefineError:
    """Return the error of what is no number, or none that can be reckoned with."""
    return DefineError(
        "a number cannot stand here",
        at=place.at(path),
        got=repr(value)[:80],
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


def close(text: str, known: Iterable[str]) -> str:
    """Return a hint with the known name that is nearest to an unknown one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(text, names, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
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
