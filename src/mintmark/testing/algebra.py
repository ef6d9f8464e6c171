"""The algebra of a state, held to what its file declares: words are added, dropped, lost, merged.

The functions of the file are called one by one on drawn values, as the units of the kernel call
them; what each form promises is written out in `_Laws`. States without a form of their own words
(`look`, `ordered`, `follow`) promise nothing here: their reads alone are compared.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from mintmark.engine import layout
from mintmark.engine.sentinel import NULL
from mintmark.engine.units import STATES, State, names_of, state_of
from mintmark.ground import EngineError, generator
from mintmark.testing.smaller import smaller

Point = tuple[int, int]
"""A value and its time."""
Words = tuple[int, ...]
FUNCTIONS = {
    "group": ("add", "drop"), "monoid": ("add", "lost"), "ordered": ("add",), "look": ("look",),
    "follow": ("follow", "finish"),
}  # fmt: skip
TABLE_FUNCTIONS = {
    "group": ("room", "fits", "wanted", "move"), "ordered": ("room",), "follow": ("room",),
}  # fmt: skip
GIVEN = {"value", "at", "a", "b", "table", "texts"}
"""What a unit hands to `add`, `drop` and `lost` beside the words."""
ROUNDS, POINTS = 12, 14
_SMALL = (0, 1, 1, 2, 3, 5, 5, -3, 100)


@lru_cache(maxsize=64)
def check_state(name: str, told: frozenset[str], largest: int) -> tuple[str, ...]:
    """Check a state and return the names of the laws that it was held to.

    Parameters
    ----------
    name : str
        A file of `engine.states`, or a module with a dot in its name.
    told : frozenset of str
        The words that an aggregate reads: of a state with a table those alone are compared.
    largest : int
        The greatest magnitude of a value.

    Raises
    ------
    EngineError
        `engine.check.state` for a file that declares no state, `engine.check.algebra` with the
        smallest points that were found to break a law.
    """
    state = state_of(name)
    module = importlib.import_module(name if "." in name else f"{STATES}.{name}")
    _declared(module, state)
    laws = _Laws(module, state, told)
    draw = generator(1, "algebra", name)
    held = []
    for law, holds in laws.all().items():
        for _ in range(ROUNDS):
            points = _points(draw, largest)
            if not holds(points):
                few = smaller(points, partial(_fails, holds))
                raise _broken(name, law, few)
        held.append(law)
    return tuple(held)


def _fails(holds: Callable[[list[Point]], bool], points: list[Point]) -> bool:
    return not holds(points)


def _points(draw: Any, largest: int) -> list[Point]:
    """Values and times, small or as large as they may be, some of them twice."""
    far = (largest, largest - 1, -largest, 2**31, 2**32, 2**53 + 1, -(2**32) - 1)
    choices = [value for value in (*_SMALL, *far) if abs(value) <= largest]
    return [
        (choices[int(draw.integers(len(choices)))], 10**15 + int(draw.integers(8)))
        for _ in range(POINTS)
    ]


class _Laws:
    """The functions of a state's file as Python calls them, and what must hold of them."""

    def __init__(self, module: Any, state: State, told: frozenset[str]) -> None:
        self.module, self.state, self.told = module, state, told
        self.zero: Words = tuple(getattr(module, "ZERO", (0,) * state.kept))
        self.fill = getattr(module, "FILL", NULL)

    def all(self) -> Mapping[str, Callable[[Sequence[Point]], bool]]:
        """The laws of the state's form, by name."""
        laws: dict[str, Callable[[Sequence[Point]], bool]] = {}
        if self.state.form in ("group", "monoid"):
            laws["values in any order give the same words"] = self.order
        if self.state.form == "group":
            laws["what is added and dropped leaves the words as they were"] = self.drop
        if self.state.form == "monoid":
            laws["a value that is not lost leaves the words as they were"] = self.lost
        if self.state.extends:
            laws["its words begin with those of the state that it extends"] = self.extends
        if hasattr(self.module, "merge"):
            laws["merging with nothing changes nothing"] = self.merge_zero
            laws["merged parts give the words of the whole"] = self.merge_parts
            laws["parts merge in any grouping"] = self.merge_grouping
        return laws

    def order(self, points: Sequence[Point]) -> bool:
        backwards = self.added(points[::-1])
        third = self.added([*points[1::2], *points[::2]])
        return self.added(points) == backwards == third

    def drop(self, points: Sequence[Point]) -> bool:
        kept, gone = points[::2], points[1::2]
        return self.added([*gone, *kept], dropped=gone) == self.added(kept)

    def lost(self, points: Sequence[Point]) -> bool:
        if not points:
            return True
        gone, rest = points[0], points[1:]
        words = self.added(points)
        return bool(self.call("lost", words, gone)) or self.added(rest) == words

    def extends(self, points: Sequence[Point]) -> bool:
        base = state_of(self.state.extends)
        module = importlib.import_module(f"{STATES}.{base.name}")
        mine, theirs = self.words(points), _Laws(module, base, self.told).words(points)
        return mine[: base.kept] == theirs

    def merge_zero(self, points: Sequence[Point]) -> bool:
        words = self.added(points)
        return self.merged(words, self.zero) == words == self.merged(self.zero, words)

    def merge_parts(self, points: Sequence[Point]) -> bool:
        parts = self.added(points[::2]), self.added(points[1::2])
        return self.merged(*parts) == self.added(points) == self.merged(*parts[::-1])

    def merge_grouping(self, points: Sequence[Point]) -> bool:
        a, b, c = (self.added(points[k::3]) for k in range(3))
        return self.merged(self.merged(a, b), c) == self.merged(a, self.merged(b, c))

    def merged(self, one: Words, other: Words) -> Words:
        """Words of two parts as words of the whole."""
        return tuple(self.module.merge(*one, *other))

    def added(self, points: Sequence[Point], dropped: Sequence[Point] = ()) -> Words:
        """What can be read after some points have come, and some of them have gone."""
        words, table = self.folded(points, dropped)
        if not self.state.table:
            return words
        named = dict(zip(self.state.words, words, strict=False))
        if hasattr(self.module, "finish"):
            finished = self.call("finish", words, (0, 0), table)
            named |= dict(zip(self.state.words[self.state.kept :], finished, strict=True))
        return tuple(value for name, value in named.items() if name in self.told)

    def words(self, points: Sequence[Point]) -> Words:
        """All words after some points have come."""
        return self.folded(points, ())[0]

    def folded(self, points: Sequence[Point], dropped: Sequence[Point]) -> tuple[Words, Any]:
        words, table = self.zero, None
        if self.state.table:
            table = self.room(self.module.room(1))
        for step, some in (("add", points), ("drop", dropped)):
            for point in some:
                if step == "add" and self.state.form == "group" and table is not None:
                    words, table = self.moved(words, point, table)
                words = tuple(self.call(step, words, point, table))
        return words, table

    def moved(self, words: Words, point: Point, table: Any) -> tuple[Words, Any]:
        """The words and a table into which one more value fits."""
        if self.call("fits", words, point, table):
            return words, table
        larger = self.room(self.call("wanted", words, point, table))
        return tuple(self.call("move", words, point, table, larger)), larger

    def room(self, size: int) -> Any:
        return np.full(size, self.fill, dtype=np.int64)

    def call(
        self, name: str, words: Words, point: Point, table: Any = None, larger: Any = None
    ) -> Any:
        """Call a function of the file with what the names of its arguments ask for."""
        function = getattr(self.module, name)
        given: dict[str, Any] = dict(zip(self.state.words[: self.state.kept], words, strict=True))
        given |= {"value": point[0], "at": point[1], "a": 1, "b": 1}
        given |= {"table": table, "larger": larger, "texts": np.zeros(4, dtype=np.int64)}
        given["size"] = 0 if table is None else len(table)
        return function(*(given[argument] for argument in names_of(function)))


