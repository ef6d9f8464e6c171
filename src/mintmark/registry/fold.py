"""The registry's state: a fold of the ledger's records, one at a time, in order.

    state 0 ──record 1──▶ state 1 ──record 2──▶ state 2 ──▶ ...

The state is a function of the records and of nothing else. A copy of it may be kept in a file to
save time; delete the file, fold again, and the bytes are the same. A copy whose head is not in
the ledger is not believed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mintmark.ground import canonical, disk_watch, write_atomic
from mintmark.registry.alias import as_move
from mintmark.registry.ledger import Ledger
from mintmark.registry.record import EMPTY, Head, Record

_NAMED = ("plan", "dataset", "model", "release")


@dataclass
class State:
    """What the records so far say.

    Attributes
    ----------
    head : Head
        The last record folded.
    named : dict
        For plan, dataset, model and release: own digest to the hash of its first record.
    verdicts : dict
        Model digest to the verdicts on it, oldest first, as ``{"result", "hash"}``.
    aliases : dict
        Name to its moves, oldest first.
    """

    head: Head = EMPTY
    named: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in _NAMED})
    verdicts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    aliases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def fold(self, record: Record) -> None:
        """Take in the next record.

        Cost: O(1).
        """
        assert record.prev_hash == self.head.hash, "records are folded in order, each once"
        body = record.body
        if record.kind in _NAMED:
            self.named[record.kind].setdefault(body["digest"], record.hash)
        elif record.kind == "verdict":
            said = {"result": body["result"], "hash": record.hash}
            self.verdicts.setdefault(body["model"], []).append(said)
        elif record.kind == "alias":
            self.aliases.setdefault(body["name"], []).append(as_move(record).form())
        self.head = Head(record.n, record.hash)

    def form(self) -> dict[str, Any]:
        """Return the state as plain JSON."""
        return {
            "head": {"n": self.head.n, "hash": self.head.hash},
            "named": self.named,
            "verdicts": self.verdicts,
            "aliases": self.aliases,
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: two folds of one ledger have the same."""
        return canonical(self.form())

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> "State":
        """Read a state back from its plain JSON."""
        return cls(Head(**form["head"]), form["named"], form["verdicts"], form["aliases"])


def fold(ledger: Ledger, *, cache: Path | None = None) -> State:
    """Return the state of a ledger, from a kept copy and the records since where there is one.

    Parameters
    ----------
    ledger : Ledger
        Read, never written.
    cache : Path, optional
        File that holds the copy; written anew when there were records to fold.

    Raises
    ------
    RegistryError
        ``registry.ledger.altered`` at a record that was edited.

    Cost: 30 µs a record that is not in the copy.
    """
    state = _kept(ledger, cache)
    kept = state.head
    for record in ledger.read(after=kept.n):
        state.fold(record)
    if cache is not None and state.head != kept:
        with disk_watch(cache):
            cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(cache, state.to_bytes())
    return state


def _kept(ledger: Ledger, cache: Path | None) -> State:
    """Read the copy, if it is whole and its head is a record of this ledger; else start at zero."""
    if cache is None:
        return State()
    try:
        text = cache.read_bytes()
        state = State.from_form(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError):
        return State()
    found = ledger.find(state.head.hash)
    if found is None or found.n != state.head.n:
        return State()
    return state
