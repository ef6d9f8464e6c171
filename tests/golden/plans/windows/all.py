"""Every aggregate, windows of all sorts, keys of other names and types, another stream."""

import mintmark as mm

account, device = mm.Entity("account"), mm.Entity("device", type="integer")
transfer = mm.Event(
    "transfer",
    id="transfer_id",
    id_type="integer",
    at="sent_at",
    known_at="at + 2h",
    lateness="1d",
    keep="90d",
    keys={"payer": account, "payee": account, "device": mm.Optional(device)},
    fields={"amount": mm.Money("JPY"), "purpose": mm.Category(["rent", "gift"]), "new": mm.Flag()},
)
login = mm.Event(
    "login",
    id="login_id",
    at="at",
    known_at="seen_at",
    keys={"payer": account},
    fields={"score": mm.Fixed(3)},
)
recall = mm.Event(
    "recall",
    id="recall_id",
    at="at",
    refers_to=transfer,
    refers_by="original",
    fields={"loss": mm.Money("JPY")},
)
loss = mm.Label(recall["loss"], of=transfer, mature_after="60d", otherwise=None)
amount, new = transfer["amount"], transfer["new"]
lost = transfer.outcome(loss, settles_after="14d")
features = mm.Features(
    transfer,
    n=mm.count().by("payer").over("1h", include_current=True),
    total=amount.sum().by("payer").over("1d"),
    mean=amount.mean().by("payer").over("7d", offset="1d"),
    spread=amount.std().by("payer").over("90d"),
    low=amount.min().by("payer", "payee").over("30d"),
    high=amount.max().by("payee", "payer").over("30d"),
    last=amount.last().by("payer").over("30d"),
    payees=transfer["payee"].distinct().by("payer").over("30d"),
    gifts=mm.count().where(transfer["purpose"] == "gift").by("payer").over("30d"),
    new_total=amount.sum().where(new & (amount > 1000)).by("device").over("30d"),
    new_share=new.mean().by("device").over("30d"),
    idle=transfer.at.since_last().where(new).by("payee").over("60d"),
    logins=login.count().by("payer").over("lifetime"),
    score=login["score"].max().by("payer").over("90m"),
    lost=lost.sum().by("payee").over("60d"),
    lost_known=lost.count().by("payee").over("60d"),
    usual=amount.median().by("device").over("90d", cap=1000),
    busy=amount.median().by("device").over("90d", cap=1000).capped(),
)
