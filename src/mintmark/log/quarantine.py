"""Rows that did not enter the log: the reason, where each came from, and what it said, masked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa

from mintmark.ground import holds_pan, mask
from mintmark.log.record import Refusal
from mintmark.log.rule import Shape

SCHEMA = pa.schema(
    [
        ("stream", pa.string()),
        ("reason", pa.string()),
        ("column", pa.string()),
        ("source", pa.string()),
        ("row_number", pa.int64()),
        ("raw", pa.string()),
    ]
)
RAW_CHARACTERS = 65_536
"""A raw row is kept up to this length, of a longer one its beginning as text."""


def raw_row(row: Mapping[str, object], shape: Shape) -> str:
    """Return a row as JSON without a card number in it.

    Every number that is one is masked wherever it stands, and of a column that is declared to hold
    them only the last four digits stay, so that one with a slip of the finger is not kept either.
    """
    cards = {rule.source for rule in shape.rules if rule.kind == "pan"}
    shown = {
        mask(name): _withheld(value) if name in cards else _shown(value)
        for name, value in row.items()
    }
    return _json(shown)


def raw_line(line: str) -> str:
    """Return a line that could not be split into columns as JSON, card numbers masked."""
    return _json({"line": mask(line)})


def to_table(refusals: Iterable[Refusal]) -> pa.Table:
    """Return refusals as rows of the quarantine table."""
    rows = list(refusals)
    columns = {name: [getattr(one, name) for one in rows] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def _json(value: Mapping[str, object]) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > RAW_CHARACTERS:
        text = json.dumps({"beginning": text[: RAW_CHARACTERS // 2]}, ensure_ascii=False)
    return text


def _shown(value: object) -> object:
    """Return a value that JSON can hold, with every card number in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask(str(name)): _shown(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(inner) for inner in value]
    if isinstance(value, (int, float)) and holds_pan(value):
        return mask(str(int(value)))
    if isinstance(value, (date, Decimal, bytes)) or value != value:
        return mask(str(value))
    return value


def _withheld(value: object) -> object:
    """Star out all digits but the last four."""
    if value is None:
        return None
    text = str(value)
    return "".join("*" if letter.isdecimal() else letter for letter in text[:-4]) + text[-4:]
