"""Which grants pay first (L4.3), and what a request may use of them.

What belongs here: the total order and the allocation. What does not: whether too little is a refusal (`decide`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.account import Account, Allocation, Funding, Grant

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Burn:
    """What a request takes: the allocations, and in smallest steps what it could use, lacks, and may not use."""

    allocations: tuple[Allocation, ...]
    available: int
    missing: int
    unusable: int


def burn(account: Account, amount: int, tags: Collection[str], at: datetime) -> Burn:
    """Take `amount` from the account's grants that were usable from `at` on by a request with `tags`.

    The account must be settled at the deciding instant. A back-dated request (`at` in the past) takes at most the least
    that was left of a grant at any instant since (L2.5): nothing gives back to a grant, so that is what is left now,
    of the grants that had begun by then.
    """
    active = [grant for grant in account.open_grants() if grant.is_activated and grant.effective_at <= at]
    usable = [grant for grant in active if _matches(grant, tags)]
    available = sum(grant.remaining for grant in usable)
    return Burn(
        allocations=tuple(_allocate(sorted(usable, key=burn_order), amount)),
        available=available,
        missing=max(amount - available, 0),
        unusable=sum(grant.remaining for grant in active) - available,
    )


def burn_order(grant: Grant) -> tuple[bool, int, bool, datetime, bool, Decimal, datetime, int, str]:
    """Sorts grants that a request may use into the order in which they pay."""
    return (
        not grant.restricted_to,
        grant.priority,
        grant.expires_at is None,
        grant.expires_at or _NEVER,
        grant.funding is Funding.PAID,
        Decimal(grant.cost_basis or "0"),
        grant.effective_at,
        grant.position,
        grant.grant_id,
    )


def _matches(grant: Grant, tags: Collection[str]) -> bool:
    return not grant.restricted_to or any(tag in tags for tag in grant.restricted_to)


def _allocate(grants: Iterable[Grant], amount: int) -> Iterable[Allocation]:
    for grant in grants:
        if amount == 0:
            return
        taken = min(grant.remaining, amount)
        amount -= taken
        yield Allocation(grant.grant_id, taken)
