"""Make the append-only table of records; the database itself refuses to change or drop a row.

The triggers stop mistakes, not an owner of the database: against that one there is the chain.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REFUSE = "the ledger is append-only"


def upgrade() -> None:
    """Create the table, its indexes and the triggers of the dialect."""
    op.create_table(
        "mintmark_record",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("key", sa.String(200), unique=True),
        sa.Column("prev_hash", sa.String(71), nullable=False),
        sa.Column("hash", sa.String(71), nullable=False, unique=True),
    )
    op.create_index("mintmark_record_kind", "mintmark_record", ["kind", "n"])
    op.create_index("mintmark_record_digest", "mintmark_record", ["digest"])
    if op.get_bind().dialect.name == "sqlite":
        _refuse_in_sqlite()
    else:
        _refuse_in_postgresql()


def _refuse_in_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER mintmark_record_no_{verb} BEFORE {verb.upper()} ON mintmark_record "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        )


def _refuse_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION mintmark_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER mintmark_record_no_change "
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON mintmark_record "
        "FOR EACH STATEMENT EXECUTE FUNCTION mintmark_refuse()"
    )
