"""Every sort of window, empty windows, keys under other names, reversals."""

import mintmark as mm

account = mm.Entity("account")
transfer = mm.Event(
    "transfer",
    id="id",
    at="at",
    keys={"payer": account, "payee": account},
    fields={"amount": mm.Money("EUR"), "purpose": mm.Category(["rent", "gift"]), "new": mm.Flag()},
)
login = mm.Event("login", id="id", at="at", keys={"account": account}, fields={"ok": mm.Flag()})
recall = mm.Event(
    "recall",
    id="case",
    at="at",
    refers_to=transfer,
    reverses="amount",
    fields={"amount": mm.Money("EUR")},
)
amount, n = transfer["amount"], mm.count()
features = mm.Features(
    transfer,
    a_lifetime=n.by("payer").over("lifetime"),
    b_last=n.by("payer").over(last=100),
    c_span_and_last=n.by("payer").over("30d", last=100),
    d_today=n.by("payer").over("today", tz="Europe/Brussels"),
    e_week=n.by("payer").over("week", tz="Europe/Brussels", offset="7d"),
    f_month=n.by("payer").over("month", tz="America/New_York"),
    g_year=n.by("payer").over("year", tz="UTC", last=10),
    h_session=n.by("payer").over(session="30m"),
    i_span_and_session=n.by("payer").over("1d", session="30m", last=5),
    j_edges=n.by("payer").over("1h", edges="[)"),
    k_ties=n.by("payer").over("1h", ties="none"),
    l_current=n.by("payer").over("1h", include_current=True),
    m_empty=amount.mean().by("payer").over("1h", empty=0),
    n_empty_where=amount.std().where(transfer["new"]).by("payer").over("1h", empty=-1),
    o_empty_text=transfer["purpose"].last().by("payer").over("1h", empty="none"),
    p_logins_of_payee=login.count().by(payee="account").over("1d"),
    q_back=amount.sum().by(payee="payer", payer="payee").over("30d"),
    r_of_payee=amount.sum().by(payee="payer").over("30d"),
)
