"""Reading events: one by its name, or pages of a ledger's history.

What belongs here: directions, cursors checked against the ledger, how far a page has looked. What does not: live
delivery (`feed`), statements (`store.events`).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from app.domain.events import RecordedEvent
from app.domain.filters import EventFilter
from app.services.cursors import PREFIX_SIZE, CursorDivergedError, EventCursor
from app.services.readings import EventPage, Window, cursor_of, page_of
from app.store import events
from app.store.database import Database


@dataclass(frozen=True, slots=True)
class _Place:
    """A cursor that the ledger confirms, and whether its event is one of those wanted."""

    position: int
    is_wanted: bool


class History:
    """Reads events; nothing here changes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, ledger: str, event_ids: Collection[str]) -> dict[str, RecordedEvent]:
        """The events with these ids."""
        return await self._database.read(lambda connection: events.by_id(connection, ledger, event_ids))

    async def at(self, ledger: str, position: int) -> RecordedEvent | None:
        """The event at a position."""
        found = await self._database.read(lambda connection: events.at(connection, ledger, [position]))
        return found.get(position)

    async def page(
        self, ledger: str, wanted: EventFilter, window: Window[EventCursor], *, newest_first: bool
    ) -> EventPage:
        """Wanted events in order of position, `newest_first` or not; CursorDivergedError for a cursor of another past.

        A page looks at 5,000 events at most: it may be short, and says how far it came.
        """

        def work(connection: Connection) -> EventPage:
            return _Reading(connection, ledger, wanted, newest_first).page(window)

        return await (self._database.read(work) if events.is_indexed(wanted) else self._database.scan(work))

    async def pages(
        self,
        ledger: str,
        customer_ids: Collection[str],
        wanted: EventFilter,
        window: Window[EventCursor],
        *,
        newest_first: bool,
    ) -> dict[str, EventPage]:
        """The same window of many customers' histories, by customer's id; else as `page`.

        Windows from an end of the histories of up to 100 customers are read in one statement, if an index finds them.
        """
        if window.after or window.before or wanted != EventFilter(type_code=wanted.type_code):
            return {
                each: await self.page(ledger, replace(wanted, customer_id=each), window, newest_first=newest_first)
                for each in customer_ids
            }

        def work(connection: Connection) -> dict[str, EventPage]:
            ascending = newest_first == window.backward
            found = events.first_of(
                connection, ledger, customer_ids, wanted.type_code, ascending=ascending, limit=window.limit
            )
            pages = {customer_id: page_of(window, recorded) for customer_id, recorded in found.items()}
            return {each: EventPage(page.items, page.has_next, page.has_previous) for each, page in pages.items()}

        return await self._database.read(work)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One page being read in one snapshot."""

    connection: Connection
    ledger: str
    wanted: EventFilter
    newest_first: bool

    def page(self, window: Window[EventCursor]) -> EventPage:
        after, before = self._confirmed(window.after), self._confirmed(window.before)
        # What the list calls "after" lies below in positions when the newest come first.
        low, high = (before, after) if self.newest_first else (after, before)
        ascending = self.newest_first == window.backward
        found = self._look(low, high, window.size, ascending=ascending)
        items = found.events[::-1] if window.backward else found.events
        reached = self._reached(found)
        if window.backward:
            return EventPage(items, self._is_more(before, forward=True), found.has_more, start=reached)
        return EventPage(items, found.has_more, self._is_more(after, forward=False), end=reached)

    def _look(self, low: _Place | None, high: _Place | None, limit: int, *, ascending: bool) -> events.EventPage:
        return events.page(
            self.connection,
            self.ledger,
            self.wanted,
            ascending=ascending,
            above=None if low is None else low.position,
            below=None if high is None else high.position,
            limit=limit,
        )

    def _confirmed(self, cursor: EventCursor | None) -> _Place | None:
        if cursor is None:
            return None
        if cursor.position == 0 and not any(cursor.prefix):
            return _Place(0, is_wanted=False)
        recorded = events.at(self.connection, self.ledger, [cursor.position]).get(cursor.position)
        if recorded is None or recorded.leaf_hash[:PREFIX_SIZE] != cursor.prefix:
            raise CursorDivergedError(f"the ledger has another event at position {cursor.position}")
        return _Place(cursor.position, self.wanted.matches(recorded.event))

    def _is_more(self, place: _Place | None, *, forward: bool) -> bool:
        """Whether the list goes on at a place, itself included: what lies on the side that was not asked for."""
        if place is None or place.is_wanted:
            return place is not None
        ascending = self.newest_first != forward
        low, high = (place, None) if ascending else (None, place)
        found = self._look(low, high, 1, ascending=ascending)
        return bool(found.events) or found.has_more

    def _reached(self, found: events.EventPage) -> EventCursor | None:
        """How far the page has looked, where that is not its own last event."""
        if not found.has_more or found.scanned_to is None:
            return None
        if found.events and found.events[-1].event.position == found.scanned_to:
            return cursor_of(found.events[-1])
        leaf_hash = events.leaf_hash_at(self.connection, self.ledger, found.scanned_to) or b""
        return EventCursor(self.ledger, found.scanned_to, leaf_hash[:PREFIX_SIZE])
