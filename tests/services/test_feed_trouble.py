"""What the feed does when a consumer is slow, a bell is lost, a cursor is wrong, or the database is away."""

import asyncio
import gc
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.clock import SystemClock
from app.domain.events import RecordedEvent
from app.domain.merkle import CompactRange
from app.services.cursors import BadCursorError, CursorDivergedError, EventCursor
from app.services.doorbell import doorbell_for
from app.services.feed import Feed
from app.store.opening import open_database
from tests.services.feed_room import PATIENCE_SECONDS, Room, beginning, client, cursor_of, open_room
from tests.support.ledger import issue, open_ledger, points
from tests.support.postgres import Cluster


async def test_a_slow_consumer_costs_bounded_memory_and_still_gets_everything(database_url: str) -> None:
    async with open_room(database_url, recent_events=20, buffer_events=10) as room, client(room.feed) as slow:
        start = (await slow.next()).cursor.position
        head = start
        for _ in range(10):
            head = await room.told(await room.issue(50))
        gc.collect()
        kept = sum(isinstance(each, RecordedEvent) for each in gc.get_objects())
        assert kept <= 2 * 20 + 10 + 100
        await slow.until(head)
        assert slow.positions == list(range(start + 1, head + 1))
        await room.issue()
        await slow.until(head + 1)
        assert slow.positions[-1] == head + 1


async def test_a_lost_bell_delays_an_event_by_the_poll_interval(database_url: str) -> None:
    async with open_room(database_url, is_muted=True, poll_seconds=1.0) as room, client(room.feed) as subscriber:
        head = (await subscriber.next()).cursor.position
        await room.issue()
        assert await subscriber.is_silent()
        room.clock.advance(seconds=1)
        await subscriber.until(head + 1)
        assert subscriber.positions == [head + 1]


async def test_a_false_bell_is_heard_and_means_nothing(database_url: str) -> None:
    async with open_room(database_url) as room, client(room.feed) as subscriber:
        head = (await subscriber.next()).cursor.position
        for ledger, position in (("main", 10**9), ("main", 0), ("elsewhere", 7), ("", 0)):
            room.doorbell.ring(ledger, position)
        assert await subscriber.is_silent()
        await room.issue()
        await subscriber.until(head + 1)
        assert subscriber.positions == [head + 1]


async def test_a_cursor_of_another_past_is_refused(database_url: str) -> None:
    async with open_room(database_url, recent_events=5) as room:
        head = await room.told(await room.issue(30))
        right = cursor_of((await room.stored())[-1])
        for position in (1, head):
            with pytest.raises(CursorDivergedError):
                await first(room, EventCursor("main", position, b"elsewere"))
        for position in (head + 1, 2**53 - 1):
            with pytest.raises(CursorDivergedError):
                await first(room, EventCursor("main", position, right.prefix))
        assert (await first(room, right)).caught_up


async def test_a_cursor_from_elsewhere_is_refused(database_url: str) -> None:
    async with open_room(database_url) as room:
        for cursor in (
            beginning("other"),
            EventCursor("main", 2**64 - 1, bytes(8)),
            EventCursor("main", 2**53, bytes(8)),
        ):
            with pytest.raises(BadCursorError):
                await first(room, cursor)


async def first(room: Room, after: EventCursor):
    async with client(room.feed, after) as subscriber:
        return await subscriber.next()


@pytest.mark.parametrize("written_since", [0, 1, 10])
async def test_a_ledger_that_lost_its_end_diverges_and_the_feed_goes_on_with_what_is_there(
    postgres_url: str, written_since: int
) -> None:
    async with open_room(postgres_url, is_muted=True) as room:
        head = await room.issue(9)
        room.clock.advance(seconds=1)
        await room.told(head)
        async with client(room.feed, beginning()) as live, client(room.feed, beginning()) as behind:
            await live.until(head)
            await behind.next()
            await lose_events_behind(postgres_url, (await room.stored())[:6])
            await room.issue(written_since, "bob")
            room.clock.advance(seconds=1)
            with pytest.raises(CursorDivergedError):
                await live.next()
            with pytest.raises(CursorDivergedError):
                await behind.next()
        with pytest.raises(CursorDivergedError):
            await first(room, live.cursor)
        async with client(room.feed, beginning()) as fresh:
            await fresh.until(6 + written_since)
        assert fresh.positions == list(range(1, 7 + written_since))


async def lose_events_behind(url: str, kept: list[RecordedEvent]) -> None:
    """What a failover to a lagging standby, or an older backup, comes to."""
    tree = CompactRange().extended(recorded.leaf_hash for recorded in kept)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            for table in ("event", "vault"):
                await connection.execute(f"DELETE FROM {table} WHERE position > $1", tree.size)
            await connection.execute("UPDATE head SET position = $1, peaks = $2", tree.size, tree.to_bytes())
    finally:
        await connection.close()


async def test_a_database_that_is_away_at_the_start_keeps_nobody_from_subscribing(database_url: str) -> None:
    clock = SystemClock()
    database = open_database(database_url)
    doorbell = doorbell_for(database, clock)
    feed = Feed(database, clock, doorbell, poll_seconds=0.05, ledgers=["main"])
    await feed.start()
    try:
        async with client(feed, beginning()) as subscriber:
            assert await subscriber.is_silent()
            assert not feed.is_healthy
            async with open_ledger(database_url, clock, ring=doorbell.ring) as opened:
                await opened.send(points())
                await subscriber.until(1)
                await until(lambda: feed.is_healthy)
            assert subscriber.positions == [1]
    finally:
        await feed.stop()
        await database.close()


async def test_a_database_that_goes_away_and_comes_back_loses_nobody(
    postgres_cluster: Cluster, postgres_url: str
) -> None:
    name = make_url(postgres_url).database
    async with open_room(postgres_url, SystemClock(), poll_seconds=0.05) as room, client(room.feed) as subscriber:
        head = (await subscriber.next()).cursor.position
        postgres_cluster.execute(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        await until(lambda: not room.feed.is_healthy)
        async with client(room.feed) as late:
            assert await late.is_silent()
            postgres_cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert (await late.next()).cursor.position == head
        await until(lambda: room.feed.is_healthy)
        command = issue("after the outage")
        while (await room.opened.send(command)).rejections:
            continue
        await subscriber.until(head + 1)
        assert subscriber.positions == [head + 1]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_stopping_ends_every_subscription(database_url: str) -> None:
    async with open_room(database_url) as room:
        await room.told(1)
        async with client(room.feed) as subscriber, client(room.feed, ledger="other") as elsewhere:
            await subscriber.next()
            await elsewhere.next()
            changes = room.feed.changes("main")
            await anext(changes)
            waiting = [
                asyncio.ensure_future(anext(each)) for each in (subscriber.iterator, elsewhere.iterator, changes)
            ]
            await asyncio.sleep(0)
            await room.feed.stop()
            ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in ended] == [StopAsyncIteration] * 3
        async with client(room.feed) as late:
            with pytest.raises(StopAsyncIteration):
                await late.next()
        assert not room.feed.is_healthy
