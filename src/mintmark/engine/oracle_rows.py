"""The oracle's row expressions: the value of each node of one row, in plain Python.

None is null; a result that is not finite is null. Calendars are those of `zoneinfo` and
`datetime`. Nothing here is shared with the compiled engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mintmark.engine import oracle_math
from mintmark.plan.holidays import holiday_days

if TYPE_CHECKING:
    from mintmark.plan import Node

Row = Mapping[str, Any]
Value = Any  # a number, a text or None
Form = Mapping[str, Any]

GREATEST = 2**62
"""The greatest magnitude of a stored integer whose field declares no other."""
AMOUNT = 10**13
"""The same for money and fixed numbers."""
TIME_SCALE = 6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND, DAY_US = timedelta(microseconds=1), 86_400_000_000
LAST_US, FARTHEST_US = 7258118400 * 10**6 - 1, 6 * 10**16


def fits(field: Form, value: int) -> bool:
    """Whether a field may hold a stored integer: flags are 0 or 1, some money is never negative."""
    if field["type"] == "flag":
        return value in (0, 1)
    most = field.get("limit") or (AMOUNT if field["type"] in ("money", "fixed") else GREATEST)
    return abs(value) <= most and (value >= 0 or field.get("negative") is not False)


def node_value(form: Form, node: Node, values: Sequence[Value], row: Row) -> Value:
    """The value of one node of a row of an event; `values` are those of the nodes before it."""
    if node.op == "field":
        value = row[str(node.value)]
        if value is None or isinstance(value, str):
            return value
        field = form["fields"][node.value]
        scale = TIME_SCALE if field["type"] == "time" else field.get("scale", 0)
        return float(value) / float(10**scale)
    if node.op == "key":
        return row[str(node.value)]
    if node.op == "at":
        return float(row["mm_at"]) / 1e6
    if node.op in ("literal", "text"):
        return node.value if node.op == "text" or node.value is None else float(node.value)
    result = _operation(node, [values[arg] for arg in node.args])
    return result if not isinstance(result, float) or math.isfinite(result) else None


def fixed(x: float, scale: int) -> int | None:
    """x * 10**scale rounded half to even; null beyond the limit."""
    scaled = x * 10.0**scale
    return round(scaled) if abs(scaled) <= GREATEST else None


def _operation(node: Node, args: Sequence[Any]) -> Value:
    """One operation; null in, null out, but for what is written here."""
    op = node.op
    if op == "null":
        return float(args[0] is None)
    if op == "otherwise":
        return args[1] if args[0] is None else args[0]
    if op in ("and", "or"):
        decisive = 0.0 if op == "and" else 1.0
        if decisive in args:
            return decisive
    if op == "where":
        return None if args[0] is None else args[1] if args[0] == 1.0 else args[2]
    if None in args:
        return None
    if op in CALENDAR:
        return _calendar(op, args[0], str(node.value))
    if op == "fixed":
        number = fixed(args[0], int(node.value or 0))
        return None if number is None else float(number) / 10.0 ** int(node.value or 0)
    if op == "hash":
        return float(oracle_math.hash64(args[0]) % int(node.value or 0))
    if op == "power":
        return oracle_math.power(args[0], float(node.value or 0))
    return OPERATIONS[op](*args)


OPERATIONS: Mapping[str, Callable[..., Value]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: None if y == 0 else x / y,
    "neg": lambda x: -x,
    "abs": abs,
    "sqrt": lambda x: None if x < 0 else math.sqrt(x),
    "log": oracle_math.log,
    "exp": oracle_math.exp,
    "sin": oracle_math.sin,
    "cos": oracle_math.cos,
    "atan": oracle_math.atan,
    "floor": lambda x: float(math.floor(x)),
    "mod": oracle_math.mod,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "lt": lambda x, y: float(x < y),
    "le": lambda x, y: float(x <= y),
    "gt": lambda x, y: float(x > y),
    "ge": lambda x, y: float(x >= y),
    "eq": lambda x, y: float(x == y),
    "ne": lambda x, y: float(x != y),
    "and": lambda x, y: 1.0,
    "or": lambda x, y: 0.0,
    "not": lambda x: 1.0 - x,
    "least": min,
    "greatest": max,
}

CALENDAR: Mapping[str, Callable[[datetime], int]] = {
    "hour": lambda local: local.hour,
    "minute": lambda local: local.minute,
    "second_of_day": lambda local: local.hour * 3600 + local.minute * 60 + local.second,
    "weekday": lambda local: local.isoweekday(),
    "day": lambda local: local.day,
    "week": lambda local: local.isocalendar().week,
    "month": lambda local: local.month,
    "year": lambda local: local.year,
    "yearday": lambda local: local.timetuple().tm_yday,
    "holiday": lambda local: (local - EPOCH).days,
}


def _calendar(op: str, seconds: float, zone: str) -> float | None:
    """A calendar part on the clocks of a zone; `holiday` names "CODE|zone"."""
    scaled = seconds * 1e6
    if not abs(scaled) <= FARTHEST_US:
        return None
    code, _, zone = zone.rpartition("|")
    part = CALENDAR[op](local_time(round(scaled), zone))
    return float(part in _holidays(code)) if op == "holiday" else float(part)


@lru_cache(maxsize=64)
def _holidays(code: str) -> frozenset[int]:
    return frozenset(holiday_days(code))


def local_time(us: int, zone: str) -> datetime:
    """What the clocks of a zone show, written as if it were UTC."""
    return EPOCH + timedelta(microseconds=us + offset_us(us, zone))


def offset_us(us: int, zone: str) -> int:
    """How far local time is ahead of UTC; changes of the clocks count from 1970 to 2199."""
    counted = EPOCH + timedelta(microseconds=min(max(us, 0), LAST_US))
    return (counted.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)) // MICROSECOND


@lru_cache(maxsize=4096)
def unit_start(us: int, unit: str, zone: str) -> int:
    """When the day, week, month or year of a moment began on the clocks of a zone."""
    local = local_time(us, zone)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        start -= timedelta(days=local.weekday())
    elif unit == "month":
        start = start.replace(day=1)
    elif unit == "year":
        start = start.replace(month=1, day=1)
    start_local = (start - EPOCH) // MICROSECOND
    at = start_local - offset_us(us, zone)
    if offset_us(at, zone) != offset_us(us, zone):
        at = start_local - offset_us(at, zone)
    return at
