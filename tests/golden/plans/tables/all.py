"""Reference data as of a request, and amounts of several currencies brought to one."""

import mintmark as mm

account, terminal, currency = mm.Entity("account"), mm.Entity("terminal"), mm.Entity("currency")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={
        "payer": account,
        "payee": account,
        "terminal": mm.Optional(terminal),
        "currency": currency,
    },
    fields={"amount": mm.Fixed(2)},
)
merchant = mm.Table(
    "merchant",
    of=terminal,
    fields={"mcc": mm.Category(["5411", "5812"]), "opened_at": mm.Time(zone="UTC")},
    valid_from="since",
    revision="version",
)
holder = mm.Table(
    "holder", of=account, fields={"level": mm.Integer()}, valid_from="since", id="row_id"
)
rates = mm.Rates("rates", base="EUR", of=currency, valid_from="day", known_at="at + 1h")
amount_eur = payment["amount"].in_currency("EUR", rates, by="currency")
features = mm.Features(
    payment,
    mcc=merchant["mcc"],
    grocer=(merchant["mcc"] == "5411").otherwise(False),
    age=payment.at - merchant["opened_at"],
    payer_level=holder["level"].by("payer"),
    above_payee=holder["level"].by("payer") > holder["level"].by(payee="account"),
    amount_eur=amount_eur,
    large=mm.ref("amount_eur") > 1000,
    spent_eur_7d=amount_eur.fixed(2).sum().by("payer").over("7d"),
    moves_30d=merchant.count().by("terminal").over("30d"),
)
