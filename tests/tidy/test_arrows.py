"""The arrows of the house: imports point down, siblings do not call, vendors have owners."""

import fnmatch

from tidy.house import (
    BELOW,
    SOURCE,
    VENDORS,
    imports_of,
    room_of,
    source_files,
)


def test_rooms_are_those_of_the_design_and_no_others() -> None:
    """The folders of the package are exactly the rooms, each with three files or more."""
    rooms = {p.name for p in SOURCE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert rooms == set(BELOW)
    for room in sorted(rooms):
        files = [p for p in (SOURCE / room).rglob("*.py") if p.name != "__init__.py"]
        assert len(files) >= 3, f"{room} has {len(files)} files: it should join its neighbour"


def test_imports_point_down() -> None:
    """No room imports a sibling or a room above it, hidden and typing-only imports included."""
    faults = []
    for path in source_files():
        room = room_of(path)
        if not room:
            continue
        for imported in imports_of(path):
            parts = imported.name.split(".")
            if parts[0] != "mintmark" or len(parts) < 2 or parts[1] not in BELOW:
                continue
            if parts[1] != room and parts[1] not in BELOW[room]:
                faults.append(f"{imported.where}: {room} must not import {imported.name}")
    assert not faults, "\n".join(faults)


def test_each_vendor_library_has_its_owners() -> None:
    """A library with owners in the table is imported by those files alone."""
    faults = []
    for path in source_files():
        name = path.relative_to(SOURCE).as_posix()
        for imported in imports_of(path):
            owners = VENDORS.get(imported.name.split(".")[0])
            if owners is not None and not any(fnmatch.fnmatch(name, o) for o in owners):
                faults.append(f"{imported.where}: {imported.name} belongs to {sorted(owners)}")
    assert not faults, "\n".join(faults)


def test_clock_chance_and_environment_have_one_file_each() -> None:
    """now(), randomness and the environment are read in one file of `ground` each."""
    single = {
        "ground/clock.py": ("time.time(", "time.time_ns(", "datetime.now(", "utcnow("),
        "ground/draw.py": ("default_rng(", "import random", "np.random.", "numpy.random."),
        "ground/settings.py": ("os.environ", "os.getenv"),
    }
    faults = []
    for path in source_files():
        name = path.relative_to(SOURCE).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for owner, needles in single.items():
                if name == owner or line.lstrip().startswith("#"):
                    continue
                faults += [f"{name}:{number}: {n} belongs in {owner}" for n in needles if n in line]
    assert not faults, "\n".join(faults)


def test_nothing_dangerous_is_used() -> None:
    """No pickle, no eval or exec of text outside the one loader of definitions."""
    faults = []
    for path in source_files():
        name = path.relative_to(SOURCE).as_posix()
        for imported in imports_of(path):
            if imported.name.split(".")[0] in {"pickle", "cloudpickle", "joblib", "marshal"}:
                faults.append(f"{imported.where}: {imported.name}")
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            code = line.split("#")[0]
            if (" eval(" in code or " exec(" in code) and name != "define/load.py":
                faults.append(f"{name}:{number}: {line.strip()}")
    assert not faults, "\n".join(faults)
