"""Two sets of inputs: the fifteen of the book, and a fuller one that looks further.

The full set asks two more questions of the same payments. Is this amount unlike the card's own
habit, told from a time before the last fortnight, so that a fraud under way does not set the
standard? And since when, and how steadily, has this terminal been reported?
"""

from events import payment
from fourteen import amount, fourteen, outcome

import mintmark as mm

features_15 = mm.Features(payment, amount=amount, **fourteen)

# --- the habit of the card --------------------------------------------------------------------
usual_60d = amount.mean().by("card").over("60d")
spread_60d = amount.std().by("card").over("60d")
usual_80d = amount.mean().by("card").over("80d")
spread_80d = amount.std().by("card").over("80d")
# The sixty days before the last fortnight: here a card stolen a week ago still has its own habit.
before = amount.mean().by("card").over("60d", offset="14d")
before_spread = amount.std().by("card").over("60d", offset="14d")
before_max = amount.max().by("card").over("60d", offset="14d")

habit = {
    "amount_vs_usual_60d": amount / usual_60d,
    "amount_vs_usual_80d": amount / usual_80d,
    "amount_vs_before": amount / before,
    "amount_vs_lowest_usual": amount
    / mm.least(usual_60d.otherwise(before), before.otherwise(usual_60d)),
    "amount_vs_max_60d": amount / amount.max().by("card").over("60d"),
    "amount_vs_max_before": amount / before_max,
    "amount_deviations_60d": (amount - usual_60d) / spread_60d,
    "amount_deviations_80d": (amount - usual_80d) / spread_80d,
    "amount_deviations_before": (amount - before) / before_spread,
    "spread_before": before_spread / before,
    "last_vs_before": amount.last().by("card").over("80d") / before,
    "mean_7d_vs_before": amount.mean().by("card").over("7d") / before,
    "max_7d_vs_before": amount.max().by("card").over("7d") / before,
    "max_14d_vs_before": amount.max().by("card").over("14d") / before,
    "card_frauds_14d": outcome.sum().by("card").over("14d", offset="7d"),
    "card_frauds_28d": outcome.sum().by("card").over("28d", offset="7d"),
}


# --- the record of the terminal ---------------------------------------------------------------
def risk(span, offset="7d"):
    """Return the share of frauds at the terminal in a window that ends `offset` ago."""
    return outcome.mean().by("terminal").over(span, offset=offset).otherwise(0)


def frauds(span, offset="7d"):
    """Return the number of frauds at the terminal in a window that ends `offset` ago."""
    return outcome.sum().by("terminal").over(span, offset=offset)


record = {f"terminal_risk_{days}d": risk(f"{days}d") for days in (2, 3, 5, 10, 14, 21, 28, 60)}
# A compromise lasts four weeks. These windows, one behind the other, tell where in it we are.
record |= {
    "terminal_frauds_21d": frauds("21d"),
    "terminal_frauds_4d_after_7d": frauds("4d", "7d"),
    "terminal_frauds_4d_after_15d": frauds("4d", "15d"),
    "terminal_frauds_4d_after_24d": frauds("4d", "24d"),
    "terminal_frauds_7d_after_28d": frauds("7d", "28d"),
    "terminal_frauds_28d_after_28d": frauds("28d", "28d"),
    "terminal_risk_28d_after_28d": risk("28d", "28d"),
}

features_full = mm.Features(payment, amount=amount, **fourteen, **habit, **record)
