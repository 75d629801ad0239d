"""A caller's command, or batch of them, on its way to be decided.

What belongs here: what a submission is, what it needs to know and how its events are stamped. What does not: deciding
it (`commit`), queueing it (`writer`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain.commands import (
    Actor,
    Consume,
    Context,
    DefineEntitlementType,
    Issue,
    ReviseEntitlementType,
    SingleCommand,
)
from app.domain.events import BatchPlace, Stamp
from app.store.batch import Needs


@dataclass(frozen=True, slots=True)
class Prepared:
    """A shaped command and the hash of its request."""

    command: SingleCommand
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """One caller's command, or batch of them (`batch_key` and `batch_hash`), ready to be decided."""

    context: Context
    operations: tuple[Prepared, ...]
    batch_key: str | None = None
    batch_hash: bytes = b""

    @property
    def keys(self) -> list[str]:
        """Every idempotency key in it."""
        keys = [operation.command.idempotency_key for operation in self.operations]
        return keys if self.batch_key is None else [self.batch_key, *keys]


def needs_of(submissions: Iterable[Submission]) -> Needs:
    """What must be loaded to decide these submissions."""
    customers, account_ids, types, profiles = set(), set(), set(), set()
    for submission in submissions:
        for operation in submission.operations:
            command = operation.command
            if isinstance(command, Issue | Consume):
                customers.add(command.customer_id)
                account_ids.add(command.customer_id)
                types.add(command.type_code)
            elif isinstance(command, DefineEntitlementType | ReviseEntitlementType):
                types.add(command.code)
            else:
                customers.add(command.customer_id)
                profiles.add(command.customer_id)
    return Needs(customers, account_ids, types, profiles)


def stamp_of(submission: Submission, index: int, command_id: str, now: datetime) -> Stamp:
    """What the events of the submission's operation `index` share."""
    command, actor = submission.operations[index].command, submission.context.actor
    place = None
    if submission.batch_key is not None:
        place = BatchPlace(submission.batch_key, index, len(submission.operations))
    return Stamp(
        ledger=submission.context.ledger,
        command_id=command_id,
        actor=Actor(actor.kind, actor.id, None, actor.on_behalf_of),
        recorded_at=now,
        idempotency_key=command.idempotency_key,
        reason=command.reason,
        correlation_id=command.correlation_id,
        causation_id=command.causation_id,
        batch=place,
    )
