"""Peers: other people's engines, each run as a process of its own in an environment of its own.

`bench/peers/with_<name>.py` speaks for a peer, `bench/peers/requirements-<name>.txt` pins it. The
environment is made at the first use, in `build/peers/<name>`, and again when its pins change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
PLACE = HERE.parent / "build" / "peers"
THREADS = 2
CLOSE = 1e-9


def python_of(name: str) -> Path:
    """Return the interpreter of a peer's environment, which is made if need be."""
    wanted = (HERE / "peers" / f"requirements-{name}.txt").read_text()
    folder = PLACE / name
    stamp, python = folder / "made-of.txt", folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"making the environment of {name}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pins = str(HERE / "peers" / f"requirements-{name}.txt")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "-r", pins], check=True)
    stamp.write_text(wanted)
    return python


@dataclass
class Peer:
    """One peer, started; ask it for something with `ask`, stop it with `stop`."""

    name: str
    process: subprocess.Popen[str]
    seconds: list[float] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, name: str, script: str | None = None, threads: int = THREADS) -> Peer:
        """Start a peer's script in its environment."""
        limits = ("POLARS_MAX_THREADS", "PEER_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment |= {limit: str(threads) for limit in limits}
        process = subprocess.Popen(
            [str(python_of(name)), str(HERE / "peers" / f"{script or f'with_{name}'}.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        return cls(name, process)

    def ask(self, verb: str, **given: Any) -> dict[str, Any]:
        """Ask for one thing and wait for the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": verb, "with": given}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} stopped with {self.process.wait()}")
        told: dict[str, Any] = json.loads(line)
        self.told |= told
        return told

    def time(self, verb: str, **given: Any) -> float:
        """Ask for one timed thing and keep its seconds."""
        self.seconds.append(float(self.ask(verb, **given)["seconds"]))
        return self.seconds[-1]

    def columns(self, path: Path) -> dict[str, NDArray[np.float64]]:
        """Return the peer's latest result, NaN for null, in the order of `payment_id`."""
        self.ask("write", path=str(path))
        return read_columns(path)

    @property
    def version(self) -> str:
        """The name and version of its first package."""
        (package, number), *_ = self.told["versions"].items()
        return f"{package} {number}"

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def read_columns(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read a result that a peer has written."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        found = {}
        for name in table.column_names:
            if name != "payment_id":
                found[name] = np.array(table[name].to_numpy(zero_copy_only=False), np.float64)
    return found


def differing(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> int:
    """Count the values that are not the same within 1e-9 of their size; null is not a number."""
    null = np.isnan(ours) & np.isnan(theirs)
    size = np.maximum(np.maximum(np.abs(ours), np.abs(theirs)), 1.0)
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - theirs) <= CLOSE * size
    return int(np.count_nonzero(~(near | null)))


def compared(
    ours: NDArray[np.float64], names: tuple[str, ...], theirs: dict[str, NDArray[np.float64]]
) -> tuple[int, int, dict[str, int]]:
    """Return how many values differ, of how many, and the columns in which they do."""
    by_name = {name: differing(ours[:, names.index(name)], theirs[name]) for name in theirs}
    total = sum(len(column) for column in theirs.values())
    return sum(by_name.values()), total, {name: n for name, n in by_name.items() if n}


def said(peer: Peer, count: int, total: int) -> str:
    """Name a peer, the form that was its quickest, and how many of its values are other than ours.

    The count stands there in every row, zero or not.
    """
    form = peer.told.get("form", "")
    return f"{peer.version}, {form}; {count:,} of {total:,} values differ"
