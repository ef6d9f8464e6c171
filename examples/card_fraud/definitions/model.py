"""What is learned, what an answer costs, and what a model must show before it may answer.

Three questions, kept apart on purpose: how likely is fraud (the model), what to do about it (the
policy), and may this model speak at all (the gates).
"""

from events import fraud, payment
from features import features

import mintmark as mm

amount = payment["amount"]

# The floor is the simplest thing that could work. A model that does not beat it is not released.
# Calibration turns scores into probabilities, for a cost can only be weighed with one.
model = mm.Model(
    "card_fraud",
    features=features,
    label=fraud,
    # Many small trees rather than a few large ones: they learn as well here, and the reasons that
    # every answer carries are worked out from all of them, within a millisecond.
    learner=mm.LightGBM(
        num_iterations=240,
        learning_rate=0.05,
        num_leaves=15,
        max_depth=5,
        min_data_in_leaf=80,
        feature_fraction=0.6,
        lambda_l2=5.0,
    ),
    floor=mm.Logistic(),
    calibrate="isotonic",
    # Learn from the oldest payments, calibrate on the two weeks after them, and test on the newest
    # three weeks whose labels are mature. In between stands the time that labels take: what was
    # not known when the test began must not be learned from. Nothing is learned from the first 37
    # days either, for the longest window, 30 days that end 7 days ago, is not full before.
    split=mm.Split(subject="card", warmup="37d", calibration="14d", test="21d"),
    # For the model card, which is written with every release and which people read.
    purpose="Says how likely a card payment is a fraud, while the payment waits for an answer.",
    owner="card fraud team",
    limits=[
        "It was trained on simulated payments; it says nothing about real ones.",
        "It must not decide about a person: it judges a payment, and an analyst may overrule it.",
    ],
)

# What each action costs in euro, if the payment is a fraud and if it is not. The one with the
# lowest expected cost is taken, so no threshold has to be chosen: it follows from these lines.
policy = mm.Policy(
    model,
    # A fraud that is approved costs its amount, and the fee of its chargeback.
    approve=mm.Cost(if_fraud=amount + 20, if_genuine=0),
    # An analyst's look costs the same either way, and misses one fraud in ten.
    review=mm.Cost(if_fraud=0.1 * amount + 4, if_genuine=4),
    # A customer who is turned away is annoyed, and more so the more he wanted to buy.
    decline=mm.Cost(if_fraud=0, if_genuine=0.15 * amount + 10),
)

# Every gate must be passed. "floor" compares with the logistic regression on the same payments, and
# passes only if the data show that the model is not worse.
gates = mm.Gates(
    average_precision=mm.at_least("floor"),
    auc_roc=mm.at_least(0.85),
    recall_at_budget=mm.at_least(0.4),
    calibration_error=mm.at_most(0.01),
    money_saved=mm.at_least(0),
    latency_ms_p99=mm.at_most(10),
    # No age band may be stopped wrongly half as often again as another.
    fpr_ratio=mm.at_least(0.67, by="segment"),
    alerts_per_day=60,
)
