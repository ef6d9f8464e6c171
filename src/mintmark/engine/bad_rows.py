"""What is wrong with a row that live state does not take, told before anything has moved."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from mintmark.engine.columns import WHOLE, retype
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from mintmark.engine.interner import Value
    from mintmark.engine.shape import Shape

_WORD = 2**63


def sound(value: Any, name: str, shape: Shape) -> Value:
    """Return a key, an id or a text as it is kept: of the declared type, numbers as int.

    None is not among them: what a null means is for others to say.

    Raises
    ------
    EngineError
        `engine.live.row` for what is of another type, or that no history and no snapshot could
        hold.
    """
    if name in shape.numbered:
        number = whole(value, name, shape)
        if not -_WORD < number < _WORD:
            raise misfit(name, shape.name, got=number, want=WHOLE)
        return number
    if type(value) is not str:
        hint = retype(name, shape, swapped=type(value) is int)
        raise misfit(name, shape.name, got=_kind(value), want="a text", hint=hint)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise misfit(name, shape.name, got=error, want="text that UTF-8 can hold") from None
    return value


def whole(value: Any, name: str, shape: Shape) -> int:
    """Return a whole number, or say that it is none."""
    try:
        return index(value)
    except TypeError:
        want, hint = "a whole number, in stored units", ""
        if name in shape.numbered:
            want, hint = "a whole number", retype(name, shape, swapped=type(value) is str)
        raise misfit(name, shape.name, got=_kind(value), want=want, hint=hint) from None


def misfit(name: str, stream: str, *, got: object, want: str, hint: str = "") -> EngineError:
    """Return the error of a value that its column cannot hold."""
    return EngineError(
        f'a row of "{stream}" cannot be folded: its "{name}" is not as declared',
        at=f"$.{name}",
        got=got,
        want=want,
        hint=hint or "hand over every declared column, in stored units, None for null",
        code="engine.live.row",
    )


def out_of_order(name: str, *, got: int, newest: int) -> EngineError:
    """Return the error of a row that is not after the newest one."""
    return EngineError(
        f'a row of "{name}" comes before one that is already folded',
        at="$.mm_seq",
        got=got,
        want=f"> {newest}",
        code="engine.live.order",
    )


def bad_row(name: str, error: Exception) -> EngineError:
    """Return the error of a row whose columns are missing or of a wrong type."""
    missing = isinstance(error, KeyError)
    return EngineError(
        f'a row of "{name}" {"has no column " if missing else "cannot be folded: "}{error}',
        hint="hand over every declared column, in stored units, None for null",
        code="engine.live.row",
    )


def _kind(value: Any) -> str:
    """What a value is, without showing it: it may be a card's number."""
    return type(value).__name__