def _declared(module: Any, state: State) -> None:
    """Refuse a file that does not say all that a state of its form must say."""
    wanted = FUNCTIONS.get(state.form, ())
    wanted += TABLE_FUNCTIONS.get(state.form, ()) if state.table else ()
    missing = [name for name in wanted if not hasattr(module, name)]
    if not wanted or missing:
        raise EngineError(
            f'state "{state.name}" does not declare its form',
            got=f"FORM {state.form!r}" + (f" without {', '.join(missing)}" if missing else ""),
            want=" or ".join(f"{form}: {', '.join(names)}" for form, names in FUNCTIONS.items()),
            code="engine.check.state",
        )
    zero = getattr(module, "ZERO", (0,) * state.kept)
    if len(zero) != state.kept or len(state.words) > layout.WORDS_MAX:
        raise EngineError(
            f'state "{state.name}" has words that do not fit',
            got=f"{len(state.words)} words, {len(zero)} in ZERO",
            want=f"at most {layout.WORDS_MAX}, and as many in ZERO as in WORDS",
            code="engine.check.state",
        )
    for name in ("add", "drop", "lost"):
        known = GIVEN | set(state.words)
        unknown = sorted(set(names_of(getattr(module, name, _nothing))) - known)
        if unknown and state.form not in ("look", "follow"):
            raise EngineError(
                f'state "{state.name}" asks for what it is not given',
                at=name,
                got=", ".join(unknown),
                want=", ".join(sorted(known)),
                code="engine.check.state",
            )


def _nothing() -> None:
    """What a file without a function has in its place."""


def _broken(name: str, law: str, points: Sequence[Point]) -> EngineError:
    return EngineError(
        f'state "{name}" does not keep its algebra',
        at=f"values {[value for value, _ in points]} at {[at for _, at in points]}",
        want=law,
        hint="declare the form that it has: group, monoid, ordered or look",
        code="engine.check.algebra",
    )
