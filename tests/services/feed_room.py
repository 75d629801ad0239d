"""A feed beside a ledger, as a server process has them: a real database, writer, doorbell and feed.

What belongs here: opening them, writing, and waiting for deliveries. What does not: what they must do (the tests).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.clock import Clock, FixedClock
from app.domain.events import RecordedEvent
from app.domain.filters import EVERYTHING, EventFilter
from app.services.cursors import EventCursor
from app.services.doorbell import Doorbell, doorbell_for
from app.services.feed import Feed
from app.services.feed_listeners import Delivery
from app.store import events
from app.store.opening import open_database
from tests.support.ledger import NOON, OpenLedger, issue, open_ledger, points

PATIENCE_SECONDS = 20


@dataclass
class Room:
    """What a test holds in its hands."""

    opened: OpenLedger
    clock: FixedClock
    doorbell: Doorbell
    feed: Feed

    async def issue(self, count: int = 1, customer_id: str = "ada", **members: Any) -> int:
        """Issues `count` times, all at once, and returns the ledger's position then."""
        outcomes = await asyncio.gather(
            *(self.opened.send(issue(self.clock.new_id(), 1, customer_id, **members)) for _ in range(count))
        )
        assert not any(outcome.rejections for outcome in outcomes), outcomes
        return max((outcome.position for outcome in outcomes), default=0)

    async def told(self, position: int) -> int:
        """Waits until the feed has told its subscribers of everything up to `position`."""
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(self.feed.changes("main")) as changes:
            async for change in changes:
                if change.position >= position:
                    break
        return position

    async def stored(self, wanted: EventFilter = EVERYTHING) -> list[RecordedEvent]:
        """Every wanted event in the table, in order."""
        found = await self.opened.read(lambda connection: events.after(connection, "main", 0, 100_000))
        return [recorded for recorded in found if wanted.matches(recorded.event)]


@dataclass
class Client:
    """A subscriber that notes what it was delivered."""

    iterator: AsyncIterator[Delivery]
    deliveries: list[Delivery] = field(default_factory=list)
    awaited: asyncio.Future[Delivery] | None = None

    @property
    def positions(self) -> list[int]:
        """The positions of all events delivered so far."""
        return [recorded.event.position for delivery in self.deliveries for recorded in delivery.events]

    @property
    def cursor(self) -> EventCursor:
        """Where it would resume."""
        return self.deliveries[-1].cursor

    async def next(self) -> Delivery:
        """The next delivery."""
        awaited = self.awaited or asyncio.ensure_future(anext(self.iterator))
        self.awaited = None
        async with asyncio.timeout(PATIENCE_SECONDS):
            self.deliveries.append(await awaited)
        return self.deliveries[-1]

    async def until(self, position: int) -> None:
        """Fetches deliveries until the cursor is at `position` or behind it."""
        while not self.deliveries or self.cursor.position < position:
            await self.next()

    async def is_silent(self) -> bool:
        """Whether nothing comes, however many turns the loop takes."""
        self.awaited = self.awaited or asyncio.ensure_future(anext(self.iterator))
        for _ in range(200):
            await asyncio.sleep(0)
        return not self.awaited.done()

    async def close(self) -> None:
        """Gives up waiting."""
        if self.awaited is not None:
            self.awaited.cancel()
            await asyncio.wait({self.awaited})


@asynccontextmanager
async def open_room(
    url: str, clock: Clock | None = None, *, is_muted: bool = False, **options: Any
) -> AsyncIterator[Room]:
    """A ledger with POINTS in it and a feed that follows it; `options` go to the feed."""
    clock = clock or FixedClock(NOON)
    async with AsyncExitStack() as stack:
        database = open_database(url)
        stack.push_async_callback(database.close)
        doorbell = doorbell_for(database, clock)
        ring = (lambda ledger, position: None) if is_muted else doorbell.ring
        opened = await stack.enter_async_context(open_ledger(url, clock, ring=ring))
        feed = Feed(database, clock, doorbell, **{"poll_seconds": 1.0, "ledgers": ["main"], **options})
        await feed.start()
        stack.push_async_callback(feed.stop)
        await opened.send(points())
        yield Room(opened, clock, doorbell, feed)


@asynccontextmanager
async def client(
    feed: Feed, after: EventCursor | None = None, wanted: EventFilter = EVERYTHING, ledger: str = "main"
) -> AsyncIterator[Client]:
    """A subscriber for as long as the block lasts."""
    async with aclosing(feed.events(ledger, after, wanted)) as iterator:
        subscriber = Client(iterator)
        try:
            yield subscriber
        finally:
            await subscriber.close()


def cursor_of(recorded: RecordedEvent) -> EventCursor:
    """The place of an event."""
    return EventCursor("main", recorded.event.position, recorded.leaf_hash[:8])


def beginning(ledger: str = "main") -> EventCursor:
    """The place before all events."""
    return EventCursor(ledger, 0, bytes(8))
