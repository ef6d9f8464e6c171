"""What is drawn reaches everything that the laws are to be tried on."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

from laws.drawn_forms import LATENESS_US, Log
from laws.drawn_logs import drawn_log
from laws.drawn_plans import CALENDAR, ONE, SUITS, TWO, WINDOWS, drawn_plan, window_form
from mintmark.engine.oracle_formulas import FORMULAS
from mintmark.plan import Aggregate, Plan
from mintmark.plan.node import Window

ENDLESS = {"lifetime", "count", "calendar", "session"}


@cache
def plans() -> list[Plan]:
    """A few hundred plans."""
    return [drawn_plan(Random(seed)) for seed in range(600)]


def logs() -> list[Log]:
    """A few hundred logs."""
    return [drawn_log(Random(seed), rows=40) for seed in range(200)]


def drawn_aggregates() -> list[tuple[Plan, Aggregate]]:
    """Every aggregate of the plans."""
    return [(plan, aggregate) for plan in plans() for aggregate in plan.aggregates]


def test_every_kind_is_drawn_over_every_form_of_window() -> None:
    """Six forms each; a rate only where there is a span."""
    assert set(SUITS) == set(FORMULAS)
    seen = {(a.kind, window_form(a.window)) for _, a in drawn_aggregates()}
    wanted = {(kind, form) for kind in FORMULAS for form in WINDOWS}
    assert seen == wanted - {("rate", form) for form in ENDLESS}


def test_every_option_of_a_window_is_drawn() -> None:
    """Edges, ties, offsets, the request itself, zones, and two limits at once."""
    windows = [a.window for _, a in drawn_aggregates()]
    assert {w.edges for w in windows} == {"(]", "[]", "()", "[)"}
    assert {w.calendar for w in windows} == {None, "day", "week", "month", "year"}
    for name, plain in vars(Window()).items():
        assert {getattr(w, name) for w in windows} > {plain}, name
    assert any(w.session_us and w.last for w in windows)
    assert any(w.span_us and w.cap for w in windows)
    assert any(w.session_us and w.span_us for w in windows)
    assert any(w.calendar and w.offset_us for w in windows)


def test_the_request_counts_itself_only_where_it_may() -> None:
    """Not with an offset, another stream or another key, a shut right edge, or without ties."""
    for plan, aggregate in drawn_aggregates():
        group, window = plan.groups[aggregate.group], aggregate.window
        mine = group.stream == plan.request and group.request_roles in ((), group.roles)
        if window.include_current:
            assert mine
            assert (window.offset_us, window.ties, window.edges[1]) == (0, "before", "]")
        if aggregate.kind in ("is_new", "seen", "below_share"):
            assert mine


def test_every_operation_and_every_reversal_is_drawn() -> None:
    """Of rows of requests and of events alike."""
    ops = Counter(n.op for plan in plans() for t in plan.event_nodes.values() for n in t)
    asked = Counter(n.op for plan in plans() for n in plan.nodes)
    assert {*CALENDAR, *ONE, *TWO, "hash", "where", "null", "key"} <= ops.keys() & asked.keys()
    looked_up = {n.value for p in plans() for t in p.event_nodes.values() for n in t}
    assert {"holder.level|card", "holder.level|payee", "holder.vip|card"} <= looked_up
    reverses = {f["reverses"] for plan in plans() for f in plan.events if f["name"] == "refund"}
    assert reverses == {None, "all", "amount", "points"}
    assert any(group.request_roles for plan in plans() for group in plan.groups)


def test_no_row_of_a_log_is_too_late_and_no_revision_comes_twice() -> None:
    """What the log promises the engine."""
    for log in logs():
        watermarks: dict[str, int] = {}
        told = [(stream, row["id"], row["mm_revision"]) for stream, row in log]
        assert len(set(told)) == len(told)
        for stream, row in log:
            newest = watermarks.get(stream)
            assert newest is None or row["mm_at"] >= newest - LATENESS_US
            known = min(row["mm_at"], row["mm_known_at"])
            watermarks[stream] = known if newest is None else max(newest, known)


def test_revisions_and_reversals_come_in_every_order() -> None:
    """Higher and lower revisions, another time, another key; refunds before and after."""
    found: Counter[str] = Counter()
    for log in logs():
        newest: dict[tuple[str, str], dict[str, object]] = {}
        payments: set[object] = set()
        for stream, row in log:
            old = newest.get((stream, row["id"]))
            if old is not None:
                higher = row["mm_revision"] > old["mm_revision"]
                found[f"{stream} {'higher' if higher else 'lower'}"] += 1
                found["moved"] += row["mm_at"] != old["mm_at"]
                found["other key"] += "card" in row and row["card"] != old["card"]
            newest[stream, row["id"]] = row
            if stream == "payment":
                payments.add(row["id"])
            elif stream in ("refund", "void", "chargeback"):
                found[f"{stream} {'known' if row['payment_id'] in payments else 'parked'}"] += 1
    wanted = {f"{s} {o}" for s in ("payment", "login", "refund") for o in ("higher", "lower")}
    wanted |= {f"{s} {o}" for s in ("refund", "void", "chargeback") for o in ("known", "parked")}
    assert wanted | {"moved", "other key"} <= {name for name, times in found.items() if times >= 5}
