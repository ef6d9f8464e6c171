"""The schema contract for one row: what a value may look like, and what is stored for it.

This is the contract. The columnar check (`contract`) is a faster way to the same answers for rows
that are plainly sound; whatever it is not sure of is judged here, row by row, so that a file and a
request cannot be held to different rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

from mintmark.ground import GroundError, LogError, format_time, holds_pan, parse_time, token
from mintmark.log.fault import Fault, Refused
from mintmark.log.record import Row, Stored
from mintmark.log.rule import Rule, Shape

Parse: TypeAlias = Callable[[object], Stored]

EXACT_FLOAT = 1 << 53
FLOAT_SLACK = 1e-6
"""How far, in minor units, a float may lie from a whole one: the noise of a sum, never a half."""
ULPS_SLACK = 2.0**-51

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?")
_TOKEN = re.compile(r"pan_[0-9a-f]{64}")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_ABSENT = object()


class RowContract:
    """The contract of one event, ready to check rows.

    Parameters
    ----------
    shape : what the log knows of the event
    token_key : key for card numbers, bytes; needed where the event has an `mm.Pan()` field

    Raises
    ------
    LogError
        `log.contract.no_key` where it is needed and missing.

    Cost: 9 µs for a row of eight columns, 5 of them for the time's text.
    """

    def __init__(self, shape: Shape, token_key: bytes | None = None) -> None:
        self._steps = tuple(
            (
                rule.name,
                rule.source,
                rule.required,
                rule.absent,
                rule.stored,
                parser(rule, token_key),
            )
            for rule in shape.rules
        )
        self._known_after_us = shape.known_after_us
        self._id, self._id_of = shape.id, shape.id_of
        if token_key is None and any(rule.kind == "pan" for rule in shape.rules):
            raise LogError(
                f"event {shape.name} holds card numbers, and there is no key for their tokens",
                want="the project's token key",
                hint="`mintmark init` makes it",
                code="log.contract.no_key",
            )

    def check(self, row: Mapping[str, object]) -> Row | Fault:
        """Return the row in stored units, or its first fault.

        The row's values may be text, numbers, flags, `Decimal` and `datetime`; an empty text is
        null. The result holds `mm_at`, `mm_revision` and the declared columns, and `mm_known_at`
        where the event's rule gives it.
        """
        stored: Row = {}
        for name, source, required, absent, keep, parse in self._steps:
            value = row.get(source, _ABSENT)
            if value is _ABSENT:
                if not absent:
                    return Fault("missing", source)
                value = None
            if value is None or value == "":
                if required:
                    return Fault("null", source)
                result = None
            else:
                try:
                    result = parse(value)
                except Refused as refused:
                    return Fault(refused.reason, source, refused.want)
            if keep:
                stored[name] = result
        stored["mm_revision"] = stored.get("mm_revision") or 0
        if self._id_of:
            stored[self._id] = " ".join(str(stored[name]) for name in self._id_of)
        if self._known_after_us is not None:
            stored["mm_known_at"] = int(stored["mm_at"] or 0) + self._known_after_us
        return stored


def parser(rule: Rule, token_key: bytes | None = None) -> Parse:
    """Return the function that turns one value that is not null into what is stored for it.

    It raises `Refused` with the reason where the value does not fit the rule.
    """
    makers: dict[str, Callable[[Rule], Parse]] = {
        "text": lambda _: _text,
        "integer": _integer,
        "decimal": _decimal,
        "time": _time,
        "flag": lambda _: _flag,
        "currency": _currency,
        "pan": lambda _: _pan(token_key),
    }
    return makers[rule.kind](rule)


def _text(value: object) -> Stored:
    if not isinstance(value, str):
        raise Refused("type", "a text")
    if holds_pan(value):
        raise Refused("pan")
    return value


def _integer(rule: Rule) -> Parse:
    low, high = rule.low, rule.high
    refuse_negative = not rule.negative

    def parse(value: object) -> Stored:
        number = _whole(value)
        if refuse_negative and number < 0:
            raise Refused("negative")
        if not low <= number <= high:
            raise Refused("range", f"{low} to {high}")
        if holds_pan(number):
            raise Refused("pan")
        return number

    return parse


def _whole(value: object) -> int:
    """Return a whole number from an int, a whole float or decimal, or the text of one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_FLOAT:
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    raise Refused("type", "a whole number")


