"""The difference between two plans is what can change a value, and nothing else."""

from dataclasses import replace

import mintmark as mm
from mintmark.plan import diff
from plan.worked import amount, fraud, payment, plan_of

MEAN = amount.mean().by("card").over("30d")


def test_equal_plans_have_no_difference() -> None:
    """The same definitions in another order are the same plan."""
    assert diff(plan_of(a=MEAN, b=amount), plan_of(b=amount, a=MEAN)) == ()


def test_added_removed_and_changed() -> None:
    """Each feature is told by its sign, with the old and the new line."""
    old = plan_of(a=amount, b=MEAN, c=amount / mm.ref("b"))
    new = plan_of(b=amount.mean().by("card").over("7d"), c=amount / mm.ref("b"), d=amount)
    told = {(c.name, c.kind) for c in diff(old, new)}
    assert told == {("a", "removed"), ("b", "changed"), ("c", "changed"), ("d", "added")}
    change = next(c for c in diff(old, new) if c.name == "b")
    assert change.text() == (
        "~ feature b\n    - mean(amount) by card over 30d\n    + mean(amount) by card over 7d"
    )


def test_places_that_move_are_no_difference() -> None:
    """A feature whose tables move because another came is not called changed."""
    old = plan_of(m=MEAN, z=amount / mm.ref("m"))
    new = plan_of(
        a=amount.distinct().where(amount > 3).by("card").over("1d"),
        m=MEAN,
        z=amount / mm.ref("m"),
    )
    assert [(c.name, c.kind) for c in diff(old, new)] == [("a", "added")]


def test_labels_zones_and_events_are_told() -> None:
    """What is read beside the features is part of the difference."""
    old = plan_of(a=amount)
    new = plan_of(fraud, a=amount, b=payment.at.hour(tz="UTC"))
    assert [(c.part, c.name, c.kind) for c in diff(old, new)] == [
        ("feature", "b", "added"),
        ("event", "report", "added"),
        ("label", "fraud", "added"),
        ("zone", "UTC", "added"),
    ]


def test_holidays_and_windows_are_told() -> None:
    """A country's holidays are a part; a window that differs in one word changes its feature."""
    old = plan_of(a=payment.count().by("card").over("1d"))
    new = plan_of(
        a=payment.count().by("card").over("1d", ties="none"),
        b=payment.at.holiday("BE", tz="UTC"),
    )
    assert [(c.part, c.name, c.kind) for c in diff(old, new)] == [
        ("feature", "a", "changed"),
        ("feature", "b", "added"),
        ("zone", "UTC", "added"),
        ("holiday", "BE", "added"),
    ]


def test_an_aggregate_with_another_formula_is_told() -> None:
    """Where the file of a kind is another, the kind and the features that use it are changed."""
    old = plan_of(a=MEAN, b=amount)
    new = replace(old, kinds={"mean": "sha256:" + "0" * 64})
    assert [(c.part, c.name, c.kind) for c in diff(old, new)] == [
        ("feature", "a", "changed"),
        ("aggregate", "mean", "changed"),
    ]
