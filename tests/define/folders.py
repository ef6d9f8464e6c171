"""Folders of definitions for tests: a sound one, and whatever a test changes of it."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from mintmark.define import check
from mintmark.ground import MintmarkError

SOUND = {
    "events": """
        import mintmark as mm

        card, terminal = mm.Entity("card"), mm.Entity("terminal")
        payment = mm.Event(
            "payment",
            id="payment_id",
            at="paid_at",
            keys={"card": card, "terminal": mm.Optional(terminal)},
            fields={"amount": mm.Money("EUR"), "country": mm.Category(["BE", "FR"]),
                    "online": mm.Flag(), "opened_at": mm.Time(zone="UTC"), "memo": mm.Text()},
            keep="40d",
        )
        chargeback = mm.Event(
            "chargeback", id="case_id", at="reported_at", refers_to=payment,
            fields={"fraud": mm.Flag()},
        )
        fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="30d")
        """,
    "features": """
        from events import fraud, payment
        import mintmark as mm

        amount = payment["amount"]
        features = mm.Features(
            payment,
            amount=amount,
            mean_30d=amount.mean().by("card").over("30d"),
            vs_usual=amount / mm.ref("mean_30d"),
            risk=payment.outcome(fraud, settles_after="7d").mean().by("terminal")
                .over("28d", offset="7d"),
        )
        """,
    "model": """
        from events import fraud, payment
        from features import features
        import mintmark as mm

        model = mm.Model("card_fraud", features=features, label=fraud, learner=mm.LightGBM())
        policy = mm.Policy(
            model,
            approve=mm.Cost(if_fraud=payment["amount"], if_genuine=0),
            review=mm.Cost(if_fraud=4, if_genuine=4),
            decline=mm.Cost(if_fraud=0, if_genuine=0.1 * payment["amount"] + 5),
        )
        gates = mm.Gates(average_precision=mm.at_least("floor"))
        """,
}


def write(folder: Path, **files: str) -> Path:
    """Write the sound files, changed or joined by others, and return the folder."""
    folder.mkdir(exist_ok=True)
    for name, text in (SOUND | files).items():
        (folder / f"{name}.py").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def faults(folder: Path, **files: str) -> Sequence[MintmarkError]:
    """Return what `check` says of the sound files with some changed."""
    return check(write(folder, **files))


def line_of(folder: Path, name: str, text: str) -> str:
    """Return "name.py:N" for the first line of a file that holds a text."""
    lines = (folder / f"{name}.py").read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines, 1) if text in line)
    return f"{name}.py:{number}"
