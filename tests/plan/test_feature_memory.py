"""What each feature takes: a plan stores things once, so most of it is shared."""

import mintmark as mm
from mintmark.plan import feature_memory, memory_text
from plan.worked import amount, country, payment, plan_of


def test_what_a_feature_adds_is_what_no_other_needs() -> None:
    """Keys and times are shared by all of a state; a column by those that read it."""
    plan = plan_of(
        mean=amount.mean().by("card").over("30d"),
        total=amount.sum().by("card").over("7d"),
        places=country.distinct().by("card").over("30d"),
        idle=payment.since_last().by("terminal"),
        night=payment.at.hour(tz="UTC") < 6,
    )
    told = {one.name: one for one in feature_memory(plan, events=50)}
    assert told["mean"].adds_bytes == told["total"].adds_bytes == 0
    assert told["mean"].shared_bytes == 64 + 50 * (16 + 8)
    assert (told["places"].adds_bytes, told["places"].shared_bytes) == (50 * 8, 64 + 50 * 16)
    # What looks at the newest event of a lifetime keeps no other.
    assert (told["idle"].adds_bytes, told["idle"].shared_bytes) == (64 + 16, 0)
    assert (told["night"].adds_bytes, told["night"].shared_bytes) == (0, 0)


def test_long_keys_keep_running_parts() -> None:
    """Five words for a window and those of its state: a mean keeps three, a count of rows none."""
    plan = plan_of(
        mean=amount.mean().by("card").over("30d"),
        n=mm.count().by("card").over("30d"),
        places=country.distinct().by("card").over("7d"),
    )
    told = {one.name: one for one in feature_memory(plan, events=100)}
    assert told["mean"].adds_bytes == 100 * 8 + 8 * (5 + 3)
    assert told["n"].adds_bytes == 8 * 5
    assert [told[name].tables for name in ("mean", "n", "places")] == [0, 0, 1]
    assert "a table of different values" in memory_text(plan).split("places")[1]


def test_a_lifetime_keeps_words_of_what_has_left() -> None:
    """A sum and a mean share theirs; rows are counted by their positions; a table keeps events."""
    plan = plan_of(
        total=amount.sum().by("card").over("lifetime"),
        mean=amount.mean().by("card").over("lifetime", offset="1d"),
        first=amount.first().by("card").over("lifetime"),
        n=mm.count().by("card").over("lifetime"),
        day=amount.sum().by("card").over("1d"),
    )
    told = {one.name: one for one in feature_memory(plan, events=10)}
    assert [told[name].adds_bytes for name in ("total", "mean", "first", "n")] == [0, 0, 24, 0]
    assert told["total"].shared_bytes == 64 + 10 * 24 + 3 * 8
    kinds = plan_of(kinds=amount.distinct().by("card").over("lifetime"))
    assert feature_memory(kinds, events=10)[0].adds_bytes == 64 + 10 * 24


def test_a_capped_key_has_no_more_events_than_it_keeps() -> None:
    """A window that looks at its newest ten is told for eleven, the one that says that it was cut
    among them."""
    plan = plan_of(mean=amount.mean().by("card").over("30d", cap=10))
    (one,) = feature_memory(plan, events=10**6)
    assert one.adds_bytes == 64 + 11 * 24
