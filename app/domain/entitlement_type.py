"""Entitlement types and customers: what may be held, and who holds it (L1.1, L3.1, L11).

What belongs here: the values that catalog and customer events carry. What does not: figures (`account`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.validity import Validity

Metadata = Mapping[str, str | int | bool | None]


class EntitlementCategory(StrEnum):
    """What kind of thing an entitlement is."""

    POINTS = "POINTS"
    CREDITS = "CREDITS"
    PRODUCT = "PRODUCT"
    VOUCHER = "VOUCHER"


class ExpiredReversalPolicy(StrEnum):
    """What happens to an amount that a reversal restores to a grant which has expired (L8.2)."""

    EXPIRE = "EXPIRE"
    GRACE = "GRACE"
    REISSUE = "REISSUE"


class ClawbackPolicy(StrEnum):
    """Where a revocation takes what was used already (L8.3)."""

    UNUSED_ONLY = "UNUSED_ONLY"
    WITHIN_BALANCE = "WITHIN_BALANCE"
    ALLOW_DEBT = "ALLOW_DEBT"


class CustomerState(StrEnum):
    """Whether a customer may move entitlements (L11)."""

    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class EntitlementType:
    """What may be held; amounts (`max_balance`, `debt_limit`) in smallest steps, durations as ISO 8601 text."""

    code: str
    name: str
    category: EntitlementCategory
    unit: str
    scale: int
    created_at: datetime
    time_zone: str = "UTC"
    default_validity: Validity | None = None
    max_balance: int | None = None
    debt_limit: int = 0
    max_backdate: str | None = None
    on_expired_reversal: ExpiredReversalPolicy = ExpiredReversalPolicy.EXPIRE
    reversal_grace: str = "P30D"
    clawback: ClawbackPolicy = ClawbackPolicy.UNUSED_ONLY
    hold_ttl_default: str = "PT15M"
    hold_ttl_max: str = "P7D"
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who holds entitlements; the id is the caller's own. Name and e-mail are no part of it (`Profile`)."""

    customer_id: str
    created_at: datetime
    state: CustomerState = CustomerState.ACTIVE
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer's personal data: never in a leaf, in a row that can be deleted (L13.9)."""

    name: str | None = None
    email: str | None = None
