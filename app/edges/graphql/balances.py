"""Accounts as callers see them: balances and grants.

What belongs here: their fields. What does not: computing a figure (`services.queries`, `domain`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.domain import ids
from app.domain.account import Account
from app.domain.amounts import to_text
from app.edges.graphql.arguments import size_of
from app.edges.graphql.context import Info
from app.edges.graphql.enums import Funding, GrantState
from app.edges.graphql.fields import resolved
from app.edges.graphql.scalars import JSON, Amount
from app.edges.graphql.types import AsOf, EntitlementType, Node
from app.services.readings import BalanceAt, GrantAt

if TYPE_CHECKING:
    from app.edges.graphql.events import LedgerEvent

AtMost = Annotated[int | None, strawberry.argument(description="How many: 1 to 100.")]


@strawberry.type(description="An account's gross figures since its beginning; they only grow.")
class LifetimeTotals:
    issued: Amount = strawberry.field(description="What was issued.")
    consumed: Amount = strawberry.field(description="What was consumed.")
    expired: Amount = strawberry.field(description="What expired unused.")
    revoked: Amount = strawberry.field(description="What was taken back.")
    restored: Amount = strawberry.field(description="What reversals and reinstatements brought back.")
    transferred_in: Amount = strawberry.field(description="What came from other customers.")
    transferred_out: Amount = strawberry.field(description="What went to other customers.")

    @classmethod
    def of(cls, account: Account, scale: int) -> Self:
        """The totals as GraphQL shows them."""
        return cls(
            issued=_text(account.issued, scale),
            consumed=_text(account.consumed, scale),
            expired=_text(account.expired, scale),
            revoked=_text(account.revoked, scale),
            restored=_text(account.restored, scale),
            transferred_in=_text(account.transferred_in, scale),
            transferred_out=_text(account.transferred_out, scale),
        )


@strawberry.type(description="A part of `available` that expires at one instant.")
class ExpiringAmount:
    amount: Amount = strawberry.field(description="How much.")
    expires_at: datetime = strawberry.field(description="From this instant on it is gone.")


@strawberry.type(description="What a customer has of an entitlement type; zeros where nothing ever happened.")
class Balance(Node):
    value: strawberry.Private[BalanceAt]
    customer_id: str = strawberry.field(description="Whose it is.")
    type_code: str = strawberry.field(description="Of which entitlement type.")
    available: Amount = strawberry.field(description="What can be used now, restricted grants included.")
    held: Amount = strawberry.field(description="What holds have set aside.")
    pending: Amount = strawberry.field(description="What scheduled grants will bring.")
    debt: Amount = strawberry.field(description="What is owed.")
    total: Amount = strawberry.field(description="`available` and `held`.")
    version: int = strawberry.field(description="How many events the account has, those due included; 0 for none.")

    @classmethod
    def of(cls, value: BalanceAt) -> Self:
        """The balance as GraphQL shows it."""
        account, scale = value.account, value.scale
        return cls(
            id=strawberry.ID(f"{ids.BALANCE}{account.customer_id}:{account.type_code}"),
            value=value,
            customer_id=account.customer_id,
            type_code=account.type_code,
            available=_text(account.available, scale),
            held=_text(account.held, scale),
            pending=_text(account.pending, scale),
            debt=_text(account.debt, scale),
            total=_text(account.total, scale),
            version=account.version,
        )

    @resolved("The part of `available` that any request may use, whatever its tags.")
    def unrestricted(self) -> Amount:
        return _text(self.value.unrestricted, self.value.scale)

    @resolved("The entitlement type.")
    async def type(self, info: Info) -> EntitlementType:
        found = await info.context.loaders.types.load(self.type_code)
        if found is None:
            raise LookupError(f"the type {self.type_code} of a balance is gone")
        return EntitlementType.of(found)

    @resolved("Gross figures since the account's beginning.")
    def lifetime(self) -> LifetimeTotals:
        return LifetimeTotals.of(self.value.account, self.value.scale)

    @resolved("The next amounts to expire, soonest first.")
    async def expiring(self, info: Info, first: AtMost = 10) -> list[ExpiringAmount]:
        size = size_of("first", first, info.context.services.limits) or 10
        found = await info.context.loaders.expiring.load(self.value.account.key) or []
        scale = self.value.scale
        return [ExpiringAmount(amount=_text(amount, scale), expires_at=instant) for instant, amount in found[:size]]

    @resolved("What these figures are as of.")
    def as_of(self) -> AsOf:
        return AsOf.of(self.value.as_of)


@strawberry.type(description="A lot issued at once, with its own expiry and priority.")
class Grant(Node):
    value: strawberry.Private[GrantAt]
    customer_id: str = strawberry.field(description="Whose it is.")
    type_code: str = strawberry.field(description="Of which entitlement type.")
    state: GrantState = strawberry.field(description="What it is at the instant of reading.")
    amount: Amount = strawberry.field(description="What was issued.")
    remaining: Amount = strawberry.field(description="What is neither spent nor held.")
    held: Amount = strawberry.field(description="What holds have set aside.")
    priority: int = strawberry.field(description="0 to 100; lower pays first.")
    funding: Funding = strawberry.field(description="Whether it was paid for.")
    cost_basis: str | None = strawberry.field(description="What one of it cost, as the issuer says.")
    effective_at: datetime = strawberry.field(description="Usable from here on.")
    expires_at: datetime | None = strawberry.field(description="Dead from here on; null: never.")
    restricted_to: list[str] = strawberry.field(description="Usable only by requests with one of these tags.")
    metadata: JSON = strawberry.field(description="The metadata of the event that issued it.")

    @classmethod
    def of(cls, value: GrantAt) -> Self:
        """The grant as GraphQL shows it."""
        grant, scale = value.grant, value.scale
        return cls(
            id=strawberry.ID(grant.grant_id),
            value=value,
            customer_id=grant.customer_id,
            type_code=grant.type_code,
            state=value.state,
            amount=_text(grant.amount, scale),
            remaining=_text(grant.remaining, scale),
            held=_text(grant.held, scale),
            priority=grant.priority,
            funding=grant.funding,
            cost_basis=grant.cost_basis,
            effective_at=grant.effective_at,
            expires_at=grant.expires_at,
            restricted_to=list(grant.restricted_to),
            metadata=JSON(grant.metadata),
        )

    @resolved("The event that issued it.")
    async def issued_by(self, info: Info) -> Annotated["LedgerEvent", strawberry.lazy("app.edges.graphql.events")]:
        from app.edges.graphql.events import event_of  # the two types know each other

        found = await info.context.loaders.events.load(self.value.grant.issued_by)
        if found is None:
            raise LookupError(f"the event that issued {self.id} is gone")
        return event_of(found, self.value.scale)


def _text(steps: int, scale: int) -> Amount:
    return Amount(to_text(steps, scale))
