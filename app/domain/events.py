"""Events: immutable recorded facts (L3.6, L13.2).

What belongs here: one value class a kind, and the envelope that every event has. What does not: bytes (`store.codec`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from app.domain.account import Allocation, Funding
from app.domain.commands import Actor
from app.domain.entitlement_type import EntitlementType, Metadata


class EventKind(StrEnum):
    """What happened."""

    ISSUED = "ISSUED"
    ACTIVATED = "ACTIVATED"
    CONSUMED = "CONSUMED"
    EXPIRED = "EXPIRED"
    CUSTOMER_REGISTERED = "CUSTOMER_REGISTERED"
    CUSTOMER_UPDATED = "CUSTOMER_UPDATED"
    TYPE_DEFINED = "TYPE_DEFINED"
    TYPE_REVISED = "TYPE_REVISED"


@dataclass(frozen=True, slots=True)
class Issued:
    """A grant came to be; it is active at once unless the event's `effective_at` is after its `recorded_at`."""

    amount: int
    expires_at: datetime | None
    priority: int
    funding: Funding
    cost_basis: str | None
    restricted_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activated:
    """A scheduled grant became usable."""

    grant_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Consumed:
    """Amounts were taken from grants, in burn-down order."""

    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class Expired:
    """What was left of a grant died."""

    grant_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class CustomerRegistered:
    """A customer was made known; the event's metadata is the customer's."""


@dataclass(frozen=True, slots=True)
class CustomerUpdated:
    """A customer's metadata or personal data changed; the event's metadata is the customer's from now on."""


@dataclass(frozen=True, slots=True)
class TypeDefined:
    """An entitlement type came to be; its metadata is the event's."""

    definition: EntitlementType


@dataclass(frozen=True, slots=True)
class TypeRevised:
    """An entitlement type changed; `definition` is the whole of it from now on."""

    definition: EntitlementType


AccountFact = Issued | Activated | Consumed | Expired
CustomerFact = CustomerRegistered | CustomerUpdated
TypeFact = TypeDefined | TypeRevised
Fact = AccountFact | CustomerFact | TypeFact

KINDS: dict[type[Fact], EventKind] = {
    Issued: EventKind.ISSUED,
    Activated: EventKind.ACTIVATED,
    Consumed: EventKind.CONSUMED,
    Expired: EventKind.EXPIRED,
    CustomerRegistered: EventKind.CUSTOMER_REGISTERED,
    CustomerUpdated: EventKind.CUSTOMER_UPDATED,
    TypeDefined: EventKind.TYPE_DEFINED,
    TypeRevised: EventKind.TYPE_REVISED,
}


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """Where in which batch an operation stood."""

    key: str
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all events of one command share."""

    ledger: str
    command_id: str
    actor: Actor
    recorded_at: datetime
    idempotency_key: str | None = None
    reason: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    batch: BatchPlace | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact before it is numbered: what it concerns, since when, and whether time made it due (`is_due`)."""

    fact: Fact
    effective_at: datetime
    customer_id: str | None = None
    type_code: str | None = None
    metadata: Metadata = field(default_factory=dict)
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded fact about at most one account; `delta` is the signed change of its `available`, in smallest steps."""

    event_id: str
    position: int
    stamp: Stamp
    fact: Fact
    customer_id: str | None
    type_code: str | None
    effective_at: datetime
    metadata: Metadata
    amount: int | None = None
    delta: int | None = None
    balance_after: int | None = None
    allocations: tuple[Allocation, ...] = ()

    @property
    def kind(self) -> EventKind:
        """What happened."""
        return KINDS[type(self.fact)]

    @property
    def recorded_at(self) -> datetime:
        """The instant of the transaction that decided and recorded it."""
        return self.stamp.recorded_at


def amount_of(fact: AccountFact) -> int:
    """What moved, positive, in smallest steps."""
    if isinstance(fact, Consumed):
        return sum(allocation.amount for allocation in fact.allocations)
    return fact.amount


def delta_of(fact: AccountFact, effective_at: datetime, recorded_at: datetime) -> int:
    """The signed change of `available` that the fact makes (L3.6)."""
    match fact:
        case Issued(amount=amount):
            return 0 if effective_at > recorded_at else amount
        case Activated(amount=amount):
            return amount
        case Consumed():
            return -amount_of(fact)
        case Expired(amount=amount):
            return -amount
        case _ as never:
            assert_never(never)


def allocations_of(fact: AccountFact, own_grant_id: str) -> tuple[Allocation, ...]:
    """Which grants the fact concerns, and by how much; an issue concerns the grant it makes."""
    match fact:
        case Issued(amount=amount):
            return (Allocation(own_grant_id, amount),)
        case Consumed(allocations=allocations):
            return allocations
        case Activated() | Expired():
            return (Allocation(fact.grant_id, fact.amount),)
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the ledger keeps it: with its leaf's hash, and the texts that its vault row holds."""

    event: Event
    leaf_hash: bytes
    note: str | None = None
    customer_note: str | None = None
