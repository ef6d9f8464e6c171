"""Strikes one past decision again from the log, and says what came out otherwise.

Only the events that share a key with the payment can have moved its features, so only those are
folded: the same kernel over a short log instead of a long one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from mintmark.engine import replay
from mintmark.engine.strike import Die
from mintmark.ground import MonitorError
from mintmark.plan import Plan


@dataclass(frozen=True)
class Struck:
    """A decision struck again.

    Attributes
    ----------
    decision_id : str
    differences : mapping of str to (then, now)
        What came out otherwise; empty where everything is the same, bit for bit.
    """

    decision_id: str
    differences: Mapping[str, tuple[Any, Any]]

    @property
    def same(self) -> bool:
        """Whether features, margin, probability, action, costs and reasons are all the same."""
        return not self.differences

    def form(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "decision_id": self.decision_id,
            "same": self.same,
            "differences": {
                name: {"then": repr(then), "now": repr(now)}
                for name, (then, now) in self.differences.items()
            },
        }


def strike(
    decision: Mapping[str, Any], plan: Plan, tables: Mapping[str, pa.Table], die: Die
) -> Struck:
    """Strike a decision again from the log.

    Parameters
    ----------
    decision : mapping
        One row of the decision log.
    plan : Plan
        The plan of the release that made it.
    tables : mapping of str to Table
        Every stream of the log, in the epoch of the decision.
    die : Die
        The release that made it, ready to strike.

    Raises
    ------
    MonitorError
        ``monitor.strike.not_in_log`` where the payment of the decision is not in the log.
    """
    seq = int(decision["seq"])
    related = related_tables(plan, tables, seq=seq)
    again = replay(plan, related)
    place = int(np.searchsorted(again.seq, seq))
    vector = again.features[place]
    request = related[plan.request].slice(place, 1)
    amount = money_of(plan, request, die.amount_field)
    struck = die.strike(vector, amount)
    then = np.frombuffer(decision["features"], dtype="<f8")
    differences: dict[str, tuple[Any, Any]] = {}
    for index, name in enumerate(again.names):
        if then[index].tobytes() != vector[index].tobytes():
            differences[f"feature {name}"] = (float(then[index]), float(vector[index]))
    now = {
        "margin": struck.margin,
        "probability": struck.probability,
        "action": struck.action,
        "costs": struck.costs,
        "reasons": [list(reason) for reason in die.reasons(vector)],
    }
    for name, value in now.items():
        if decision[name] != value:
            differences[name] = (decision[name], value)
    return Struck(str(decision["decision_id"]), differences)


def related_tables(plan: Plan, tables: Mapping[str, pa.Table], *, seq: int) -> dict[str, pa.Table]:
    """Return the rows that can have moved the features of the request at `seq`, itself included."""
    requests = pl.DataFrame(tables[plan.request])
    request = requests.filter(pl.col("mm_seq") == seq)
    if request.is_empty():
        raise MonitorError(
            "the payment of a decision is not in the log",
            got=f"seq {seq}",
            hint="verify on the log that the decision was written to",
            code="monitor.strike.not_in_log",
        )
    kept: dict[str, pa.Table] = {}
    for stream in tables:
        roles = sorted({r for g in plan.groups if g.stream == stream for r in g.roles})
        frame = pl.DataFrame(tables[stream]).filter(pl.col("mm_seq") <= seq)
        if roles:
            # A role that the request lacks has no state, so nothing shares it.
            keys = {role: request[role][0] for role in roles if role in request.columns}
            shared = [pl.col(role) == key for role, key in keys.items() if key is not None]
            frame = frame.filter(pl.any_horizontal(pl.col("mm_seq") == seq, *shared))
        elif stream == plan.request:
            frame = frame.filter(pl.col("mm_seq") == seq)
        kept[stream] = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return kept


def money_of(plan: Plan, request: pa.Table, field: str | None) -> float:
    """Return a request's money field in major units; NaN where there is none or it is null."""
    if field is None:
        return float("nan")
    value = request[field][0].as_py()
    return float("nan") if value is None else float(value) / 10.0 ** plan.scale_of(field)
