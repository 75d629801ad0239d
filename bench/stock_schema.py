"""The yardstick's schema: the contract's names for `issue`, `balance` and `events`, as Strawberry documents it.

Belongs here: types, resolvers and scalars. Does not belong here: rows and transactions (`stock_ledger`), the process
(`stock_server`).
"""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum
from typing import Any, NewType

import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from bench.stock_ledger import Issued, RefusedError, StockLedger
from bench.stock_tables import AccountRow, EventRow

Amount = NewType("Amount", str)
Cursor = NewType("Cursor", str)
Position = NewType("Position", int)
Info = strawberry.Info["Context", None]
Context = dict[str, Any]


@strawberry.enum
class EntitlementCategory(Enum):
    POINTS = "POINTS"
    CREDITS = "CREDITS"
    PRODUCT = "PRODUCT"
    VOUCHER = "VOUCHER"


@strawberry.type
class EntitlementType:
    id: strawberry.ID
    code: str


@strawberry.type
class Balance:
    id: strawberry.ID
    customer_id: str
    type_code: str
    available: Amount
    version: int


@strawberry.type
class Grant:
    id: strawberry.ID
    amount: Amount


@strawberry.type
class LedgerEvent:
    id: strawberry.ID
    position: Position
    kind: str
    customer_id: str
    type_code: str
    amount: Amount
    delta: str
    balance_after: Amount
    recorded_at: datetime


@strawberry.type
class Rejection:
    code: str
    message: str
    field: list[str]


@strawberry.type
class OperationPayload:
    event: LedgerEvent | None = None
    balance: Balance | None = None
    grant: Grant | None = None
    errors: list[Rejection] = strawberry.field(default_factory=list)
    replayed: bool = False


@strawberry.type
class EntitlementTypePayload:
    entitlement_type: EntitlementType | None = None
    errors: list[Rejection] = strawberry.field(default_factory=list)


@strawberry.type
class EventDelivery:
    cursor: Cursor
    events: list[LedgerEvent]


@strawberry.input
class IssueInput:
    customer_id: str
    type_code: str
    amount: Amount
    idempotency_key: str
    reason: str | None = None
    note: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    metadata: JSON | None = None


@strawberry.input
class DefineEntitlementTypeInput:
    code: str
    name: str
    category: EntitlementCategory
    unit: str
    scale: int
    idempotency_key: str


@strawberry.type
class Query:
    @strawberry.field
    async def balance(self, info: Info, customer_id: str, type_code: str) -> Balance | None:
        ledger: StockLedger = info.context["ledger"]
        entitlement_type = await ledger.entitlement_type(type_code)
        if entitlement_type is None:
            return None
        account = await ledger.balance(customer_id, type_code) or AccountRow(
            customer_id=customer_id, type_code=type_code
        )
        return present_balance(account, entitlement_type.scale)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def issue(self, info: Info, input: IssueInput) -> OperationPayload | None:
        ledger: StockLedger = info.context["ledger"]
        try:
            issued = await ledger.issue(strawberry.asdict(input))
        except RefusedError as refusal:
            return OperationPayload(errors=[Rejection(code="INVALID_INPUT", message=str(refusal), field=["input"])])
        if not issued.replayed:
            await info.context["broadcast"].publish("events", issued)
        return present_issued(issued)

    @strawberry.mutation
    async def define_entitlement_type(
        self, info: Info, input: DefineEntitlementTypeInput
    ) -> EntitlementTypePayload | None:
        ledger: StockLedger = info.context["ledger"]
        row = await ledger.define(input.code, input.name, input.category.value, input.unit, input.scale)
        return EntitlementTypePayload(
            entitlement_type=EntitlementType(id=strawberry.ID(f"typ_{row.code}"), code=row.code)
        )


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self, info: Info) -> AsyncIterator[EventDelivery]:
        async with info.context["broadcast"].subscribe("events") as subscriber:
            async for message in subscriber:
                event = present_event(message.message.event, message.message.scale)
                yield EventDelivery(cursor=Cursor(str(event.position)), events=[event])


def present_issued(issued: Issued) -> OperationPayload:
    return OperationPayload(
        event=present_event(issued.event, issued.scale),
        balance=present_balance(issued.account, issued.scale),
        grant=Grant(id=strawberry.ID(issued.grant.grant_id), amount=decimal(issued.grant.amount, issued.scale)),
        replayed=issued.replayed,
    )


def present_event(event: EventRow, scale: int) -> LedgerEvent:
    assert event.position is not None
    return LedgerEvent(
        id=strawberry.ID(event.event_id),
        position=Position(event.position),
        kind=event.kind,
        customer_id=event.customer_id,
        type_code=event.type_code,
        amount=decimal(event.amount, scale),
        delta=decimal(event.delta, scale),
        balance_after=decimal(event.balance_after, scale),
        recorded_at=event.recorded_at,
    )


def present_balance(account: AccountRow, scale: int) -> Balance:
    return Balance(
        id=strawberry.ID(f"bal_{account.customer_id}:{account.type_code}"),
        customer_id=account.customer_id,
        type_code=account.type_code,
        available=decimal(account.available, scale),
        version=account.version,
    )


def decimal(amount: int, scale: int) -> Amount:
    if scale == 0:
        return Amount(str(amount))
    digits = str(amount).rjust(scale + 1, "0")
    return Amount(f"{digits[:-scale]}.{digits[-scale:]}")


SCALARS: dict[object, ScalarDefinition] = {
    Amount: strawberry.scalar(name="Amount", parse_value=str),
    Cursor: strawberry.scalar(name="Cursor"),
    Position: strawberry.scalar(name="Position"),
}


def build_schema(caches: bool) -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[ParserCache, ValidationCache] if caches else [],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
