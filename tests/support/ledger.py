"""A ledger as a server has it, without the server: a real database, a real writer, a clock of the test's own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from app.clock import Clock, FixedClock
from app.domain.commands import (
    Actor,
    ActorKind,
    Consume,
    Context,
    DefineEntitlementType,
    Issue,
    SingleCommand,
)
from app.domain.entitlement_type import EntitlementCategory
from app.services.ledger import Ledger
from app.services.outcomes import Outcome
from app.services.writer import Writer
from app.store import heads
from app.store.database import Database
from app.store.opening import open_database

T = TypeVar("T")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLER = Context(Actor(ActorKind.API_KEY, "key_test", "A test"))


@dataclass
class OpenLedger:
    """What a test holds in its hands."""

    database: Database
    writer: Writer
    ledger: Ledger
    clock: Clock

    async def send(self, command: SingleCommand, context: Context = CALLER) -> Outcome:
        """Submits one command."""
        return await self.ledger.submit(command, context)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Reads in one snapshot."""
        return await self.database.read(work)


@asynccontextmanager
async def open_ledger(
    url: str, clock: Clock | None = None, *, ledgers: tuple[str, ...] = ("main",), **options: Any
) -> AsyncIterator[OpenLedger]:
    """Migrates the database and opens the ledgers in it for writing; `options` go to the writer."""
    clock = clock or FixedClock(NOON)
    database = open_database(url)
    await database.migrate()
    writer = Writer(database, clock, **{"group_operations_max": 64, "queue_operations_max": 4_096, **options})
    await writer.start()
    try:
        for name in ledgers:
            await writer.note(lambda connection, name=name: heads.create(connection, name, clock.now()))
        yield OpenLedger(database, writer, Ledger(writer), clock)
    finally:
        await writer.stop()
        await database.close()


def points(key: str = "type", **members: Any) -> DefineEntitlementType:
    """Defines POINTS, without decimals unless said otherwise."""
    given = {"code": "POINTS", "name": "Points", "category": EntitlementCategory.POINTS, "unit": "pt", "scale": 0}
    return DefineEntitlementType(idempotency_key=key, **{**given, **members})


def issue(key: str, amount: str | int = 10, customer_id: str = "ada", **members: Any) -> Issue:
    """Issues POINTS."""
    return Issue(
        **{"idempotency_key": key, "customer_id": customer_id, "type_code": "POINTS", "amount": amount, **members}
    )


def consume(key: str, amount: str | int = 1, customer_id: str = "ada", **members: Any) -> Consume:
    """Consumes POINTS."""
    return Consume(
        **{"idempotency_key": key, "customer_id": customer_id, "type_code": "POINTS", "amount": amount, **members}
    )
