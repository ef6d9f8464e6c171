"""Why a row is refused: one word per reason, and the sentence and the error that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from mintmark.ground import LogError

REASONS = MappingProxyType(
    {
        "missing": ("the row lacks a declared column", "every declared column"),
        "null": ("a required value is null", "a value"),
        "type": ("a value has the wrong type", ""),
        "time": ("a time cannot be read", "ISO 8601, or whole µs since 1970-01-01 UTC"),
        "naive": ("a time names no zone", "a time with its zone, or zone= on the event"),
        "outside": ("a time lies outside the range that the event declares", ""),
        "ahead": (
            "the event is dated too far ahead of the clock",
            "at <= known_at + skew",
        ),
        "late": ("the event came too late", "at >= the stream's horizon - lateness"),
        "fractional": ("an amount has fractional minor units", "whole minor units"),
        "negative": ("an amount is negative where that is forbidden", "0 or more"),
        "currency": ("an amount is in another currency, or in an unknown one", ""),
        "range": ("a value is out of range", ""),
        "pan": ("a primary account number stands where a token is expected", "a token"),
        "card": ("the value is no card number", "13 to 19 digits that pass Luhn, or a token"),
        "conflict": (
            "this id is in the log with other content",
            "equal content, or a new revision",
        ),
        "ragged": ("the line has another number of columns than the header", ""),
        "quote": ("a quote in the line opens or closes no value", "quotes as in RFC 4180"),
        "encoding": ("the line is not UTF-8", "UTF-8"),
    }
)
"""Every reason for which a row is refused: what is wrong, and what is wanted instead."""


class Refused(Exception):
    """A value that does not fit its rule; carries the reason, never the value."""

    __slots__ = ("reason", "want")

    def __init__(self, reason: str, want: str = "") -> None:
        self.reason = reason
        self.want = want


@dataclass(frozen=True, slots=True)
class Fault:
    """One row's fault: the reason, the offending column and what that column should hold.

    The value itself is left out on purpose: it may be a card number.
    """

    reason: str
    column: str
    want: str = ""

    def error(self, stream: str) -> LogError:
        """Return the fault as an error, code `log.row.<reason>`.

        Examples
        --------
        >>> Fault("null", "card").error("payment").code
        'log.row.null'
        """
        what, want = REASONS[self.reason]
        return LogError(
            what,
            at=f"$.{self.column}   of {stream}",
            want=self.want or want or None,
            code=f"log.row.{self.reason}",
        )
