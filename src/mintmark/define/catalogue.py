"""The aggregates that there are, read as data: one file each, which is never imported here.

A file `engine/aggregates/<kind>.py`, or a module that an entry point of the group
"mintmark.aggregates" names, declares its kind in literals at its top level:

    TAKES = ("number", "flag")   kinds of value that it can be taken of
    GIVES = "number"             kind of its result; None for that of the values
    ROWS = False                 whether it may be taken of events, without a value
    PARAMS = ("k",)              its parameters, whole numbers, in order
    OWN = False                  whether it needs the request's own value
    RANGE = 10**13               optional: the largest stored value that it can take
    STATE = "powers2"            the file of `engine/states`, or the module, whose words it reads
    VERSION = 1                  of its formula; 1 if it is not said

Its digest is of these, and of the versions of the states that it depends on: not of the text of a
formula, so that one that is made faster is the same (decision 0013). Whoever changes a value that
an aggregate gives raises its `VERSION`, or that of the state whose words are others.
A parameter `span_us` is filled in with the span of the window, and needs one. So a stranger adds an
aggregate by adding a file, and this room needs to know nothing of what it computes.
"""

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mintmark.define import limit
from mintmark.define.code import imported_modules, parsed
from mintmark.define.field import Kind
from mintmark.define.place import Place
from mintmark.ground import DefineError, GroundError, digest

GROUP = "mintmark.aggregates"
FOLDER = Path(__file__).resolve().parents[1] / "engine" / "aggregates"
STATES = FOLDER.parent / "states"
SPAN = "span_us"
"""The parameter that is the window's own span."""

_KINDS = ("number", "flag", "category", "time")


@dataclass(frozen=True)
class AggregateKind:
    """What the file of one aggregate declares.

    versions : of its formula, and of those of the states that its values depend on, by name
    digest : of these and of what it declares: of all that its values are said to depend on
    layout : digest of the words that its state keeps between two reads, and for how long
    words, table : of its state, how many words a window keeps between two reads, and whether it
    keeps a table of different values too
    state, form : the name of its state, and how that follows a window ("group", "monoid", ...)
    fixed : its table has always the same number of words
    past : how many words of it a key keeps of a lifetime whose events have left
    ever : the state that it reads instead of a look at the oldest events of a lifetime, "" for none
    newest : "events" where it looks at the newest event alone, "values" where at as many newest
    values as its first parameter says, or one; "" where at any
    reach : how many times its second parameter, us, it looks back; 0 for all of its window
    ours : whether its file is one of our own
    """

    name: str
    takes: tuple[Kind, ...]
    gives: Kind | None
    rows: bool
    params: tuple[str, ...]
    own: bool
    largest: int | None
    versions: tuple[tuple[str, int], ...]
    digest: str
    layout: str
    words: int = 0
    table: bool = False
    state: str = ""
    form: str = ""
    past: int = 0
    fixed: bool = False
    ever: str = ""
    newest: str = ""
    reach: int = 0
    ours: bool = True


def names() -> tuple[str, ...]:
    """Return the names of all aggregates, sorted."""
    return tuple(sorted(_files()))


def aggregate_kind(name: str, place: Place | None = None) -> AggregateKind:
    """Return what the file of an aggregate declares.

    Raises
    ------
    DefineError
        `define.aggregate.unknown`; `define.aggregate.file` where the file declares no aggregate.
    """
    file = _files().get(name)
    if file is None:
        raise DefineError(
            f'there is no aggregate "{name}"',
            at=place.at() if place else "",
            hint=limit.close(str(name), _files()),
            code="define.aggregate.unknown",
        )
    return _read(name, file)


@lru_cache(maxsize=1)
def _files() -> Mapping[str, Path]:
    own = {path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))}
    return dict(_strangers()) | own


def _strangers() -> Iterator[tuple[str, Path]]:
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        file = _module_file(point.value.split(":")[0])
        if file is not None:
            yield point.name, file


def _module_file(module: str) -> Path | None:
    """The file of a module, which is not imported."""
    # Only the outermost package is looked up: finding a module in it would import it.
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin)
    return file.parent.joinpath(*inner).with_suffix(".py") if inner else file


