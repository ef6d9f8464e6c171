"""Checks that any plan can be put through: three ways to the same features, bit for bit.

A team that writes definitions of its own can hold its plan against the slow and obvious reading of
its features, on its own data or on small logs that are nastier than its data will be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mintmark.define import Event
from mintmark.engine import Live, replay
from mintmark.engine.oracle import oracle
from mintmark.ground import EngineError
from mintmark.plan import Plan
from mintmark.testing.hostile import hostile_log, seeded

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Checked:
    """How much was compared: requests, and values of features."""

    requests: int
    values: int


def check_plan(plan: Plan, tables: Mapping[str, pa.Table]) -> Checked:
    """Check that oracle, replay and live give the same features, bit for bit.

    Parameters
    ----------
    plan : Plan
        The plan to check.
    tables : mapping of str to pyarrow.Table
        One epoch of a log. The oracle looks at all events for each request: keep it small.

    Raises
    ------
    EngineError
        `engine.check.differs`, with the first value that differs.

    Cost
    ----
    O(requests * events) in plain Python.
    """
    replayed = replay(plan, tables)
    names, seq = tuple(replayed.names), replayed.seq
    truth = np.array(oracle(plan, tables), dtype=np.float64).reshape(replayed.features.shape)
    _compare("oracle", truth, replayed.features, names=names, seq=seq)
    _compare("live", _live(plan, tables), replayed.features, names=names, seq=seq)
    return Checked(requests=len(seq), values=replayed.features.size)


def check_hostile(
    plan: Plan, events: Sequence[Event], *, logs: int = 20, rows: int = 24
) -> Checked:
    """Check a plan on small seeded logs of late, tied, future, null and unknown rows.

    Parameters
    ----------
    plan : Plan
        The plan to check.
    events : sequence of Event
        Every event that the plan reads.
    logs, rows : int
        How many logs, and of how many rows each.

    Raises
    ------
    EngineError
        As `check_plan`; the seed of the log is in `at`.
    """
    requests = values = 0
    for seed in range(logs):
        tables = hostile_log(events, seeded(seed), rows=rows)
        try:
            done = check_plan(plan, tables)
        except EngineError as error:
            error.add_note(f"in the hostile log of seed {seed}, {rows} rows")
            raise
        requests, values = requests + done.requests, values + done.values
    return Checked(requests=requests, values=values)


def _live(plan: Plan, tables: Mapping[str, pa.Table]) -> Matrix:
    """Features of every request, each row of the log handed to live state in its turn."""
    empty = {name: table.slice(0, 0) for name, table in tables.items()}
    live = Live.start(plan, empty)
    rows: list[tuple[str, dict[str, Any]]] = []
    for name, table in tables.items():
        rows += [(name, row) for row in table.to_pylist()]
    rows.sort(key=lambda pair: int(pair[1]["mm_seq"]))
    answers = []
    for name, row in rows:
        if name == plan.request:
            answers.append(live.decide(row))
        else:
            live.fold(name, row)
    return np.array(answers, dtype=np.float64).reshape(len(answers), len(plan.outputs))


def _compare(
    way: str, other: Matrix, replayed: Matrix, *, names: Sequence[str], seq: npt.NDArray[np.int64]
) -> None:
    """Refuse any difference in the bits, so that -0.0 and a second NaN count as one."""
    bits = [np.ascontiguousarray(m, dtype=np.float64).view(np.uint64) for m in (other, replayed)]
    if bits[0].shape == bits[1].shape and (bits[0] == bits[1]).all():
        return
    if bits[0].shape != bits[1].shape:
        at, got, want = "$", str(bits[0].shape), str(bits[1].shape)
    else:
        row, column = (int(place[0]) for place in np.nonzero(bits[0] != bits[1]))
        at = f"seq {seq[row]}, feature {names[column]}"
        got, want = (repr(float(m[row, column])) for m in (other, replayed))
    raise EngineError(
        f"{way} and replay give different features",
        at=at,
        got=f"{got} by {way}",
        want=f"{want} by replay",
        code="engine.check.differs",
    )
