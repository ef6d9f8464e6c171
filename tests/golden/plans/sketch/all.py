"""The sketch of the design."""

import mintmark as mm

card, terminal = mm.Entity("card"), mm.Entity("terminal")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card, "terminal": mm.Optional(terminal)},
    fields={"amount": mm.Money("EUR"), "country": mm.Category()},
)
chargeback = mm.Event(
    "chargeback", id="case_id", at="reported_at", refers_to=payment, fields={"fraud": mm.Flag()}
)
fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="30d", otherwise=False)
amount = payment["amount"]
outcome = payment.outcome(fraud, settles_after="7d")
features = mm.Features(
    payment,
    card_payments_1d=mm.count().by("card").over("1d"),
    card_mean_30d=amount.mean().by("card").over("30d"),
    amount_vs_usual=amount / mm.ref("card_mean_30d"),
    card_terminals_7d=payment["terminal"].distinct().by("card").over("7d"),
    since_last=payment.at.since_last().by("card"),
    terminal_risk_28d=outcome.mean().by("terminal").over("28d", offset="7d"),
    night=payment.at.hour(tz="UTC") < 6,
)
