"""What a subscriber may rely on (L15): in order, no gap, no duplicate, from any cursor, whatever the timing."""

import asyncio
from random import Random

import pytest

from app.domain.events import EventKind
from app.domain.filters import EVERYTHING, EventFilter
from tests.services.feed_room import Room, beginning, client, cursor_of, open_room
from tests.support.seed import seeded
from tests.support.volume import volume


async def test_the_first_delivery_comes_at_once_and_stands_at_the_head(database_url: str) -> None:
    async with open_room(database_url) as room:
        head = await room.issue(3)
        async with client(room.feed) as subscriber:
            first = await subscriber.next()
            assert (first.events, first.caught_up, first.cursor.position) == ((), True, head)
            await room.issue()
            await subscriber.until(head + 1)
        assert subscriber.positions == [head + 1]


async def test_an_empty_ledger_has_a_place_to_resume_from(database_url: str) -> None:
    async with open_room(database_url, ledgers=[]) as room:
        async with client(room.feed, ledger="other") as subscriber:
            assert (await subscriber.next()).cursor == beginning("other")
        async with client(room.feed, beginning("other"), ledger="other") as subscriber:
            assert (await subscriber.next()).caught_up


async def test_a_replay_from_the_beginning_ends_caught_up_and_goes_live(database_url: str) -> None:
    async with open_room(database_url, recent_events=50) as room:
        head = await room.told(await room.issue(249))
        async with client(room.feed, beginning()) as subscriber:
            await subscriber.until(head)
            assert [len(delivery.events) for delivery in subscriber.deliveries] == [100, 100, 50]
            assert [delivery.caught_up for delivery in subscriber.deliveries] == [False, False, True]
            await room.issue(2)
            await subscriber.until(head + 2)
        assert subscriber.positions == list(range(1, head + 3))
        assert all(delivery.cursor.prefix == delivery.events[-1].leaf_hash[:8] for delivery in subscriber.deliveries)


async def test_a_client_that_resumes_from_any_of_its_cursors_misses_nothing(database_url: str) -> None:
    async with open_room(database_url, recent_events=20) as room:
        head = await room.issue(60)
        async with client(room.feed, beginning()) as subscriber:
            await subscriber.until(head)
        for recorded in await room.stored():
            position, cursor = recorded.event.position, cursor_of(recorded)
            async with client(room.feed, cursor) as resumed:
                await resumed.until(head)
            assert resumed.positions == list(range(position + 1, head + 1))


FILTERS = [
    EVERYTHING,
    EventFilter(customer_id="ada"),
    EventFilter(customer_id="bob", type_code="POINTS"),
    EventFilter(kinds=frozenset({EventKind.ISSUED}), reason="even"),
]


@pytest.mark.parametrize("run", range(volume(ci=4, soak=80)))
async def test_nothing_is_lost_or_doubled_at_the_seam_under_concurrent_writes(database_url: str, run: int) -> None:
    random = seeded(f"feed seam {run}")
    sizes = {"recent_events": random.randint(1, 120), "buffer_events": random.randint(1, 60)}
    async with open_room(database_url, **sizes, ledgers=random.choice([["main"], []])) as room:
        total = await room.issue(random.randint(1, 150)) + random.randint(60, 160)
        follows = [follow(room, random.choice(FILTERS), total, random) for _ in range(12)]
        await asyncio.gather(write_until(room, total, random), *follows)


async def write_until(room: Room, total: int, random: Random) -> None:
    position = len(await room.stored())
    while position < total:
        bursts = [random.choice(["ada", "bob", "eve"]) for _ in range(random.randint(1, min(12, total - position)))]
        await asyncio.gather(*(room.issue(1, each, reason=random.choice(["even", "odd"])) for each in bursts))
        position += len(bursts)


async def follow(room: Room, wanted: EventFilter, total: int, random: Random) -> None:
    """Subscribes at a random moment from a random place and fetches at a random pace, until everything has come."""
    await turns(random.randint(0, 300))
    after = random.choice([beginning(), cursor_of(random.choice(await room.stored()))])
    async with client(room.feed, after, wanted) as subscriber:
        while not subscriber.deliveries or subscriber.cursor.position < total:
            waiting = asyncio.ensure_future(subscriber.next())
            while not waiting.done():
                room.clock.advance(seconds=10)
                await asyncio.wait({waiting}, timeout=0.005)
            await turns(random.randint(0, 30))
    expected = [each.event.position for each in await room.stored(wanted) if each.event.position > after.position]
    assert subscriber.positions == expected, (after.position, wanted)


async def test_who_leaves_at_any_moment_leaves_nothing_behind(database_url: str) -> None:
    random = seeded("feed leaving")
    async with open_room(database_url, recent_events=20, buffer_events=10) as room:
        head = await room.told(await room.issue(300))

        async def come_and_go() -> None:
            async with client(room.feed, beginning(), random.choice(FILTERS)) as subscriber:
                fetching = asyncio.ensure_future(subscriber.until(head))
                await turns(random.randint(0, 60))
                fetching.cancel()
                await asyncio.wait({fetching})

        await asyncio.gather(*(come_and_go() for _ in range(60)), room.issue(20))
        assert room.feed.subscribers == 0
        async with client(room.feed, beginning()) as subscriber:
            await subscriber.until(head + 20)
            assert room.feed.subscribers == 1
        assert subscriber.positions == list(range(1, head + 21))


async def test_every_process_tells_its_subscribers_of_what_another_one_wrote(postgres_url: str) -> None:
    async with open_room(postgres_url) as one, open_room(postgres_url) as other:
        async with client(one.feed) as here, client(other.feed) as there:
            head = (await here.next()).cursor.position
            await there.next()
            await asyncio.gather(one.issue(20, "ada"), other.issue(20, "bob"))
            await here.until(head + 40)
            await there.until(head + 40)
        assert here.positions == there.positions == list(range(head + 1, head + 41))


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
