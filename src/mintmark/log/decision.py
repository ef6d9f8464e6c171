"""One decision as it is kept for ever: what was answered, from what, and by what.

It is written in the same frame as its event (`record`), so that neither exists without the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import msgspec
import pyarrow as pa


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What one request was answered, with all that is needed to strike it again.

    `margin` is the model's raw score, the score of record. `features` is the vector the model
    saw: little-endian float64, in the order of the plan's outputs. `costs` are the policy's
    expected costs by action; `reasons` are (feature, contribution, value), strongest first, the
    value null where the feature was. `release`, `model`, `plan` and `policy` are digests, `at` and
    `known_at` are µs UTC, `latency_us` is what the decision took in the server, `clock` names the
    clock that stamped it.
    """

    decision_id: str
    stream: str
    event_id: int | str
    epoch: int
    seq: int
    at: int
    known_at: int
    margin: float
    probability: float
    action: str
    costs: dict[str, float]
    reasons: list[tuple[str, float, float | None]]
    features: bytes
    release: str
    model: str
    plan: str
    policy: str
    latency_us: int
    clock: str


SCHEMA = pa.schema(
    [
        ("decision_id", pa.string()),
        ("stream", pa.string()),
        ("event_id", pa.string()),
        ("epoch", pa.int64()),
        ("seq", pa.int64()),
        ("at", pa.int64()),
        ("known_at", pa.int64()),
        ("margin", pa.float64()),
        ("probability", pa.float64()),
        ("action", pa.string()),
        ("costs", pa.string()),
        ("reasons", pa.string()),
        ("features", pa.binary()),
        ("release", pa.string()),
        ("model", pa.string()),
        ("plan", pa.string()),
        ("policy", pa.string()),
        ("latency_us", pa.int64()),
        ("clock", pa.string()),
        ("event_id_type", pa.string()),
    ]
)
"""The decisions' table: the fields of `Decision`; `costs` and `reasons` are JSON text."""


def to_table(decisions: Iterable[Decision]) -> pa.Table:
    """Return decisions as rows of their table."""
    rows = []
    for decision in decisions:
        row = msgspec.structs.asdict(decision)
        row["event_id_type"] = "integer" if isinstance(decision.event_id, int) else "text"
        row["event_id"] = str(decision.event_id)
        for name in ("costs", "reasons"):
            row[name] = msgspec.json.encode(row[name]).decode()
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def from_row(row: dict[str, object]) -> Decision:
    """Return the decision that one row of the table holds.

    The value of a reason is null where it was NaN.
    """
    values = dict(row)
    if values.pop("event_id_type") == "integer":
        values["event_id"] = int(str(values["event_id"]))
    for name in ("costs", "reasons"):
        values[name] = msgspec.json.decode(str(values[name]))
    return msgspec.convert(values, Decision)


class Answers:
    """The decision that each event was answered with, for a caller who asks again.

    Those of the live tail are in memory; those in the table are indexed when one is asked for.
    """

    def __init__(self) -> None:
        self._live: dict[tuple[str, str], Decision] = {}
        self._lock = threading.Lock()
        self._version = -1
        self._table = SCHEMA.empty_table()
        self._index: dict[tuple[str, str], int] = {}

    def add(self, decision: Decision | None) -> None:
        """Remember a decision of the live tail."""
        if decision is not None:
            with self._lock:
                self._live[_key(decision.stream, decision.event_id)] = decision

    def live(self, stream: str, event_id: int | str) -> Decision | None:
        """Return an event's decision if the live tail has it."""
        return self._live.get(_key(stream, event_id))

    def sealed(
        self,
        stream: str,
        event_id: int | str,
        *,
        version: int,
        read: Callable[[int], pa.Table],
    ) -> Decision | None:
        """Return an event's newest decision if a version of the table has it."""
        if version != self._version:
            self._table, self._version = read(version), version
            streams, ids = (self._table[name].to_pylist() for name in ("stream", "event_id"))
            self._index = {key: row for row, key in enumerate(zip(streams, ids, strict=True))}
        row = self._index.get(_key(stream, event_id))
        return None if row is None else from_row(self._table.slice(row, 1).to_pylist()[0])

    def forget(self, seq: int) -> None:
        """Drop the decisions up to a place: they are in the table now."""
        with self._lock:
            self._live = {key: one for key, one in self._live.items() if one.seq > seq}


def _key(stream: str, event_id: int | str) -> tuple[str, str]:
    return stream, str(event_id)
