"""Lineage: from any record down to the data that it was made from, and up to what rests on it.

    release ─▶ verdict ─▶ evaluation ─▶ model ─▶ dataset (log version) ─▶ plan

It is read off the inputs that the ledger insisted on; no one has to remember to write it down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mintmark.ground import RegistryError, short
from mintmark.registry.ledger import Ledger
from mintmark.registry.record import Record


@dataclass(frozen=True)
class Lineage:
    """A record, the role it plays for the one above, and the lineage of its inputs."""

    role: str
    record: Record
    inputs: tuple["Lineage", ...]

    def records(self) -> Iterator[Record]:
        """Give this record and all below it, from the top."""
        yield self.record
        for below in self.inputs:
            yield from below.records()

    def log_versions(self) -> tuple[str, ...]:
        """Return the versions of the log that the record rests on, each once, sorted."""
        found = {r.body["log_version"] for r in self.records() if r.kind == "dataset"}
        return tuple(sorted(found))

    def form(self) -> dict[str, Any]:
        """Return the tree as plain JSON, without the bodies."""
        record = self.record
        return {
            "role": self.role,
            "n": record.n,
            "kind": record.kind,
            "digest": record.digest,
            "name": record.body.get("digest"),
            "actor": record.actor,
            "at": record.at,
            "log_version": record.body.get("log_version"),
            "inputs": [below.form() for below in self.inputs],
        }

    def text(self) -> str:
        """Return the tree as lines for people."""
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        record = self.record
        words = [record.kind, short(record.body.get("digest", record.digest)), f"record {record.n}"]
        if "log_version" in record.body:
            words.append(f"of log {short(record.body['log_version'])}")
        yield "  " * depth + "  ".join([*words, f"by {record.actor}"])
        for below in self.inputs:
            yield from below._lines(depth + 1)


def lineage(ledger: Ledger, name: str) -> Lineage:
    """Return what a record was made from, down to the versions of the log.

    Parameters
    ----------
    name : str
        A record's digest or hash, or the own digest of a plan, dataset, model or release.

    Raises
    ------
    RegistryError
        ``registry.lineage.unknown``.

    Cost: one query a record of the tree.
    """
    return _below(ledger, _named(ledger, name), "")


def _below(ledger: Ledger, record: Record, role: str) -> Lineage:
    below = []
    for role_below, digest in sorted(record.inputs.items()):
        found = ledger.find(digest)
        assert found is not None, "the ledger takes no record whose inputs it does not hold"
        below.append(_below(ledger, found, role_below))
    return Lineage(role, record, tuple(below))


def dependents(ledger: Ledger, name: str) -> tuple[Record, ...]:
    """Return every record that rests on this one, near or far, in the order of the ledger.

    Cost: one pass over the ledger behind the record.
    """
    origin = _named(ledger, name)
    reached = {origin.digest}
    found = []
    for record in ledger.read(after=origin.n):
        if reached & set(record.inputs.values()):
            reached.add(record.digest)
            found.append(record)
    return tuple(found)


def _named(ledger: Ledger, name: str) -> Record:
    """Find a record by its digest or hash, or else by the own digest of what it records."""
    record = ledger.find(name)
    if record is None:
        named = (r for r in ledger.read() if r.body.get("digest") == name)
        record = next(named, None)
    if record is None:
        raise RegistryError(
            "there is no such record in the ledger",
            got=name,
            want="the digest of a record, plan, dataset, model or release",
            code="registry.lineage.unknown",
        )
    return record
