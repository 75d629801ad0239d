"""Nobody changes an event: every attack is tried, with the server's rights and with more (L13.1)."""

import sqlite3

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.store.postgres import SERVER_ROLE
from tests.support.ledger import OpenLedger, consume, issue, open_ledger, points

UPDATES = (
    "UPDATE event SET leaf = leaf",
    "UPDATE event SET amount = 5 WHERE position = 2",
    "UPDATE event SET position = position + 100",
    "UPDATE event SET ledger = 'other'",
)
DELETES = ("DELETE FROM event", "DELETE FROM event WHERE position = 3")
COPY = (
    "SELECT ledger, {position}, {event_id}, kind, customer_id, type_code, amount, delta, balance_after, effective_at, "
)
COPY += "recorded_at, actor_id, reason, correlation_id, leaf, leaf_hash FROM event WHERE position = 2"
OVER_A_POSITION = COPY.format(position="2", event_id="'evt_new'")
OVER_AN_ID = COPY.format(position="99", event_id="event_id")


async def story(opened: OpenLedger) -> None:
    await opened.send(points())
    assert not (await opened.send(issue("one"))).rejections
    assert not (await opened.send(consume("two"))).rejections


async def unchanged(opened: OpenLedger) -> list[tuple[object, ...]]:
    rows = await opened.read(lambda connection: connection.execute(text("SELECT * FROM event ORDER BY position")).all())
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "attack",
    [
        *UPDATES,
        *DELETES,
        f"INSERT INTO event {OVER_A_POSITION}",
        f"INSERT OR REPLACE INTO event {OVER_A_POSITION}",
        f"REPLACE INTO event {OVER_A_POSITION}",
        f"INSERT OR REPLACE INTO event {OVER_AN_ID}",
        f"INSERT INTO event {OVER_A_POSITION} ON CONFLICT (ledger, position) DO UPDATE SET amount = 7",
    ],
)
async def test_L13_1_sqlite_refuses(sqlite_url: str, attack: str) -> None:
    async with open_ledger(sqlite_url) as opened:
        await story(opened)
        before = await unchanged(opened)
        raw = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
        with pytest.raises(sqlite3.IntegrityError, match="events are immutable"):
            raw.execute(attack)
        raw.close()
        assert await unchanged(opened) == before


@pytest.mark.parametrize("attack", [*UPDATES, *DELETES, "TRUNCATE event", "TRUNCATE event, vault CASCADE"])
async def test_L13_1_postgresql_refuses_even_the_owner(postgres_url: str, attack: str) -> None:
    async with open_ledger(postgres_url) as opened:
        await story(opened)
        before = await unchanged(opened)
        raw = await asyncpg.connect(postgres_url)
        with pytest.raises(asyncpg.RaiseError, match="events are immutable"):
            await raw.execute(attack)
        await raw.close()
        assert await unchanged(opened) == before


@pytest.mark.parametrize(
    "attack",
    [
        *UPDATES,
        *DELETES,
        "TRUNCATE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "DROP TRIGGER event_no_change ON event",
        "ALTER TABLE event DROP COLUMN leaf",
        "SET session_replication_role = replica",
        f"INSERT INTO event {OVER_A_POSITION} ON CONFLICT (ledger, position) DO UPDATE SET amount = 7",
    ],
)
async def test_L13_1_the_servers_role_has_no_right_to_it(postgres_url: str, attack: str) -> None:
    async with open_ledger(postgres_url) as opened:
        await story(opened)
        before = await unchanged(opened)
        raw = await asyncpg.connect(postgres_url)
        await raw.execute(f"SET ROLE {SERVER_ROLE}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.execute(attack)
        await raw.close()
        assert await unchanged(opened) == before


async def test_L13_1_every_server_connection_has_the_servers_role(postgres_url: str) -> None:
    async with open_ledger(postgres_url) as opened:
        who = text("SELECT current_user")
        reader = await opened.read(lambda connection: connection.execute(who).scalar_one())
        writer = await opened.writer.note(lambda connection: connection.execute(who).scalar_one())
        assert (reader, writer) == (SERVER_ROLE, SERVER_ROLE)


async def test_a_read_cannot_write(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        for read in (opened.database.read, opened.database.scan):
            with pytest.raises(DBAPIError, match=r"read-?only"):
                await read(lambda connection: connection.execute(text("UPDATE head SET position = 5")))
