"""Which events a reader wants: one meaning for pages and for live subscriptions.

What belongs here: the filter and what it matches. What does not: how a database finds them (`store.events`).
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.events import Event, EventKind


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Every member given must hold; instants are half-open `[from, before)`, amounts in smallest steps, inclusive.

    Amount bounds make sense only beside `type_code`, whose scale they are in (L1.3).
    """

    customer_id: str | None = None
    type_code: str | None = None
    kinds: frozenset[EventKind] | None = None
    actor_id: str | None = None
    correlation_id: str | None = None
    command_id: str | None = None
    reason: str | None = None
    effective_from: datetime | None = None
    effective_before: datetime | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    amount_at_least: int | None = None
    amount_at_most: int | None = None

    def matches(self, event: Event) -> bool:
        """Whether the event is one of those wanted."""
        stamp = event.stamp
        equal = (
            (self.customer_id, event.customer_id),
            (self.type_code, event.type_code),
            (self.actor_id, stamp.actor.id),
            (self.correlation_id, stamp.correlation_id),
            (self.command_id, stamp.command_id),
            (self.reason, stamp.reason),
        )
        return (
            all(wanted is None or wanted == actual for wanted, actual in equal)
            and (self.kinds is None or event.kind in self.kinds)
            and _within(event.effective_at, self.effective_from, self.effective_before)
            and _within(event.recorded_at, self.recorded_from, self.recorded_before)
            and (self.amount_at_least is None or (event.amount is not None and event.amount >= self.amount_at_least))
            and (self.amount_at_most is None or (event.amount is not None and event.amount <= self.amount_at_most))
        )


EVERYTHING = EventFilter()


def _within(instant: datetime, start: datetime | None, before: datetime | None) -> bool:
    return (start is None or instant >= start) and (before is None or instant < before)
