"""Who is told of what: filters, heartbeats, shared deliveries, changes of one account, and turns for everybody else."""

import asyncio
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from itertools import count

from app.domain.filters import EventFilter
from app.services.feed_listeners import Change
from tests.services.feed_room import PATIENCE_SECONDS, Client, beginning, client, cursor_of, open_room
from tests.support.ledger import NOON

ADA = EventFilter(customer_id="ada")
BOB = EventFilter(customer_id="bob", type_code="POINTS")


async def test_a_filter_leaves_out_events_but_never_the_cursor(database_url: str) -> None:
    async with open_room(database_url, recent_events=10) as room:
        for customer in ("ada", "bob", "ada", "eve"):
            head = await room.told(await room.issue(20, customer))
        async with client(room.feed, beginning(), BOB) as subscriber:
            await subscriber.until(head)
            expected = [each.event.position for each in await room.stored(BOB)]
            assert subscriber.positions == expected
            assert len(expected) == 20
            assert subscriber.deliveries[-1].caught_up
            await room.issue(1, "eve")
            await room.issue(1, "bob")
            await subscriber.until(head + 2)
        assert subscriber.positions == [*expected, head + 2]
        async with client(room.feed, subscriber.cursor, BOB) as resumed:
            assert (await resumed.next()).cursor.position == head + 2


async def test_a_replay_that_finds_nothing_still_says_where_it_stands(database_url: str) -> None:
    async with open_room(database_url, recent_events=10) as room:
        head = await room.told(await room.issue(40))
        async with client(room.feed, beginning(), BOB) as subscriber:
            first = await subscriber.next()
        assert (first.events, first.cursor.position, first.caught_up) == ((), head, True)


async def test_a_cursor_that_moves_without_events_is_told_each_thirty_seconds(database_url: str) -> None:
    async with open_room(database_url) as room, client(room.feed, wanted=BOB) as subscriber:
        head = (await subscriber.next()).cursor.position
        room.clock.advance(seconds=31)
        assert await subscriber.is_silent()
        head = await room.told(await room.issue(2, "ada"))
        assert await subscriber.is_silent()
        room.clock.advance(seconds=30)
        beat = await subscriber.next()
        assert (beat.events, beat.cursor.position, beat.caught_up) == ((), head, True)
        room.clock.advance(seconds=30)
        assert await subscriber.is_silent()


async def test_subscribers_with_the_same_filter_share_their_live_deliveries(database_url: str) -> None:
    async with open_room(database_url) as room, AsyncExitStack() as stack:
        filters = [EventFilter(), EventFilter(), ADA, EventFilter(customer_id="ada"), BOB]
        subscribers = [await stack.enter_async_context(client(room.feed, wanted=each)) for each in filters]
        for subscriber in subscribers:
            await subscriber.next()
        await room.issue(1, "ada")
        everything, same, ada, same_ada = [await subscriber.next() for subscriber in subscribers[:4]]
        assert everything is same
        assert ada is same_ada
        assert everything.events[0] is ada.events[0]
        assert await subscribers[4].is_silent()


async def test_a_dispatch_to_many_leaves_the_loop_to_others_in_between(database_url: str) -> None:
    async with open_room(database_url) as room, AsyncExitStack() as stack:
        head = (await room.stored())[-1].event.position
        subscribers = [await stack.enter_async_context(client(room.feed)) for _ in range(500)]
        for subscriber in subscribers:
            await subscriber.next()
        turn = 0
        told_in: list[int] = []

        async def fetch(subscriber) -> None:
            await subscriber.until(head + 1)
            told_in.append(turn)

        waiting = [asyncio.ensure_future(fetch(subscriber)) for subscriber in subscribers]
        writing = asyncio.ensure_future(room.issue())
        while len(told_in) < 500:
            turn += 1
            await asyncio.sleep(0)
        await asyncio.gather(writing, *waiting)
        assert max(told_in.count(each) for each in set(told_in)) <= 100


async def test_nobody_is_passed_over_who_joins_or_gets_a_heartbeat_while_others_are_told(database_url: str) -> None:
    """Telling takes many turns of the loop; whatever happens in one of them, everybody gets the event, once."""
    async with open_room(database_url) as room, AsyncExitStack() as stack:
        head = await room.told(1)
        place = cursor_of((await room.stored())[-1])
        likes = (EventFilter(type_code="POINTS", amount_at_least=-each) for each in count())

        async def join() -> Client:
            return await stack.enter_async_context(client(room.feed, place, next(likes)))

        subscribers = [await join() for _ in range(300)]
        for subscriber in subscribers:
            await subscriber.next()
        waiting = [asyncio.ensure_future(subscriber.until(head + 1)) for subscriber in subscribers]
        writing = asyncio.ensure_future(room.issue())
        while not all(each.done() for each in waiting):
            room.clock.advance(seconds=30)
            if len(subscribers) < 600:
                subscribers.append(await join())
                waiting.append(asyncio.ensure_future(subscribers[-1].until(head + 1)))
            await asyncio.sleep(0)
        await asyncio.gather(writing, *waiting)
        assert [subscriber.positions for subscriber in subscribers] == [[head + 1]] * len(subscribers)


async def test_changes_come_for_what_is_watched_and_newest_wins(database_url: str) -> None:
    async with open_room(database_url) as room, AsyncExitStack() as stack:
        head = await room.told(1)
        watched = {"account": ("ada", "POINTS"), "customer": ("ada", None), "ledger": (None, None)}
        changes = {
            name: await stack.enter_async_context(aclosing(room.feed.changes("main", *key)))
            for name, key in watched.items()
        }
        for each in changes.values():
            assert await anext(each) == Change(head, frozenset(), NOON, is_due=False)
        await room.told(await room.issue(3, "bob"))
        await room.told(await room.issue(1, "ada"))
        head = await room.told(await room.issue(2, "ada"))
        touched = frozenset({("ada", "POINTS")})
        assert await soon(changes["account"]) == Change(head, touched, NOON, is_due=False)
        assert await soon(changes["customer"]) == Change(head, touched, NOON, is_due=False)
        assert await soon(changes["ledger"]) == Change(head, frozenset(), NOON, is_due=False)


async def test_a_change_comes_when_time_alone_has_made_one(database_url: str) -> None:
    due = NOON + timedelta(days=400)
    async with (
        open_room(database_url) as room,
        aclosing(room.feed.changes("main", "ada", "POINTS", due_at=lambda: due)) as changes,
    ):
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        for instant in (NOON + timedelta(days=300), due - timedelta(microseconds=1)):
            room.clock.move_to(instant)
            await turns(200)
            assert not waiting.done()
        room.clock.move_to(due)
        change = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        assert (change.is_due, change.instant) == (True, due)
        waiting = asyncio.ensure_future(anext(changes))
        await turns(200)
        assert not waiting.done(), "what was due has been told"
        head = await room.issue()
        assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).position == head


async def soon(changes) -> Change:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await anext(changes)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
