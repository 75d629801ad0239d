"""One ledger's stream in this process: it follows the event table and tells those concerned.

What belongs here: the newest events in memory, reading what is new, handing it out. What does not: what one subscriber
has missed (`feed`), when to look (`doorbell` and the poll).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from types import coroutine
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from app.clock import Clock
from app.domain.events import RecordedEvent
from app.domain.filters import EventFilter
from app.services.cursors import PREFIX_SIZE, CursorDivergedError, EventCursor
from app.services.feed_listeners import Delivery, Group, Key, Listener, keys_of
from app.services.readings import cursor_of
from app.store import events, heads

T = TypeVar("T")
log = logging.getLogger("ledger.feed")

PAGE_EVENTS = 100
LOAD_EVENTS = 500
SUBSCRIBERS_PER_TURN = 50
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 2.0

BEFORE_ALL = bytes(PREFIX_SIZE)


class BrokenSequenceError(Exception):
    """Positions are not contiguous: nothing behind the gap may be told."""


class Read(Protocol):
    """One bounded read of the database; raises whatever goes wrong."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]: ...


@dataclass(slots=True)
class Recent:
    """A ledger's newest events in memory, at least `size` of them where there are as many; `since` is the position
    before the first.
    """

    size: int
    since: int = 0
    events: list[RecordedEvent] = field(default_factory=list)

    @property
    def position(self) -> int:
        """The position of the newest."""
        return self.since + len(self.events)

    def extend(self, found: Sequence[RecordedEvent]) -> None:
        """Add what follows; BrokenSequenceError where it does not."""
        for expected, recorded in enumerate(found, start=self.position + 1):
            if recorded.event.position != expected:
                raise BrokenSequenceError(f"event {recorded.event.position} came where {expected} belongs")
        self.events.extend(found)
        if len(self.events) > 2 * self.size:
            dropped = len(self.events) - self.size
            del self.events[:dropped]
            self.since += dropped

    def behind(self, position: int, limit: int) -> list[RecordedEvent]:
        """Up to `limit` events behind `position`, which must not be before `since`."""
        start = position - self.since
        return self.events[start : start + limit]

    def at(self, position: int) -> RecordedEvent | None:
        """The event at a position, None where it is not in memory."""
        return self.events[position - self.since - 1] if self.since < position <= self.position else None


