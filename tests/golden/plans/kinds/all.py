"""Every kind of aggregate, of values and of events, and outcomes under a condition."""

import mintmark as mm

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": mm.Entity("card")},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(["BE", "FR"]),
        "online": mm.Flag(),
        "opened_at": mm.Time(),
        "score": mm.Integer(limit=1000),
    },
)
report = mm.Event("report", id="case", at="at", refers_to=payment, fields={"fraud": mm.Flag()})
fraud = mm.Label(report["fraud"], of=payment, mature_after="30d")
outcome = payment.outcome(fraud, settles_after="7d")
amount, country, online, score = (payment[n] for n in ("amount", "country", "online", "score"))

PLAIN = (
    "sum mean var std cv skew kurt min max range first last newest since_max since_min distinct "
    "approx_distinct unique_share mode top_share entropy is_new seen median top bottom changes "
    "slope"
)
EVENTS = "count since_first since_last gap_mean gap_std gap_min gap_max"


def month(aggregate):
    """Return an aggregate by card over thirty days."""
    return aggregate.by("card").over("30d")


of_values = {name: month(getattr(amount, name)()) for name in PLAIN.split()}
of_events = {f"events_{name}": month(getattr(payment, name)()) for name in EVENTS.split()}
features = mm.Features(
    payment,
    **of_values,
    **of_events,
    **{f"of_at_{name}": month(getattr(payment.at, name)()) for name in EVENTS.split()},
    changes_of_text=month(country.changes()),
    decay_count=payment.decay_count("7d").by("card"),
    decay_mean=amount.decay_mean(half_life="1h").by("card").over("2d"),
    decay_sum=amount.decay_sum("7d").by("card"),
    gap_mean=amount.gap_mean().by("card"),
    lag=month(country.lag(2)),
    nth=month(amount.nth(3)),
    mode_of_text=month(country.mode(2)),
    outcome_masked=outcome.mean().where(online).by("card").over("28d", offset="7d"),
    quantile=month(amount.quantile(0.99)),
    rate=month(payment.rate(per="1h")),
    score_kurt=month(score.kurt()),
    since=payment.at.since_first().by("card"),
    since_online=payment.since_last().where(online).by("card"),
    streak=month(online.longest_streak()),
    streak_now=month(online.current_streak()),
    stranger=month(amount.aggregate("decay_sum", half_life_us="1d", tick_us="45m")),
)
