"""Laying out a project: folder, settings, definitions, keys and an empty ledger."""

import shutil
from pathlib import Path

from mintmark.ground import ProjectError, load_settings, make_keys, write_atomic
from mintmark.registry import migrate

LAYOUT = Path(__file__).parent / "layout"

SETTINGS = """\
# Settings of this project. Each can also be given as MINTMARK_<NAME> in the environment.
name = "{name}"
definitions = "definitions"   # the folder of Python files that say what this project is
home = ".mintmark"            # log, ledger, models and releases; never edit it by hand
clock = "{clock}"             # "sender": whoever sends events moves the clock (loopback only)
# database = "postgresql+psycopg://..."   # the ledger; SQLite in `home` by default
# keys_dir = "..."                        # signing key and token key, outside this folder
"""

GUIDE = """\
# {name}

```sh
mintmark check                              # read the definitions, report every fault
mintmark ingest payment=... chargeback=...  # files into the log
mintmark plan                               # what will be computed, and what it will cost
mintmark train && mintmark judge && mintmark release
mintmark serve                              # decisions over HTTP on loopback
mintmark verify && mintmark watch && mintmark report
```
"""

IGNORED = ".mintmark/\nreport.html\nreport.json\n"


def lay_out(folder: Path, *, example: str = "card_fraud", clock: str = "system") -> list[str]:
    """Lay out a project in a folder that is new or empty, and return what was made.

    Raises
    ------
    ProjectError
        ``project.init.not_empty`` where the folder holds something; it is left as it is.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            "the folder already holds something",
            at=str(folder),
            want="a new or empty folder",
            hint="give another name",
            code="project.init.not_empty",
        )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        LAYOUT / example / "definitions",
        folder / "definitions",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    name = folder.resolve().name
    write_atomic(folder / "mintmark.toml", SETTINGS.format(name=name, clock=clock).encode())
    write_atomic(folder / "README.md", GUIDE.format(name=name).encode())
    write_atomic(folder / ".gitignore", IGNORED.encode())
    settings = load_settings(folder)
    made = make_keys(settings.keys_dir, project=folder)
    settings.home.mkdir(parents=True, exist_ok=True)
    migrate(settings.database)
    return ["definitions/", "mintmark.toml", "README.md", *(str(path) for path in made)]
