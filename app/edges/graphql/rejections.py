"""Refusals as callers see them: data, one concrete type for each kind.

What belongs here: their fields. What does not: their words and codes (`edges.outcomes`), GraphQL errors (`errors`).
"""

from datetime import datetime
from typing import Any

import strawberry

from app.domain import rejections
from app.edges import outcomes
from app.edges.graphql.context import Info
from app.edges.graphql.enums import RejectionCode
from app.edges.graphql.events import LedgerEvent, load_event
from app.edges.graphql.fields import resolved
from app.edges.graphql.scalars import Amount


@strawberry.interface(description="Why the ledger said no; nothing was written.")
class Rejection:
    code: RejectionCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")
    field: list[str] = strawberry.field(description="The path of the member of the input that it is about.")
    retryable: bool = strawberry.field(description="Whether sending the same key again later may succeed.")


@strawberry.type(description="A member of the input cannot be accepted.")
class InvalidInput(Rejection):
    pass


@strawberry.type(description="Something that the input names does not exist.")
class NotFound(Rejection):
    pass


@strawberry.type(description="The state of things forbids it.")
class NotAllowed(Rejection):
    pass


@strawberry.type(description="Not enough that this request could use.")
class InsufficientBalance(Rejection):
    available: Amount = strawberry.field(description="What this request could use.")
    missing: Amount = strawberry.field(description="How much more it would need.")
    unusable: Amount = strawberry.field(description="What is available but restricted to other requests.")
    held: Amount = strawberry.field(description="What holds have set aside.")
    pending: Amount = strawberry.field(description="What scheduled grants will bring.")
    next_activation_at: datetime | None = strawberry.field(description="When the next scheduled grant becomes usable.")


@strawberry.type(description="A limit would be passed.")
class LimitReached(Rejection):
    limit: Amount = strawberry.field(description="The limit.")
    remaining: Amount = strawberry.field(description="What is left of it.")


@strawberry.type(description="The idempotency key was used for another request.")
class IdempotencyConflict(Rejection):
    first_event_id: strawberry.Private[str]

    @resolved("The first event that the key's own request wrote.")
    async def first_event(self, info: Info) -> LedgerEvent | None:
        return await load_event(info.context, self.first_event_id)


@strawberry.type(description="One operation of a batch was refused, and with it the whole batch.")
class BatchRefused(Rejection):
    index: int = strawberry.field(description="Which operation, counted from 0.")
    cause: Rejection = strawberry.field(description="Why it was refused.")


@strawberry.type(description="Too much is waiting to be written, or the database is contended; nothing was written.")
class Overloaded(Rejection):
    retry_after_ms: int = strawberry.field(description="How long to wait before sending the same key again.")


@strawberry.type(description="The ledger cannot write now; nothing was written.")
class Unavailable(Rejection):
    pass


@strawberry.type(
    description="The connection broke around the commit: it may have been written. The same key finds out."
)
class OutcomeUnknown(Rejection):
    pass


_TYPES: dict[type[rejections.Rejection], type[Rejection]] = {
    rejections.InvalidInput: InvalidInput,
    rejections.NotFound: NotFound,
    rejections.NotAllowed: NotAllowed,
    rejections.InsufficientBalance: InsufficientBalance,
    rejections.LimitReached: LimitReached,
    rejections.IdempotencyConflict: IdempotencyConflict,
    rejections.BatchRefused: BatchRefused,
    rejections.Overloaded: Overloaded,
    rejections.Unavailable: Unavailable,
    rejections.OutcomeUnknown: OutcomeUnknown,
}
REJECTION_TYPES = tuple(_TYPES.values())
"""What the schema has to be told of: no field answers them by name."""


def rejection_of(value: rejections.Rejection) -> Rejection:
    """The refusal as GraphQL shows it."""
    members: Any = {**outcomes.common(value), **outcomes.details(value)}
    if isinstance(value, rejections.BatchRefused):
        members["cause"] = rejection_of(value.cause)
    return _TYPES[type(value)](**members)
