"""A script: the requests that a sender will make, one JSON line each, in the order of knowledge.

The first line says how much follows and where the clock stops; each later line is one event with
the time at which it became known. The file is plain input: anybody can write one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from mintmark.ground import ServeError


class Head(msgspec.Struct, frozen=True):
    """The first line: how many payments and other events follow, and where the clock stops."""

    payments: int
    events: int
    until: int


class Step(msgspec.Struct, frozen=True):
    """One event as it is sent, when (µs UTC) it became known, and whether it is to be decided."""

    known_at: int
    stream: str
    decide: bool
    event: msgspec.Raw


_encoder = msgspec.json.Encoder()
_head = msgspec.json.Decoder(Head)
_step = msgspec.json.Decoder(Step)


def write_script(path: Path, head: Head, steps: Iterable[Step]) -> None:
    """Write a script; what was in the file is replaced."""
    with path.open("wb") as file:
        file.write(_encoder.encode(head) + b"\n")
        for step in steps:
            file.write(_encoder.encode(step) + b"\n")


def read_script(path: Path) -> tuple[Head, list[Step]]:
    """Read a script whole.

    Raises
    ------
    ServeError
        serve.script.unreadable
    """
    try:
        with path.open("rb") as file:
            head = _head.decode(file.readline())
            return head, [_step.decode(line) for line in file]
    except (OSError, msgspec.DecodeError) as error:
        raise ServeError(
            "the script cannot be read",
            at=str(path),
            got=str(error)[:200],
            want="a line {payments, events, until}, then one line for each step",
            code="serve.script.unreadable",
        ) from None
