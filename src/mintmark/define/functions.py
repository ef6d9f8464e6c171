"""The functions of a row: of numbers, of texts, and of times on the clocks of a zone."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mintmark.define import limit
from mintmark.define.array import Array
from mintmark.define.fault import guarded
from mintmark.define.operators import Operand, Operators
from mintmark.define.place import user_place
from mintmark.ground import DefineError

if TYPE_CHECKING:
    from mintmark.define.expr import Expr
    from mintmark.define.table import Rates

PERIODS = {
    "hour": 24,
    "minute": 60,
    "second_of_day": 86_400,
    "weekday": 7,
    "day": 31,
    "month": 12,
    "yearday": 366,
    "week": 53,
}
"""How many values each part of the calendar takes before it begins again."""

_COUNTRY = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,4})?", re.ASCII)
_HASH_MAX = 2**31


class Functions(Operators):
    """The functions that every expression has; each gives null for null, and for no number."""

    def _calendar(self, op: str, zone: str, value: str | None = None) -> Expr:
        """Return a part of this time on the clocks of a zone."""
        raise NotImplementedError

    @guarded
    def sqrt(self) -> Expr:
        """Return the square root; null of a negative number."""
        return self._combined("sqrt", self)

    @guarded
    def log(self) -> Expr:
        """Return the natural logarithm; null of zero and below."""
        return self._combined("log", self)

    @guarded
    def exp(self) -> Expr:
        """Return e raised to the number; null where that is beyond a float64."""
        return self._combined("exp", self)

    @guarded
    def power(self, exponent: float) -> Expr:
        """Return the number raised to a literal power; null where that is no number."""
        place = user_place()
        if isinstance(exponent, bool) or not isinstance(exponent, (int, float)):
            raise limit.number_fault(exponent, place, path="power")
        if not -1_000 <= exponent <= 1_000:
            raise limit.number_fault(exponent, place, path="power")
        whole = float(exponent).is_integer()
        return self._combined("power", self, value=int(exponent) if whole else float(exponent))

    @guarded
    def sin(self) -> Expr:
        """Return the sine of an angle in radians; null beyond a million."""
        return self._combined("sin", self)

    @guarded
    def cos(self) -> Expr:
        """Return the cosine of an angle in radians; null beyond a million."""
        return self._combined("cos", self)

    @guarded
    def atan(self) -> Expr:
        """Return the angle in radians whose tangent the number is."""
        return self._combined("atan", self)

    @guarded
    def floor(self) -> Expr:
        """Return the greatest whole number that is not above the number."""
        return self._combined("floor", self)

    @guarded
    def mod(self, divisor: Operand) -> Expr:
        """Return what is left of the number after whole divisors; null where the divisor is 0."""
        return self._combined("mod", self, divisor)

    @guarded
    def sign(self) -> Expr:
        """Return -1, 0 or 1 for a number below, at or above zero."""
        return self._combined("sign", self)

    @guarded
    def bucket(self, edges: Iterable[float]) -> Expr:
        """Return how many of some rising edges the number has reached: 0 below the first."""
        found: Any = None
        for edge in rising(edges, path="bucket"):
            reached = self._combined("ge", self, edge)
            found = self._combined("add", 0, reached) if found is None else found + reached
        return found  # type: ignore[no-any-return]

    @guarded
    def hash(self, size: int) -> Expr:
        """Return the place of a text among `size` buckets, by a hash that never changes."""
        limit.whole(size, user_place(), path="hash", low=1, high=_HASH_MAX)
        return self._combined("hash", self, value=size)

    @guarded
    def hour(self, *, tz: str) -> Expr:
        """Return the hour of a time on the clocks of a zone, 0 to 23."""
        return self._calendar("hour", tz)

    @guarded
    def minute(self, *, tz: str) -> Expr:
        """Return the minute of a time on the clocks of a zone, 0 to 59."""
        return self._calendar("minute", tz)

    @guarded
    def second_of_day(self, *, tz: str) -> Expr:
        """Return the seconds on the clocks of a zone since they showed midnight, 0 to 86399."""
        return self._calendar("second_of_day", tz)

    @guarded
    def weekday(self, *, tz: str) -> Expr:
        """Return the ISO weekday of a time in a zone, 1 (Monday) to 7."""
        return self._calendar("weekday", tz)

    @guarded
    def day(self, *, tz: str) -> Expr:
        """Return the day of the month of a time in a zone, 1 to 31."""
        return self._calendar("day", tz)

    @guarded
    def month(self, *, tz: str) -> Expr:
        """Return the month of a time in a zone, 1 to 12."""
        return self._calendar("month", tz)

    @guarded
    def year(self, *, tz: str) -> Expr:
        """Return the year of a time in a zone."""
        return self._calendar("year", tz)

    @guarded
    def yearday(self, *, tz: str) -> Expr:
        """Return the day of the year of a time in a zone, 1 to 366."""
        return self._calendar("yearday", tz)

    @guarded
    def week(self, *, tz: str) -> Expr:
        """Return the ISO week of a time in a zone, 1 to 53."""
        return self._calendar("week", tz)

    @guarded
    def holiday(self, country: str, *, tz: str) -> Expr:
        """Return whether the date of a time in a zone is a public holiday of a country.

        Parameters
        ----------
        country : str
            ISO 3166 code, "BE", with the code of a part of it where there are such: "DE-BY".
        tz : str
            IANA name of the zone whose date is looked at.
        """
        if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
            raise DefineError(
                "a country cannot be called this",
                at=user_place().at("holiday"),
                got=repr(country)[:80],
                want='an ISO 3166 code: "BE", "DE-BY"',
                code="define.holiday.country",
            )
        return self._calendar("holiday", tz, f"{country}|{tz}")

    @guarded
    def in_currency(self, currency: str, rates: Rates, *, by: str) -> Expr:
        """Return an amount in the base currency of dated rates; null where no rate is known.

        Parameters
        ----------
        currency : str
            ISO 4217 code, the base of the rates.
        rates : Rates
            Read as they stand at the request; inside an aggregate as they stood, and were known,
            when each event came.
        by : str
            Key that names the currency of the amount.
        """
        here: Any = self
        if not hasattr(rates, "converted"):
            raise DefineError(
                "amounts are brought to another currency by rates",
                at=user_place().at("in_currency"),
                got=repr(rates)[:80],
                want='mm.Rates("rates", base="EUR", of=currency, valid_from="day")',
                code="define.rates.sort",
            )
        return rates.converted(here, currency, by=by)

    @guarded
    def cyclic(self, part: str, *, tz: str) -> Array:
        """Return the sine and the cosine of where a time stands in its hour, day, week or year.

        Parameters
        ----------
        part : str
            hour, minute, second_of_day, weekday, day, month, yearday or week: the calendar part
            that goes round; its last value is beside its first.
        tz : str
            IANA name of the zone on whose clocks it is read.
        """
        limit.one_of(part, tuple(PERIODS), user_place(), path="cyclic")
        angle = self._calendar(part, tz) * (2 * math.pi / PERIODS[part])
        return Array((angle.sin(), angle.cos()))


def rising(edges: Iterable[float], *, path: str) -> tuple[int | float, ...]:
    """Return some edges, if they are numbers, each greater than the one before."""
    place = user_place()
    told: Any = () if isinstance(edges, (str, bytes)) else edges
    found = tuple(told) if isinstance(told, Iterable) else ()
    sound = all(isinstance(e, (int, float)) and not isinstance(e, bool) for e in found)
    if not found or not sound or any(not a < b for a, b in itertools.pairwise(found)):
        raise DefineError(
            "the edges of buckets are not rising numbers",
            at=place.at(path),
            got=limit.shown(edges),
            want="[0, 10, 100]",
            code="define.expression.edges",
        )
    return found
