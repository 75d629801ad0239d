"""Payloads: what mutations answer. A refusal is in `errors`, what was done in the rest.

What belongs here: reading an outcome out. What does not: doing it (`services.ledger`). Nothing is read from the
database that the outcome has already.
"""

from typing import Self

import strawberry

from app.domain import ids
from app.domain.events import Issued, RecordedEvent
from app.edges.graphql.balances import Balance, Grant
from app.edges.graphql.context import Info
from app.edges.graphql.customers import Customer
from app.edges.graphql.events import LedgerEvent, event_of, load_grant
from app.edges.graphql.fields import resolved
from app.edges.graphql.rejections import Rejection, rejection_of
from app.edges.graphql.types import EntitlementType
from app.services.outcomes import BatchOutcome, Outcome
from app.services.queries import grant_at
from app.services.readings import AsOf, BalanceAt, CustomerAt


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    errors: list[Rejection] = strawberry.field(description="Why the ledger said no; empty when it was done.")
    replayed: bool = strawberry.field(description="Whether this key had been answered before: nothing new happened.")


@strawberry.type(description="What a ledger operation did.")
class OperationPayload(MutationPayload):
    outcome: strawberry.Private[Outcome]

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """The outcome as GraphQL shows it."""
        errors = [rejection_of(each) for each in outcome.rejections]
        return cls(errors=errors, replayed=outcome.replayed, outcome=outcome)

    @resolved("The event that the operation is named after; null where it was refused.")
    def event(self) -> LedgerEvent | None:
        return _event(self.outcome, self.outcome.named)

    @resolved("All events that the operation wrote, in order.")
    def events(self) -> list[LedgerEvent]:
        return _events(self.outcome)

    @resolved("Of that event's account, live.")
    def balance(self) -> Balance | None:
        outcome = self.outcome
        if outcome.account is None or outcome.entitlement_type is None or outcome.as_of is None:
            return None
        as_of = AsOf(outcome.position, outcome.as_of)
        return Balance.of(BalanceAt(outcome.account, outcome.entitlement_type.scale, as_of))

    @resolved("The grant that an issue made, live.")
    async def grant(self, info: Info) -> Grant | None:
        outcome = self.outcome
        if outcome.named is None or not isinstance(outcome.named.event.fact, Issued):
            return None
        grant_id = ids.grant_id(outcome.named.event.event_id)
        known = outcome.account.grants.get(grant_id) if outcome.account else None
        if known is None or outcome.entitlement_type is None or outcome.as_of is None:
            return await load_grant(info.context, grant_id)
        return Grant.of(grant_at(known, outcome.entitlement_type.scale, outcome.as_of))


@strawberry.type(description="What a batch did: one result an operation, or none and why.")
class BatchPayload(MutationPayload):
    results: list[OperationPayload] = strawberry.field(description="One an operation, in order; empty when refused.")
    failed_index: int | None = strawberry.field(description="Which operation was refused, counted from 0.")

    @classmethod
    def of(cls, outcome: BatchOutcome) -> Self:
        """The outcome as GraphQL shows it."""
        return cls(
            errors=[rejection_of(each) for each in outcome.rejections],
            replayed=outcome.replayed,
            results=[OperationPayload.of(each) for each in outcome.results],
            failed_index=outcome.failed_index,
        )


@strawberry.type(description="What defining or revising an entitlement type did.")
class EntitlementTypePayload(MutationPayload):
    entitlement_type: EntitlementType | None = strawberry.field(description="The type as it is now.")
    event: LedgerEvent | None = strawberry.field(description="The event that it wrote.")

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """The outcome as GraphQL shows it."""
        known = outcome.entitlement_type
        return cls(
            errors=[rejection_of(each) for each in outcome.rejections],
            replayed=outcome.replayed,
            entitlement_type=None if known is None else EntitlementType.of(known),
            event=_event(outcome, outcome.named),
        )


@strawberry.type(description="What a command on a customer did.")
class CustomerPayload(MutationPayload):
    customer: Customer | None = strawberry.field(description="The customer as they are now.")
    event: LedgerEvent | None = strawberry.field(description="The event that the command is named after.")
    events: list[LedgerEvent] = strawberry.field(description="All events that the command wrote, in order.")

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """The outcome as GraphQL shows it."""
        customer = None
        if outcome.customer is not None and outcome.profile is not None:
            customer = Customer.of(CustomerAt(outcome.customer, outcome.profile))
        return cls(
            errors=[rejection_of(each) for each in outcome.rejections],
            replayed=outcome.replayed,
            customer=customer,
            event=_event(outcome, outcome.named),
            events=_events(outcome),
        )


def _event(outcome: Outcome, recorded: RecordedEvent | None) -> LedgerEvent | None:
    return None if recorded is None else event_of(recorded, _scale(outcome))


def _events(outcome: Outcome) -> list[LedgerEvent]:
    scale = _scale(outcome)
    return [event_of(each, scale) for each in outcome.events]


def _scale(outcome: Outcome) -> int:
    return outcome.entitlement_type.scale if outcome.entitlement_type else 0
