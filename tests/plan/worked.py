"""Plans for tests: one small world, and what a test asks of it."""

from typing import Any

import mintmark as mm
from mintmark.plan import Plan, compile_plan

card, terminal = mm.Entity("card"), mm.Entity("terminal", type="integer")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card, "terminal": mm.Optional(terminal)},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(["FR", "BE"]),
        "online": mm.Flag(),
        "opened_at": mm.Time(),
        "rate": mm.Fixed(6),
    },
)
login = mm.Event(
    "login",
    id="login_id",
    at="at",
    keys={"card": card},
    fields={"ok": mm.Flag(), "n": mm.Integer()},
)
report = mm.Event(
    "report",
    id="case_id",
    at="told_at",
    refers_to=payment,
    fields={"fraud": mm.Flag(), "loss": mm.Money("EUR")},
)
fraud = mm.Label(report["fraud"], of=payment, mature_after="30d")
loss = mm.Label(report["loss"], of=payment, mature_after="30d", otherwise=0)
amount, country, online = payment["amount"], payment["country"], payment["online"]


def plan_of(label: mm.Label | None = None, **features: Any) -> Plan:
    """Return the plan of some features of a payment."""
    return compile_plan(mm.Features(payment, **features), label=label)
