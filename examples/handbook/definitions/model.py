"""The model, the policy and the gates of the Handbook example."""

from events import fraud, payment
from features import features_15

import mintmark as mm

amount = payment["amount"]

model = mm.Model(
    "handbook_15",
    features=features_15,
    label=fraud,
    learner=mm.LightGBM(),
    floor=mm.Logistic(),
    calibrate="isotonic",
)

policy = mm.Policy(
    model,
    approve=mm.Cost(if_fraud=amount + 20, if_genuine=0),
    review=mm.Cost(if_fraud=0.1 * amount + 4, if_genuine=4),
    decline=mm.Cost(if_fraud=0, if_genuine=0.15 * amount + 10),
)

gates = mm.Gates(
    average_precision=mm.at_least("floor"),
    card_precision_100=mm.at_least(0.25),
    money_saved=mm.at_least(0),
    latency_ms_p99=mm.at_most(3),
    fpr_ratio=mm.at_least(0.8, by="segment"),
    waivers=[
        mm.Waiver(
            gate="fpr_ratio",
            owner="the authors of this example",
            reason="the public set says nothing about the people behind its cards",
            date="2026-11-23",
        )
    ],
    alerts_per_day=100,
)
