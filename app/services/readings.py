"""What reading answers: domain values, with the moment that they were read at.

What belongs here: values and pages. What does not: reading them (`queries`, `history`), how they are spoken (`edges`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from app.domain.account import Account, Grant, GrantState
from app.domain.entitlement_type import Customer, Profile
from app.domain.events import RecordedEvent
from app.services.cursors import PREFIX_SIZE, EventCursor

T = TypeVar("T")
Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class AsOf:
    """What was known after `position`, at `time`."""

    position: int
    time: datetime


@dataclass(frozen=True, slots=True)
class BalanceAt:
    """An account's figures with what is due folded in, in smallest steps of `scale`.

    The account's grants need not be loaded: `unrestricted` and `next_due_at` are those that were stored, or None where
    the grants at hand say them.
    """

    account: Account
    scale: int
    as_of: AsOf
    stored_unrestricted: int | None = None
    stored_next_due_at: datetime | None = None

    @property
    def unrestricted(self) -> int:
        """The part of `available` that any request may use."""
        return self.account.unrestricted if self.stored_unrestricted is None else self.stored_unrestricted

    @property
    def next_due_at(self) -> datetime | None:
        """When time alone will change a figure."""
        return self.account.next_due_at if self.stored_unrestricted is None else self.stored_next_due_at


@dataclass(frozen=True, slots=True)
class GrantAt:
    """A grant with what is due folded in, and its state; amounts in smallest steps of `scale`."""

    grant: Grant
    state: GrantState
    scale: int


@dataclass(frozen=True, slots=True)
class CustomerAt:
    """A customer and their personal data."""

    customer: Customer
    profile: Profile


@dataclass(frozen=True, slots=True)
class LedgerAt:
    """A ledger's end: its last position (0 for none) and the root of the Merkle tree over all leaves."""

    name: str
    position: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Window(Generic[Place]):
    """Which part of a list is asked for: up to `size` items strictly between two places.

    They are the first ones there or, `backward`, the last ones; in both cases in the list's order. To read one means
    to read up to `limit` items, `backward` from its end.
    """

    size: int
    after: Place | None = None
    before: Place | None = None
    backward: bool = False

    @property
    def limit(self) -> int:
        """One more than wanted, which tells whether there is more."""
        return self.size + 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, in the list's order, and whether there is more on either side."""

    items: list[T]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class EventPage:
    """A part of the history; `start` and `end` tell how far was looked where no item of the page stands there."""

    items: list[RecordedEvent]
    has_next: bool
    has_previous: bool
    start: EventCursor | None = None
    end: EventCursor | None = None


def cursor_of(recorded: RecordedEvent) -> EventCursor:
    """The event's place in its ledger's stream."""
    event = recorded.event
    return EventCursor(event.stamp.ledger, event.position, recorded.leaf_hash[:PREFIX_SIZE])


def page_of(window: Window[Place], found: Sequence[T]) -> Page[T]:
    """The window's page; `found` is up to `limit` items as they were read, `backward` from its end."""
    has_more = len(found) > window.size
    items = list(found[: window.size])
    if window.backward:
        return Page(items[::-1], has_next=window.before is not None, has_previous=has_more)
    return Page(items, has_next=has_more, has_previous=window.after is not None)
