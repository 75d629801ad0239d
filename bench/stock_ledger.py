"""What the yardstick does for one mutation: one session, one transaction, objects of the session's identity map.

Belongs here: the engines as SQLAlchemy's documentation configures SQLite, and the unit of work. As quick as the idiom
allows: SQLite has one writer, so writers queue for the one connection of a pool instead of spinning in busy handlers.
"""

import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.stock_tables import AccountRow, CustomerRow, EntitlementTypeRow, EventRow, GrantRow, ReceiptRow, VaultRow

CALLERS = "callers"


class RefusedError(Exception):
    """The request breaks a rule; the message is for the caller."""


@dataclass(frozen=True)
class Issued:
    event: EventRow
    grant: GrantRow
    account: AccountRow
    scale: int
    replayed: bool


class StockLedger:
    """Two engines over one SQLite file: one connection that writes, a pool that reads."""

    def __init__(self, path: str) -> None:
        url = f"sqlite+aiosqlite:///{path}"
        self._writing = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=60)
        self._reading = create_async_engine(url)
        configure(self._writing, begin="BEGIN IMMEDIATE")
        configure(self._reading, begin="BEGIN")

    async def create_tables(self) -> None:
        async with self._writing.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)

    async def close(self) -> None:
        await self._writing.dispose()
        await self._reading.dispose()

    async def define(self, code: str, name: str, category: str, unit: str, scale: int) -> EntitlementTypeRow:
        row = EntitlementTypeRow(
            code=code, name=name, category=category, unit=unit, scale=scale, created_at=datetime.now(UTC)
        )
        async with AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            session.add(row)
        return row

    async def balance(self, customer_id: str, type_code: str) -> AccountRow | None:
        async with AsyncSession(self._reading) as session:
            return await session.get(AccountRow, (customer_id, type_code))

    async def entitlement_type(self, code: str) -> EntitlementTypeRow | None:
        async with AsyncSession(self._reading) as session:
            return await session.get(EntitlementTypeRow, code)

    async def issue(self, request: dict[str, Any]) -> Issued:
        async with AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            return await issue(session, request)


def configure(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


async def issue(session: AsyncSession, request: dict[str, Any]) -> Issued:
    """Writes event, vault row, receipt and grant, inserts or updates customer and account. Raises `RefusedError`."""
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).digest()
    receipt = await session.get(ReceiptRow, (CALLERS, request["idempotency_key"]))
    if receipt is not None:
        return await replay(session, receipt, digest)
    entitlement_type = await session.get(EntitlementTypeRow, request["type_code"])
    if entitlement_type is None:
        raise RefusedError(f"no entitlement type {request['type_code']}")
    amount = parse_amount(request["amount"], entitlement_type.scale)
    now = datetime.now(UTC)
    account = await open_account(session, request["customer_id"], request["type_code"], now)
    account.available += amount
    account.issued += amount
    account.version += 1
    recorded = await record(session, request, account, amount, now)
    assert recorded.position is not None
    grant = GrantRow(
        grant_id=f"grt_{uuid.uuid4().hex}",
        customer_id=account.customer_id,
        type_code=account.type_code,
        amount=amount,
        remaining=amount,
        effective_at=now,
        position=recorded.position,
    )
    receipt = ReceiptRow(
        source=CALLERS, idempotency_key=request["idempotency_key"], request_hash=digest, position=recorded.position
    )
    vault = VaultRow(position=recorded.position, key=secrets.token_bytes(32), note=request["note"])
    session.add_all([grant, receipt, vault])
    return Issued(recorded, grant, account, entitlement_type.scale, replayed=False)


async def replay(session: AsyncSession, receipt: ReceiptRow, digest: bytes) -> Issued:
    if receipt.request_hash != digest:
        raise RefusedError("this idempotency key was used for another request")
    recorded = await session.get_one(EventRow, receipt.position)
    account = await session.get_one(AccountRow, (recorded.customer_id, recorded.type_code))
    grant = (await session.exec(select(GrantRow).where(GrantRow.position == recorded.position))).one()
    entitlement_type = await session.get_one(EntitlementTypeRow, recorded.type_code)
    return Issued(recorded, grant, account, entitlement_type.scale, replayed=True)


def parse_amount(text: str, scale: int) -> int:
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdecimal() or len(fraction) > scale:
        raise RefusedError(f"not an amount: {text}")
    amount = int(whole + fraction.ljust(scale, "0"))
    if not 0 < amount < 2**63:
        raise RefusedError(f"out of range: {text}")
    return amount


async def open_account(session: AsyncSession, customer_id: str, type_code: str, now: datetime) -> AccountRow:
    if await session.get(CustomerRow, customer_id) is None:
        session.add(CustomerRow(customer_id=customer_id, created_at=now))
    account = await session.get(AccountRow, (customer_id, type_code))
    if account is None:
        account = AccountRow(customer_id=customer_id, type_code=type_code)
        session.add(account)
    return account


async def record(
    session: AsyncSession, request: dict[str, Any], account: AccountRow, amount: int, now: datetime
) -> EventRow:
    recorded = EventRow(
        event_id=f"evt_{uuid.uuid4().hex}",
        command_id=f"cmd_{uuid.uuid4().hex}",
        kind="ISSUED",
        customer_id=account.customer_id,
        type_code=account.type_code,
        amount=amount,
        delta=amount,
        balance_after=account.available,
        effective_at=now,
        recorded_at=now,
        reason=request["reason"],
        correlation_id=request["correlation_id"],
        causation_id=request["causation_id"],
        idempotency_key=request["idempotency_key"],
    )
    session.add(recorded)
    await session.flush()
    return recorded
