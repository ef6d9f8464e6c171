"""The house as data: which room stands above which, and who may import which library."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "mintmark"

# A room may import the rooms named here, and no other (docs/concepts/house.md draws it).
BELOW: dict[str, set[str]] = {"ground": set()}
BELOW["define"] = {"ground"}
BELOW["plan"] = BELOW["define"] | {"define"}
BELOW["log"] = BELOW["define"] | {"define"}
BELOW["engine"] = BELOW["plan"] | {"plan"}
BELOW["registry"] = BELOW["plan"] | {"plan", "log"}
_FLOOR = {"ground", "define", "plan", "log", "engine", "registry"}
for _sibling in ("train", "serve", "monitor", "govern"):
    BELOW[_sibling] = set(_FLOOR)
BELOW["flow"] = _FLOOR | {"train", "serve", "monitor", "govern"}
BELOW["testing"] = BELOW["flow"] | {"flow"}
BELOW["project"] = BELOW["testing"] | {"testing"}
BELOW["cli"] = {"ground", "project", "console"}
BELOW["console"] = {"ground", "project"}

# Outside libraries, and the only files that may import each of them.
VENDORS: dict[str, set[str]] = {
    "alembic": {"registry/migrate.py", "registry/migrations/*"},
    "cryptography": {"ground/keys.py"},
    "deltalake": {"log/tables.py"},
    "lightgbm": {"train/boosting.py"},
    "sklearn": {"train/*"},
    "scipy": set(),
    "pandas": set(),
    "pydantic": {"ground/settings.py"},
    "pydantic_settings": {"ground/settings.py"},
    "sqlalchemy": {"registry/*"},
    "typer": {"cli/*"},
    "rich": {"cli/*"},
    "uvloop": {"serve/*"},
    "httptools": {"serve/*"},
    "holidays": {"plan/holidays.py"},
    "ray": {"flow/cluster.py"},
    "pyspark": {"flow/spark.py"},
    "numba": {"engine/*", "engine/aggregates/*", "engine/states/*"},
    "llvmlite": {"engine/*"},
}


@dataclass(frozen=True)
class Import:
    """One import statement: the file, its line, and the dotted name that it asks for."""

    path: Path
    line: int
    name: str
    hidden: bool  # inside a function

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(SOURCE.parent)}:{self.line}"


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


def imports_of(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name, node in inside)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            yield Import(path, node.lineno, base, node in inside)
            if base == "mintmark":
                for alias in node.names:
                    yield Import(path, node.lineno, f"mintmark.{alias.name}", node in inside)


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = ("mintmark", *path.relative_to(SOURCE).parts[:-1])
    base = package[: len(package) - node.level + 1]
    return ".".join((*base, *([node.module] if node.module else [])))
