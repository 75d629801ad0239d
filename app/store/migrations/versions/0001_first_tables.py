"""The ledger's first tables, and the guards of the event table.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSAL = "events are immutable"

STATISTICS = (
    ("event", "sqlite_autoindex_event_1", "1000000 1000000 1"),
    ("event", "ix_event_id", "1000000 1000000 1"),
    ("event", "ix_event_customer", "1000000 1000000 40 1"),
    ("event", "ix_event_account", "1000000 1000000 30 20 1"),
    ("event", "ix_event_correlation", "300000 300000 3 1"),
    ("vault", "sqlite_autoindex_vault_1", "1000000 1000000 1"),
    ("receipt", "receipt", "1000000 1000000 500000 1"),
    ("customer", "customer", "100000 100000 1"),
    ("profile", "sqlite_autoindex_profile_1", "100000 100000 1"),
    ("profile", "ix_profile_name", "100000 100000 2"),
    ("profile", "ix_profile_email", "100000 100000 1"),
    ("account", "account", "200000 200000 2 1"),
    ("grant", "grant", "500000 500000 1"),
    ("grant", "ix_grant_account", "500000 500000 10 5 1"),
    ("grant", "ix_grant_open", "200000 200000 2 1"),
)


def bytewise(length: int) -> sa.types.TypeEngine[str]:
    """Text that compares and sorts by bytes on both databases."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Create everything, then guard `event` against change (L13.1)."""
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        guard_on_sqlite()
        describe_to_sqlite()
    else:
        guard_on_postgresql()
        op.execute("ALTER TABLE head SET (fillfactor = 10)")


def guard_on_sqlite() -> None:
    """Refuse UPDATE and DELETE, and an INSERT over an existing position: INSERT OR REPLACE gets past delete
    triggers.
    """
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    op.execute(
        "CREATE TRIGGER event_no_replace BEFORE INSERT ON event "
        "WHEN EXISTS (SELECT 1 FROM event WHERE ledger = NEW.ledger "
        "AND (position = NEW.position OR event_id = NEW.event_id)) "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def describe_to_sqlite() -> None:
    """Tell SQLite's planner what a grown ledger looks like: rows, then rows for each longer prefix of an index.

    Without statistics it believes that a ledger has ten rows, and scans all its grants for those of one customer.
    """
    op.execute("ANALYZE")
    op.execute("DELETE FROM sqlite_stat1")
    for table, index, statistics in STATISTICS:
        op.execute(f"INSERT INTO sqlite_stat1 VALUES ('{table}', '{index}', '{statistics}')")


def guard_on_postgresql() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE, whoever asks; the server's role has no right to them either."""
    op.execute(
        "CREATE FUNCTION event_is_immutable() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_is_immutable()"
    )
    op.execute(
        "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_immutable()"
    )


def create_tables() -> None:
    """The tables as `store.tables` declared them at this revision."""
    op.create_table(
        "account",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("customer_id", bytewise(128), nullable=False),
        sa.Column("type_code", bytewise(64), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("unrestricted", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=False),
        sa.Column("restored", sa.BigInteger(), nullable=False),
        sa.Column("transferred_in", sa.BigInteger(), nullable=False),
        sa.Column("transferred_out", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("next_due_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("available >= 0 AND pending >= 0 AND held >= 0 AND debt >= 0", name="ck_account_figures"),
        sa.PrimaryKeyConstraint("ledger", "customer_id", "type_code"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("customer_id", bytewise(128), nullable=False),
        sa.Column("state", bytewise(16), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('ACTIVE', 'FROZEN', 'CLOSED')", name="ck_customer_state"),
        sa.PrimaryKeyConstraint("ledger", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entitlement_type",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("code", bytewise(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "code"),
    )
    op.create_table(
        "event",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", bytewise(80), nullable=False),
        sa.Column("kind", bytewise(32), nullable=False),
        sa.Column("customer_id", bytewise(128), nullable=True),
        sa.Column("type_code", bytewise(64), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("delta", sa.BigInteger(), nullable=True),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("actor_id", bytewise(255), nullable=False),
        sa.Column("reason", bytewise(128), nullable=True),
        sa.Column("correlation_id", bytewise(255), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("position > 0", name="ck_event_position"),
        sa.PrimaryKeyConstraint("ledger", "position"),
    )
    op.create_index("ix_event_customer", "event", ["ledger", "customer_id", "position"], unique=False)
    op.create_index("ix_event_account", "event", ["ledger", "customer_id", "type_code", "position"], unique=False)
    op.create_index(
        "ix_event_correlation",
        "event",
        ["ledger", "correlation_id", "position"],
        unique=False,
        sqlite_where=sa.text("correlation_id IS NOT NULL"),
        postgresql_where=sa.text("correlation_id IS NOT NULL"),
    )
    op.create_index("ix_event_id", "event", ["ledger", "event_id"], unique=True)
    op.create_table(
        "grant",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("grant_id", bytewise(80), nullable=False),
        sa.Column("customer_id", bytewise(128), nullable=False),
        sa.Column("type_code", bytewise(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("funding", bytewise(16), nullable=False),
        sa.Column("cost_basis", bytewise(32), nullable=True),
        sa.Column("restricted_to", sa.Text(), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("is_activated", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=False),
        sa.Column("restored", sa.BigInteger(), nullable=False),
        sa.Column("moved_out", sa.BigInteger(), nullable=False),
        sa.Column("repaid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("remaining >= 0 AND held >= 0", name="ck_grant_figures"),
        sa.PrimaryKeyConstraint("ledger", "grant_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_grant_account", "grant", ["ledger", "customer_id", "type_code", "position"], unique=False)
    op.create_index(
        "ix_grant_open",
        "grant",
        ["ledger", "customer_id", "type_code"],
        unique=False,
        sqlite_where=sa.text("(remaining > 0 OR held > 0)"),
        postgresql_where=sa.text("(remaining > 0 OR held > 0)"),
    )
    op.create_table(
        "head",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("position >= 0", name="ck_head_position"),
        sa.PrimaryKeyConstraint("ledger"),
    )
    op.create_table(
        "profile",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("customer_id", bytewise(128), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name_folded", bytewise(800), nullable=True),
        sa.Column("email_folded", bytewise(1016), nullable=True),
        sa.PrimaryKeyConstraint("ledger", "customer_id"),
    )
    op.create_index("ix_profile_email", "profile", ["ledger", "email_folded"], unique=False)
    op.create_index("ix_profile_name", "profile", ["ledger", "name_folded"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("source", bytewise(64), nullable=False),
        sa.Column("key", bytewise(255), nullable=False),
        sa.Column("hash_scheme", sa.SmallInteger(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("named_position", sa.BigInteger(), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("operation_keys", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ledger", "source", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vault",
        sa.Column("ledger", bytewise(64), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("customer_note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ledger", "position"),
    )
