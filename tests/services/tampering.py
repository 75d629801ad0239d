"""What an attacker with the database in his hands can do: any statement, with every guard out of the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table, and_, create_engine, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from app.clock import FixedClock
from app.domain.commands import Batch, RegisterCustomer, ReviseEntitlementType, UpdateCustomer
from app.domain.validity import Validity
from app.services import audit
from app.services.audit import Difference
from app.store.opening import open_database
from tests.support.ledger import CALLER, NOON, OpenLedger, consume, issue, open_ledger, points

T = TypeVar("T")
Row = dict[str, Any]


async def tell_story(url: str) -> None:
    """A ledger with one of everything that `verify` looks at."""
    clock = FixedClock(NOON)
    async with open_ledger(url, clock) as opened:
        await _tell(opened, clock)


async def _tell(opened: OpenLedger, clock: FixedClock) -> None:
    tomorrow, later = NOON + timedelta(days=1), NOON + timedelta(days=5)
    batch = Batch(idempotency_key="batch", operations=(issue("b1", 4), consume("b2", 3), issue("b3", 2, "bob")))
    commands = [
        points("define", max_balance="1000", default_validity=Validity("P1Y"), metadata={"brand": "a"}),
        points("define-miles", code="MILES", scale=2),
        RegisterCustomer(idempotency_key="ada", customer_id="ada", name="Ada", metadata={"tier": "gold"}),
        issue("i1", 10, note="welcome", customer_note="hello", reason="signup", correlation_id="order-1"),
        issue("i2", 20, expires_at=tomorrow, cost_basis="0.01", restricted_to=("food",), metadata={"shop": 7}),
        issue("i3", 30, effective_at=tomorrow),
        issue("i4", 5, "bob"),
        issue("i5", "1.25", "bob", type_code="MILES"),
        consume("c1", 12, tags=("food",), note="lunch", customer_note="thanks"),
        ReviseEntitlementType(idempotency_key="revise", code="POINTS", name="Stars"),
        UpdateCustomer(idempotency_key="update", customer_id="ada", metadata={"tier": "black"}),
    ]
    for command in commands:
        outcome = await opened.send(command)
        assert not outcome.rejections, outcome.rejections
    clock.move_to(later)
    # Writes an activation and an expiry before its own event.
    assert not (await opened.send(consume("c2", 25))).rejections
    assert not (await opened.ledger.submit_batch(batch, CALLER)).rejections


async def difference(url: str) -> Difference | None:
    """What `verify` finds."""
    database = open_database(url)
    try:
        _, found = await audit.verify(database, "main")
        return found
    finally:
        await database.close()


async def attack(url: str, work: Callable[[Connection], T]) -> T:
    """Runs statements as whoever owns the database, triggers out of the way, and commits."""
    if url.startswith("sqlite"):
        engine = create_engine(url)
        with engine.begin() as connection:
            for trigger in ("event_no_update", "event_no_delete", "event_no_replace"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
            result = work(connection)
        engine.dispose()
        return result
    asynchronous = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with asynchronous.begin() as connected:
        await connected.execute(text("SET session_replication_role = replica"))
        result = await connected.run_sync(work)
    await asynchronous.dispose()
    return result


def rows(connection: Connection, table: Table) -> list[Row]:
    """Every row, by primary key."""
    found: list[RowMapping] = list(connection.execute(select(table).order_by(*table.primary_key)).mappings())
    return [dict(row) for row in found]


def change(connection: Connection, table: Table, row: Row, **columns: Any) -> Row:
    """Sets columns of one row; returns the row as it is then."""
    connection.execute(update(table).where(_is(table, row)).values(**columns))
    return {**row, **columns}


def remove(connection: Connection, table: Table, row: Row) -> None:
    """Deletes one row."""
    connection.execute(delete(table).where(_is(table, row)))


def add(connection: Connection, table: Table, row: Row) -> None:
    """Inserts one row."""
    connection.execute(insert(table), row)


def other_value(value: Any) -> Any:
    """Another value of the same type; a text where there was none."""
    match value:
        case None:
            return "x"
        case bool():
            return not value
        case int():
            return value + 1_000
        case str():
            return value + "x"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"x" * 32
        case datetime():
            return value.astimezone(UTC) + timedelta(days=1)
        case _:
            raise TypeError(f"no other value for {value!r}")


def _is(table: Table, row: Row) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key))