def _decimal(rule: Rule) -> Parse:
    """Parse an amount or a fixed-point number into units of 10^-places."""
    places, low, high = rule.places, rule.low, rule.high
    exact, negative = rule.exact, rule.negative
    unit, unit_float = int(10**places), 10.0**places

    def parse(value: object) -> Stored:
        if isinstance(value, int) and not isinstance(value, bool):
            number = value * unit
        elif isinstance(value, float):
            number = _from_float(value, unit_float, high=high, exact=exact)
        else:
            number = _from_text(value, places, exact=exact)
        if number < 0 and not negative:
            raise Refused("negative")
        if not low <= number <= high:
            raise Refused("range", f"{low} to {high} units of 1e-{places}")
        return number

    return parse


def _from_float(value: float, unit: float, *, high: int, exact: bool) -> int:
    """Scale a float and round it half to even; refuse a fraction where `exact`."""
    scaled = value * unit
    if not abs(scaled) <= high + 1:
        raise Refused("range" if scaled == scaled and abs(value) != float("inf") else "type")
    number = round(scaled)
    if exact and abs(scaled - number) > FLOAT_SLACK + abs(scaled) * ULPS_SLACK:
        raise Refused("fractional")
    return number


def _from_text(value: object, places: int, *, exact: bool) -> int:
    """Scale a decimal text exactly and round it half to even; refuse a fraction where `exact`."""
    text = format(value, "f") if isinstance(value, Decimal) else value
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Refused("type", "a decimal number")
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    number = int(whole + fraction[:places].ljust(places, "0"))
    rest = fraction[places:].rstrip("0")
    if rest:
        if exact:
            raise Refused("fractional")
        number += rest > "5" or (rest == "5" and number % 2)
    return -number if sign == "-" else number


def _time(rule: Rule) -> Parse:
    low, high, zone = rule.low, rule.high, rule.zone
    want = f"{format_time(low)} to {format_time(high)}"

    def parse(value: object) -> Stored:
        if isinstance(value, str):
            number = _time_of_text(value, zone)
        elif type(value) is int:
            number = value
        elif isinstance(value, date):
            number = _time_of_datetime(value, zone)
        else:
            raise Refused("type", "a time")
        if not low <= number <= high:
            raise Refused("outside", want)
        return number

    return parse


def _time_of_text(value: str, zone: str | None) -> int:
    try:
        return parse_time(value, zone=zone)
    except GroundError as error:
        raise Refused("naive" if error.code == "ground.time.naive" else "time") from None


def _time_of_datetime(value: date, zone: str | None) -> int:
    """Return the µs of a date or a datetime; one without a zone is local time in `zone`."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    if moment.tzinfo is None:
        return _time_of_text(moment.isoformat(), zone)
    return (moment - _EPOCH) // _US


def _flag(value: object) -> Stored:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    flag = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if flag is None:
        raise Refused("type", "true or false")
    return flag


def _currency(rule: Rule) -> Parse:
    """Check the column that states an amount's currency; nothing is stored for it."""
    currency = rule.currency

    def parse(value: object) -> Stored:
        if value != currency:
            raise Refused("currency", str(currency))
        return None

    return parse


def _pan(token_key: bytes | None) -> Parse:
    """Replace a card number by its keyed token; a token that was made before stays."""

    def parse(value: object) -> Stored:
        text = str(value) if type(value) is int else value
        if not isinstance(text, str):
            raise Refused("type", "a card number")
        if _TOKEN.fullmatch(text):
            return text
        digits = text.replace(" ", "").replace("-", "")
        if not digits.isdecimal() or not holds_pan(digits) or token_key is None:
            raise Refused("card")
        return token(digits, token_key)

    return parse
