"""How a faulty definition is told: raised at once, or gathered so that all are told together.

While `mintmark check` runs a folder, a faulty noun leaves its error in a list and a `Poison` in the
user's variable. A poison swallows whatever is done with it and makes poison of every noun that it
is handed to, so that one fault is told once and the rest of the folder still runs. A noun of many
parts may have a `_survey(*given, parts)`, which raises the faults of those that are sound.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mintmark.define import limit
from mintmark.define.place import Place, called_inside, user_place
from mintmark.ground import DefineError, Faults, MintmarkError, holds_pan

P = ParamSpec("P")
R = TypeVar("R")
_gathered: ContextVar[list[MintmarkError] | None] = ContextVar("gathered_faults", default=None)
_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv neg pos abs eq ne lt le gt ge and rand or ror "
    "invert getitem call"
)


class Poison:
    """What stands where a faulty definition was; it swallows everything."""

    def __getattr__(self, name: str) -> "Poison":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return True


def _swallow(self: Poison, *_: object, **__: object) -> Poison:
    return self


for _name in _OPERATORS.split():
    setattr(Poison, f"__{_name}__", _swallow)

POISON: Any = Poison()


class _Sound(dict[str, Any]):
    """Named parts of which some may be poison; not itself taken for poison."""


class Noun(type):
    """The type of every noun: a faulty call raises, or is gathered and gives a poison."""

    def __call__(cls, *given: Any, **named: Any) -> Any:
        """Make the noun, unless something that it is made of is poison."""
        survey = getattr(cls, "_survey", None)
        if survey and _gathered.get() is not None and poisoned(named) and not poisoned(given):
            _run(survey, cls.__name__, (*given, _Sound(named)), {})
            return POISON
        return _run(super().__call__, cls.__name__, given, named)


def public(noun: object) -> list[str]:
    """Return the names of a noun, or of a sort of nouns, that users may say."""
    return [name for name in dir(noun) if not name.startswith("_")]


class UnknownName(DefineError, AttributeError):
    """A name that a noun does not have; `hasattr` and `getattr` take it as they take Python's."""


# People read it as one of the room's errors, which it is.
UnknownName.__name__ = DefineError.__name__


class Named(metaclass=Noun):
    """What every noun does with a name that it does not have: say which one was meant."""

    def _meant(self, name: str) -> str:
        """Return a hint at what was meant by a name."""
        return limit.close(name, public(self))

    if not TYPE_CHECKING:  # whoever checks types is told of such a name by the checker

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or called_inside():
                raise AttributeError(name)
            error = UnknownName(
                f'{_CALLED.get(type(self).__name__, f"mm.{type(self).__name__}")} has no "{name}"',
                at=user_place().at(),
                hint=self._meant(name),
                code="define.name.unknown",
            )
            if _gathered.get() is None:
                raise error
            gather(error)
            return POISON


_CALLED = {
    "Aggregate": "an aggregate", "Array": "an array", "Expr": "an expression",
    "Lookup": "a lookup", "Outcome": "an outcome",
}  # fmt: skip


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """Treat a function of the public surface as `Noun` treats a noun."""

    @functools.wraps(function)
    def call(*given: P.args, **named: P.kwargs) -> R:
        result: R = _run(function, function.__name__, given, named)
        return result

    return call


@contextmanager
def gathering() -> Iterator[list[MintmarkError]]:
    """Gather the faults of the definitions that are made inside the block."""
    found: list[MintmarkError] = []
    token = _gathered.set(found)
    try:
        yield found
    finally:
        _gathered.reset(token)


def gather(error: MintmarkError) -> None:
    """Add a fault to those gathered, or raise it where none are."""
    found = _gathered.get()
    if found is None:
        raise error
    found.extend(error.errors if isinstance(error, Faults) else (error,))


def raise_all(errors: Iterable[MintmarkError]) -> None:
    """Raise one error, or several as `Faults`; return where there is none."""
    faults = tuple(errors)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise Faults(faults)


def every(checks: Iterable[Callable[[], object]]) -> None:
    """Run some checks and raise all that they find together."""
    found: list[MintmarkError] = []
    for check in checks:
        try:
            check()
        except MintmarkError as error:
            found.extend(error.errors if isinstance(error, Faults) else (error,))
    raise_all(found)


def refuse_pan(text: object, place: Place, *, path: str = "") -> None:
    """Raise where a value of a definition holds a primary account number."""
    if holds_pan(text):
        raise pan_fault(text, place.at(path))


def pan_fault(text: object, at: str) -> DefineError:
    """Return the error of an account number that stands in a definition; its text is masked."""
    return DefineError(
        "a definition holds a primary account number",
        at=at,
        got=str(text),
        want="a token, or no number at all",
        hint="a field that carries account numbers is declared mm.Pan(), which stores a token",
        code="define.pan.literal",
    )


def poisoned(value: object) -> bool:
    """Return whether a value is poison, or a plain container that holds some."""
    if isinstance(value, (Poison, _Sound)):
        return isinstance(value, Poison)
    if isinstance(value, Mapping):
        return any(poisoned(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(poisoned(item) for item in value)


def _run(call: Callable[..., Any], name: str, given: Any, named: Any) -> Any:
    if _gathered.get() is None:
        return _bound(call, name, given, named)
    if poisoned(given) or poisoned(named):
        return POISON
    try:
        return _bound(call, name, given, named)
    except MintmarkError as error:
        gather(error)
        return POISON


def _bound(call: Callable[..., Any], name: str, given: Any, named: Any) -> Any:
    try:
        return call(*given, **named)
    except TypeError as error:
        trace = error.__traceback__
        # Only a call that never began: a TypeError from inside is a bug of ours, and stays one.
        if trace is None or trace.tb_next is not None:
            raise
        text = re.sub(r"^[\w.<>]*\(\) ", "", str(error)).replace("positional ", "")
        raise DefineError(
            f"{name} {text}",
            at=user_place().at(),
            hint=f"help(mm.{name}) shows what it takes" if name[0].isupper() else "",
            code="define.call.arguments",
        ) from None
