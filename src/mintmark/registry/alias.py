"""Aliases: who is champion and who is challenger, as moves in the ledger and never as a cell.

    champion   ──a1────────────a2──────────a1──▶      a move each time: actor, moment, evidence
               3 March         9 March     10 March   alias_at("champion", 5 March) is a1

A roll-back is one more move, to an older release. Nothing is ever pointed elsewhere in silence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mintmark.ground import RegistryError
from mintmark.registry.ledger import Ledger
from mintmark.registry.record import Record

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Move:
    """One move of an alias.

    Attributes
    ----------
    name : str
        The alias, such as ``champion``.
    release : str
        Digest of the release that it points at from here on.
    actor : str
        Who moved it.
    at : int
        µs UTC.
    evidence : str
        Digest or hash of the record that is the reason: a verdict, mostly.
    reason : str
        What the actor said, empty where nothing was said.
    hash : str
        The move's own record in the ledger.
    """

    name: str
    release: str
    actor: str
    at: int
    evidence: str
    reason: str
    hash: str

    def form(self) -> dict[str, str | int]:
        """Return the move as plain JSON."""
        return {
            "name": self.name,
            "release": self.release,
            "actor": self.actor,
            "at": self.at,
            "evidence": self.evidence,
            "reason": self.reason,
            "hash": self.hash,
        }


@dataclass(frozen=True)
class Target:
    """Where an alias is to point, on what evidence, and why in words."""

    release: str
    evidence: str
    reason: str = ""


def as_move(record: Record) -> Move:
    """Read an alias record as the move that it is."""
    body = record.body
    return Move(
        name=body["name"],
        release=body["release"],
        actor=record.actor,
        at=record.at,
        evidence=body["evidence"],
        reason=body["reason"],
        hash=record.hash,
    )


def move_alias(ledger: Ledger, name: str, target: Target, *, actor: str, at: int) -> Move:
    """Point an alias at a release; where it points there already, return the move that did it.

    Parameters
    ----------
    name : str
        ``champion``, ``challenger``, or another of small letters, digits and ``_``.
    target : Target
        A release of this ledger, and the digest or hash of a record of it as evidence.
    actor : str
        Who moves it.
    at : int
        µs UTC.

    Raises
    ------
    RegistryError
        ``registry.alias.name``, ``registry.release.unknown``, ``registry.alias.evidence``.
    """
    if not _NAME.fullmatch(name):
        raise RegistryError(
            "this cannot be the name of an alias",
            got=repr(name[:80]),
            want="small letters, digits and _, a letter first",
            code="registry.alias.name",
        )
    release = release_record(ledger, target.release)
    if ledger.find(target.evidence) is None:
        raise RegistryError(
            f'there is no evidence in the ledger for moving "{name}"',
            got=target.evidence or "nothing",
            want="the digest or hash of a record, such as the verdict",
            code="registry.alias.evidence",
        )
    past = history(ledger, name)
    if past and past[-1].release == target.release:
        return past[-1]
    body = {
        "inputs": {"release": release.digest},
        "name": name,
        "release": target.release,
        "evidence": target.evidence,
        "reason": target.reason,
    }
    return as_move(ledger.record("alias", body, actor=actor, at=at))


def release_record(ledger: Ledger, digest: str) -> Record:
    """Return the record of the release with this digest.

    Raises
    ------
    RegistryError
        ``registry.release.unknown``.
    """
    for record in ledger.read("release"):
        if record.body["digest"] == digest:
            return record
    raise RegistryError(
        "this release is not in the ledger",
        got=digest,
        want="the digest of a release",
        hint="list them with the registry's state",
        code="registry.release.unknown",
    )


def _moves(ledger: Ledger, name: str) -> Iterator[Move]:
    for record in ledger.read("alias"):
        if record.body["name"] == name:
            yield as_move(record)


def history(ledger: Ledger, name: str) -> tuple[Move, ...]:
    """Return every move of an alias, oldest first; empty for one that never moved."""
    return tuple(_moves(ledger, name))


def alias_at(ledger: Ledger, name: str, at: int) -> Move | None:
    """Return the move in force at `at` (µs UTC, its own moment included), None before the first.

    The ledger's times never go back, so the answer for a past moment never changes.
    """
    found = None
    for move in _moves(ledger, name):
        if move.at > at:
            break
        found = move
    return found
