"""What can be seen in a file of definitions before it runs.

A syntax error, one name given twice in a call (Python's own words for it name no second place), and
account numbers, wherever in the text they stand.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mintmark.define.fault import pan_fault
from mintmark.define.place import Place
from mintmark.ground import DefineError, MintmarkError, find_pan, holds_pan


@dataclass(frozen=True)
class Source:
    """A file as text and as a tree; the tree is None where the file is not Python."""

    path: Path
    tree: ast.Module | None
    faults: tuple[MintmarkError, ...]


def read_source(path: Path) -> Source:
    """Return a file's tree and every fault that shows without running it.

    A keyword that is given twice is left out of the tree the second time, so that the rest of the
    file can still be run and checked.
    """
    try:
        data = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        tree = ast.parse(data, filename=str(path))
    except SyntaxError as error:
        return Source(path, None, (_syntax_fault(path, error),))
    except (UnicodeDecodeError, ValueError, OSError, RecursionError, MemoryError) as error:
        return Source(path, None, (_unreadable(path, error),))
    return Source(path, tree, (*_pans(path, text, tree), *_twice(path, tree)))


def _syntax_fault(path: Path, error: SyntaxError) -> DefineError:
    text = (error.text or "").strip()
    return DefineError(
        f"a file of definitions is not Python: {error.msg}",
        at=Place(str(path), error.lineno or 1).at(),
        got=text[:80] or None,
        code="define.file.syntax",
    )


def _unreadable(path: Path, error: Exception) -> DefineError:
    return DefineError(
        "a file of definitions cannot be read",
        at=Place(str(path), 1).at(),
        got=f"{type(error).__name__}: {str(error)[:80]}",
        want="a Python file in UTF-8",
        code="define.file.unreadable",
    )


def _pans(path: Path, text: str, tree: ast.Module) -> Iterator[MintmarkError]:
    """One fault for each line that holds an account number: literal, name or comment."""
    lines: dict[int, object] = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = find_pan(line)
        if found is not None:
            lines[number] = line[slice(*found)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            # Parts of a text that Python joins, and 4_111_..., show only in the tree.
            value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if holds_pan(value):
                lines.setdefault(node.lineno, value)
    for number in sorted(lines):
        yield pan_fault(lines[number], Place(str(path), number).at())


def _twice(path: Path, tree: ast.Module) -> Iterator[MintmarkError]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _keywords_twice(path, node)
        elif isinstance(node, ast.Dict):
            yield from _keys_twice(path, node)


def _keywords_twice(path: Path, call: ast.Call) -> Iterator[MintmarkError]:
    first: dict[str, ast.keyword] = {}
    kept = []
    for keyword in call.keywords:
        known = first.setdefault(keyword.arg, keyword) if keyword.arg else keyword
        if known is keyword:
            kept.append(keyword)
            continue
        name = str(keyword.arg)
        features = ast.unparse(call.func).split(".")[-1] == "Features"
        yield _twice_fault(path, name, known.value, keyword.value, features=features)
    call.keywords = kept


def _keys_twice(path: Path, node: ast.Dict) -> Iterator[MintmarkError]:
    # {"a": 1, "a": 2} keeps the second without a word.
    first: dict[object, ast.expr] = {}
    for key in node.keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            known = first.setdefault(key.value, key)
            if known is not key:
                yield _twice_fault(path, key.value, known, key, features=False)


def _twice_fault(
    path: Path, name: str, first: ast.expr, second: ast.expr, *, features: bool
) -> DefineError:
    return DefineError(
        f'two features are called "{name}"' if features else f'"{name}" is given twice',
        at=Place(str(path), first.lineno).at(f"$.features.{name}" if features else ""),
        got=f"again at {Place(str(path), second.lineno).at()}",
        want="one feature of a name" if features else "one value of a name",
        code="define.feature.twice" if features else "define.name.twice",
    )
