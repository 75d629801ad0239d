"""The feed: committed events to live subscribers, one a process (L15).

What belongs here: opening and ending subscriptions, the streams of this process, when to look. What does not: following
one ledger (`feed_stream`), one subscriber's way through it (`feed_subscription`), speaking to clients (`edges`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.clock import Clock
from app.domain.filters import EventFilter
from app.services.cursors import EventCursor
from app.services.doorbell import Doorbell
from app.services.feed_listeners import Change, Delivery, Key, Watcher
from app.services.feed_stream import Stream
from app.services.feed_subscription import FeedStoppedError, Reader, start_of, subscribed
from app.store.database import Database

log = logging.getLogger("ledger.feed")

HEARTBEAT_SECONDS = 30.0
ALARM_SECONDS_MAX = 3_600.0


class Feed:
    """Reads new events of every ledger that somebody follows, once, and hands them to local subscribers.

    The database may be away at any time: subscriptions stay open and go on where they were.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        doorbell: Doorbell,
        *,
        poll_seconds: float,
        ledgers: Iterable[str] = (),
        recent_events: int = 4_096,
        buffer_events: int = 256,
    ) -> None:
        """`ledgers` are followed from the start, others from their first subscriber on; `recent_events` a ledger are
        kept in memory, `buffer_events` for each filter that somebody subscribes with.
        """
        self._reader = Reader(database, clock)
        self._clock = clock
        self._doorbell = doorbell
        self._poll_seconds = poll_seconds
        self._ledgers = tuple(ledgers)
        self._recent_events = recent_events
        self._buffer_events = buffer_events
        self._streams: dict[str, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_healthy(self) -> bool:
        """Whether every followed ledger could be read the last time."""
        return not self._reader.is_stopped and all(stream.is_healthy for stream in self._streams.values())

    @property
    def subscribers(self) -> int:
        """How many subscriptions to events are open."""
        return sum(len(group.subscribers) for stream in self._streams.values() for group in stream.groups.values())

    def head(self, ledger: str) -> int:
        """How far subscribers of this process have been told, 0 for a ledger that nobody follows."""
        stream = self._streams.get(ledger)
        return 0 if stream is None else stream.position

    async def start(self) -> None:
        """Listen, then read; the database need not be up."""
        await self._doorbell.start(self._hear)
        for ledger in self._ledgers:
            self._followed(ledger)
        self._run(self._poll(), "feed poll")
        self._run(self._beat(), "feed heartbeat")

    async def stop(self) -> None:
        """End every subscription and stop reading."""
        self._reader.is_stopped = True
        await self._doorbell.stop()
        for stream in self._streams.values():
            stream.end(FeedStoppedError())
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def events(self, ledger: str, after: EventCursor | None, wanted: EventFilter) -> AsyncIterator[Delivery]:
        """The wanted events behind `after`, then live ones, in order, without gap or duplicate; without `after` from
        the ledger's head on.

        The first delivery comes at once, empty if there is nothing; an empty one comes within 30 s of the cursor's
        moving by other events. It ends when the server stops. Raises BadCursorError for a cursor from elsewhere and
        CursorDivergedError, at any time, where the ledger is not the one that the cursor comes from.
        """
        try:
            stream = await self._loaded(ledger)
            cursor = await start_of(stream, after, self._reader)
            with subscribed(stream, wanted, cursor, self._reader) as subscription:
                while True:
                    yield await subscription.next()
        except FeedStoppedError:
            return

    async def changes(
        self,
        ledger: str,
        customer_id: str | None = None,
        type_code: str | None = None,
        *,
        due_at: Callable[[], datetime | None] = lambda: None,
    ) -> AsyncIterator[Change]:
        """A change at once, then one when an event has concerned the account, the customer, or the whole ledger.

        What happens while the last one is being looked at becomes one. `due_at` is asked before each wait for the
        instant at which time alone will change something (`Account.next_due_at`); another change comes then.
        """
        key = None if customer_id is None else (customer_id, type_code)
        try:
            while True:
                stream = await self._loaded(ledger)
                with _watching(stream, key) as watcher:
                    is_due = False
                    while stream.ending is None:
                        now = self._clock.now()
                        yield Change(watcher.position, watcher.taken(), now, is_due)
                        is_due = await self._changed(watcher, due_at(), now)
        except FeedStoppedError:
            return

    async def _changed(self, watcher: Watcher, due: datetime | None, seen: datetime) -> bool:
        """Wait for an event or until `due`, whichever is first; True for the latter. What was due when the watcher
        last looked has been seen.
        """
        if due is None or due <= seen:
            await watcher.signal.wait()
            return False
        alarm = asyncio.create_task(self._alarm(watcher.signal, due))
        try:
            await watcher.signal.wait()
        finally:
            alarm.cancel()
        return self._clock.now() >= due

    async def _alarm(self, signal: asyncio.Event, due: datetime) -> None:
        while (remaining := (due - self._clock.now()).total_seconds()) > 0:
            await self._clock.sleep(min(remaining, ALARM_SECONDS_MAX))
        signal.set()

    async def _loaded(self, ledger: str) -> Stream:
        """The ledger's stream, as soon as it has been read at all."""
        while not self._reader.is_stopped:
            stream = self._followed(ledger)
            await stream.loaded.wait()
            if stream.ending is None:
                return stream
        raise FeedStoppedError

    def _followed(self, ledger: str) -> Stream:
        stream = self._streams.get(ledger)
        if stream is None or stream.ending is not None:
            stream = self._streams[ledger] = Stream(
                ledger, self._clock, self._reader.read, self._reader.scan, self._recent_events, self._buffer_events
            )
            self._run(self._follow(stream), f"feed of {ledger}")
        return stream

    async def _follow(self, stream: Stream) -> None:
        """Follow until the stream breaks; whoever hangs on it ends with it, and the next one finds a fresh one."""
        try:
            await stream.follow()
        except Exception as error:
            log.exception("the stream of ledger %s has ended", stream.ledger)
            stream.end(error)
            self._followed(stream.ledger)

    def _hear(self, ledger: str | None) -> None:
        for stream in self._streams.values():
            if ledger in (None, stream.ledger):
                stream.rung.set()

    async def _poll(self) -> None:
        while True:
            await self._clock.sleep(self._poll_seconds)
            self._hear(None)

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_SECONDS)
            for stream in list(self._streams.values()):
                await stream.beat()

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextmanager
def _watching(stream: Stream, key: Key) -> Iterator[Watcher]:
    watcher = Watcher(key, position=stream.position)
    stream.add(key, watcher)
    try:
        yield watcher
    finally:
        stream.remove(key, watcher)
