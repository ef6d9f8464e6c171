"""The public holidays of a country as a table, so that a plan can say which ones it was made with.

The days come from the library `holidays` and cover 1970 to 2099. Because a plan carries the digest
of the table, another release of the library that would change a value changes the plan's digest.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from mintmark.ground import PlanError, digest

_YEARS = range(1970, 2100)
_EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=64)
def holiday_days(code: str) -> tuple[int, ...]:
    """Return the public holidays of a country as days since 1970-01-01, sorted.

    Parameters
    ----------
    code : str
        ISO 3166 code of the country, "BE", or of a part of it: "DE-BY".

    Raises
    ------
    PlanError
        `plan.holiday.unknown` where the library knows no such country or part.

    Cost: 20 ms a country, once a process.

    Examples
    --------
    >>> holiday_days("BE")[0]
    0
    """
    # Loaded only by plans that ask for holidays.
    import holidays

    country, _, part = code.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=_YEARS)
    except NotImplementedError:
        known = sorted(holidays.list_supported_countries())
        parts = holidays.list_supported_countries().get(country)
        raise PlanError(
            f'no holidays are known of "{code}"',
            got=code,
            want=f"{country} alone, or {country}- and one of " + " ".join(parts[:12])
            if parts
            else "one of " + " ".join(code for code in known if len(code) == 2)[:160] + " ...",
            code="plan.holiday.unknown",
        ) from None
    return tuple(sorted(day.toordinal() - _EPOCH for day in found))


def holiday_digest(code: str) -> str:
    """Return the digest of a country's holidays on this machine."""
    return digest(list(holiday_days(code)))


def check_holidays(countries: Mapping[str, str]) -> None:
    """Refuse a machine on which a country of a plan has other holidays.

    Raises
    ------
    PlanError
        `plan.holiday.changed`, `plan.holiday.unknown`.
    """
    for code in sorted(countries):
        here = holiday_digest(code)
        if here != countries[code]:
            raise PlanError(
                f"the holidays of {code} are others here than where the plan was made",
                got=here,
                want=countries[code],
                hint="install the same release of the holidays package, or plan again",
                code="plan.holiday.changed",
            )
