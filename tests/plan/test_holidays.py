"""Holidays of a country as a table: sorted days, with a digest, or an error."""

from datetime import date

import pytest

from mintmark.ground import PlanError
from mintmark.plan import holiday_days, holiday_digest

EPOCH = date(1970, 1, 1).toordinal()


def day(text: str) -> int:
    """Return a date as days since 1970."""
    return date.fromisoformat(text).toordinal() - EPOCH


def test_days_of_a_country() -> None:
    """Belgium's national day and Easter Monday are there; the days around are not."""
    days = set(holiday_days("BE"))
    for text in ("1970-01-01", "2018-07-21", "2018-04-02", "2099-12-25"):
        assert day(text) in days
    for text in ("2018-07-20", "2018-04-03", "2018-12-26"):
        assert day(text) not in days


def test_days_are_sorted_and_within_the_years() -> None:
    """The table rises from 1970 to 2099."""
    for code in ("BE", "US", "DE-BY"):
        days = holiday_days(code)
        assert list(days) == sorted(set(days))
        assert days[0] >= 0
        assert days[-1] <= day("2099-12-31")


def test_a_part_of_a_country() -> None:
    """Bavaria keeps a day that Berlin does not."""
    assert day("2018-11-01") in holiday_days("DE-BY")
    assert day("2018-11-01") not in holiday_days("DE-BE")
    assert holiday_digest("DE-BY") != holiday_digest("DE-BE")


@pytest.mark.parametrize("code", ["XX", "BE-XX", "DE-"])
def test_an_unknown_country(code: str) -> None:
    """A country or part that nobody knows is an error that names some."""
    if code == "DE-":
        assert holiday_days(code) == holiday_days("DE")
        return
    with pytest.raises(PlanError) as caught:
        holiday_days(code)
    assert caught.value.code == "plan.holiday.unknown"
    assert caught.value.want
