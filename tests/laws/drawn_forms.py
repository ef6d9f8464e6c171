"""The events that random plans and logs are about, and what there is to know of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

LATENESS_US = 40
HOUR_US = 3_600_000_000
COUNTRIES = ("BE", "FR", "NL", "ÖÅ")
ITEMS_LIMIT = 10**9
Row = dict[str, Any]
Log = list[tuple[str, Row]]


def field(kind: str, **parts: Any) -> dict[str, Any]:
    """The form of a field."""
    return {"type": kind, **parts}


def key(entity: str, type_: str = "text") -> dict[str, Any]:
    """The form of a role that may be null."""
    return {"entity": entity, "type": type_, "optional": True}


def event(name: str, **parts: Any) -> dict[str, Any]:
    """The form of an event, with what the engine reads."""
    form = {"name": name, "id": "id", "id_type": "text", "keys": {}, "fields": {}}
    form |= {"revision": "revision", "refers_to": None, "reverses": None}
    return form | {"refers_by": None, "lateness_us": LATENESS_US} | parts


PAYMENT = event(
    "payment",
    keys={"card": key("card"), "terminal": key("terminal", "integer"), "payee": key("card")},
    fields={
        "amount": field("money", scale=2),
        "score": field("fixed", scale=3),
        "points": field("integer"),
        "items": field("integer", limit=ITEMS_LIMIT),
        "online": field("flag"),
        "country": field("category", values=list(COUNTRIES)),
        "booked": field("time"),
    },
)
LOGIN = event(
    "login",
    keys={"card": key("card")},
    fields={"tries": field("integer"), "device": field("category"), "known": field("flag")},
)
CHARGEBACK = event(
    "chargeback",
    fields={"fraud": field("flag"), "loss": field("money", scale=2, negative=False)},
    refers_to="payment",
    refers_by="payment_id",
)
REFUND = event(
    "refund",
    keys={"card": key("card")},
    fields={
        "amount": field("money", scale=2),
        "points": field("integer"),
        "reason": field("category"),
    },
    refers_to="payment",
    refers_by="payment_id",
)
VOID = event(
    "void",
    keys={"terminal": key("terminal", "integer")},
    fields={"level": field("integer", limit=100), "reason": field("category")},
    refers_to="payment",
    refers_by="payment_id",
)
HOLDER = event(
    "holder",
    noun="table",
    keys={"card": key("card")},
    fields={"level": field("fixed", scale=3), "vip": field("flag")},
)
"""A table that events look up when they come."""
EVENTS = (CHARGEBACK, HOLDER, LOGIN, PAYMENT, REFUND, VOID)

NUMBERS = {
    "payment": ("amount", "score", "points", "items", "online"),
    "login": ("tries", "known"),
    "refund": ("amount", "points"),
    "void": ("level",),
}
TEXTS = {
    "payment": ("country",), "login": ("device",), "refund": ("reason",), "void": ("reason",),
}  # fmt: skip
KEYS = {form["name"]: tuple(form["keys"]) for form in EVENTS}
HOLDERS = {"payment": ("card", "payee"), "login": ("card",), "refund": ("card",), "void": ()}
"""Keys by which events look their holder up."""
LIMITED = ("amount", "score", "items", "online", "known", "level")
"""Numbers whose range is small enough for third and fourth powers."""
SCALES = {"amount": 2, "score": 3, "loss": 2, "booked": 6}
KINDS: Mapping[str, Any] = {
    "online": "flag", "known": "flag", "fraud": "flag", "country": "category",
    "device": "category", "reason": "category", "booked": "time",
}  # fmt: skip
ROLES: Mapping[tuple[str, str], tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    ("payment", "payment"): (
        (("card",), ()), (("terminal",), ()), (("card", "terminal"), ()), (("payee",), ()),
        (("card",), ("card",)), (("card",), ("payee",)), (("payee",), ("card",)),
        (("card", "payee"), ("payee", "card")),
    ),
    ("payment", "login"): ((("card",), ()), (("card",), ("payee",))),
    ("payment", "refund"): ((("card",), ()), (("card",), ("payee",))),
    ("payment", "void"): ((("terminal",), ()),),
    ("login", "login"): ((("card",), ()),),
    ("login", "payment"): (
        (("card",), ()), (("payee",), ("card",)), (("card", "payee"), ("card", "card")),
    ),
    ("login", "refund"): ((("card",), ()),),
}  # fmt: skip
"""For a request and a stream the roles of a group, and the request's roles that they are found by.
"""

TYPES = {
    "card": pa.string(), "payee": pa.string(), "terminal": pa.int64(), "id": pa.string(),
    "payment_id": pa.string(), "online": pa.bool_(), "fraud": pa.bool_(),
    "country": pa.string(), "device": pa.string(), "reason": pa.string(), "vip": pa.bool_(),
}  # fmt: skip


def tables_of(log: Log) -> dict[str, pa.Table]:
    """The tables of a log, one for each stream."""
    return {
        form["name"]: _table(form, [row for s, row in log if s == form["name"]]) for form in EVENTS
    }


def _table(form: dict[str, Any], rows: list[Row]) -> pa.Table:
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", "id", *form["keys"], *form["fields"]]
    names += [form["refers_by"]] if form["refers_by"] else []
    return pa.table(
        {name: pa.array([row[name] for row in rows], TYPES.get(name, pa.int64())) for name in names}
    )
