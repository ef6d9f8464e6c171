"""A Python file read as text: its syntax, and the modules that it imports; it is never run."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path


def imported_modules(tree: ast.Module, package: str = "") -> Iterator[str]:
    """Yield every module that a file names in an import at its top level.

    package : whose the file is; without it what is imported from there by dots is left out.
    """
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (package or node.level == 0):
            named = resolve_name("." * node.level + (node.module or ""), package)
            yield named
            yield from (f"{named}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def parsed(file: Path) -> ast.Module:
    """Return the syntax of a file."""
    return ast.parse(file.read_bytes(), str(file))
