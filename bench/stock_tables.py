"""Tables of the yardstick server: the rows that the ledger writes for an `issue`, without leaf and hash.

Belongs here: SQLModel classes as their documentation writes them. Does not belong here: anything of the ledger's own
store; the yardstick shares no code with what it measures.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel


class EntitlementTypeRow(SQLModel, table=True):
    __tablename__ = "entitlement_type"

    code: str = Field(primary_key=True, max_length=64)
    name: str
    category: str
    unit: str
    scale: int
    created_at: datetime


class CustomerRow(SQLModel, table=True):
    __tablename__ = "customer"

    customer_id: str = Field(primary_key=True, max_length=128)
    state: str = "ACTIVE"
    created_at: datetime


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"
    __table_args__ = (CheckConstraint("available >= 0", name="ck_account_available"),)

    customer_id: str = Field(primary_key=True, max_length=128)
    type_code: str = Field(primary_key=True, max_length=64)
    available: int = Field(default=0, sa_type=BigInteger)
    held: int = Field(default=0, sa_type=BigInteger)
    pending: int = Field(default=0, sa_type=BigInteger)
    issued: int = Field(default=0, sa_type=BigInteger)
    consumed: int = Field(default=0, sa_type=BigInteger)
    expired: int = Field(default=0, sa_type=BigInteger)
    version: int = 0


class EventRow(SQLModel, table=True):
    __tablename__ = "event"
    __table_args__ = (Index("ix_event_account", "customer_id", "type_code", "position"),)

    position: int | None = Field(default=None, primary_key=True)
    event_id: str = Field(unique=True, max_length=40)
    command_id: str = Field(max_length=40)
    kind: str
    customer_id: str
    type_code: str
    amount: int = Field(sa_type=BigInteger)
    delta: int = Field(sa_type=BigInteger)
    balance_after: int = Field(sa_type=BigInteger)
    allocations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON))
    effective_at: datetime
    recorded_at: datetime
    actor_kind: str = "API_KEY"
    actor_id: str = "anonymous"
    reason: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    idempotency_key: str
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))


class VaultRow(SQLModel, table=True):
    __tablename__ = "vault"

    position: int = Field(primary_key=True, foreign_key="event.position")
    key: bytes
    note: str | None = None
    customer_note: str | None = None


class ReceiptRow(SQLModel, table=True):
    __tablename__ = "receipt"

    source: str = Field(primary_key=True, max_length=16)
    idempotency_key: str = Field(primary_key=True, max_length=255)
    request_hash: bytes
    position: int = Field(foreign_key="event.position")


class GrantRow(SQLModel, table=True):
    __tablename__ = "grant"
    __table_args__ = (Index("ix_grant_account", "customer_id", "type_code", "remaining"),)

    grant_id: str = Field(primary_key=True, max_length=40)
    customer_id: str
    type_code: str
    amount: int = Field(sa_type=BigInteger)
    remaining: int = Field(sa_type=BigInteger)
    held: int = Field(default=0, sa_type=BigInteger)
    priority: int = 50
    funding: str = "PROMOTIONAL"
    effective_at: datetime
    expires_at: datetime | None = None
    position: int = Field(foreign_key="event.position")
