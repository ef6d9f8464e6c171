"""The past as a script: rows of a log, after a cut, turned back into what arrives live.

Values go back to the units of their source: an amount becomes an exact decimal text, and the time
at which an event became known is not sent, for live the sequencer gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.define import Event
from mintmark.log.rule import Rule, shape_of
from mintmark.serve.script import Head, Step, write_script

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Selection:
    """Which part of a log is sent.

    request : stream that is decided;  after_seq : the last seq that the server already has;
    payments : how many of them at most;  mature_after_us : span after which a payment's label is
    mature; the clock stops when the older half of the payments is.
    """

    request: str
    after_seq: int
    payments: int
    mature_after_us: int


def script_of_past(
    path: Path, tables: Mapping[str, pa.Table], events: Mapping[str, Event], selection: Selection
) -> Head:
    """Write the script of a selection.

    Parameters
    ----------
    path : Path
        The file to write; what was there is replaced.
    tables : mapping of stream to Table
        As the log gives them, in order of seq and in stored units.
    events : mapping of stream to Event
        How each stream is declared.
    selection : Selection
        What to send.

    Cost
    ----
    About 10 µs an event.
    """
    requests = _after(tables[selection.request], selection.after_seq)
    sent, unsent = requests[: selection.payments], requests[selection.payments :]
    last_seq = int(sent["mm_seq"][-1].as_py()) if len(sent) else selection.after_seq
    until = _until(sent, selection.mature_after_us)
    chosen = {selection.request: sent}
    for stream, table in tables.items():
        if stream != selection.request:
            rows = _after(table, selection.after_seq)
            rows = rows.filter(
                pc.or_(pc.less(rows["mm_seq"], last_seq), pc.less_equal(rows["mm_known_at"], until))
            )
            chosen[stream] = _about_sent(rows, events[stream], events[selection.request], unsent)
    steps = sorted(
        (step for stream, rows in chosen.items() for step in _steps(rows, events[stream])),
        key=lambda pair: pair[0],
    )
    head = Head(payments=len(sent), events=len(steps) - len(sent), until=until)
    request = selection.request
    write_script(
        path,
        head,
        (
            Step(known, stream, stream == request, msgspec.Raw(event))
            for _, known, stream, event in steps
        ),
    )
    return head


def _after(table: pa.Table, seq: int) -> pa.Table:
    return table.filter(pc.greater(table["mm_seq"], seq))


def _until(sent: pa.Table, mature_after_us: int) -> int:
    """When the older half of the payments is mature, and not before the last one was known."""
    if not len(sent):
        return 0
    happened = np.sort(sent["mm_at"].to_numpy())
    return max(
        int(happened[(len(happened) - 1) // 2]) + mature_after_us,
        int(sent["mm_known_at"][-1].as_py()),
    )


def _about_sent(rows: pa.Table, event: Event, request: Event, unsent: pa.Table) -> pa.Table:
    """Leave out the labels of payments that are never sent: nobody there would know them."""
    if event.refers_to is None or event.refers_to.name != request.name:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows[event.refers_by], unsent[request.id_column])))


def _steps(rows: pa.Table, event: Event) -> Iterator[tuple[int, int, str, bytes]]:
    """Each row as (seq, known_at, stream, JSON of the event as a source would have it)."""
    rules = [rule for rule in shape_of(event).rules if rule.name != "mm_known_at"]
    columns = [_wire_values(rows, rule) for rule in rules]
    names = [rule.source for rule in rules]
    seqs, known = rows["mm_seq"].to_pylist(), rows["mm_known_at"].to_pylist()
    for place, (seq, known_at) in enumerate(zip(seqs, known, strict=True)):
        values = {
            name: column[place]
            for name, column in zip(names, columns, strict=True)
            if column[place] is not None
        }
        yield seq, known_at, event.name, _encoder.encode(values)


def _wire_values(rows: pa.Table, rule: Rule) -> list[Any]:
    """A stored column in the units of its source: an exact decimal text for an amount."""
    if not rule.stored:
        return [rule.currency] * len(rows)
    values: list[Any] = rows[rule.name].to_pylist()
    if rule.kind == "decimal" and rule.places:
        return [None if value is None else _decimal(value, rule.places) for value in values]
    return values


def _decimal(units: int, places: int) -> str:
    """The exact decimal text of a whole number of 10^-places."""
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"
