"""broadcaster's backend for PostgreSQL: what is announced on one connection is heard on another, whatever dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from broadcaster import BroadcastBackend, Event
from sqlalchemy.engine import make_url

from app.clock import Clock, FixedClock, SystemClock
from app.store.notifications import ANYTHING, BACKOFF_SECONDS_FIRST, HEARTBEAT_SECONDS, PostgresBackend
from tests.support.ledger import NOON
from tests.support.postgres import Cluster

PATIENCE_SECONDS = 20


@asynccontextmanager
async def connected(url: str, clock: Clock | None = None, **options: float) -> AsyncIterator[PostgresBackend]:
    """A backend that listens to one channel."""
    backend = PostgresBackend(url, clock or SystemClock(), **options)
    await backend.connect()
    await backend.subscribe("bell")
    try:
        yield backend
    finally:
        await backend.disconnect()


async def heard(backend: BroadcastBackend) -> Event:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await backend.next_published()


async def test_it_first_says_that_anything_may_have_happened(postgres_url: str) -> None:
    async with connected(postgres_url) as backend:
        assert await heard(backend) == Event("bell", ANYTHING)
        await backend.publish("bell", "1 main")
        assert await heard(backend) == Event("bell", "1 main")


async def test_what_nobody_fetches_becomes_one_message(postgres_url: str) -> None:
    async with connected(postgres_url) as backend:
        await heard(backend)
        connection = await asyncpg.connect(postgres_url)
        await connection.execute("SELECT pg_notify('bell', number || ' main') FROM generate_series(1, 100) AS number")
        await connection.close()
        assert await heard(backend) == Event("bell", ANYTHING)
        await backend.publish("bell", "101 main")
        assert await heard(backend) == Event("bell", "101 main")


async def test_channels_do_not_hear_each_other(postgres_url: str) -> None:
    async with connected(postgres_url) as backend:
        await heard(backend)
        await backend.publish("another", "1 main")
        await backend.publish("bell", "2 main")
        assert await heard(backend) == Event("bell", "2 main")
        await backend.unsubscribe("bell")


async def test_a_database_that_is_not_there_yet_is_waited_for(postgres_cluster: Cluster, postgres_url: str) -> None:
    name = make_url(postgres_url).database
    postgres_cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    async with connected(postgres_url) as backend:
        with pytest.raises(asyncpg.PostgresError):
            await backend.publish("bell", "1 main")
        postgres_cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert await heard(backend) == Event("bell", ANYTHING)
        await backend.publish("bell", "2 main")
        assert await heard(backend) == Event("bell", "2 main")


async def test_a_killed_publisher_comes_back(postgres_cluster: Cluster, postgres_url: str) -> None:
    name = make_url(postgres_url).database
    async with connected(postgres_url) as backend:
        await heard(backend)
        await backend.publish("bell", "1 main")
        assert await heard(backend) == Event("bell", "1 main")
        postgres_cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert await heard(backend) == Event("bell", ANYTHING)
        await backend.publish("bell", "2 main")
        assert await heard(backend) == Event("bell", "2 main")


async def test_a_listener_that_is_hung_up_on_notices_at_once(
    postgres_cluster: Cluster, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name, clock = make_url(postgres_url).database, FixedClock(NOON)
    async with connected(postgres_url, clock) as backend:
        await heard(backend)
        postgres_cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if "was lost" in caplog.text:
                    break
                await asyncio.sleep(0.01)
        clock.advance(seconds=BACKOFF_SECONDS_FIRST)
        assert await heard(backend) == Event("bell", ANYTHING)


async def test_a_connection_that_dies_without_a_word_is_noticed_by_its_heartbeat(postgres_url: str) -> None:
    clock = FixedClock(NOON)
    async with wire(postgres_url) as (url, cut), connected(url, clock, answer_seconds_max=1.0) as backend:
        await heard(backend)
        cut()
        fetching = asyncio.ensure_future(heard(backend))
        while not fetching.done():
            clock.advance(seconds=HEARTBEAT_SECONDS)
            await asyncio.wait({fetching}, timeout=0.01)
        assert await fetching == Event("bell", ANYTHING)


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A wire to the server, and a knife: what is connected when it cuts stays open and carries nothing any more."""
    server = f"{make_url(url).query['host']}/.s.PGSQL.5432"
    copies: list[asyncio.Task[None]] = []
    ends: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(server)
        ends.extend((writer, far_writer))
        copies.append(asyncio.create_task(copy(reader, far_writer)))
        copies.append(asyncio.create_task(copy(far_reader, writer)))

    def cut() -> None:
        for task in copies:
            task.cancel()

    with TemporaryDirectory(prefix="wire-") as folder:
        listening = await asyncio.start_unix_server(carry, f"{folder}/.s.PGSQL.5432")
        try:
            yield str(make_url(url).update_query_dict({"host": folder})), cut
        finally:
            cut()
            listening.close()
            for end in ends:
                end.close()
            await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4_096):
        writer.write(data)
        await writer.drain()
