"""The plan as a value: it travels as JSON and comes back the same, or not at all."""

import json
from typing import Any

import pytest

import mintmark as mm
from mintmark.ground import DAY_US, PlanError
from mintmark.plan import Plan
from plan.worked import amount, country, fraud, login, online, payment, plan_of


def rich() -> Plan:
    """Return a plan with something of everything."""
    return plan_of(
        fraud,
        a=amount / mm.ref("b"),
        b=amount.mean().where(online).by("card").over("30d"),
        c=payment.outcome(fraud, settles_after="7d").mean().by("terminal").over("28d", offset="7d"),
        d=country,
        e=payment.at.hour(tz="Europe/Brussels") < 6,
        f=login.count().by("card").over("lifetime"),
        g=mm.where(online, 0.1, None),
    )


def test_a_plan_comes_back_from_its_json() -> None:
    """Written as JSON and read again, a plan is equal and has the same digest."""
    plan = rich()
    again = Plan.from_form(json.loads(json.dumps(plan.form())))
    assert again == plan
    assert again.digest == plan.digest
    assert hash(again) == hash(plan)
    assert again.text() == plan.text()


def test_a_plan_that_was_altered_is_refused() -> None:
    """A form whose parts do not give its digest is no plan."""
    form = json.loads(json.dumps(rich().form()))
    form["aggregates"][0]["window"]["offset_us"] = 1
    with pytest.raises(PlanError) as caught:
        Plan.from_form(form)
    assert caught.value.code == "plan.form.altered"


@pytest.mark.parametrize(
    "part", ["plan", "nodes", "groups", "zones", "holidays", "kinds", "events", "label"]
)
@pytest.mark.parametrize("value", [None, 7, "absent"])
def test_a_form_that_cannot_be_read(part: str, value: Any) -> None:
    """A form without a part, or with nonsense in its place, is an error of ours."""
    form = rich().form()
    form.pop("digest")
    form[part] = value
    if value == "absent":
        form.pop(part)
    if part in ("events", "label") and value != "absent":
        return
    with pytest.raises(PlanError) as caught:
        Plan.from_form(form)
    assert caught.value.code == "plan.form.unreadable"


def test_another_tz_database_is_refused() -> None:
    """Where a zone's clock changes are others, the plan's values would be others."""
    form = rich().form()
    form.pop("digest")
    form["zones"] = {"Europe/Brussels": "sha256:" + "0" * 64}
    with pytest.raises(PlanError) as caught:
        Plan.from_form(form)
    assert caught.value.code == "plan.zone.changed"


def test_another_aggregate_or_holiday_is_refused() -> None:
    """Where a formula or a holiday is another, or an aggregate is not there, no plan is read."""
    plan = plan_of(
        a=amount.mean().by("card").over("1d"), b=payment.at.holiday("BE", tz="Europe/Brussels")
    )
    other = "sha256:" + "0" * 64
    for part, table, code in (
        ("kinds", {"mean": other}, "plan.kind.changed"),
        ("kinds", {"nope": other}, "plan.kind.missing"),
        ("holidays", {"BE": other}, "plan.holiday.changed"),
        ("holidays", {"XX": other}, "plan.holiday.unknown"),
    ):
        form = plan.form()
        form.pop("digest")
        form[part] = table
        with pytest.raises(PlanError) as caught:
            Plan.from_form(form)
        assert caught.value.code == code


def test_memory_of_a_key() -> None:
    """A key takes eight words, a line of the cache; an event two and one for each column."""
    plan = plan_of(
        a=amount.mean().by("card").over("30d"),
        b=amount.sum().by("card").over("30d"),
        c=mm.count().by("card").over("7d"),
        d=mm.count().by("terminal").over("7d"),
    )
    assert plan.bytes_per_key() == ((64, 8 * 3), (64, 8 * 2))
    assert "64 bytes a key, 24 bytes an event" in plan.text()


def test_how_far_a_group_looks_back() -> None:
    """The longest of its windows with its offset; for ever with a lifetime among them."""
    plan = plan_of(
        a=mm.count().by("card").over("30d"),
        b=mm.count().by("card").over("28d", offset="7d"),
        c=mm.count().by("terminal").over("lifetime"),
    )
    assert [plan.horizon_us(0), plan.horizon_us(1)] == [35 * DAY_US, None]


@pytest.mark.parametrize(
    ("window", "horizon_us"),
    [
        ({"span": "7d", "edges": "[]"}, 7 * DAY_US + 1),
        ({"span": "today", "tz": "UTC"}, 2 * DAY_US),
        ({"span": "month", "tz": "UTC", "offset": "1d"}, 33 * DAY_US),
        ({"last": 5}, None),
        ({"span": "1d", "last": 5}, DAY_US),
        ({"session": "1h"}, None),
        ({"span": "1d", "session": "1h"}, DAY_US),
    ],
)
def test_how_far_each_window_looks_back(window: dict[str, Any], horizon_us: int | None) -> None:
    """A left end that belongs is a microsecond more; a calendar unit may be a day longer."""
    plan = plan_of(a=mm.count().by("card").over(**window))
    assert plan.horizon_us(0) == horizon_us


def test_what_a_plan_can_be_asked() -> None:
    """Names, forms of events and scales of fields; what is not there is an error."""
    plan = rich()
    assert plan.names == tuple("abcdefg")
    assert plan.event("login")["id"] == "login_id"
    assert plan.scale_of("amount") == 2
    for ask in (lambda: plan.event("nope"), lambda: plan.scale_of("nope")):
        with pytest.raises(PlanError):
            ask()
