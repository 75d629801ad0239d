"""What a well-shaped command does to a state, or why not: one short function a command.

What belongs here: the rules of the law that need the state. What does not: judging how the input is written (`shape`).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.account import Account
from app.domain.amounts import MAX_STEPS, to_steps, to_text
from app.domain.burn import burn
from app.domain.commands import (
    THE_LEDGER,
    UNSET,
    Consume,
    Context,
    DefineEntitlementType,
    Issue,
    RegisterCustomer,
    ReviseEntitlementType,
    SingleCommand,
    UpdateCustomer,
)
from app.domain.due import due
from app.domain.entitlement_type import Customer, CustomerState, EntitlementType, Profile
from app.domain.events import (
    Consumed,
    CustomerRegistered,
    CustomerUpdated,
    Draft,
    Event,
    Issued,
    Stamp,
    TypeDefined,
    TypeRevised,
)
from app.domain.rejections import (
    InsufficientBalance,
    LimitReached,
    NotAllowed,
    NotFound,
    RejectionCode,
    SimpleRejection,
    invalid,
)
from app.domain.state import State, evolve, record
from app.domain.type_policies import defined, revised
from app.domain.validity import Validity, expiry, parse_elapsed


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command does: its own drafts, and a customer's personal data, which no event carries."""

    drafts: tuple[Draft, ...]
    profile: tuple[str, Profile] | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a command wrote, and the state after it. `named` is the event that the command is named after."""

    state: State
    events: tuple[Event, ...]
    named: Event


Refused = tuple[SimpleRejection, ...]


def execute(state: State, command: SingleCommand, context: Context, stamp: Stamp) -> Accepted | Refused:
    """Decide the command at the stamp's instant and record what follows (L3.4).

    First what is due is written, then the command's own events, then what is due in consequence. A refusal is a
    non-empty tuple and leaves nothing behind. `stamp` carries the command's id, key and place; `context` who sends it.
    """
    writing = _Writing(state, stamp)
    if isinstance(command, Issue | Consume):
        writing.settle(command.customer_id, command.type_code)
    decision = decide(writing.state, command, context, stamp.recorded_at)
    if isinstance(decision, tuple):
        return decision
    own = [writing.write(draft) for draft in decision.drafts]
    if isinstance(command, Issue | Consume):
        writing.settle(command.customer_id, command.type_code)
    if decision.profile is not None:
        customer_id, profile = decision.profile
        writing.state = replace(writing.state, profiles={**writing.state.profiles, customer_id: profile})
    return Accepted(writing.state, tuple(writing.events), own[0])


def decide(state: State, command: SingleCommand, context: Context, now: datetime) -> Decision | Refused:
    """What the command does at `now` to a state in which nothing is due."""
    match command:
        case Issue():
            return _issue(state, command, context, now)
        case Consume():
            return _consume(state, command, context, now)
        case DefineEntitlementType():
            return _define(state, command, now)
        case ReviseEntitlementType():
            return _revise(state, command, now)
        case RegisterCustomer():
            return _register(state, command, now)
        case UpdateCustomer():
            return _update(state, command, now)
        case _ as never:
            assert_never(never)


class _Writing:
    """The state and events of one command as they grow; dropped whole on a refusal."""

    def __init__(self, state: State, stamp: Stamp) -> None:
        self.state = state
        self.events: list[Event] = []
        self._stamp = stamp

    def settle(self, customer_id: str, type_code: str) -> None:
        for draft in due(self.state.account(customer_id, type_code), self._stamp.recorded_at):
            self.write(draft)

    def write(self, draft: Draft) -> Event:
        stamp = self._stamp
        if draft.is_due:
            stamp = Stamp(stamp.ledger, stamp.command_id, THE_LEDGER, stamp.recorded_at)
        event = record(self.state, draft, stamp, len(self.events))
        self.state = evolve(self.state, event)
        self.events.append(event)
        return event


def _issue(state: State, command: Issue, context: Context, now: datetime) -> Decision | Refused:
    entitlement_type = state.types.get(command.type_code)
    if entitlement_type is None:
        return (_unknown_type(command.type_code),)
    effective_at = command.effective_at or now
    amount = to_steps(command.amount, entitlement_type.scale)
    problems = [] if amount is not None else [_misfit(entitlement_type)]
    expires_at = _expiry(command, entitlement_type, effective_at)
    if isinstance(expires_at, str):
        problems.append(invalid(expires_at, "expiresAt" if command.expires_at else "validity"))
        expires_at = None
    if problems or amount is None:
        return tuple(problems)
    refusal = (
        _backdated(entitlement_type, effective_at, context, now)
        or _closed(state.customers.get(command.customer_id), frozen_too=False)
        or _over_cap(
            state.account(command.customer_id, command.type_code),
            entitlement_type,
            amount,
            dead=expires_at is not None and expires_at <= now,
        )
    )
    if refusal is not None:
        return (refusal,)
    fact = Issued(amount, expires_at, command.priority, command.funding, command.cost_basis, command.restricted_to)
    return Decision((Draft(fact, effective_at, command.customer_id, command.type_code, command.metadata),))


def _consume(state: State, command: Consume, context: Context, now: datetime) -> Decision | Refused:
    entitlement_type = state.types.get(command.type_code)
    if entitlement_type is None:
        return (_unknown_type(command.type_code),)
    customer = state.customers.get(command.customer_id)
    if customer is None:
        return (_unknown_customer(command.customer_id),)
    effective_at = command.effective_at or now
    amount = to_steps(command.amount, entitlement_type.scale)
    problems = [] if amount is not None else [_misfit(entitlement_type)]
    if effective_at > now:
        problems.append(invalid("A consume cannot take effect in the future.", "effectiveAt"))
    if problems or amount is None:
        return tuple(problems)
    refusal = _backdated(entitlement_type, effective_at, context, now) or _closed(customer, frozen_too=True)
    if refusal is not None:
        return (refusal,)
    account = state.account(command.customer_id, command.type_code)
    taken = burn(account, amount, command.tags, effective_at)
    if taken.missing:
        waiting = [grant.effective_at for grant in account.open_grants() if not grant.is_activated]
        usable, lacking = (to_text(steps, entitlement_type.scale) for steps in (taken.available, taken.missing))
        return (
            InsufficientBalance(
                message=f"{usable} {entitlement_type.unit} can be used; {lacking} more would be needed.",
                field=("amount",),
                scale=entitlement_type.scale,
                available=taken.available,
                missing=taken.missing,
                unusable=taken.unusable,
                held=account.held,
                pending=account.pending,
                next_activation_at=min(waiting, default=None),
            ),
        )
    fact = Consumed(taken.allocations)
    return Decision((Draft(fact, effective_at, command.customer_id, command.type_code, command.metadata),))


def _define(state: State, command: DefineEntitlementType, now: datetime) -> Decision | Refused:
    definition = defined(command, now)
    if isinstance(definition, tuple):
        return definition
    if command.code in state.types:
        return (NotAllowed(RejectionCode.ALREADY_EXISTS, f"The type {command.code} exists already.", ("code",)),)
    return Decision((Draft(TypeDefined(definition), now, None, command.code, definition.metadata),))


def _revise(state: State, command: ReviseEntitlementType, now: datetime) -> Decision | Refused:
    known = state.types.get(command.code)
    if known is None:
        return (replace(_unknown_type(command.code), field=("code",)),)
    definition = revised(known, command)
    if isinstance(definition, tuple):
        return definition
    return Decision((Draft(TypeRevised(definition), now, None, command.code, definition.metadata),))


def _register(state: State, command: RegisterCustomer, now: datetime) -> Decision | Refused:
    if command.customer_id in state.customers:
        message = f"The customer {command.customer_id} exists already."
        return (NotAllowed(RejectionCode.ALREADY_EXISTS, message, ("customerId",)),)
    draft = Draft(CustomerRegistered(), now, command.customer_id, None, command.metadata)
    return Decision((draft,), (command.customer_id, Profile(command.name, command.email)))


def _update(state: State, command: UpdateCustomer, now: datetime) -> Decision | Refused:
    customer = state.customers.get(command.customer_id)
    if customer is None:
        return (_unknown_customer(command.customer_id),)
    refusal = _closed(customer, frozen_too=False)
    if refusal is not None:
        return (refusal,)
    profile = state.profiles.get(command.customer_id, Profile())
    profile = Profile(
        profile.name if command.name is UNSET else command.name,
        profile.email if command.email is UNSET else command.email,
    )
    metadata = customer.metadata if command.metadata is UNSET else command.metadata
    draft = Draft(CustomerUpdated(), now, command.customer_id, None, metadata)
    return Decision((draft,), (command.customer_id, profile))


def _expiry(command: Issue, entitlement_type: EntitlementType, effective_at: datetime) -> datetime | str | None:
    """The grant's expiry, or in words why there is none to be had."""
    expires_at = command.expires_at
    if expires_at is None:
        validity: Validity | None = command.validity or entitlement_type.default_validity
        if validity is None:
            return None
        try:
            expires_at = expiry(effective_at, validity, entitlement_type.time_zone)
        except OverflowError:
            return "The grant would expire outside the years 1 to 9999."
    if expires_at is not None and expires_at <= effective_at:
        return "The grant would be dead when it takes effect."
    return expires_at


