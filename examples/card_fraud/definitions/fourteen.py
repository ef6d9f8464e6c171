"""The fourteen inputs of the Fraud Detection Handbook, chapter 3, besides the amount itself.

The book's simulated payments are public, and its authors publish the values of these columns. This
very file, byte for byte, stands in `../../handbook/definitions` too, where a test compares what it
gives with what they published, on half a million payments.

    weekend                    TX_DURING_WEEKEND
    night                      TX_DURING_NIGHT
    card_payments_1d           CUSTOMER_ID_NB_TX_1DAY_WINDOW          and 7d, 30d
    card_mean_1d               CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW     and 7d, 30d
    terminal_payments_1d       TERMINAL_ID_NB_TX_1DAY_WINDOW          and 7d, 30d
    terminal_risk_1d           TERMINAL_ID_RISK_1DAY_WINDOW           and 7d, 30d
"""

from events import fraud, payment

import mintmark as mm

amount = payment["amount"]

# The calendar. A zone is named, because noon is not the same moment everywhere.
fourteen = {
    "weekend": payment.at.weekday(tz="UTC") >= 6,
    "night": payment.at.hour(tz="UTC") <= 6,
}

# What the card did in the window (t - 1 day, t], this payment included.
fourteen |= {
    "card_payments_1d": mm.count().by("card").over("1d", include_current=True),
    "card_payments_7d": mm.count().by("card").over("7d", include_current=True),
    "card_payments_30d": mm.count().by("card").over("30d", include_current=True),
    "card_mean_1d": amount.mean().by("card").over("1d", include_current=True),
    "card_mean_7d": amount.mean().by("card").over("7d", include_current=True),
    "card_mean_30d": amount.mean().by("card").over("30d", include_current=True),
}

# What happened at the terminal in a window that ends seven days ago. Why so late? The share of
# frauds among payments is only worth something once their chargebacks have had time to come. With
# `settles_after` a payment without a chargeback counts as genuine after seven days, and as unknown
# before that; a mean leaves out what is unknown.
outcome = payment.outcome(fraud, settles_after="7d")
fourteen |= {
    "terminal_payments_1d": mm.count().by("terminal").over("1d", offset="7d"),
    "terminal_payments_7d": mm.count().by("terminal").over("7d", offset="7d"),
    "terminal_payments_30d": mm.count().by("terminal").over("30d", offset="7d"),
    "terminal_risk_1d": outcome.mean().by("terminal").over("1d", offset="7d").otherwise(0),
    "terminal_risk_7d": outcome.mean().by("terminal").over("7d", offset="7d").otherwise(0),
    "terminal_risk_30d": outcome.mean().by("terminal").over("30d", offset="7d").otherwise(0),
}
