"""Small things stay small: functions, argument lists, lines, and the doors of rooms."""

import ast

from tidy.house import SOURCE, source_files

# Compiled kernel functions take plain arrays, as many as they need (style page, Size).
KERNEL_FOLDERS = ("engine/",)


def _functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    found = []
    for path in source_files():
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((name, node))
    return found


def test_function_bodies_stay_under_sixty_lines() -> None:
    """No function body is longer than 60 lines, its docstring not counted."""
    faults = []
    for name, node in _functions():
        body = node.body
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        if body and (length := (node.end_lineno or 0) - body[0].lineno + 1) > 60:
            faults.append(f"{name}:{node.lineno} {node.name}: {length} lines")
    assert not faults, "\n".join(faults)


def test_parameters_stay_at_six() -> None:
    """A function takes six parameters at most; compiled kernels and typed CLI verbs may more."""
    faults = []
    for name, node in _functions():
        if name.startswith(KERNEL_FOLDERS) or name.startswith("cli/"):
            continue
        arguments = node.args
        positional = arguments.posonlyargs + arguments.args
        count = len([a for a in positional if a.arg not in ("self", "cls")])
        if count > 6:
            faults.append(f"{name}:{node.lineno} {node.name}: {count} positional parameters")
    assert not faults, "\n".join(faults)


def test_lines_and_doors() -> None:
    """Lines end at 100 columns and a room's door (`__init__.py`) at 60 lines."""
    faults = []
    for path in source_files():
        name = path.relative_to(SOURCE).as_posix()
        lines = path.read_text(encoding="utf-8").split("\n")
        faults += [f"{name}:{i}: {len(s)} columns" for i, s in enumerate(lines, 1) if len(s) > 100]
        if path.name == "__init__.py" and len(lines) > 61 and path.parent != SOURCE:
            faults.append(f"{name}: {len(lines)} lines")
    assert not faults, "\n".join(faults)


def test_names_that_mean_nothing_are_not_used() -> None:
    """No file is called utils, helpers, common, misc, manager, core or base_*."""
    banned = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core"}
    stems = {p.stem for p in source_files()}
    assert not stems & banned
    assert not [s for s in stems if s.startswith("base_")]


def test_every_module_says_what_it_is() -> None:
    """Each module opens with a docstring, and none holds a note to fix later."""
    faults = []
    for path in source_files():
        text = path.read_text(encoding="utf-8")
        if ast.get_docstring(ast.parse(text)) is None:
            faults.append(f"{path.name}: no docstring")
        faults += [f"{path.name}: {w}" for w in ("FIX" + "ME", "TO" + "DO", "XXX ") if w in text]
    assert not faults, "\n".join(faults)
