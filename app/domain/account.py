"""Accounts and grants: the figures, and what they are sums of (L3, L4).

What belongs here: values and what can be read off them. What does not: how an event changes them (`state`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.entitlement_type import Metadata

AccountKey = tuple[str, str]


class Funding(StrEnum):
    """Whether a grant was paid for or given away."""

    PAID = "PAID"
    PROMOTIONAL = "PROMOTIONAL"


class GrantState(StrEnum):
    """What a grant is at an instant (L4.2)."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    EXHAUSTED = "EXHAUSTED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of an event's amount and the grant that it concerns."""

    grant_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A lot issued at once; amounts in smallest steps.

    `is_activated`: what remains of it counts in `available`, not in `pending`.
    """

    grant_id: str
    customer_id: str
    type_code: str
    position: int
    issued_by: str
    amount: int
    effective_at: datetime
    expires_at: datetime | None
    priority: int
    funding: Funding
    cost_basis: str | None
    restricted_to: tuple[str, ...]
    metadata: Metadata
    remaining: int
    is_activated: bool
    held: int = 0
    consumed: int = 0
    expired: int = 0
    revoked: int = 0
    restored: int = 0
    moved_out: int = 0
    repaid: int = 0

    def is_dead(self, now: datetime) -> bool:
        """Whether `now` is at or after its expiry."""
        return self.expires_at is not None and self.expires_at <= now

    def state(self, now: datetime) -> GrantState:
        """Its state at `now`, in the order of L4.2."""
        if self.revoked and not self.remaining and not self.held:
            return GrantState.REVOKED
        if now < self.effective_at:
            return GrantState.SCHEDULED
        if self.is_dead(now):
            return GrantState.EXPIRED
        return GrantState.ACTIVE if self.remaining or self.held else GrantState.EXHAUSTED

    def balances(self) -> bool:
        """Whether L3.3 holds for this grant."""
        spent = self.consumed + self.expired + self.revoked + self.moved_out + self.repaid
        return self.amount + self.restored == spent + self.remaining + self.held and min(self.remaining, self.held) >= 0


@dataclass(frozen=True, slots=True)
class Account:
    """One customer x one entitlement type; figures in smallest steps, `grants` are the loaded ones in issuing order."""

    customer_id: str
    type_code: str
    grants: Mapping[str, Grant] = field(default_factory=dict)
    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    issued: int = 0
    consumed: int = 0
    expired: int = 0
    revoked: int = 0
    restored: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    version: int = 0
    position: int = 0

    @property
    def key(self) -> AccountKey:
        """What names the account in its ledger."""
        return self.customer_id, self.type_code

    @property
    def total(self) -> int:
        """What the customer has, held or not."""
        return self.available + self.held

    @property
    def unrestricted(self) -> int:
        """The part of `available` that any request may use."""
        return sum(grant.remaining for grant in self.open_grants() if grant.is_activated and not grant.restricted_to)

    @property
    def next_due_at(self) -> datetime | None:
        """The first instant at which time alone changes a figure."""
        instants = [
            instant
            for grant in self.open_grants()
            for instant in (None if grant.is_activated else grant.effective_at, grant.expires_at)
            if instant is not None
        ]
        return min(instants, default=None)

    def open_grants(self) -> Iterator[Grant]:
        """The grants with something neither spent nor held, in issuing order."""
        return (grant for grant in self.grants.values() if grant.remaining)

    def balances(self) -> bool:
        """Whether L3.2 and L3.3 hold for this account and its loaded grants."""
        came = self.issued + self.transferred_in + self.restored + self.debt
        went = self.consumed + self.expired + self.revoked + self.transferred_out
        active = scheduled = held = 0
        for grant in self.grants.values():
            if not grant.balances():
                return False
            held += grant.held
            if grant.is_activated:
                active += grant.remaining
            else:
                scheduled += grant.remaining
        return (
            came == went + self.available + self.held + self.pending
            and (self.available, self.pending, self.held) == (active, scheduled, held)
            and min(self.available, self.pending, self.held, self.debt) >= 0
        )
