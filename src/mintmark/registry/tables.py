"""The ledger's one table, as SQLAlchemy Core sees it, and the revision this code speaks.

The table itself is made by `migrations`, never from here: `METADATA` only says what to expect.
"""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

REVISION = "0001"
"""The newest migration: what an opened database must be at."""

VERSION_TABLE = "mintmark_version"
"""Where the database says at which revision it is; a name of our own, for databases are shared."""

METADATA = MetaData()

RECORDS = Table(
    "mintmark_record",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("digest", String(71), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("key", String(200), unique=True),
    Column("prev_hash", String(71), nullable=False),
    Column("hash", String(71), nullable=False, unique=True),
)

VERSIONS = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
