"""What every benchmark prints: one table with the machine named, and the same as JSON.

A row says what work, what was measured, what a peer measured in the same run, and whether the bar
was met. Rows where we lose are rows like any other.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of a benchmark.

    Parameters
    ----------
    work : str
        What was done.
    value : float
        What Mintmark measured, in `unit`.
    peer, peer_value
        Who else did the same work in the same run (or published it), and their figure.
    ratio : float or None
        `value / peer_value`.
    bar : str
        What must hold, in words.
    met : bool or None
        Whether it holds; None where there is no bar.
    """

    work: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None


def machine() -> str:
    """Return the processor's name, the cores that we may use, and the system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [s for s in info.read_text().split("\n") if s.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    cores = len(os.sched_getaffinity(0))
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def show(title: str, rows: Sequence[Row]) -> str:
    """Return the table as text."""
    head = ("work", "value", "unit", "peer", "peer's", "ratio", "bar", "met")
    body = [
        (
            row.work,
            f"{row.value:.4f}",
            row.unit,
            row.peer,
            "" if row.peer_value is None else f"{row.peer_value:.4f}",
            "" if row.ratio is None else f"{row.ratio:.3f}",
            row.bar,
            "" if row.met is None else "yes" if row.met else "NO",
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, tuple("-" * width for width in widths), *body]
    ]
    return "\n".join([title, f"machine: {machine()}", "", *lines])


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """Write the machine and the rows."""
    text = json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2)
    path.write_text(text + "\n")
