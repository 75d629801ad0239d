"""What a caller gets for a command: its receipt in full, or the refusal.

What belongs here: the values that `ledger.submit` answers. What does not: how they are spoken outside
(`edges.outcomes`).
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.account import Account
from app.domain.entitlement_type import Customer, EntitlementType, Profile
from app.domain.events import RecordedEvent
from app.domain.rejections import BatchRefused, Rejection, SimpleRejection


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did. Refused: `rejections` only. Done: the events that it wrote (also in an earlier call:
    `replayed`), and what it is about, live: settled at `as_of`, the ledger at `position`."""

    rejections: tuple[SimpleRejection, ...] = ()
    replayed: bool = False
    named: RecordedEvent | None = None
    events: tuple[RecordedEvent, ...] = ()
    account: Account | None = None
    entitlement_type: EntitlementType | None = None
    customer: Customer | None = None
    profile: Profile | None = None
    position: int = 0
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What a batch did: one result an operation, or none and why."""

    results: tuple[Outcome, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    replayed: bool = False

    @property
    def failed_index(self) -> int | None:
        """The operation that was refused, and with it the batch."""
        return next((each.index for each in self.rejections if isinstance(each, BatchRefused)), None)


Answer = Outcome | BatchOutcome
