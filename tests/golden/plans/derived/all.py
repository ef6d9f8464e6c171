"""Features that are written out in others: arrays, comparisons with history, places, calendars."""

import mintmark as mm

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": mm.Entity("card"), "shop": mm.Entity("shop")},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(["BE", "FR"]),
        "lat": mm.Fixed(6),
        "lon": mm.Fixed(6),
    },
)
amount, country, at = payment["amount"], payment["country"], payment.at
zone = "Europe/Brussels"
features = mm.Features(
    payment,
    a_lags=amount.lags(3).by("card").over(last=50),
    b_firsts=country.firsts(2).by("card").over("lifetime"),
    c_tops=amount.tops(2).by("card").over("30d"),
    d_bottoms=amount.bottoms(2).by("card").over("30d"),
    e_histogram=amount.histogram([0, 10, 100]).by("card").over("30d"),
    f_counts=country.counts(["BE", "FR"]).by("card").over("30d"),
    g_zscore=amount.zscore(by="card", over="30d"),
    h_share=amount.share(by=["card", "shop"], over="1d"),
    i_delta=amount.delta(by="card"),
    j_ratio=amount.sum().by("card").ratio_of("1d", "30d"),
    k_distance=payment.distance_from_last("lat", "lon", by="card"),
    l_speed=payment.speed_from_last("lat", "lon", by="card"),
    m_from_home=mm.distance_km(payment["lat"], payment["lon"], 50.85, 4.35),
    n_hour=at.cyclic("hour", tz=zone),
    o_holiday=at.holiday("BE", tz=zone),
    p_holidays=at.holiday("DE-BY", tz=zone).sum().by("card").over("30d"),
    q_calendar=at.minute(tz=zone) + at.second_of_day(tz=zone) + at.month(tz=zone),
    r_calendar=at.year(tz=zone) + at.yearday(tz=zone) + at.week(tz=zone),
    s_bucket=amount.bucket([0, 10, 100]),
    t_hash=payment["card"].hash(128),
    u_functions=(amount.log() + amount.exp() + amount.power(0.5)).floor().mod(7).sign(),
    v_angles=amount.sin() + amount.cos() + amount.atan(),
    w_rounded=amount.log().fixed(6).mean().by("card").over("30d"),
)