def _misfit(entitlement_type: EntitlementType) -> SimpleRejection:
    return invalid(
        f"{entitlement_type.code} takes at most {entitlement_type.scale} decimal places and "
        f"{to_text(MAX_STEPS, entitlement_type.scale)} at most.",
        "amount",
    )


def _backdated(
    entitlement_type: EntitlementType, effective_at: datetime, context: Context, now: datetime
) -> SimpleRejection | None:
    if effective_at >= now:
        return None
    if not context.may_backdate:
        message = "Back-dating needs the scope ledger:backdate."
    elif (bound := parse_elapsed(entitlement_type.max_backdate or "")) is not None and now - effective_at > bound:
        message = f"{entitlement_type.code} can be back-dated by {entitlement_type.max_backdate} at most."
    else:
        return None
    return NotAllowed(RejectionCode.BACKDATE_NOT_ALLOWED, message, ("effectiveAt",))


def _closed(customer: Customer | None, *, frozen_too: bool) -> SimpleRejection | None:
    if customer is None or customer.state is CustomerState.ACTIVE:
        return None
    if customer.state is CustomerState.CLOSED:
        return NotAllowed(RejectionCode.CUSTOMER_CLOSED, "The customer is closed.", ("customerId",))
    if frozen_too:
        return NotAllowed(RejectionCode.CUSTOMER_FROZEN, "The customer is frozen.", ("customerId",))
    return None


def _over_cap(account: Account, entitlement_type: EntitlementType, amount: int, *, dead: bool) -> LimitReached | None:
    standing = account.total + account.pending
    cap = MAX_STEPS if entitlement_type.max_balance is None else entitlement_type.max_balance
    if not dead and standing + amount > cap:
        what, limit, remaining = "balance", cap, max(cap - standing, 0)
    elif account.issued + amount > MAX_STEPS or standing + amount > MAX_STEPS:
        what, limit, remaining = "lifetime figure", MAX_STEPS, MAX_STEPS - max(account.issued, standing)
    else:
        return None
    text = to_text(limit, entitlement_type.scale)
    return LimitReached(
        RejectionCode.BALANCE_CAP_EXCEEDED,
        f"The {what} may be {text} {entitlement_type.unit} at most.",
        ("amount",),
        entitlement_type.scale,
        limit,
        remaining,
    )


def _unknown_type(code: str) -> NotFound:
    return NotFound(RejectionCode.UNKNOWN_TYPE, f"There is no entitlement type {code}.", ("typeCode",))


def _unknown_customer(customer_id: str) -> NotFound:
    return NotFound(RejectionCode.UNKNOWN_CUSTOMER, f"There is no customer {customer_id}.", ("customerId",))
