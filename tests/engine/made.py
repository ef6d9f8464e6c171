"""Small plans and logs, said in a line, for the tests of the engine."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import mintmark as mm
from mintmark.plan import Plan, compile_plan

SECOND = 1_000_000

card = mm.Entity("card")
payment = mm.Event(
    "payment", id="id", at="at", keys={"card": mm.Optional(card)}, lateness="10s",
    fields={"amount": mm.Money("EUR", negative=True)},
)  # fmt: skip
report = mm.Event(
    "report", id="report_id", at="at", refers_to=payment, fields={"fraud": mm.Flag()},
)  # fmt: skip
fraud = mm.Label(report["fraud"], of=payment, mature_after="1d", otherwise=False)
amount = payment["amount"]


def plan_of(**features: Any) -> Plan:
    """The plan of some features of a payment."""
    return compile_plan(mm.Features(payment, **features))


def paid(seq: int, at: int, minor: int | None = 100, **more: Any) -> dict[str, Any]:
    """A payment of card "a", at seconds, known when it happened."""
    row = {"mm_seq": seq, "mm_at": at * SECOND, "mm_known_at": at * SECOND, "mm_revision": 0}
    return row | {"id": f"p{seq}", "card": "a", "amount": minor} | more


def told(seq: int, of: str, said: bool | None = True, **more: Any) -> dict[str, Any]:
    """A report about a payment."""
    row = {"mm_seq": seq, "mm_at": 0, "mm_known_at": 0, "mm_revision": 0}
    return row | {"report_id": f"r{seq}", "id": of, "fraud": said} | more


def payments(rows: list[dict[str, Any]]) -> pa.Table:
    """A table of payments."""
    types = {"id": pa.string(), "card": pa.string()}
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "id", "card", "amount"]
    return pa.table({n: pa.array([r[n] for r in rows], types.get(n, pa.int64())) for n in names})


def reports(rows: list[dict[str, Any]]) -> pa.Table:
    """A table of reports."""
    types = {"id": pa.string(), "report_id": pa.string(), "fraud": pa.bool_()}
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "report_id", "id", "fraud"]
    return pa.table({n: pa.array([r[n] for r in rows], types.get(n, pa.int64())) for n in names})
