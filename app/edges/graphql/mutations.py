"""Writing: every mutation takes one input and answers a payload.

What belongs here: the scope that each needs, and handing commands to the ledger. What does not: inputs (`inputs`),
payloads (`payloads`), deciding (`domain`).

Every field is nullable: a breakage in one must not hide the committed result of another in the same document.
"""

from typing import Annotated, TypeVar

import strawberry

from app.domain.commands import SingleCommand
from app.edges.graphql import convert
from app.edges.graphql.context import Info
from app.edges.graphql.fields import resolved
from app.edges.graphql.inputs import (
    BatchInput,
    ConsumeInput,
    DefineEntitlementTypeInput,
    IssueInput,
    RegisterCustomerInput,
    ReviseEntitlementTypeInput,
    UpdateCustomerInput,
)
from app.edges.graphql.payloads import BatchPayload, CustomerPayload, EntitlementTypePayload, OperationPayload
from app.services.outcomes import Outcome

T = TypeVar("T")
Given = Annotated[T, strawberry.argument(description="What to do, and the key that it is known by.")]

FIELDS_PER_OPERATION = 20
"""What each operation of a batch adds to the budget of fields: its receipt may be read."""


@strawberry.type(description="Everything that writes. A refusal is data: look at `errors`.")
class Mutation:
    @resolved("Give a customer an amount of an entitlement type, as one grant.", "ledger:issue")
    async def issue(self, info: Info, input: Given[IssueInput]) -> OperationPayload | None:
        return OperationPayload.of(await _submit(info, convert.issue(input)))

    @resolved("Take an amount in one step, from the grants that burn first.", "ledger:consume")
    async def consume(self, info: Info, input: Given[ConsumeInput]) -> OperationPayload | None:
        return OperationPayload.of(await _submit(info, convert.consume(input)))

    @resolved("1 to 1,000 operations, all or nothing.", "ledger:consume", "ledger:issue")
    async def batch(self, info: Info, input: Given[BatchInput]) -> BatchPayload | None:
        context = info.context
        context.budget.extend(FIELDS_PER_OPERATION * len(input.operations))
        outcome = await context.services.ledger.submit_batch(convert.batch(input), context.actor.context())
        return BatchPayload.of(outcome)

    @resolved("Define what may be held.", "catalog:write")
    async def define_entitlement_type(
        self, info: Info, input: Given[DefineEntitlementTypeInput]
    ) -> EntitlementTypePayload | None:
        return EntitlementTypePayload.of(await _submit(info, convert.define_entitlement_type(input)))

    @resolved("Change a type; what was issued keeps what it was issued with.", "catalog:write")
    async def revise_entitlement_type(
        self, info: Info, input: Given[ReviseEntitlementTypeInput]
    ) -> EntitlementTypePayload | None:
        return EntitlementTypePayload.of(await _submit(info, convert.revise_entitlement_type(input)))

    @resolved("Make a customer known before anything is issued to them.", "customers:write")
    async def register_customer(self, info: Info, input: Given[RegisterCustomerInput]) -> CustomerPayload | None:
        return CustomerPayload.of(await _submit(info, convert.register_customer(input)))

    @resolved("Change a customer's name, e-mail or metadata.", "customers:write")
    async def update_customer(self, info: Info, input: Given[UpdateCustomerInput]) -> CustomerPayload | None:
        return CustomerPayload.of(await _submit(info, convert.update_customer(input)))


async def _submit(info: Info, command: SingleCommand) -> Outcome:
    context = info.context
    return await context.services.ledger.submit(command, context.actor.context())
