"""The ledger: an append-only, hash-chained table of records, the one truth of the registry.

Everything else that the registry can say (versions, lineage, who is champion) is a fold of it.
The ledger never opens a database that is not set up, and never sets one up: `migrate` does.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from mintmark.ground import RegistryError, digest_bytes
from mintmark.registry.database import (
    check_revision,
    connect,
    parse_url,
    reading,
    revision,
    writing,
)
from mintmark.registry.record import EMPTY, KINDS, Draft, Head, Record, chain, draft
from mintmark.registry.tables import RECORDS

_PAGE = 1000
_NEWEST = sa.select(RECORDS).order_by(RECORDS.c.n.desc()).limit(1)


@dataclass(frozen=True)
class Ledger:
    """An open ledger. Safe to use from several threads; open one anew in each process."""

    engine: Engine

    @classmethod
    def open(cls, url: str) -> "Ledger":
        """Open the ledger at `url`, which must be set up.

        Parameters
        ----------
        url : str
            ``sqlite:///FILE`` or ``postgresql://USER@HOST/DATABASE``.

        Raises
        ------
        RegistryError
            ``registry.database.unmigrated``, ``.newer``, ``.network``, ``.away``, ``.unreadable``.
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
            check_revision(None, parsed)
        engine = connect(parsed)
        try:
            with reading(engine) as connection:
                check_revision(revision(connection), parsed)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Close every connection; the ledger opens new ones if it is used again."""
        self.engine.dispose()

    def __enter__(self) -> "Ledger":
        """Give the ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def record(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        actor: str,
        at: int,
        key: str | None = None,
    ) -> Record:
        """Append one record and return it once it is on disk.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        body : mapping
            Plain JSON. ``inputs`` maps a role to the digest of an earlier record; the kinds that
            `KINDS` asks for must be among them.
        actor : str
            Who asked for it.
        at : int
            µs UTC. The ledger never goes back: where the newest record is later, its time is used.
        key : str, optional
            Makes a retry harmless: the same kind, body and actor under a key that is there already
            is the record that is there.

        Raises
        ------
        RegistryError
            ``registry.record.unknown_kind``, ``.missing_field``, ``.actor``, ``.inputs``, ``.pan``,
            ``.unknown_input``, ``.missing_input``, ``.key_taken``; ``registry.database.*``.

        Cost: one transaction with one fsync, 3 to 10 ms on SQLite.
        """
        wanted = draft(kind, body, actor=actor, at=at, key=key)
        with writing(self.engine) as connection:
            earlier = _under_key(connection, wanted)
            if earlier is not None:
                return earlier
            _check_inputs(connection, wanted)
            newest = connection.execute(_NEWEST).mappings().first()
            head = Head(newest["n"], newest["hash"]) if newest else EMPTY
            made = wanted.after(head, max(wanted.at, newest["at_us"] if newest else wanted.at))
            connection.execute(RECORDS.insert().values(_row(made, wanted.text)))
        return made

    def read(self, kind: str | None = None, *, after: int = 0) -> Iterator[Record]:
        """Give the records behind position `after` in order, each checked against its own hash.

        Parameters
        ----------
        kind : str, optional
            Only this kind.
        after : int
            Start behind this position.

        Raises
        ------
        RegistryError
            ``registry.ledger.altered`` at the first record whose row was edited.
        """
        for row in self._rows(after, kind):
            yield _checked(row)

    def find(self, name: str, kind: str | None = None) -> Record | None:
        """Return the newest record that has `name` as its digest or its hash, or None."""
        query = sa.select(RECORDS).where((RECORDS.c.digest == name) | (RECORDS.c.hash == name))
        if kind is not None:
            query = query.where(RECORDS.c.kind == kind)
        with reading(self.engine) as connection:
            row = connection.execute(query.order_by(RECORDS.c.n.desc()).limit(1)).mappings().first()
        return _checked(row) if row else None

    def input(self, record: Record, kind: str) -> Record | None:
        """Return the input of a record that is of a kind, None where it has none."""
        found = (self.find(digest, kind) for digest in record.inputs.values())
        return next((below for below in found if below is not None), None)

    def head(self) -> Head:
        """Return the newest record's position and hash, `EMPTY` for an empty ledger."""
        with reading(self.engine) as connection:
            row = connection.execute(_NEWEST).first()
        return Head(row.n, row.hash) if row else EMPTY

    def verify(self, *witnesses: Head) -> Head:
        """Walk the whole chain and return its head.

        Parameters
        ----------
        *witnesses : Head
            Heads noted earlier, elsewhere. They show what the chain alone cannot: that its end was
            cut off, or that all of it was written anew.

        Raises
        ------
        RegistryError
            ``registry.ledger.altered``, naming the first edited, missing or foreign record.

        Cost: 25 µs a record.
        """
        expected = {witness.n: witness.hash for witness in witnesses if witness.n > 0}
        head = EMPTY
        for row in self._rows(0, None):
            _check_place(row, head)
            made = _checked(row)
            if expected.pop(made.n, made.hash) != made.hash:
                raise _altered(made.n, "it is not the record that a witness saw here")
            head = Head(made.n, made.hash)
        if expected:
            raise _altered(head.n + 1, "the ledger ends before it, and a witness saw it")
        return head

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the write lock of the ledger: no other process appends, or is alone, meanwhile.

        Not for use around `record`, which takes the same lock itself.
        """
        with writing(self.engine):
            yield

    def _rows(self, after: int, kind: str | None) -> Iterator[RowMapping]:
        """Read in pages, so that no transaction stays open while the caller works."""
        while True:
            query = sa.select(RECORDS).where(RECORDS.c.n > after).order_by(RECORDS.c.n)
            if kind is not None:
                query = query.where(RECORDS.c.kind == kind)
            with reading(self.engine) as connection:
                page = connection.execute(query.limit(_PAGE)).mappings().all()
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]["n"]


def _row(made: Record, text: str) -> dict[str, Any]:
    """Return a record as the row that keeps it."""
    row = made.form() | {"body": text, "at_us": made.at}
    del row["at"]
    return row


def _checked(row: RowMapping) -> Record:
    """Return a row as a record, if its body and its header still have the digests they had."""
    n, text = row["n"], row["body"]
    header = {
        "n": n,
        "kind": row["kind"],
        "digest": row["digest"],
        "actor": row["actor"],
        "at": row["at_us"],
        "key": row["key"],
        "prev_hash": row["prev_hash"],
    }
    if digest_bytes(str(text).encode()) != row["digest"]:
        raise _altered(n, "its body is not the one that was recorded")
    if chain(header) != row["hash"]:
        raise _altered(n, "its kind, actor, time, key or place is not the one that was recorded")
    return Record(**header, body=json.loads(text), hash=row["hash"])


def _check_place(row: RowMapping, head: Head) -> None:
    """Refuse a gap in the positions and a record that does not name the one in front of it."""
    if row["n"] != head.n + 1:
        raise _altered(head.n + 1, "it is missing")
    if row["prev_hash"] != head.hash:
        raise _altered(row["n"], "it does not follow the record in front of it")


def _altered(n: int, got: str) -> RegistryError:
    return RegistryError(
        f"record {n} of the ledger was altered",
        at=f"record {n}",
        got=got,
        want="the record as it was appended",
        hint="restore the database from a copy; whoever may write to it could have done this",
        code="registry.ledger.altered",
    )


def _under_key(connection: Connection, wanted: Draft) -> Record | None:
    """Return what is recorded under the draft's key, refusing another thing under the same key."""
    if wanted.key is None:
        return None
    query = sa.select(RECORDS).where(RECORDS.c.key == wanted.key)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    made = _checked(row)
    if (made.kind, made.digest, made.actor) != (wanted.kind, wanted.digest, wanted.actor):
        raise RegistryError(
            "another record stands under this key",
            at=f"record {made.n}",
            got=f"{wanted.kind} by {wanted.actor}, {wanted.digest}",
            want=f"{made.kind} by {made.actor}, {made.digest}",
            hint="a key belongs to one body; use another key for another body",
            code="registry.record.key_taken",
        )
    return made


def _check_inputs(connection: Connection, wanted: Draft) -> None:
    """Refuse a record whose inputs are not in the ledger, or that lacks one it must have."""
    inputs = wanted.inputs
    known: dict[str, str] = {}
    if inputs:
        columns = sa.select(RECORDS.c.digest, RECORDS.c.kind)
        named = columns.where(RECORDS.c.digest.in_(sorted(set(inputs.values()))))
        known = {row.digest: row.kind for row in connection.execute(named)}
    for role, digest in inputs.items():
        if digest not in known:
            raise RegistryError(
                f'the {wanted.kind} rests on a "{role}" that is not in the ledger',
                at=f"$.inputs.{role}",
                got=digest,
                want="the digest of an earlier record",
                hint="record what it was made from first",
                code="registry.record.unknown_input",
            )
    lacking = set(KINDS[wanted.kind].inputs) - set(known.values())
    if lacking:
        raise RegistryError(
            f"the {wanted.kind} does not say what it was made from",
            at="$.inputs",
            got=" ".join(sorted(known.values())) or "nothing",
            want=" ".join(KINDS[wanted.kind].inputs),
            hint="give the digests of those records under `inputs`",
            code="registry.record.missing_input",
        )
