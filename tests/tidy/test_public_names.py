"""The public surface is pinned: a name comes or goes on purpose, with this file."""

import mintmark as mm

NAMES = (
    *("Category", "Cost", "Entity", "Event", "Features", "Fixed", "Flag", "Gates", "Integer"),
    *("Label", "LightGBM", "Logistic", "Model", "Money", "Optional", "Pan", "Policy"),
    *("Rates", "Split", "Table", "Text", "Time", "Waiver", "at_least", "at_most", "check"),
    *("count", "distance_km"),
    *("greatest", "least", "load", "ref", "where"),
)


def test_the_public_names_are_these() -> None:
    """`mintmark` offers exactly these names, and each of them is there."""
    assert sorted(mm.__all__) == sorted(NAMES)
    assert all(getattr(mm, name) is not None for name in NAMES)


def test_everything_public_has_a_docstring() -> None:
    """Each public name says in one sentence what it is."""
    bare = [name for name in NAMES if not (getattr(mm, name).__doc__ or "").strip()]
    assert not bare
