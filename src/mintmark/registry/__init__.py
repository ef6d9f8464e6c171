"""A ledger of immutable records; versions, lineage, releases and aliases are folds of it.

    record ─▶ record ─▶ record ─▶ ...     the ledger: append-only, hash-chained (SQLite, PostgreSQL)
       └─ inputs ─┘        │
                           ├─▶ state       fold.py: what is known, who is champion
                           ├─▶ lineage     lineage.py: what rests on what
                           └─▶ releases/   home.py: signed folders, laid out from ledger and store

A process sets the database up with `migrate`, by command, and never by importing this.
"""

from mintmark.registry.alias import Move, Target, alias_at, history, move_alias, release_record
from mintmark.registry.bundle import Bundle, bundle_digest, read_bundle
from mintmark.registry.fold import State, fold
from mintmark.registry.home import Registry, Seal
from mintmark.registry.ledger import Ledger
from mintmark.registry.lineage import Lineage, dependents, lineage
from mintmark.registry.migrate import migrate
from mintmark.registry.record import GENESIS, KINDS, Head, Record
from mintmark.registry.release import Release, key_id, open_release
from mintmark.registry.store import Store

__all__ = [
    "GENESIS",
    "KINDS",
    "Bundle",
    "Head",
    "Ledger",
    "Lineage",
    "Move",
    "Record",
    "Registry",
    "Release",
    "Seal",
    "State",
    "Store",
    "Target",
    "alias_at",
    "bundle_digest",
    "dependents",
    "fold",
    "history",
    "key_id",
    "lineage",
    "migrate",
    "move_alias",
    "open_release",
    "read_bundle",
    "release_record",
]
