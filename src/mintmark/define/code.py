"""The digest of what a Python file does: of its syntax, without comments, docstrings and layout.

A plan carries the digests of its aggregates, so an edit of a sentence must not change it, and
neither must the version of Python that reads the file.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mintmark.ground import digest

_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores", "type_params"})
"""Parts of a syntax tree that say nothing, or that only some versions of Python have."""


def code_digest(trees: list[ast.Module]) -> str:
    """Return the digest of some files that were parsed, in their order."""
    return digest([_form(tree) for tree in trees])


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Yield every module that a file names in an import at its top level."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def parsed(file: Path) -> ast.Module:
    """Return the syntax of a file."""
    return ast.parse(file.read_bytes(), str(file))


def _form(part: Any) -> Any:
    """A part of a tree as lists and texts; strings that are statements are prose."""
    if isinstance(part, list):
        return [_form(one) for one in part if not _prose(one)]
    if isinstance(part, ast.AST):
        fields = [
            [name, _form(value)]
            for name, value in ast.iter_fields(part)
            if name not in _LEFT_OUT and value is not None and value != []
        ]
        return [type(part).__name__, *fields]
    return part if isinstance(part, str) else repr(part)


def _prose(part: Any) -> bool:
    return (
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    )
