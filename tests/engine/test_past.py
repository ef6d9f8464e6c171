"""Lifetimes whose events have left: what stays of a key, and what comes from before it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import mintmark as mm
from engine.made import SECOND, amount, card, paid, payment, payments, plan_of
from mintmark.engine import Live, layout, replay
from mintmark.engine.history import replay_pieces
from mintmark.engine.oracle import oracle
from mintmark.plan import Plan, compile_plan

NOTHING = {"payment": payments([])}


def key_of(live: Live, group: int = 0) -> dict[str, int]:
    """Head and end of the first key of a group, and whether it has a past."""
    row = live._stores[group].keys[1]
    places = {"head": layout.KEY_HEAD, "end": layout.KEY_END, "past": layout.KEY_PAST}
    return {name: int(row[place]) for name, place in places.items()}


def test_a_few_events_are_kept_until_a_past_takes_less_room() -> None:
    """Eight words for a mean: no past for the two events that could leave first."""
    live = Live.start(plan_of(mean=amount.mean().by("card").over("lifetime")), NOTHING)
    for seq in range(3):
        live.decide(paid(seq, seq))
    live.decide(paid(3, 1000))
    live.decide(paid(4, 1001))
    assert key_of(live) == {"head": 3, "end": 5, "past": key_of(live)["past"]}
    assert key_of(live)["past"] > 0
    kurt, slope = (m.by("card").over("lifetime") for m in (amount.kurt(), amount.slope()))
    few = Live.start(plan_of(kurt=kurt, slope=slope), NOTHING)
    for seq, at in enumerate((0, 1, 2, 1000, 1001)):
        few.decide(paid(seq, at))
    assert key_of(few) == {"head": 0, "end": 5, "past": 0}


def test_what_counts_by_itself_takes_no_room() -> None:
    """A count of rows is the position of the newer edge: no words, however many have left."""
    live = Live.start(plan_of(n=mm.count().by("card").over("lifetime", offset="1s")), NOTHING)
    told = [live.decide(paid(seq, 100 * seq))[0] for seq in range(500)]
    assert told == list(range(500))
    assert key_of(live)["past"] == 0
    assert key_of(live)["head"] > 490


def test_events_that_all_may_leave_leave_some_at_a_time() -> None:
    """8,000 within the lateness, then a jump: no request pays for all of them."""
    plan = plan_of(
        total=amount.sum().by("card").over("lifetime"),
        gap=payment.at.gap_max().by("card"),
        n=mm.count().by("card").over("1s"),
    )
    near = [{"mm_at": 300 * seq, "mm_known_at": 300 * seq} for seq in range(8_000)]
    rows = [paid(seq, 0, 1) | near[seq] for seq in range(8_000)]
    rows += [paid(seq, 1000 + seq, 1) for seq in range(8_000, 18_000)]
    live, before = Live.start(plan, NOTHING), 0
    whole = replay(plan, {"payment": payments(rows)}).features
    for place, row in enumerate(rows):
        assert live.decide(row).tobytes() == whole[place].tobytes()
        head = key_of(live)["head"]
        assert head - before <= layout.FORGOTTEN
        before = head
    assert key_of(live)["head"] > 16_000


def two_streams(span: str) -> Plan:
    """What payments see of the logins of their card."""
    login = mm.Event("login", id="id", at="at", keys={"card": card}, fields={"tries": mm.Integer()})
    tries = login["tries"]
    return compile_plan(
        mm.Features(
            payment,
            n=login.count().by("card").over("lifetime"),
            total=tries.sum().by("card").over("lifetime"),
            least=tries.min().by("card").over("lifetime"),
            recent=tries.sum().by("card").over(span),
        )
    )


def logged(seq: int, at: int, tries: int) -> tuple[str, dict[str, object]]:
    """A login of card "a", at seconds."""
    row = {"mm_seq": seq, "mm_at": at * SECOND, "mm_known_at": at * SECOND, "mm_revision": 0}
    return "login", row | {"id": f"l{seq}", "card": "a", "tries": tries}


def test_an_event_from_before_all_that_is_kept_counts() -> None:
    """Another stream is as late as its own lateness lets it be, whatever the requests have seen."""
    plan = two_streams("5s")
    log = [logged(seq, seq, seq) for seq in range(30)]
    log += [("payment", paid(30 + i, 1000 + i)) for i in range(3)]
    log += [logged(seq, 400 + seq, seq) for seq in range(40, 80)]
    log += [("payment", paid(80, 1010))]
    # Now the oldest are gone, and this one is older than any of them.
    log += [logged(81, -5, -7), ("payment", paid(82, 1011)), logged(83, 3, 1)]
    log += [logged(seq, 500 + seq, 1) for seq in range(90, 150)] + [("payment", paid(150, 1012))]
    live = Live.start(plan, {"payment": payments([]), "login": logins([])})
    told = []
    for stream, row in log:
        if stream == "payment":
            told.append(live.decide(row).tolist())
        else:
            live.fold(stream, row)
    assert key_of(live)["head"] > 40
    tables = {
        "payment": payments([row for stream, row in log if stream == "payment"]),
        "login": logins([row for stream, row in log if stream == "login"]),
    }
    assert told == oracle(plan, tables)
    for piece in (1, 2, 3):
        parts = replay_pieces(plan, tables, piece=piece)
        assert [row for part in parts for row in part.features.tolist()] == told, piece


def test_what_waits_sees_nothing_that_came_after_it() -> None:
    """A read waits while logins from long ago come, one after another, and would be forgotten."""
    plan = two_streams("5s")
    log = [("payment", paid(1, 1000, card="b")), ("payment", paid(2, 1000, card="b"))]
    log += [logged(3, 1, 1), logged(4, 2, 1), ("payment", paid(5, 1001))]
    log += [logged(seq, 10 + seq, 1) for seq in range(6, 40)] + [("payment", paid(50, 1002))]
    tables = {
        "payment": payments([row for stream, row in log if stream == "payment"]),
        "login": logins([row for stream, row in log if stream == "login"]),
    }
    parts = replay_pieces(plan, tables, piece=2)
    told = [row for part in parts for row in part.features.tolist()]
    assert [row[1] for row in told] == [0, 0, 2, 36]
    assert told[2:] == oracle(plan, tables, places=(2, 3))


def logins(rows: list[dict[str, object]]) -> pa.Table:
    """A table of logins."""
    text = {"id": pa.string(), "card": pa.string()}
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "id", "card", "tries"]
    return pa.table({n: pa.array([r[n] for r in rows], text.get(n, pa.int64())) for n in names})


def test_the_memory_of_a_past_is_measured() -> None:
    """Thirty-two words of a kurtosis and a count of its values, in whole runs of the heap."""
    plan = plan_of(kurt=amount.kurt().by("card").over("lifetime"))
    live = Live.start(plan, NOTHING)
    for seq in range(2_000):
        live.decide(paid(seq, 100 * seq, seq))
    (group,) = live.memory().groups
    assert group.events < 40
    assert group.used_bytes + group.free_bytes + 8 == live.bytes


def test_registers_of_a_lifetime_are_kept_once_they_are_less_than_their_events() -> None:
    """512 words of registers and three: the values of twenty years in 8 KiB, none of them read."""
    roughly = amount.approx_distinct().by("card").over("lifetime")
    plan = plan_of(roughly=roughly, total=amount.sum().by("card").over("lifetime"))
    live, rows = Live.start(plan, NOTHING), []
    for seq in range(3_000):
        rows.append(paid(seq, 100 * seq, seq % 700))
        live.decide(rows[-1])
    (group,) = live.memory().groups
    assert group.events < 600
    assert group.used_bytes < 8 * (3 * 1_024 + 1_024 + 200)
    whole = replay(plan, {"payment": payments(rows)}).features
    places = (0, 500, 2_999)
    assert whole[list(places)].tolist() == oracle(plan, {"payment": payments(rows)}, places=places)
    again = Live.start(plan, {"payment": payments(rows[:2_500])})
    assert [again.decide(row).tolist() for row in rows[2_500:]] == whole[2_500:].tolist()


def test_sums_of_more_events_than_a_word_holds_are_carried() -> None:
    """What is below 32 bits stays below them in the past, whatever has been added."""
    live = Live.start(plan_of(total=amount.sum().by("card").over("lifetime")), NOTHING)
    for seq in range(3_000):
        (total,) = live.decide(paid(seq, 100 * seq, 2**32 - 1))
    (store,) = live._stores
    past = key_of(live)["past"] + layout.PACE_WORDS
    n, high, low = store.heap[past : past + 3].tolist()
    assert (n, low >> 32) == (key_of(live)["head"], 0)
    assert high * 2**32 + low == n * (2**32 - 1)
    assert total == 2_999 * (2**32 - 1) / 100


def test_running_words_begin_anew_after_a_million_events() -> None:
    """Nothing is seen of it: a sum of a lifetime is that of all events before."""
    count = (1 << layout.ANEW_BITS) + 70_000
    place = np.arange(count)
    minor = place * 7919 % 1_000_003
    table = pa.table({
        "mm_seq": place, "mm_at": place * SECOND, "mm_known_at": place * SECOND,
        "mm_revision": place * 0, "id": place, "card": pa.array(["a"] * count), "amount": minor,
    })  # fmt: skip
    lifetimes = {"n": mm.count(), "total": amount.sum(), "most": amount.max()}
    plan = plan_of(**{name: of.by("card").over("lifetime") for name, of in lifetimes.items()})
    parts = replay_pieces(plan, {"payment": table}, piece=1 << 15)
    most, n, total = np.concatenate([part.features for part in parts]).T
    assert np.array_equal(n, place)
    assert np.array_equal(total, (np.cumsum(minor) - minor) / 100)
    assert np.array_equal(most[1:], np.maximum.accumulate(minor)[:-1] / 100)
