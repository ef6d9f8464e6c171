"""Two sets of inputs for the Handbook's payments: the fifteen of the book, and a fuller one.

The book tells how its frauds come about, and so which habits give them away: an amount that is high
whoever pays it, a terminal that is compromised for four weeks, a card whose owner is a victim for
two weeks while a third of what it pays is five times too much. The fuller set looks at the last two
more closely: at what was usual *before* the last fortnight, so that a fraud under way does not set
the standard, and at terminals in narrower windows, one behind the other.
"""

from events import payment
from fourteen import amount, fourteen, outcome

import mintmark as mm

# What the book looks at.
features_15 = mm.Features(payment, amount=amount, **fourteen)

# What was usual for the card: lately, and before the fortnight in which it may have been a victim.
usual = mm.Features(
    payment,
    usual_60d=amount.mean().by("card").over("60d"),
    usual_80d=amount.mean().by("card").over("80d"),
    usual_before=amount.mean().by("card").over("60d", offset="14d"),
    spread_60d=amount.std().by("card").over("60d"),
    spread_80d=amount.std().by("card").over("80d"),
    spread_before=amount.std().by("card").over("60d", offset="14d"),
    most_60d=amount.max().by("card").over("60d"),
    most_before=amount.max().by("card").over("60d", offset="14d"),
)

# How far this payment lies from it, and how far the payments of the last days do.
habit = mm.Features(
    payment,
    usual,
    amount_vs_usual_60d=amount / mm.ref("usual_60d"),
    amount_vs_usual_80d=amount / mm.ref("usual_80d"),
    amount_vs_usual_before=amount / mm.ref("usual_before"),
    amount_vs_lower_usual=amount
    / mm.least(
        mm.ref("usual_60d").otherwise(mm.ref("usual_before")),
        mm.ref("usual_before").otherwise(mm.ref("usual_60d")),
    ),
    amount_vs_most_60d=amount / mm.ref("most_60d"),
    amount_vs_most_before=amount / mm.ref("most_before"),
    deviations_60d=(amount - mm.ref("usual_60d")) / mm.ref("spread_60d"),
    deviations_80d=(amount - mm.ref("usual_80d")) / mm.ref("spread_80d"),
    deviations_before=(amount - mm.ref("usual_before")) / mm.ref("spread_before"),
    unsteadiness_before=mm.ref("spread_before") / mm.ref("usual_before"),
    last_vs_before=amount.last().by("card").over("80d") / mm.ref("usual_before"),
    mean_7d_vs_before=amount.mean().by("card").over("7d") / mm.ref("usual_before"),
    most_7d_vs_before=amount.max().by("card").over("7d") / mm.ref("usual_before"),
    most_14d_vs_before=amount.max().by("card").over("14d") / mm.ref("usual_before"),
    card_frauds_14d=outcome.sum().by("card").over("14d", offset="7d"),
    card_frauds_28d=outcome.sum().by("card").over("28d", offset="7d"),
)


def risk(span, offset="7d"):
    """The share of frauds among a terminal's payments of a span that ended `offset` ago."""
    return outcome.mean().by("terminal").over(span, offset=offset).otherwise(0)


def frauds(span, offset="7d"):
    """How many of a terminal's payments of that span were frauds."""
    return outcome.sum().by("terminal").over(span, offset=offset)


def high(span, offset="7d"):
    """How many of them were above 220 euro, which in this set are all frauds, at any terminal."""
    return mm.count().where(amount > 220).by("terminal").over(span, offset=offset)


def payments(span, offset="7d"):
    """How many there were, and one where there was none, to divide by."""
    return mm.greatest(mm.count().by("terminal").over(span, offset=offset), 1)


# The terminal in narrow and wide windows, and how it was two, three and four weeks earlier. Frauds
# that are not high are those that speak of the terminal itself.
terminal = mm.Features(
    payment,
    **{f"terminal_risk_{span}": risk(span) for span in ("2d", "3d", "5d", "10d", "14d", "21d")},
    **{f"terminal_risk_{span}": risk(span) for span in ("28d", "60d")},
    **{f"terminal_low_{span}": frauds(span) - high(span) for span in ("3d", "7d", "14d", "21d")},
    **{
        f"terminal_low_share_{span}": mm.ref(f"terminal_low_{span}") / payments(span)
        for span in ("3d", "7d", "14d", "21d")
    },
    terminal_frauds_21d=frauds("21d"),
    terminal_frauds_4d=frauds("4d"),
    terminal_frauds_4d_before_15d=frauds("4d", offset="15d"),
    terminal_frauds_4d_before_24d=frauds("4d", offset="24d"),
    terminal_frauds_7d_before_28d=frauds("7d", offset="28d"),
    terminal_frauds_28d_before_28d=frauds("28d", offset="28d"),
    terminal_low_28d_before_28d=frauds("28d", offset="28d") - high("28d", offset="28d"),
    terminal_risk_28d_before_28d=risk("28d", offset="28d"),
)

# The model sees all of these blocks but what only served to compare with.
everything = mm.Features(payment, features_15, habit, terminal)
features_full = everything.only(*(name for name in everything if name not in usual.names))
