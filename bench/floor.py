"""The floor: what this machine's memory allows, and how far from it a piece of work is.

    python bench/floor.py

A row of work must at least read its inputs once and write its outputs once. How fast bytes move is
measured by copying an array that no cache holds: a copy of n bytes moves 2 n. How fast one line of
64 bytes is fetched from a random place is measured by gathering lines in random order.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

SIZE = 512 * 2**20
LINE = 64
GATHERED = 4_000_000
ROUNDS = 5


@dataclass(frozen=True)
class Floor:
    """What was measured.

    bytes_per_s : of a copy, read and written, by number of threads;  line_ns : of one random line.
    """

    bytes_per_s: dict[int, float]
    line_ns: float

    def seconds(self, moved: float, threads: int) -> float:
        """Return the least seconds in which so many bytes can move."""
        return moved / self.bytes_per_s[threads]


def measure() -> Floor:
    """Measure the memory of this machine: about five seconds, and a gigabyte."""
    source, target = np.ones(SIZE // 8), np.empty(SIZE // 8)
    target.fill(0.0)
    copied = {threads: 2 * SIZE / _median(_copier(source, target, threads)) for threads in (1, 2)}
    lines = source.reshape(-1, LINE // 8)
    places = np.random.Generator(np.random.Philox(1)).integers(0, len(lines), GATHERED)
    out = target[: GATHERED * LINE // 8].reshape(-1, LINE // 8)
    gathered = _median(lambda: np.take(lines, places, axis=0, out=out, mode="clip"))
    return Floor(copied, gathered / GATHERED * 1e9)


def _copier(source: np.ndarray, target: np.ndarray, threads: int) -> Callable[[], object]:
    """Return a copy that is made by several threads, each its own part."""
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    pool = ThreadPoolExecutor(threads)

    def run() -> object:
        return list(pool.map(lambda part: np.copyto(*part), parts))

    return run


def _median(call: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


if __name__ == "__main__":
    floor = measure()
    for threads, speed in floor.bytes_per_s.items():
        print(f"copy, {threads} thread(s): {speed / 1e9:.1f} GB/s moved")
    print(f"a random line of {LINE} bytes: {floor.line_ns:.1f} ns")
