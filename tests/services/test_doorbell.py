"""The doorbell never holds up who rings it, and what it says is a hint at most (L15.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from app.clock import SystemClock
from app.services.doorbell import Doorbell, doorbell_for
from app.store.opening import open_database

PATIENCE_SECONDS = 20


class Ear:
    """Notes what is heard, until somebody has waited for it."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []
        self._news = asyncio.Event()

    def __call__(self, ledger: str | None) -> None:
        self.heard.append(ledger)
        self._news.set()

    async def until(self, ledger: str | None) -> list[str | None]:
        """Waits for a ring for this ledger, or for any; returns what was heard up to then, and forgets it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not {ledger, None} & set(self.heard):
                self._news.clear()
                await self._news.wait()
        heard, self.heard = self.heard, []
        return heard


@asynccontextmanager
async def process(url: str) -> AsyncIterator[tuple[Doorbell, Ear]]:
    """What a server process has of the doorbell."""
    database = open_database(url)
    doorbell, ear = doorbell_for(database, SystemClock()), Ear()
    await doorbell.start(ear)
    try:
        yield doorbell, ear
    finally:
        await doorbell.stop()
        await database.close()


async def test_a_ring_is_heard(database_url: str) -> None:
    async with process(database_url) as (doorbell, ear):
        doorbell.ring("main", 3)
        await ear.until("main")
        doorbell.ring("a ledger with spaces", 4)
        await ear.until("a ledger with spaces")


async def test_rings_that_wait_become_one_a_ledger(sqlite_url: str) -> None:
    async with process(sqlite_url) as (doorbell, ear):
        for position in range(1_000):
            doorbell.ring("main", position)
            doorbell.ring("other", position)
        doorbell.ring("last", 1)
        assert await ear.until("last") == ["main", "other", "last"]
        doorbell.ring("again", 1)
        assert await ear.until("again") == ["again"]


async def test_nobody_need_be_there_to_ring(database_url: str) -> None:
    doorbell = doorbell_for(open_database(database_url), SystemClock())
    doorbell.ring("main", 1)
    ear = Ear()
    await doorbell.start(ear)
    await ear.until("main")
    await doorbell.stop()
    doorbell.ring("main", 2)
    assert ear.heard == []


async def test_every_process_hears_a_ring(postgres_url: str) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(process(postgres_url)) for _ in range(3)]
        for _, ear in processes:
            await ear.until(None)
        processes[0][0].ring("main", 1)
        for _, ear in processes:
            await ear.until("main")


async def test_a_killed_connection_comes_back_and_says_that_something_may_have_been_missed(postgres_url: str) -> None:
    async with process(postgres_url) as (doorbell, ear):
        await ear.until(None)
        for killed in range(3):
            doorbell.ring("main", killed)
            await ear.until("main")
            await kill_connections(postgres_url)
            await ear.until(None)
        doorbell.ring("main", 4)
        await ear.until("main")


async def test_a_ring_that_cannot_be_carried_out_is_lost_and_nothing_else(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(postgres_url) as (doorbell, ear):
        await ear.until(None)
        doorbell.ring("x" * 8_000, 1)
        doorbell.ring("main", 1)
        await ear.until("main")
    assert "was lost" in caplog.text


async def kill_connections(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