@lru_cache(maxsize=256)
def _read(name: str, file: Path) -> AggregateKind:
    try:
        tree = parsed(file)
        told = _constants(tree)
        states = _states(tree, told.get("STATE"))
        kind = AggregateKind(
            name=name,
            takes=tuple(told["TAKES"]),
            gives=told["GIVES"],
            rows=bool(told["ROWS"]),
            params=tuple(told["PARAMS"]),
            own=bool(told["OWN"]),
            largest=told.get("RANGE"),
            versions=(versions := _versions(name, told, states)),
            digest=digest([name, {constant: told.get(constant) for constant in _SAID}, versions]),
            layout=digest(states),
            ours=file.parent == FOLDER,
            **_running(told.get("STATE")),
        )
    except KeyError as error:
        raise _unfit(name, file, f"no constant {error.args[0]}") from None
    except (OSError, SyntaxError, ValueError, TypeError, GroundError) as error:
        raise _unfit(name, file, f"{type(error).__name__} {error}") from None
    if not set(kind.takes) <= set(_KINDS) or kind.gives not in (*_KINDS, None):
        raise _unfit(name, file, f"TAKES {kind.takes}, GIVES {kind.gives}")
    return kind


def _versions(
    name: str, told: Mapping[str, Any], states: Mapping[str, Any]
) -> tuple[tuple[str, int], ...]:
    """The versions of an aggregate, and of the states that stand behind it."""
    behind = ((f"states.{state}", int(said["VERSION"])) for state, said in states.items())
    return (name, _version(told)), *sorted(behind)


def _version(told: Mapping[str, Any]) -> int:
    version = told.get("VERSION", 1)
    if type(version) is not int or version < 1:
        raise ValueError(f"VERSION = {version!r}, which is no whole number from 1 on")
    return version


def _states(tree: ast.Module, named: str | None) -> dict[str, dict[str, Any]]:
    """What is said of the state that an aggregate reads, and of those that stand behind it.

    Behind a file stand the states that it imports, and the one that it extends.
    """
    found: dict[str, dict[str, Any]] = {}
    stated = {named}
    waiting = list(imported_modules(tree)) + ([named] if named else [])
    while waiting:
        name = waiting.pop()
        module = name.removeprefix("mintmark.engine.states.")
        file = STATES / f"{module}.py"
        if "." in module and name in stated:
            file = _module_file(module) or file
        if module not in found and file.exists():
            state = parsed(file)
            said = _constants(state, (*_KEPT, "VERSION"))
            found[module] = said | {"VERSION": _version(said)}
            behind = [said[constant] for constant in _BEHIND if constant in said]
            stated.update(behind)
            waiting += [*imported_modules(state), *behind]
    return found


def _running(named: str | None) -> dict[str, Any]:
    """What the file of a state says of what is kept for it."""
    if named is None:
        return {}
    file = _module_file(named) if "." in named else STATES / f"{named}.py"
    if file is None or (not file.exists() and "." in named):
        return {}
    if not file.exists():
        ours = ", ".join(sorted(path.stem for path in STATES.glob("[!_]*.py")))
        raise ValueError(f'STATE = "{named}", which is no state; there are {ours}')
    told = _constants(parsed(file), _KEPT)
    words = 0 if told.get("FORM") == "look" else len(told.get("WORDS", ()))
    seen = {name: told.get(name.upper(), "") for name in ("form", "newest", "ever")}
    past = _running(seen["ever"])["words"] if seen["ever"] else words + told.get("FIXED", 0)
    seen |= {"state": named, "past": past, "reach": told.get("REACH", 0)}
    seen |= {"fixed": "FIXED" in told}
    return {"words": words, "table": bool(told.get("TABLE", False))} | seen


_SAID = ("TAKES", "GIVES", "ROWS", "PARAMS", "OWN", "RANGE", "STATE")
"""What an aggregate says of its values; beside it stands a VERSION, if that is not 1."""
_KEPT = ("WORDS", "FORM", "TABLE", "EXTENDS", "NEWEST", "REACH", "EVER", "FIXED")
"""What a state says of the words that it keeps: those of another cannot be gone on from."""

_BEHIND = ("EXTENDS", "EVER")
"""Which of that are names of other states."""


def _constants(tree: ast.Module, wanted: tuple[str, ...] = (*_SAID, "VERSION")) -> dict[str, Any]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            name, value = node.target.id, node.value
        else:
            continue
        if name in wanted:
            found[name] = _literal(value)
    return found


def _literal(node: ast.expr) -> Any:
    # A power of two whole numbers is as good a literal as its digits: 10**13.
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return int(_literal(node.left)) ** min(int(_literal(node.right)), 256)
    return ast.literal_eval(node)


def _unfit(name: str, file: Path, got: str) -> DefineError:
    return DefineError(
        f'the file of aggregate "{name}" does not declare it',
        at=file.name,
        got=got,
        want='TAKES = ("number",), GIVES = "number", ROWS = False, PARAMS = (), OWN = False',
        code="define.aggregate.file",
    )
