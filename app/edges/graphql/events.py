"""Events as callers see them: one concrete type for each kind or family.

What belongs here: their fields. What does not: connections and filters (`queries`), what an event means (`domain`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.domain import events
from app.domain.amounts import to_text
from app.domain.events import RecordedEvent
from app.edges.graphql.balances import Grant
from app.edges.graphql.context import Context, Info
from app.edges.graphql.enums import EventKind
from app.edges.graphql.fields import resolved
from app.edges.graphql.scalars import JSON, Amount, Cursor, Position
from app.edges.graphql.types import Actor, EntitlementType, Node
from app.services.readings import cursor_of

if TYPE_CHECKING:
    from app.edges.graphql.customers import Customer


@strawberry.type(description="A part of an event's amount, and the grant that it concerns.")
class Allocation:
    grant_id: strawberry.Private[str]
    amount: Amount = strawberry.field(description="How much of that grant.")

    @resolved("The grant as it is now.")
    async def grant(self, info: Info) -> Grant | None:
        return await load_grant(info.context, self.grant_id)


@strawberry.interface(description="An immutable recorded fact, about at most one account.")
class LedgerEvent(Node):
    recorded: strawberry.Private[RecordedEvent]
    scale: strawberry.Private[int]
    position: Position = strawberry.field(description="Its place in the ledger: 1, 2, 3 ... without a gap.")
    kind: EventKind = strawberry.field(description="What happened.")
    cursor: Cursor = strawberry.field(description="Its place as pages and subscriptions take it.")
    command_id: strawberry.ID = strawberry.field(description="Ties the events that one command wrote.")
    customer_id: str | None = strawberry.field(description="Whose account, or which customer.")
    type_code: str | None = strawberry.field(description="Of which entitlement type.")
    amount: Amount | None = strawberry.field(description="What moved, positive; null where nothing moves.")
    delta: str | None = strawberry.field(description="Signed change of `available`.")
    balance_after: Amount | None = strawberry.field(description="`available` right after this event.")
    effective_at: datetime = strawberry.field(description="When it counts from.")
    recorded_at: datetime = strawberry.field(description="When it was decided and recorded.")
    reason: str | None = strawberry.field(description="Why, as a code of the caller's.")
    note: str | None = strawberry.field(description="Why, in words for colleagues.")
    customer_note: str | None = strawberry.field(description="Why, in words for the customer.")
    correlation_id: str | None = strawberry.field(description="What it belongs to, such as an order.")
    causation_id: str | None = strawberry.field(description="What caused it.")
    idempotency_key: str | None = strawberry.field(description="The key of the command that it is named after.")
    metadata: JSON = strawberry.field(description="A flat object of the caller's own.")
    leaf_hash: str = strawberry.field(description="SHA-256 of its leaf in the ledger's Merkle tree, in hexadecimal.")

    @resolved("Which grants it concerns, in the order in which they paid.")
    def allocations(self) -> list[Allocation]:
        return [
            Allocation(grant_id=each.grant_id, amount=Amount(to_text(each.amount, self.scale)))
            for each in self.recorded.event.allocations
        ]

    @resolved("Who did it.")
    def actor(self) -> Actor:
        return Actor.of(self.recorded.event.stamp.actor)


@strawberry.type(description="What events about one grant share; not in the schema by itself.")
class _OfOneGrant(LedgerEvent):
    @resolved("The grant that it is about, as it is now.")
    async def grant(self, info: Info) -> Grant | None:
        return await load_grant(info.context, self.recorded.event.allocations[0].grant_id)


@strawberry.type(description="A grant came to be; scheduled where `effectiveAt` is after `recordedAt`.")
class Issued(_OfOneGrant):
    pass


@strawberry.type(description="A scheduled grant became usable.")
class Activated(_OfOneGrant):
    pass


@strawberry.type(description="What was left of a grant died.")
class Expired(_OfOneGrant):
    pass


@strawberry.type(description="An amount was taken, from the grants that burn first.")
class Consumed(LedgerEvent):
    pass


@strawberry.type(description="A customer was made known, or their metadata or personal data changed.")
class CustomerChanged(LedgerEvent):
    @resolved("The customer as they are now.")
    async def customer(
        self, info: Info
    ) -> Annotated["Customer", strawberry.lazy("app.edges.graphql.customers")] | None:
        from app.edges.graphql.customers import Customer  # the two types know each other

        found = await info.context.loaders.customers.load(self.customer_id or "")
        return None if found is None else Customer.of(found)


@strawberry.type(description="An entitlement type was defined or revised.")
class TypeChanged(LedgerEvent):
    @resolved("The whole definition from this event on.")
    def entitlement_type(self) -> EntitlementType:
        fact = self.recorded.event.fact
        if not isinstance(fact, events.TypeDefined | events.TypeRevised):
            raise TypeError(f"{self.kind} has no definition")
        return EntitlementType.of(fact.definition)


_TYPES: dict[type[events.Fact], type[LedgerEvent]] = {
    events.Issued: Issued,
    events.Activated: Activated,
    events.Consumed: Consumed,
    events.Expired: Expired,
    events.CustomerRegistered: CustomerChanged,
    events.CustomerUpdated: CustomerChanged,
    events.TypeDefined: TypeChanged,
    events.TypeRevised: TypeChanged,
}
EVENT_TYPES = tuple(dict.fromkeys(_TYPES.values()))
"""What the schema has to be told of: no field answers them by name."""


def event_of(recorded: RecordedEvent, scale: int) -> LedgerEvent:
    """The event as GraphQL shows it; `scale` is its type's, any where it has none."""
    event, stamp = recorded.event, recorded.event.stamp
    return _TYPES[type(event.fact)](
        id=strawberry.ID(event.event_id),
        recorded=recorded,
        scale=scale,
        position=Position(event.position),
        kind=event.kind,
        cursor=Cursor(cursor_of(recorded).encode()),
        command_id=strawberry.ID(stamp.command_id),
        customer_id=event.customer_id,
        type_code=event.type_code,
        amount=_text(event.amount, scale),
        delta=_text(event.delta, scale),
        balance_after=_text(event.balance_after, scale),
        effective_at=event.effective_at,
        recorded_at=event.recorded_at,
        reason=stamp.reason,
        note=recorded.note,
        customer_note=recorded.customer_note,
        correlation_id=stamp.correlation_id,
        causation_id=stamp.causation_id,
        idempotency_key=stamp.idempotency_key,
        metadata=JSON(event.metadata),
        leaf_hash=recorded.leaf_hash.hex(),
    )


async def events_of(context: Context, recorded: Sequence[RecordedEvent]) -> list[LedgerEvent]:
    """Events as GraphQL shows them; the scales of their types are looked up."""
    codes = {each.event.type_code for each in recorded if each.event.amount is not None}
    scales: Any = await context.services.queries.scales(context.ledger, codes - {None})  # type: ignore[arg-type]
    return [event_of(each, scales.get(each.event.type_code, 0)) for each in recorded]


async def load_event(context: Context, event_id: str) -> LedgerEvent | None:
    """The event with this id."""
    found = await context.loaders.events.load(event_id)
    return None if found is None else (await events_of(context, [found]))[0]


async def load_grant(context: Context, grant_id: str) -> Grant | None:
    """The grant with this id."""
    found = await context.loaders.grants.load(grant_id)
    return None if found is None else Grant.of(found)


def _text(steps: int | None, scale: int) -> Amount | None:
    return None if steps is None else Amount(to_text(steps, scale))
