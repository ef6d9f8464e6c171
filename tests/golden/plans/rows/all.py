"""Every row operation."""

import mintmark as mm

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": mm.Entity("card"), "shop": mm.Entity("shop")},
    fields={
        "amount": mm.Money("EUR"),
        "fee": mm.Money("EUR"),
        "country": mm.Category(["BE", "FR", "NL"]),
        "online": mm.Flag(),
        "opened_at": mm.Time(),
    },
)
amount, fee, country, online = (payment[n] for n in ("amount", "fee", "country", "online"))
features = mm.Features(
    payment,
    a_sum=amount + fee - 1,
    b_product=2 * amount / (fee + 0.5),
    c_unary=-abs(amount - fee).sqrt(),
    d_compare=(amount >= 10) & ~(fee == 0) | online,
    e_text=country.isin(["BE", "NL"]),
    f_category=country,
    g_self=payment["card"] == payment["shop"],
    h_null=country.null(),
    i_otherwise=amount.otherwise(0),
    j_where=mm.where(online, amount, None),
    k_clip=amount.clip(0, 500),
    l_least=mm.least(amount, fee, 7),
    m_age=payment.at - payment["opened_at"],
    n_day=payment.at.day(tz="UTC"),
    o_weekend=payment["opened_at"].weekday(tz="UTC") > 5,
    p_fixed=(amount * 1.1).fixed(2),
    q_rounded=(amount / 3).fixed(4).max().by("card").over("1d"),
    r_named=mm.ref("a_sum") / mm.ref("k_clip"),
    s_alias=mm.ref("a_sum"),
    t_same=payment["card"] != payment["shop"].last().by("card").over("1d"),
)
