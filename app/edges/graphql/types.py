"""What may be held, and the small values that other types share.

What belongs here: Node, entitlement types, who acts, when. What does not: accounts (`balances`), events (`events`),
customers (`customers`).
"""

from datetime import datetime
from typing import Self

import strawberry

from app.domain import commands, entitlement_type, ids, validity
from app.domain.amounts import to_text
from app.edges.graphql.enums import ActorKind, CalendarEnd, ClawbackPolicy, EntitlementCategory, ExpiredReversalPolicy
from app.edges.graphql.scalars import JSON, Amount, Duration, Position
from app.services.readings import AsOf as AsOfValue


@strawberry.interface(
    description=(
        "Global id, unique over all types: evt_..., grt_..., cus_<customerId>, typ_<code>, "
        "bal_<customerId>:<code> (split at the last colon)."
    )
)
class Node:
    id: strawberry.ID = strawberry.field(description="The global id.")

    @classmethod
    def resolve_type(cls, value: object, *_: object) -> str:
        """The value's own type bears its class's name: nothing has to be searched for each event of a page."""
        return type(value).__name__


@strawberry.type(description="How long a grant lives: a duration, a calendar end, or both (the calendar end is last).")
class Validity:
    duration: Duration | None = strawberry.field(description="Counted from the grant's `effectiveAt`.")
    until: CalendarEnd | None = strawberry.field(description="Then until the end of that day, month or year.")

    @classmethod
    def of(cls, value: validity.Validity) -> Self:
        """The validity as GraphQL shows it."""
        return cls(duration=_duration(value.duration), until=value.until)


@strawberry.type(description="What may be held: points, credits, products or vouchers of one kind.")
class EntitlementType(Node):
    code: str = strawberry.field(description="Names the type, such as POINTS; never changes.")
    name: str = strawberry.field(description="The name for people.")
    category: EntitlementCategory = strawberry.field(description="What kind of thing it is; never changes.")
    unit: str = strawberry.field(description="What one of it is called.")
    scale: int = strawberry.field(description="Decimal places of its amounts, 0 to 9; never changes.")
    time_zone: str = strawberry.field(description="The IANA zone in which validity is resolved.")
    default_validity: Validity | None = strawberry.field(description="How long a grant lives that says nothing else.")
    max_balance: Amount | None = strawberry.field(description="The most that an account may have and expect.")
    debt_limit: Amount = strawberry.field(description="How far consumes may open debt.")
    max_backdate: Duration | None = strawberry.field(description="How far back-dating may go; null has no bound.")
    on_expired_reversal: ExpiredReversalPolicy = strawberry.field(
        description="What happens when a reversal restores to a grant that has expired."
    )
    reversal_grace: Duration = strawberry.field(description="How long the new grant of GRACE lives.")
    clawback: ClawbackPolicy = strawberry.field(description="Where revocations take what was used already.")
    hold_ttl_default: Duration = strawberry.field(description="How long a hold lives that says nothing else.")
    hold_ttl_max: Duration = strawberry.field(description="How long a hold may live at most.")
    metadata: JSON = strawberry.field(description="A flat object of the caller's own.")
    created_at: datetime = strawberry.field(description="When it was defined.")

    @classmethod
    def of(cls, value: entitlement_type.EntitlementType) -> Self:
        """The type as GraphQL shows it."""
        lives = value.default_validity
        return cls(
            id=strawberry.ID(ids.TYPE + value.code),
            code=value.code,
            name=value.name,
            category=value.category,
            unit=value.unit,
            scale=value.scale,
            time_zone=value.time_zone,
            default_validity=None if lives is None else Validity.of(lives),
            max_balance=None if value.max_balance is None else Amount(to_text(value.max_balance, value.scale)),
            debt_limit=Amount(to_text(value.debt_limit, value.scale)),
            max_backdate=_duration(value.max_backdate),
            on_expired_reversal=value.on_expired_reversal,
            reversal_grace=Duration(value.reversal_grace),
            clawback=value.clawback,
            hold_ttl_default=Duration(value.hold_ttl_default),
            hold_ttl_max=Duration(value.hold_ttl_max),
            metadata=JSON(value.metadata),
            created_at=value.created_at,
        )


@strawberry.type(description="What was known when, about when: the ledger after `position`, at `time`.")
class AsOf:
    position: Position = strawberry.field(description="The last event that is counted.")
    time: datetime = strawberry.field(description="The instant at which expiry and activation are judged.")

    @classmethod
    def of(cls, value: AsOfValue) -> Self:
        """The moment as GraphQL shows it."""
        return cls(position=Position(value.position), time=value.time)


@strawberry.type(description="Who acts.")
class Actor:
    kind: ActorKind = strawberry.field(description="What kind of actor.")
    id: str = strawberry.field(description="Names the actor among its kind.")
    name: str | None = strawberry.field(description="The name for people.")
    on_behalf_of: str | None = strawberry.field(description="For whom the actor acts.")

    @classmethod
    def of(cls, value: commands.Actor) -> Self:
        """The actor as GraphQL shows it."""
        return cls(kind=value.kind, id=value.id, name=value.name, on_behalf_of=value.on_behalf_of)


def _duration(text: str | None) -> Duration | None:
    return None if text is None else Duration(text)
