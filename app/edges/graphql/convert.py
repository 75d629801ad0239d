"""Inputs to commands: GraphQL's "absent" and "null" into the domain's words, and nothing else.

What belongs here: one function a command. What does not: judging a value (`domain.shape`), amounts included.

Absent or null for a member with a default is the default. Where null means something (revising, updating), it is handed
on, and the domain says where there must be a value.
"""

from typing import Any, TypeVar

from strawberry import UNSET

from app.domain import commands
from app.domain.commands import (
    Batch,
    Consume,
    DefineEntitlementType,
    Issue,
    Operation,
    RegisterCustomer,
    ReviseEntitlementType,
    UpdateCustomer,
)
from app.domain.validity import Validity
from app.edges.graphql.arguments import given
from app.edges.graphql.enums import ClawbackPolicy, ExpiredReversalPolicy, Funding
from app.edges.graphql.inputs import (
    BatchInput,
    CommandInput,
    ConsumeInput,
    DefineEntitlementTypeInput,
    IssueInput,
    OperationInput,
    RegisterCustomerInput,
    ReviseEntitlementTypeInput,
    UpdateCustomerInput,
    ValidityInput,
)

T = TypeVar("T")


def issue(source: IssueInput) -> Issue:
    """The command that the input says."""
    return Issue(
        **_common(source),
        customer_id=source.customer_id,
        type_code=source.type_code,
        amount=source.amount,
        effective_at=given(source.effective_at),
        expires_at=given(source.expires_at),
        validity=_validity(given(source.validity)),
        priority=_or_default(source.priority, 50),
        funding=_or_default(source.funding, Funding.PROMOTIONAL),
        cost_basis=given(source.cost_basis),
        restricted_to=tuple(given(source.restricted_to) or ()),
        metadata=_metadata(source),
    )


def consume(source: ConsumeInput) -> Consume:
    """The command that the input says."""
    return Consume(
        **_common(source),
        customer_id=source.customer_id,
        type_code=source.type_code,
        amount=source.amount,
        effective_at=given(source.effective_at),
        tags=tuple(given(source.tags) or ()),
        metadata=_metadata(source),
    )


def batch(source: BatchInput) -> Batch:
    """The batch that the input says."""
    return Batch(
        idempotency_key=source.idempotency_key,
        operations=tuple(_operation(each) for each in source.operations),
    )


def define_entitlement_type(source: DefineEntitlementTypeInput) -> DefineEntitlementType:
    """The command that the input says."""
    return DefineEntitlementType(
        **_common(source),
        code=source.code,
        name=source.name,
        category=source.category,
        unit=source.unit,
        scale=source.scale,
        time_zone=_or_default(source.time_zone, "UTC"),
        default_validity=_validity(given(source.default_validity)),
        max_balance=given(source.max_balance),
        debt_limit=_or_default(source.debt_limit, "0"),
        max_backdate=given(source.max_backdate),
        on_expired_reversal=_or_default(source.on_expired_reversal, ExpiredReversalPolicy.EXPIRE),
        reversal_grace=_or_default(source.reversal_grace, "P30D"),
        clawback=_or_default(source.clawback, ClawbackPolicy.UNUSED_ONLY),
        hold_ttl_default=_or_default(source.hold_ttl_default, "PT15M"),
        hold_ttl_max=_or_default(source.hold_ttl_max, "P7D"),
        metadata=_metadata(source),
    )


def revise_entitlement_type(source: ReviseEntitlementTypeInput) -> ReviseEntitlementType:
    """The command that the input says; null is handed on."""
    return ReviseEntitlementType(
        **_common(source),
        code=source.code,
        name=_or_unset(source.name),
        unit=_or_unset(source.unit),
        time_zone=_or_unset(source.time_zone),
        default_validity=_or_unset(
            source.default_validity if source.default_validity is UNSET else _validity(source.default_validity)
        ),
        max_balance=_or_unset(source.max_balance),
        debt_limit=_or_unset(source.debt_limit),
        max_backdate=_or_unset(source.max_backdate),
        on_expired_reversal=_or_unset(source.on_expired_reversal),
        reversal_grace=_or_unset(source.reversal_grace),
        clawback=_or_unset(source.clawback),
        hold_ttl_default=_or_unset(source.hold_ttl_default),
        hold_ttl_max=_or_unset(source.hold_ttl_max),
        metadata=_or_unset(source.metadata),
    )


def register_customer(source: RegisterCustomerInput) -> RegisterCustomer:
    """The command that the input says."""
    return RegisterCustomer(
        **_common(source),
        customer_id=source.customer_id,
        name=given(source.name),
        email=given(source.email),
        metadata=_metadata(source),
    )


def update_customer(source: UpdateCustomerInput) -> UpdateCustomer:
    """The command that the input says; null is handed on."""
    return UpdateCustomer(
        **_common(source),
        customer_id=source.customer_id,
        name=_or_unset(source.name),
        email=_or_unset(source.email),
        metadata=_or_unset(source.metadata),
    )


def _operation(source: OperationInput) -> Operation:
    if source.issue:
        return issue(source.issue)
    if source.consume:
        return consume(source.consume)
    raise TypeError("an operation of a batch is none of those that there are")


def _common(source: CommandInput) -> dict[str, Any]:
    return {
        "idempotency_key": source.idempotency_key,
        "reason": given(source.reason),
        "note": given(source.note),
        "customer_note": given(source.customer_note),
        "correlation_id": given(source.correlation_id),
        "causation_id": given(source.causation_id),
    }


def _metadata(source: CommandInput) -> Any:
    metadata = given(source.metadata)
    return {} if metadata is None else metadata


def _validity(source: ValidityInput | None) -> Validity | None:
    return None if source is None else Validity(given(source.duration), given(source.until))


def _or_default(value: T | None, default: T) -> T:
    return default if value is None or value is UNSET else value


def _or_unset(value: object) -> Any:
    return commands.UNSET if value is UNSET else value
