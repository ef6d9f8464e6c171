"""Programs that need Ray or Spark, run in an environment that has them beside ours.

`requirements-apart.txt` pins what it adds; it is made at the first use, in `build/flow/env`, and
again when the pins change. What we are is taken from the environment that runs the tests.
"""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

import mintmark

HERE = Path(__file__).resolve().parent
PINS = HERE / "requirements-apart.txt"
PLACE = HERE.parents[1] / "build" / "flow" / "env"


def python_apart() -> Path:
    """Return the interpreter that has Ray and Spark, and us."""
    ours = site.getsitepackages()[0]
    wanted = f"{PINS.read_text()}{sys.version}{ours}"
    stamp, python = PLACE / "made-of.txt", PLACE / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True, timeout=120)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "-r", str(PINS)], check=True, timeout=900)
    (found,) = PLACE.glob("lib/python*/site-packages")
    (found / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    stamp.write_text(wanted)
    return python


def run_apart(script: str, *told: str, seconds: float) -> dict[str, Any]:
    """Run one of the programs beside this file; return what its last line says, as JSON."""
    python = python_apart()
    # The code under test is the one that this process imports, wherever it stands.
    paths = os.pathsep.join([str(Path(mintmark.__file__).parents[1]), str(HERE.parent)])
    environment = os.environ | {
        "PYTHONPATH": paths, "PYSPARK_PYTHON": str(python), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0", "SPARK_LOCAL_IP": "127.0.0.1",
    }  # fmt: skip
    done = subprocess.run(
        [str(python), str(HERE / script), *told],
        env=environment, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4_000:] + done.stdout[-1_000:]
    answer: dict[str, Any] = json.loads(done.stdout.strip().split("\n")[-1])
    return answer
