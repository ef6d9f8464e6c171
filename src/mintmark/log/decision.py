"""One decision as it is kept for ever: what was answered, from what, and by what.

It is written in the same frame as its event (`record`), so that neither exists without the other.
"""

from __future__ import annotations

from collections.abc import Iterable

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
