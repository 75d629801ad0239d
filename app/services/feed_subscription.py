"""One subscriber's way through a ledger's stream: replay from memory or from the event table, then live.

What belongs here: where a subscriber stands and what it gets next. What does not: following the ledger
(`feed_stream`), what is kept for everybody (`feed_listeners`).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from app.clock import Clock
from app.domain.events import RecordedEvent
from app.domain.filters import EVERYTHING, EventFilter
from app.services.cursors import PREFIX_SIZE, BadCursorError, CursorDivergedError, EventCursor
from app.services.feed_listeners import Delivery, Group, chosen
from app.services.feed_stream import (
    BACKOFF_SECONDS_FIRST,
    BACKOFF_SECONDS_MAX,
    BEFORE_ALL,
    PAGE_EVENTS,
    Stream,
    next_turn,
)
from app.services.readings import cursor_of
from app.store import events, heads
from app.store.database import Database

T = TypeVar("T")
log = logging.getLogger("ledger.feed")

READ_SECONDS_MAX = 10.0
REPLAYS_AT_ONCE = 3
SCANNED_PER_TURN = 1_000
POSITION_MAX = 2**53 - 1


class FeedStoppedError(Exception):
    """The server stops: every subscription ends."""


@dataclass(slots=True)
class Reader:
    """Bounded reads of the database: the feed's own one at a time, a few at once for all replays together."""

    database: Database
    clock: Clock
    is_stopped: bool = False
    replays: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REPLAYS_AT_ONCE))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """One short read; raises whatever goes wrong, TimeoutError where nothing comes back."""
        async with asyncio.timeout(READ_SECONDS_MAX):
            return await self.database.read(work)

    async def scan(self, work: Callable[[Connection], T]) -> T:
        """One read that may take longer, without holding the event loop."""
        async with asyncio.timeout(READ_SECONDS_MAX):
            return await self.database.scan(work)

    async def replay(self, work: Callable[[Connection], T], *, is_long: bool = False) -> T:
        """A read for one subscriber, who waits until the database is there; FeedStoppedError when the server stops."""
        pause = BACKOFF_SECONDS_FIRST
        while not self.is_stopped:
            try:
                async with self.replays:
                    return await (self.scan(work) if is_long else self.read(work))
            except Exception as error:  # noqa: BLE001  # whatever is wrong with the database, it may pass
                log.warning("a subscriber cannot read, trying again in %.1f s: %r", pause, error)
            await self.clock.sleep(pause)
            pause = min(2 * pause, BACKOFF_SECONDS_MAX)
        raise FeedStoppedError


@dataclass(slots=True, eq=False)
class Subscription:
    """Where one subscriber stands: everything up to `cursor` has been delivered or is not wanted."""

    stream: Stream
    group: Group
    signal: asyncio.Event
    cursor: EventCursor
    reader: Reader
    heartbeat: int
    has_begun: bool = False
    knows_caught_up: bool = False

    async def next(self) -> Delivery:
        """The next delivery; raises what ended the stream."""
        while True:
            self.signal.clear()
            if self.stream.ending is not None:
                raise self.stream.ending
            if self.cursor.position < self.group.since:
                delivery = await self._replayed()
            elif (delivery := self._live()) is None:
                await self.signal.wait()
            if delivery is not None:
                self.cursor = delivery.cursor
                self.heartbeat = self.stream.heartbeat
                self.knows_caught_up = delivery.caught_up
                self.has_begun = True
                return delivery

    def _live(self) -> Delivery | None:
        """What the group keeps behind the cursor; where that is nothing, at most the cursor's own move."""
        delivery = self.group.behind(self.cursor.position)
        if delivery is not None:
            return delivery
        standing = self.stream.standing
        has_moved = standing.cursor.position > self.cursor.position
        if not self.knows_caught_up:
            return standing if has_moved else Delivery(self.cursor, (), caught_up=True)
        return standing if has_moved and self.heartbeat != self.stream.heartbeat else None

    async def _replayed(self) -> Delivery | None:
        """The next page behind the cursor; None where it holds nothing worth telling."""
        await next_turn()
        delivery = self._from_memory()
        if delivery is None:
            delivery = await self.reader.replay(self._from_table, is_long=self.group.wanted != EVERYTHING)
        self.cursor = delivery.cursor
        is_due = self.heartbeat != self.stream.heartbeat
        return delivery if delivery.events or not self.has_begun or is_due else None

    def _from_memory(self) -> Delivery | None:
        recent = self.stream.recent
        if self.cursor.position < recent.since:
            return None
        scanned = recent.behind(self.cursor.position, SCANNED_PER_TURN)
        found = chosen(scanned, self.group.wanted)
        end = scanned[-1]
        if len(found) > PAGE_EVENTS:
            found = found[:PAGE_EVENTS]
            end = found[-1]
        return self._page(cursor_of(end), found)

    def _from_table(self, connection: Connection) -> Delivery:
        ledger, wanted, above = self.stream.ledger, self.group.wanted, self.cursor.position
        if wanted == EVERYTHING:
            found = events.after(connection, ledger, above, PAGE_EVENTS)
            return self._page(cursor_of(found[-1]) if found else self.cursor, tuple(found))
        page = events.page(connection, ledger, wanted, ascending=True, above=above, below=None, limit=PAGE_EVENTS)
        cursor = read_cursor(connection, ledger, page.scanned_to if page.has_more else None)
        return self._page(cursor, tuple(page.events))

    def _page(self, cursor: EventCursor, found: tuple[RecordedEvent, ...]) -> Delivery:
        return Delivery(cursor, found, caught_up=cursor.position >= self.stream.position)


@contextmanager
def subscribed(stream: Stream, wanted: EventFilter, cursor: EventCursor, reader: Reader) -> Iterator[Subscription]:
    """A subscriber for as long as the block lasts."""
    signal = asyncio.Event()
    group = stream.join(wanted, signal)
    try:
        yield Subscription(stream, group, signal, cursor, reader, stream.heartbeat)
    finally:
        stream.leave(group, signal)


async def start_of(stream: Stream, after: EventCursor | None, reader: Reader) -> EventCursor:
    """Where a subscriber begins: at the ledger's head, or at `after`, which must be a place of this ledger."""
    if after is None:
        return await reader.replay(lambda connection: read_cursor(connection, stream.ledger, None))
    if after.ledger != stream.ledger or after.position > POSITION_MAX:
        raise BadCursorError(f"the cursor is no place in ledger {stream.ledger}")
    known = stream.recent.at(after.position)
    if known is not None:
        there = cursor_of(known)
    else:
        there = await reader.replay(lambda connection: read_cursor(connection, stream.ledger, after.position))
    if there != after:
        raise CursorDivergedError(f"ledger {stream.ledger} has another event at {after.position}, or none")
    return after


def read_cursor(connection: Connection, ledger: str, position: int | None) -> EventCursor:
    """The cursor at a position, at the head for None; a position without an event has a prefix of zeros."""
    if position is None:
        head = heads.read(connection, ledger)
        position = 0 if head is None else head.position
    leaf_hash = events.leaf_hash_at(connection, ledger, position) if position else None
    return EventCursor(ledger, position, BEFORE_ALL if leaf_hash is None else leaf_hash[:PREFIX_SIZE])