@dataclass(slots=True, eq=False)
class Stream:
    """Follows one ledger. `position` is how far everybody has been told; what is in memory may be ahead of it.

    No await lies between looking at a group and taking from it, and all that a group is told comes through `take`:
    so nobody misses an event between replay and live, or gets one twice.
    """

    ledger: str
    clock: Clock
    read: Read
    scan: Read
    recent_events: int
    buffer_events: int
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    recent: Recent = field(init=False)
    standing: Delivery = field(init=False)
    ending: Exception | None = None
    is_healthy: bool = False
    heartbeat: int = 0
    groups: dict[EventFilter, Group] = field(default_factory=dict)
    listeners: dict[Key, dict[Listener, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.recent = Recent(self.recent_events)
        self.standing = Delivery(EventCursor(self.ledger, 0, BEFORE_ALL), (), caught_up=True)

    @property
    def position(self) -> int:
        """How far everybody has been told."""
        return self.standing.cursor.position

    async def follow(self) -> None:
        """Read and tell what is new whenever somebody rings, for ever; an unreachable database is tried again.

        Raises CursorDivergedError where the ledger is not the one that it was; whatever is raised, the stream must be
        ended and another begun.
        """
        pause = BACKOFF_SECONDS_FIRST
        while True:
            self.rung.clear()
            try:
                found = await self._read_new()
            except CursorDivergedError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever is wrong with the database, it may pass
                log.warning("ledger %s cannot be read, trying again in %.1f s: %r", self.ledger, pause, error)
                self.is_healthy = False
                await self.clock.sleep(pause)
                pause = min(2 * pause, BACKOFF_SECONDS_MAX)
                continue
            pause = BACKOFF_SECONDS_FIRST
            self.is_healthy = True
            if found:
                await self._tell(found)
            if len(found) < PAGE_EVENTS:
                await self.rung.wait()

    def end(self, error: Exception) -> None:
        """End whatever hangs on this stream with `error`."""
        self.ending = error
        self.loaded.set()
        for listeners in self.listeners.values():
            for listener in listeners:
                for signal in listener.signals:
                    signal.set()

    def join(self, wanted: EventFilter, signal: asyncio.Event) -> Group:
        """Add a subscriber to those with the same filter."""
        group = self.groups.get(wanted)
        if group is None:
            group = self.groups[wanted] = Group(wanted, self.recent.position, self.buffer_events)
            self.add(group.key, group)
        group.subscribers[signal] = None
        return group

    def leave(self, group: Group, signal: asyncio.Event) -> None:
        """Take a subscriber out; the last one takes the group along."""
        del group.subscribers[signal]
        if not group.subscribers:
            del self.groups[group.wanted]
            self.remove(group.key, group)

    def add(self, key: Key, listener: Listener) -> None:
        """Tell a listener of what is new under a key from now on."""
        self.listeners.setdefault(key, {})[listener] = None

    def remove(self, key: Key, listener: Listener) -> None:
        """Tell it no more."""
        del self.listeners[key][listener]
        if not self.listeners[key]:
            del self.listeners[key]

    async def beat(self) -> None:
        """Let every subscriber say where it stands, if it has moved since it last spoke."""
        self.heartbeat += 1
        turns = Turns()
        for group in list(self.groups.values()):
            for signal in list(group.subscribers):
                signal.set()
                await turns.spend()

    async def _read_new(self) -> list[RecordedEvent]:
        """The next events, already in memory; the last known one is read again, to see that it is still there."""
        if not self.loaded.is_set():
            await self._load()
        position = self.recent.position
        found = await self.read(
            lambda connection: events.after(connection, self.ledger, max(position - 1, 0), PAGE_EVENTS + bool(position))
        )
        known = self.recent.at(position)
        if known is not None:
            if not found or found[0].leaf_hash != known.leaf_hash:
                raise CursorDivergedError(f"event {position} of ledger {self.ledger} is not there any more")
            del found[0]
        self.recent.extend(found)
        return found

    async def _load(self) -> None:
        head = await self.read(lambda connection: heads.read(connection, self.ledger))
        position = 0 if head is None else head.position
        recent = Recent(self.recent_events, since=max(0, position - self.recent_events))
        while (start := recent.position) < position:
            found = await self._load_behind(start)
            if not found:
                raise BrokenSequenceError(f"there is no event behind {start}, but the head is at {position}")
            recent.extend(found)
        self.recent = recent
        self._stand()
        self.loaded.set()

    async def _load_behind(self, position: int) -> list[RecordedEvent]:
        return await self.scan(lambda connection: events.after(connection, self.ledger, position, LOAD_EVENTS))

    async def _tell(self, found: Sequence[RecordedEvent]) -> None:
        """Hand new events to those concerned; `position` moves when everybody has them."""
        concerned: dict[Key, list[RecordedEvent]] = {}
        for recorded in found:
            for key in keys_of(recorded):
                if key in self.listeners:
                    concerned.setdefault(key, []).append(recorded)
        cursor = cursor_of(found[-1])
        turns = Turns()
        for key, theirs in concerned.items():
            for listener in list(self.listeners.get(key, ())):
                await turns.spend()
                for signal in list(listener.take(theirs, cursor)):
                    signal.set()
                    await turns.spend()
        self._stand()

    def _stand(self) -> None:
        newest = self.recent.at(self.recent.position)
        if newest is not None:
            self.standing = Delivery(cursor_of(newest), (), caught_up=True)


@dataclass(slots=True)
class Turns:
    """Lets others have the event loop after every 50 subscribers that were told."""

    spent: int = 0

    async def spend(self) -> None:
        """Count one; step aside when it is somebody else's turn."""
        self.spent += 1
        if self.spent % SUBSCRIBERS_PER_TURN == 0:
            await next_turn()


@coroutine
def next_turn() -> Generator[None, None, None]:
    """Come back when everybody else who is ready has had a turn on the event loop."""
    yield
