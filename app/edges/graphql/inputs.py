"""Inputs of mutations: what callers may write.

What belongs here: names, defaults and descriptions. What does not: turning them into commands (`convert`), judging
them (`domain.shape`).
"""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from app.edges.graphql.enums import CalendarEnd, ClawbackPolicy, EntitlementCategory, ExpiredReversalPolicy, Funding
from app.edges.graphql.scalars import JSON, Amount, Duration


def _required(description: str) -> Any:
    return strawberry.field(description=description)


def _optional(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


def _default(value: object, description: str) -> Any:
    return strawberry.field(default=value, description=description)


@strawberry.input(description="How long a grant lives: a duration, a calendar end, or both.")
class ValidityInput:
    duration: Duration | None = _optional("Counted from the grant's `effectiveAt`, such as P30D or P1Y.")
    until: CalendarEnd | None = _optional("Then until the end of that day, month or year; NEVER takes no duration.")


@strawberry.input(description="What every command carries.")
class CommandInput:
    idempotency_key: str = _required("1 to 255 characters; the same key again answers the first outcome.")
    reason: str | None = _optional("Why, as a code of the caller's: at most 128 characters, no personal data.")
    note: str | None = _optional("Why, in words for colleagues.")
    customer_note: str | None = _optional("Why, in words for the customer.")
    correlation_id: str | None = _optional("What it belongs to, such as an order.")
    causation_id: str | None = _optional("What caused it.")
    metadata: JSON | None = _optional(
        "A flat object of the caller's own, at most 50 members; on types and customers theirs, replaced as a whole."
    )


@strawberry.input(description="Give a customer an amount, as one grant.")
class IssueInput(CommandInput):
    customer_id: str = _required("To whom; a new customer is made known.")
    type_code: str = _required("Of which entitlement type.")
    amount: Amount = _required("How much; above 0, with at most the type's decimals.")
    effective_at: datetime | None = _optional("Usable from here on, past or future; absent: now.")
    expires_at: datetime | None = _optional("Dead from here on; excludes `validity`.")
    validity: ValidityInput | None = _optional("How long it lives; excludes `expiresAt`; absent: as the type says.")
    priority: int | None = _default(50, "0 to 100; lower pays first.")
    funding: Funding | None = _default(Funding.PROMOTIONAL, "Whether it was paid for.")
    cost_basis: str | None = _optional('What one of it cost, as a decimal string such as "0.01".')
    restricted_to: list[str] | None = _optional("Usable only by requests with one of these tags, at most 20.")


@strawberry.input(description="Take an amount in one step, from the grants that burn first.")
class ConsumeInput(CommandInput):
    customer_id: str = _required("From whom.")
    type_code: str = _required("Of which entitlement type.")
    amount: Amount = _required("How much; above 0, with at most the type's decimals.")
    effective_at: datetime | None = _optional("When it counts from, in the past; absent: now.")
    tags: list[str] | None = _optional("Opens grants that are restricted to one of these.")


@strawberry.input(one_of=True, description="One operation of a batch.")
class OperationInput:
    issue: IssueInput | None = _optional("Give an amount.")
    consume: ConsumeInput | None = _optional("Take an amount.")


@strawberry.input(description="1 to 1,000 operations, all or nothing.")
class BatchInput:
    idempotency_key: str = _required("1 to 255 characters; every operation has a key of its own besides.")
    operations: list[OperationInput] = _required("In order: each sees what the ones before it did.")


@strawberry.input(description="Define what may be held.")
class DefineEntitlementTypeInput(CommandInput):
    code: str = _required("Names it: A-Z, 0-9 and _, beginning with a letter.")
    name: str = _required("The name for people.")
    category: EntitlementCategory = _required("What kind of thing it is; never changes.")
    unit: str = _required("What one of it is called.")
    scale: int = _required("Decimal places of its amounts, 0 to 9; never changes.")
    time_zone: str | None = _default("UTC", "The IANA zone in which validity is resolved.")
    default_validity: ValidityInput | None = _optional("How long a grant lives that says nothing else.")
    max_balance: Amount | None = _optional("The most that an account may have and expect.")
    debt_limit: Amount | None = _default("0", "How far consumes may open debt.")
    max_backdate: Duration | None = _optional("How far back-dating may go; absent: any distance.")
    on_expired_reversal: ExpiredReversalPolicy | None = _default(
        ExpiredReversalPolicy.EXPIRE, "What happens when a reversal restores to a grant that has expired."
    )
    reversal_grace: Duration | None = _default("P30D", "How long the new grant of GRACE lives.")
    clawback: ClawbackPolicy | None = _default(
        ClawbackPolicy.UNUSED_ONLY, "Where revocations take what was used already."
    )
    hold_ttl_default: Duration | None = _default("PT15M", "How long a hold lives that says nothing else.")
    hold_ttl_max: Duration | None = _default("P7D", "How long a hold may live at most.")


@strawberry.input(description="Change a type: what is absent stays, null unsets where there may be nothing.")
class ReviseEntitlementTypeInput(CommandInput):
    code: str = _required("Which type.")
    name: str | None = _optional("The name for people.")
    unit: str | None = _optional("What one of it is called.")
    time_zone: str | None = _optional("The IANA zone in which validity is resolved.")
    default_validity: ValidityInput | None = _optional("How long a grant lives that says nothing else; null: for ever.")
    max_balance: Amount | None = _optional("The most that an account may have and expect; null: no cap.")
    debt_limit: Amount | None = _optional("How far consumes may open debt.")
    max_backdate: Duration | None = _optional("How far back-dating may go; null: any distance.")
    on_expired_reversal: ExpiredReversalPolicy | None = _optional(
        "What happens when a reversal restores to a grant that has expired."
    )
    reversal_grace: Duration | None = _optional("How long the new grant of GRACE lives.")
    clawback: ClawbackPolicy | None = _optional("Where revocations take what was used already.")
    hold_ttl_default: Duration | None = _optional("How long a hold lives that says nothing else.")
    hold_ttl_max: Duration | None = _optional("How long a hold may live at most.")


@strawberry.input(description="Make a customer known before anything is issued to them.")
class RegisterCustomerInput(CommandInput):
    customer_id: str = _required("The caller's own id: 1 to 128 printable characters, no personal data.")
    name: str | None = _optional("The customer's name; kept outside of the events.")
    email: str | None = _optional("The customer's e-mail address; kept outside of the events.")


@strawberry.input(description="Change a customer: what is absent stays, null unsets.")
class UpdateCustomerInput(CommandInput):
    customer_id: str = _required("Which customer.")
    name: str | None = _optional("The customer's name.")
    email: str | None = _optional("The customer's e-mail address.")
