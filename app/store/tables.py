"""Every table on one page.

What belongs here: names, types, keys, indexes, checks. What does not: statements (their own modules), guards
(`migrations`). Projections can be derived again from events; `receipt`, `vault` and `profile` are originals (L13.7).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, SmallInteger, String, Table, Text, text
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel


def _bytewise(length: int) -> TypeEngine[str]:
    """Text that compares and sorts by bytes on both databases (L1.5)."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _ledger(*, primary_key: bool = True) -> Any:
    return Field(sa_type=_bytewise(64), primary_key=primary_key)


def _text(length: int, **options: Any) -> Any:
    return Field(sa_type=_bytewise(length), **options)


def _amount(**options: Any) -> Any:
    return Field(sa_type=BigInteger, **options)


_CLUSTERED = {"sqlite_with_rowid": False}
CORRELATED = text("correlation_id IS NOT NULL")
OPEN = text("(remaining > 0 OR held > 0)")


class Head(SQLModel, table=True):
    """A ledger's end: the row that every writer locks first. `peaks` is the compact range of the tree over all
    leaves.
    """

    __tablename__ = "head"
    __table_args__ = (CheckConstraint("position >= 0", name="ck_head_position"),)
    ledger: str = _ledger()
    position: int = Field(sa_type=BigInteger)
    peaks: bytes = Field(sa_type=LargeBinary)
    recorded_at: datetime
    created_at: datetime


class Event(SQLModel, table=True):
    """The events. `leaf` is the truth; every other column is a projection of it."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("position > 0", name="ck_event_position"),
        Index("ix_event_id", "ledger", "event_id", unique=True),
        Index("ix_event_customer", "ledger", "customer_id", "position"),
        Index("ix_event_account", "ledger", "customer_id", "type_code", "position"),
        Index(
            "ix_event_correlation",
            "ledger",
            "correlation_id",
            "position",
            sqlite_where=CORRELATED,
            postgresql_where=CORRELATED,
        ),
    )
    ledger: str = _ledger()
    position: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    event_id: str = _text(80)
    kind: str = _text(32)
    customer_id: str | None = _text(128, nullable=True)
    type_code: str | None = _text(64, nullable=True)
    amount: int | None = _amount(nullable=True)
    delta: int | None = _amount(nullable=True)
    balance_after: int | None = _amount(nullable=True)
    effective_at: datetime
    recorded_at: datetime
    actor_id: str = _text(255)
    reason: str | None = _text(128, nullable=True)
    correlation_id: str | None = _text(255, nullable=True)
    leaf: bytes = Field(sa_type=LargeBinary)
    leaf_hash: bytes = Field(sa_type=LargeBinary)


class Vault(SQLModel, table=True):
    """What an event's leaf only commits to, and the key of the commitments; destroyed when a customer is erased
    (L13.9).
    """

    __tablename__ = "vault"
    ledger: str = _ledger()
    position: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: bytes = Field(sa_type=LargeBinary)
    request_hash: bytes = Field(sa_type=LargeBinary)
    note: str | None = Field(default=None, sa_type=Text)
    customer_note: str | None = Field(default=None, sa_type=Text)


class Receipt(SQLModel, table=True):
    """What an idempotency key was answered (L7): the events from `first_position` to `last_position`, named after
    `named_position`.

    A batch's receipt has its operations' keys as a JSON array in `operation_keys` instead.
    """

    __tablename__ = "receipt"
    __table_args__ = (_CLUSTERED,)
    ledger: str = _ledger()
    source: str = _text(64, primary_key=True)
    key: str = _text(255, primary_key=True)
    hash_scheme: int = Field(sa_type=SmallInteger)
    request_hash: bytes = Field(sa_type=LargeBinary)
    named_position: int = Field(sa_type=BigInteger)
    first_position: int = Field(sa_type=BigInteger)
    last_position: int = Field(sa_type=BigInteger)
    operation_keys: str | None = Field(default=None, sa_type=Text)


class EntitlementType(SQLModel, table=True):
    """The entitlement types as they are now; `definition` is the canonical JSON that their last event carries."""

    __tablename__ = "entitlement_type"
    ledger: str = _ledger()
    code: str = _text(64, primary_key=True)
    position: int = Field(sa_type=BigInteger)
    definition: str = Field(sa_type=Text)


class Customer(SQLModel, table=True):
    """The customers as they are now."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("state IN ('ACTIVE', 'FROZEN', 'CLOSED')", name="ck_customer_state"),
        _CLUSTERED,
    )
    ledger: str = _ledger()
    customer_id: str = _text(128, primary_key=True)
    state: str = _text(16)
    created_at: datetime
    metadata_json: str = Field(sa_type=Text)


class Profile(SQLModel, table=True):
    """Personal data: an ordinary row that can be deleted (L13.9). The folded columns serve the prefix search."""

    __tablename__ = "profile"
    __table_args__ = (
        Index("ix_profile_name", "ledger", "name_folded"),
        Index("ix_profile_email", "ledger", "email_folded"),
    )
    ledger: str = _ledger()
    customer_id: str = _text(128, primary_key=True)
    name: str | None = Field(default=None, sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text)
    name_folded: str | None = _text(800, nullable=True)
    email_folded: str | None = _text(1016, nullable=True)


class Account(SQLModel, table=True):
    """Balances and lifetime figures as of each account's last event, in smallest steps; `next_due_at` is when time
    changes them.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("available >= 0 AND pending >= 0 AND held >= 0 AND debt >= 0", name="ck_account_figures"),
        _CLUSTERED,
    )
    ledger: str = _ledger()
    customer_id: str = _text(128, primary_key=True)
    type_code: str = _text(64, primary_key=True)
    available: int = _amount()
    unrestricted: int = _amount()
    pending: int = _amount()
    held: int = _amount()
    debt: int = _amount()
    issued: int = _amount()
    consumed: int = _amount()
    expired: int = _amount()
    revoked: int = _amount()
    restored: int = _amount()
    transferred_in: int = _amount()
    transferred_out: int = _amount()
    version: int = Field(sa_type=BigInteger)
    position: int = Field(sa_type=BigInteger)
    next_due_at: datetime | None


class Grant(SQLModel, table=True):
    """The grants as they are now, in smallest steps; tags and metadata as canonical JSON."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND held >= 0", name="ck_grant_figures"),
        Index("ix_grant_account", "ledger", "customer_id", "type_code", "position"),
        Index("ix_grant_open", "ledger", "customer_id", "type_code", sqlite_where=OPEN, postgresql_where=OPEN),
        _CLUSTERED,
    )
    ledger: str = _ledger()
    grant_id: str = _text(80, primary_key=True)
    customer_id: str = _text(128)
    type_code: str = _text(64)
    position: int = Field(sa_type=BigInteger)
    effective_at: datetime
    expires_at: datetime | None
    priority: int = Field(sa_type=SmallInteger)
    funding: str = _text(16)
    cost_basis: str | None = _text(32, nullable=True)
    restricted_to: str = Field(sa_type=Text)
    metadata_json: str = Field(sa_type=Text)
    is_activated: bool
    amount: int = _amount()
    remaining: int = _amount()
    held: int = _amount()
    consumed: int = _amount()
    expired: int = _amount()
    revoked: int = _amount()
    restored: int = _amount()
    moved_out: int = _amount()
    repaid: int = _amount()


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model: statements are Core, never a Session."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


head = table(Head)
event = table(Event)
vault = table(Vault)
receipt = table(Receipt)
entitlement_type = table(EntitlementType)
customer = table(Customer)
profile = table(Profile)
account = table(Account)
grant = table(Grant)
