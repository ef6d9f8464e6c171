"""How a peer's script talks with the benchmark: one JSON object a line, each asks for one thing.

The script runs in its own environment, so it imports nothing of Mintmark. What is long goes by
file: inputs as Parquet, results as Arrow IPC, one float64 column a feature, null where there is
no value, in the order of `payment_id`.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any


def answer(verbs: Mapping[str, Callable[..., dict[str, Any]]], packages: tuple[str, ...]) -> None:
    """Answer every line on standard input until there are no more."""
    versions = {name: version(name) for name in packages}
    for line in sys.stdin:
        asked = json.loads(line)
        told = verbs[asked["do"]](**asked.get("with", {}))
        print(json.dumps({"versions": versions} | told), flush=True)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Run, and return the seconds and the result."""
    begun = time.perf_counter()
    result = call()
    return time.perf_counter() - begun, result


def quickest(forms: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """Run each form twice and return the better seconds of each, the quickest form first."""
    seconds = {}
    for name, form in forms.items():
        seconds[name] = min(timed(form)[0] for _ in range(2))
    return dict(sorted(seconds.items(), key=lambda pair: pair[1]))
