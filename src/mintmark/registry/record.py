"""A record: one immutable line of the ledger, and the chain that ties it to the line before.

Pure values and arithmetic on digests; nothing here touches a database.

    n=1            n=2            n=3
    prev  GENESIS  prev  h1 <──┐  prev  h2
    body  ──digest body        │  body
    hash  h1 ──────────────────┘  hash  h3 = digest(n, kind, digest, actor, at, key, h2)

Who edits a body must edit its digest, then its hash, then every hash after it; and a witness who
wrote down one later hash (a signed release holds one) still sees it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mintmark.ground import RegistryError, canonical, digest, digest_bytes, find_pan, mask

GENESIS = "sha256:" + "0" * 64
"""What the first record names as the one before it."""


@dataclass(frozen=True)
class Kind:
    """What a record of one kind must say: the kinds of records it rests on, and its fields."""

    inputs: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "plan": Kind(fields=("digest",)),
    "dataset": Kind(inputs=("plan",), fields=("digest", "log_version")),
    "model": Kind(inputs=("plan", "dataset"), fields=("digest",)),
    "evaluation": Kind(inputs=("model",), fields=("model",)),
    "verdict": Kind(inputs=("evaluation",), fields=("result", "model")),
    "release": Kind(inputs=("verdict", "model"), fields=("digest", "manifest", "signature")),
    "alias": Kind(inputs=("release",), fields=("name", "release")),
}
"""Every kind of record. A thing whose inputs have no record cannot be recorded: that is lineage."""


@dataclass(frozen=True)
class Record:
    """One line of the ledger.

    Attributes
    ----------
    n : int
        Position, from 1, without a gap.
    kind : str
        One of `KINDS`.
    digest : str
        Digest of the body. Other records name this one by it.
    actor : str
        Who asked for it.
    at : int
        µs UTC. Never before the record in front.
    body : mapping
        What is recorded, as plain JSON.
    key : str or None
        The idempotency key under which it was appended.
    prev_hash, hash : str
        The chain.
    """

    n: int
    kind: str
    digest: str
    actor: str
    at: int
    body: Mapping[str, Any]
    key: str | None
    prev_hash: str
    hash: str

    @property
    def inputs(self) -> Mapping[str, str]:
        """The records that this one rests on: role to record digest."""
        inputs: Mapping[str, str] = self.body.get("inputs", {})
        return inputs

    def form(self) -> dict[str, Any]:
        """Return the record as plain JSON."""
        return {
            "n": self.n,
            "kind": self.kind,
            "digest": self.digest,
            "actor": self.actor,
            "at": self.at,
            "body": dict(self.body),
            "key": self.key,
            "prev_hash": self.prev_hash,
            "hash": self.hash,
        }


@dataclass(frozen=True)
class Head:
    """The newest record's position and hash: whoever keeps one can prove what came before."""

    n: int
    hash: str


EMPTY = Head(0, GENESIS)
"""The head of a ledger that holds nothing yet."""


@dataclass(frozen=True)
class Draft:
    """A record before the ledger has given it a place."""

    kind: str
    text: str
    actor: str
    at: int
    key: str | None

    @property
    def digest(self) -> str:
        """The digest of the body's canonical text."""
        return digest_bytes(self.text.encode())

    @property
    def inputs(self) -> Mapping[str, str]:
        """The records that the body says it rests on."""
        inputs: Mapping[str, str] = json.loads(self.text).get("inputs", {})
        return inputs

    def after(self, head: Head, at: int) -> Record:
        """Return the record that this draft becomes behind `head`, stamped `at` (µs UTC)."""
        n = head.n + 1
        chained = chain(
            {
                "n": n,
                "kind": self.kind,
                "digest": self.digest,
                "actor": self.actor,
                "at": at,
                "key": self.key,
                "prev_hash": head.hash,
            }
        )
        body = json.loads(self.text)
        return Record(n, self.kind, self.digest, self.actor, at, body, self.key, head.hash, chained)


def chain(header: Mapping[str, Any]) -> str:
    """Return the hash of a record from everything in its row but the body and the hash itself."""
    return digest(dict(header))


def draft(
    kind: str, body: Mapping[str, Any], *, actor: str, at: int, key: str | None = None
) -> Draft:
    """Check what is to be recorded and return it in canonical text.

    Raises
    ------
    RegistryError
        ``registry.record.unknown_kind``, ``registry.record.missing_field``,
        ``registry.record.actor``, ``registry.record.inputs``, ``registry.record.pan``.

    Examples
    --------
    >>> draft("plan", {"digest": "sha256:ab"}, actor="ada", at=0).text
    '{"digest":"sha256:ab"}'
    """
    if kind not in KINDS:
        raise RegistryError(
            f'a record cannot be of kind "{kind}"',
            got=kind,
            want=" ".join(KINDS),
            code="registry.record.unknown_kind",
        )
    if not actor or not actor.isprintable() or len(actor) > 200:
        raise RegistryError(
            "a record needs the name of who asked for it",
            got=repr(actor[:40]),
            want="1 to 200 printable characters",
            hint="set the actor in the settings, or pass one",
            code="registry.record.actor",
        )
    missing = [name for name in KINDS[kind].fields if body.get(name) is None]
    if missing:
        raise RegistryError(
            f"a {kind} record lacks a field",
            at=f"$.{missing[0]}",
            got="nothing",
            want=" ".join(KINDS[kind].fields),
            code="registry.record.missing_field",
        )
    _check_inputs(kind, body.get("inputs", {}))
    _refuse_account_numbers({"actor": actor, "key": key or "", "body": body}, "$")
    return Draft(kind, canonical(dict(body)).decode(), actor, int(at), key)


def _check_inputs(kind: str, inputs: Any) -> None:
    """Refuse inputs that are not a mapping of role to digest, before they reach a query."""
    if not isinstance(inputs, Mapping) or not all(isinstance(v, str) for v in inputs.values()):
        raise RegistryError(
            f"the inputs of a {kind} record are not a mapping of role to record digest",
            at="$.inputs",
            got=type(inputs).__name__,
            want="{role: digest}",
            code="registry.record.inputs",
        )


def _refuse_account_numbers(value: Any, path: str) -> None:
    """Refuse text that holds an account number: what the ledger takes in, it never gives up."""
    if isinstance(value, str):
        if find_pan(value) is not None:
            raise RegistryError(
                "what is to be recorded holds a primary account number",
                at=path,
                got=mask(value[:80]),
                want="a token",
                hint="write the number's token, or no number",
                code="registry.record.pan",
            )
    elif isinstance(value, Mapping):
        for name, part in value.items():
            _refuse_account_numbers(name, path)
            _refuse_account_numbers(part, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            _refuse_account_numbers(part, f"{path}[{place}]")
