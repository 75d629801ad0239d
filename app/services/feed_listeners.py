"""Whom a ledger's stream tells of new events: groups of subscribers that want the same, and watchers of changes.

What belongs here: what each of them keeps until it is fetched, within bounds. What does not: where events come from
(`feed_stream`), what a subscriber has missed (`feed`).
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.account import AccountKey
from app.domain.events import RecordedEvent
from app.domain.filters import EVERYTHING, EventFilter
from app.services.cursors import EventCursor

Key = tuple[str, str | None] | None
"""Whom an event concerns: an account (customer, type), a customer (customer, None), the whole ledger (None)."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Delivery:
    """Wanted events in order of position, up to 100, and the cursor that has moved past them and past those left out.

    Live deliveries are shared by all subscribers with the same filter: whoever converts one may keep the result by its
    identity. `caught_up` is false while older events are still being replayed.
    """

    cursor: EventCursor
    events: tuple[RecordedEvent, ...]
    caught_up: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was watched may look different now, as of `instant`, the ledger being at `position` or behind it.

    `accounts` are those that events have touched, never listed for a whole ledger; empty at first and where time alone
    has passed (`is_due`).
    """

    position: int
    accounts: frozenset[AccountKey]
    instant: datetime
    is_due: bool


class Listener(Protocol):
    """Whoever is told of new events under a key."""

    @property
    def signals(self) -> Collection[asyncio.Event]:
        """Whom to wake."""
        ...

    def take(self, concerned: Sequence[RecordedEvent], cursor: EventCursor) -> Collection[asyncio.Event]:
        """Keep what is wanted of a batch that ends at `cursor`; returns whom to wake."""
        ...


@dataclass(slots=True, eq=False)
class Group:
    """All subscribers with one filter: their newest deliveries, complete behind position `since`, kept once for all."""

    wanted: EventFilter
    since: int
    events_max: int
    deliveries: deque[Delivery] = field(default_factory=deque)
    subscribers: dict[asyncio.Event, None] = field(default_factory=dict)
    _size: int = 0

    @property
    def signals(self) -> Collection[asyncio.Event]:
        """Its subscribers."""
        return self.subscribers

    @property
    def key(self) -> Key:
        """Under what its events are found."""
        return None if self.wanted.customer_id is None else (self.wanted.customer_id, self.wanted.type_code)

    def take(self, concerned: Sequence[RecordedEvent], cursor: EventCursor) -> Collection[asyncio.Event]:
        """Keep what is wanted; what no longer fits must be read again by those who have not fetched it."""
        if cursor.position <= self.since:
            return ()
        wanted = chosen(concerned, self.wanted)
        if not wanted:
            return ()
        self.deliveries.append(Delivery(cursor, wanted, caught_up=True))
        self._size += len(wanted)
        while self._size > self.events_max and len(self.deliveries) > 1:
            oldest = self.deliveries.popleft()
            self._size -= len(oldest.events)
            self.since = oldest.cursor.position
        return self.subscribers

    def behind(self, position: int) -> Delivery | None:
        """The first delivery with something behind `position`, None where there is none; `position` >= `since`."""
        found = None
        for delivery in reversed(self.deliveries):
            if delivery.cursor.position <= position:
                break
            found = delivery
        if found is None or found.events[0].event.position > position:
            return found
        rest = tuple(each for each in found.events if each.event.position > position)
        return Delivery(found.cursor, rest, caught_up=True)


@dataclass(slots=True, eq=False)
class Watcher:
    """One who wants to know that something under a key has changed; the newest state is enough."""

    key: Key
    signal: asyncio.Event = field(default_factory=asyncio.Event)
    position: int = 0
    accounts: set[AccountKey] = field(default_factory=set)

    @property
    def signals(self) -> Collection[asyncio.Event]:
        """The one who watches."""
        return (self.signal,)

    def take(self, concerned: Sequence[RecordedEvent], cursor: EventCursor) -> Collection[asyncio.Event]:
        """Note how far the ledger has come, and which accounts were touched."""
        self.position = cursor.position
        if self.key is not None:
            for recorded in concerned:
                customer_id, type_code = recorded.event.customer_id, recorded.event.type_code
                if customer_id is not None and type_code is not None:
                    self.accounts.add((customer_id, type_code))
        return self.signals

    def taken(self) -> frozenset[AccountKey]:
        """The accounts touched since the last time."""
        self.signal.clear()
        accounts = frozenset(self.accounts)
        self.accounts.clear()
        return accounts


def chosen(events: Sequence[RecordedEvent], wanted: EventFilter) -> tuple[RecordedEvent, ...]:
    """Those of the events that are wanted."""
    if wanted == EVERYTHING:
        return tuple(events)
    return tuple(recorded for recorded in events if wanted.matches(recorded.event))


def keys_of(recorded: RecordedEvent) -> tuple[Key, ...]:
    """Under which keys an event is told."""
    customer_id, type_code = recorded.event.customer_id, recorded.event.type_code
    if customer_id is None:
        return (None,)
    if type_code is None:
        return (None, (customer_id, None))
    return (None, (customer_id, None), (customer_id, type_code))
