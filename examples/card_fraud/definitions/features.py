"""What is looked at when a payment asks to be approved: sixty numbers, each in one line.

Every window ends at the payment itself and holds what was known before it: `over("7d")` is the
seven days up to this payment, without it. Change a line and `mintmark plan` shows what changes.
"""

from events import fraud, payment
from fourteen import amount, fourteen

import mintmark as mm

# Predicates. An aggregate that is `where` such a thing counts only the events for which it holds.
remote = payment["channel"].isin(["online", "phone"])
abroad = payment["country"] != "BE"
tiny = amount < 5
refused = payment["declined"]
late_hours = payment.at.hour(tz="UTC") < 6

# The outcome of past payments: true once a chargeback says so, null until it is known.
reported = payment.outcome(fraud, settles_after="14d")

features = mm.Features(
    payment,
    **fourteen,
    # --- the payment itself -----------------------------------------------------------------------
    amount=amount,
    hour=payment.at.hour(tz="UTC"),
    channel=payment["channel"],
    category=payment["category"],
    abroad=abroad,
    declined=refused,
    # --- is the amount unusual for this card? -----------------------------------------------------
    card_usual_30d=amount.mean().by("card").over("30d"),
    card_spread_30d=amount.std().by("card").over("30d"),
    card_max_30d=amount.max().by("card").over("30d"),
    amount_vs_usual=amount / mm.ref("card_usual_30d"),
    amount_vs_max=amount / mm.ref("card_max_30d"),
    # How many of the card's own deviations it lies above the usual.
    amount_deviations=(amount - mm.ref("card_usual_30d"))
    / mm.greatest(mm.ref("card_spread_30d"), 1),
    # --- is the card in a hurry? ------------------------------------------------------------------
    card_since_last=payment.at.since_last().by("card").over("30d"),
    card_payments_1h=mm.count().by("card").over("1h"),
    card_spend_1h=amount.sum().by("card").over("1h"),
    card_spend_1d=amount.sum().by("card").over("1d"),
    card_min_1d=amount.min().by("card").over("1d"),
    card_declined_1d=mm.count().where(refused).by("card").over("1d"),
    card_tiny_1d=mm.count().where(tiny).by("card").over("1d"),
    amount_last=amount.last().by("card").over("30d"),
    amount_vs_last=amount / mm.ref("amount_last"),
    # --- is it where, when and how this card pays? ------------------------------------------------
    card_terminals_1d=payment["terminal"].distinct().by("card").over("1d"),
    card_terminals_30d=payment["terminal"].distinct().by("card").over("30d"),
    card_places_7d=payment["place"].distinct().by("card").over("7d"),
    card_countries_7d=payment["country"].distinct().by("card").over("7d"),
    card_remote_1d=mm.count().where(remote).by("card").over("1d"),
    card_remote_30d=mm.count().where(remote).by("card").over("30d"),
    card_remote_share=mm.ref("card_remote_30d") / mm.ref("card_payments_30d"),
    card_late_30d=mm.count().where(late_hours).by("card").over("30d"),
    # By two roles at once: this card at this terminal, this card in this place.
    pair_payments_30d=mm.count().by("card", "terminal").over("30d"),
    pair_since_last=payment.at.since_last().by("card", "terminal").over("30d"),
    new_terminal=mm.ref("pair_payments_30d") == 0,
    place_payments_30d=mm.count().by("card", "place").over("30d"),
    new_place=mm.ref("place_payments_30d") == 0,
    # --- what is going on at the terminal? --------------------------------------------------------
    terminal_payments_1h=mm.count().by("terminal").over("1h"),
    terminal_tiny_1d=mm.count().where(tiny).by("terminal").over("1d"),
    terminal_declined_1d=mm.count().where(refused).by("terminal").over("1d"),
    terminal_cards_7d=payment["card"].distinct().by("terminal").over("7d"),
    terminal_usual_30d=amount.mean().by("terminal").over("30d"),
    terminal_spread_30d=amount.std().by("terminal").over("30d"),
    amount_vs_terminal=amount / mm.ref("terminal_usual_30d"),
    terminal_traffic_30d=mm.count().by("terminal").over("30d"),
    # Chargebacks known so far, however young the payments: a rogue terminal shows here first.
    terminal_frauds_14d=reported.sum().by("terminal").over("14d"),
    terminal_frauds_30d=reported.sum().by("terminal").over("30d"),
    terminal_fraud_share=mm.ref("terminal_frauds_30d") / (mm.ref("terminal_traffic_30d") + 5),
    card_frauds_30d=reported.sum().by("card").over("30d"),
)
