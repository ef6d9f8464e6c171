"""Windows: which earlier events an aggregate sees, as `.over(...)` says it."""

from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any, Literal

from mintmark.define import limit
from mintmark.define.field import zone_name
from mintmark.define.place import Place
from mintmark.ground import DAY_US, DefineError, format_span

Edges = Literal["(]", "[]", "()", "[)"]
Ties = Literal["before", "none"]
Calendar = Literal["day", "week", "month", "year"]

CALENDARS: dict[str, Calendar] = {"today": "day", "week": "week", "month": "month", "year": "year"}
"""The spans that begin where a unit of the calendar begins."""
LONGEST_LAST = 10**9

_UNIT_US = {"day": DAY_US, "week": 7 * DAY_US, "month": 31 * DAY_US, "year": 366 * DAY_US}


@dataclass(frozen=True)
class Window:
    """Which events of a key count at request r, all of them with seq(e) < seq(r).

    span_us : at(r) - offset - span < at(e) <= at(r) - offset; None is a lifetime
    last : of those, only the so many newest by (`at`, `seq`)
    edges, ties : which ends of event time belong, and whether an equal `at` counts
    include_current : whether r itself counts, as the newest
    calendar, zone : the unit with whose beginning, on the clocks of a zone, the window begins
    session_us : only events linked to the window's end by gaps of at most this
    cap : whatever is taken of the window is null where more events than this came in it
    """

    span_us: int | None = None
    offset_us: int = 0
    last: int | None = None
    edges: Edges = "(]"
    ties: Ties = "before"
    include_current: bool = False
    calendar: Calendar | None = None
    zone: str | None = None
    session_us: int | None = None
    cap: int | None = None

    @property
    def most(self) -> int | None:
        """How many events the window looks at, at most; None is all."""
        return self.last if self.cap is None else self.cap

    @property
    def reach_us(self) -> int | None:
        """How much older than a request an event can be and still count; None is for ever."""
        return reach_us(self)

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        form = dict(vars(self))
        # What came later leaves the forms of windows that do not say it as they were.
        return {name: part for name, part in form.items() if name != "cap" or part is not None}

    def words(self) -> str:
        """Return the window in words: "30d ending 7d before", "last 100 of 1d"."""
        return window_words(self)


@dataclass(frozen=True)
class Asked:
    """What `.over(...)` was handed, not yet looked at."""

    span: str | None
    last: int | None
    offset: str
    edges: Any
    ties: Any
    include_current: bool
    tz: str | None
    session: str | None
    cap: int | None
    place: Place = slot(repr=False)


def window_of(asked: Asked) -> Window:
    """Return the window that was asked for.

    Raises
    ------
    DefineError
        `define.window.none`, `define.window.zone`, `define.window.include_current`,
        `define.window.cap`, and those of spans, numbers and choices.
    """
    place, span = asked.place, asked.span
    if span is None and asked.last is None and asked.session is None:
        raise _none(place)
    for name, choices in (("edges", ("(]", "[]", "()", "[)")), ("ties", ("before", "none"))):
        limit.one_of(getattr(asked, name), choices, place, path=f"over.{name}")
    limit.one_of(asked.include_current, (True, False), place, path="over.include_current")
    calendar = CALENDARS.get(span) if isinstance(span, str) else None
    _zone(asked, calendar)
    endless = span in (None, "lifetime") or calendar is not None
    span_us = None if endless else limit.span(span, place, path="over")
    window = Window(
        span_us=span_us,
        offset_us=limit.span(asked.offset, place, path="over.offset", zero=True),
        last=_number(asked.last, "last", place),
        # Where no span says the left end, either word for it means the same.
        edges=asked.edges if span_us is not None else _CLOSED[asked.edges],
        ties=asked.ties,
        include_current=asked.include_current,
        calendar=calendar,
        zone=asked.tz,
        session_us=None
        if asked.session is None
        else limit.span(asked.session, place, path="over.session"),
        cap=_number(asked.cap, "cap", place),
    )
    _capped(window, place)
    _current(window, place)
    return window


_CLOSED: dict[str, Edges] = {"(]": "(]", "[]": "(]", "()": "()", "[)": "()"}


def reach_us(window: Any) -> int | None:
    """Return how much older than a request an event of a window can be; None is for ever.

    `window` is a `Window` of this room or of a plan. A unit of the calendar is taken with a day
    more, for no clock change of a zone has been longer.
    """
    length: int | None = window.span_us
    if window.calendar is not None:
        length = _UNIT_US[window.calendar] + DAY_US
    if length is None:
        return None
    # A left end that belongs to the window is one microsecond more.
    return int(length + window.offset_us + (window.edges[0] == "["))


def window_words(window: Any) -> str:
    """Return a window, of this room or of a plan, in words."""
    told = "lifetime" if window.span_us is None else format_span(window.span_us)
    if window.calendar is not None:
        told = f"{_SINCE[window.calendar]} in {window.zone}"
    if window.session_us is not None:
        session = f"session of {format_span(window.session_us)}"
        told = session if told == "lifetime" else f"{told} in a {session}"
    if window.last is not None:
        told = f"last {window.last}" if told == "lifetime" else f"last {window.last} of {told}"
    if window.cap is not None:
        told += f" capped at {window.cap}"
    if window.offset_us:
        told += f" ending {format_span(window.offset_us)} before"
    if window.edges != "(]":
        told += f" with edges {window.edges}"
    told += " without ties" if window.ties == "none" else ""
    return told + (" with the request" if window.include_current else "")


_SINCE = {"day": "today", "week": "this week", "month": "this month", "year": "this year"}


def _number(asked: int | None, name: str, place: Place) -> int | None:
    if asked is None:
        return None
    return limit.whole(asked, place, path=f"over.{name}", low=1, high=LONGEST_LAST)


def _capped(window: Window, place: Place) -> None:
    if window.cap is None or window.last is None:
        return
    raise DefineError(
        "a window that looks at its newest events alone cannot be cut",
        at=place.at("over.cap"),
        got=f"last={window.last}, cap={window.cap}",
        want="cap=, which gives null where there are more; or last=, which takes the newest",
        code="define.window.cap",
    )


def _zone(asked: Asked, calendar: Calendar | None) -> None:
    zone_name(asked.tz, asked.place, path="over.tz")
    if (asked.tz is None) != (calendar is None):
        raise DefineError(
            "a window of the calendar names its zone"
            if calendar
            else "only a window of the calendar has a zone",
            at=asked.place.at("over.tz"),
            got=repr(asked.tz),
            want='.over("today", tz="Europe/Brussels"); also "week", "month", "year"',
            code="define.window.zone",
        )


def _current(window: Window, place: Place) -> None:
    if not window.include_current:
        return
    if window.offset_us:
        what = "the request itself cannot be in a window that ends before it"
    elif window.ties == "none" or window.edges[1] == ")":
        what = "the request itself cannot be in a window that leaves out its own time"
    else:
        return
    raise DefineError(
        what,
        at=place.at("over.include_current"),
        want="include_current=False",
        code="define.window.include_current",
    )


def _none(place: Place) -> DefineError:
    return DefineError(
        "a window says neither a span nor a number of events",
        at=place.at("over"),
        want='.over("30d"), .over(last=100), .over("30d", last=100), .over("today", tz="UTC")',
        code="define.window.none",
    )
