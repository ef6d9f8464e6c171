"""The README and the guides are true: their code runs, and their commands exist."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_readme_runs_and_prints_what_it_shows() -> None:
    """Each Python block of the README runs after the one before; what it prints stands below."""
    blocks = FENCE.findall((ROOT / "README.md").read_text())
    names: dict[str, object] = {}
    for number, (kind, text) in enumerate(blocks):
        if kind != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, f"README.md block {number}", "exec"), names)
        if printed.getvalue():
            shown, text = blocks[number + 1]
            assert shown == "text"
            assert text.rstrip() == printed.getvalue().rstrip()


def test_the_first_screen_is_short() -> None:
    """What a newcomer needs stands on the first forty lines of the README."""
    first = "\n".join((ROOT / "README.md").read_text().split("\n")[:42])
    for needed in ("make demo", "make test", "The one rule", "is not", "mm.Features"):
        assert needed in first


def test_every_command_of_the_pages_exists() -> None:
    """Each `mintmark` verb and option in a shell block is one that the command line takes."""
    told: dict[str, str] = {}
    for page in PAGES:
        for kind, text in FENCE.findall(page.read_text()):
            if kind != "sh":
                continue
            for line in re.findall(r"mintmark ([a-z]+)([^\n&#]*)", text):
                verb, rest = line
                if verb not in told:
                    words = [sys.executable, "-m", "mintmark.cli", verb, "--help"]
                    told[verb] = subprocess.run(words, capture_output=True, text=True).stdout
                assert told[verb], f"{page.name}: no verb {verb}"
                for option in re.findall(r"--[a-z-]+", rest):
                    assert option in told[verb], f"{page.name}: {verb} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page leads to a file or folder that is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_each_dependency_has_its_line() -> None:
    """Every dependency that is declared has a line that says what we would write without it."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        declared += extra
    page = (ROOT / "docs" / "dependencies.md").read_text()
    for one in declared:
        name = re.split(r"[\[<>=;! ]", one)[0]
        assert name in page, name


def test_decisions_are_numbered_without_a_gap() -> None:
    """Decision records are numbered 0001, 0002, ... and each says what was lost or chosen."""
    names = sorted(p.name for p in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(n[:4]) for n in names] == list(range(1, len(names) + 1)), names
