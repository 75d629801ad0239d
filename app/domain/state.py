"""What a batch loaded, and how an event changes it: the one meaning of every event, live, on reading, and in `verify`.

What belongs here: `State`, `record` and `evolve`. What does not: whether something may happen (`decide`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from app.domain import ids
from app.domain.account import Account, AccountKey, Allocation, Grant
from app.domain.entitlement_type import Customer, EntitlementType, Profile
from app.domain.events import (
    AccountFact,
    Activated,
    Consumed,
    CustomerRegistered,
    CustomerUpdated,
    Draft,
    Event,
    Expired,
    Issued,
    Stamp,
    TypeDefined,
    TypeRevised,
    allocations_of,
    amount_of,
    delta_of,
)


@dataclass(frozen=True, slots=True)
class State:
    """A ledger as far as it is loaded; what is missing from a mapping does not exist."""

    position: int = 0
    types: Mapping[str, EntitlementType] = field(default_factory=dict)
    customers: Mapping[str, Customer] = field(default_factory=dict)
    accounts: Mapping[AccountKey, Account] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def account(self, customer_id: str, type_code: str) -> Account:
        """The account, an empty one where nothing ever happened."""
        return self.accounts.get((customer_id, type_code)) or Account(customer_id, type_code)


def record(state: State, draft: Draft, stamp: Stamp, index: int) -> Event:
    """Number a draft: the next position, the id of the command's event `index`, and what it does to `available`."""
    fact = draft.fact
    event_id = ids.event_id(stamp.command_id, index)
    amount = delta = balance_after = None
    allocations: tuple[Allocation, ...] = ()
    if isinstance(fact, AccountFact) and draft.customer_id is not None and draft.type_code is not None:
        amount = amount_of(fact)
        delta = delta_of(fact, draft.effective_at, stamp.recorded_at)
        balance_after = state.account(draft.customer_id, draft.type_code).available + delta
        allocations = allocations_of(fact, ids.grant_id(event_id))
    return Event(
        event_id=event_id,
        position=state.position + 1,
        stamp=stamp,
        fact=fact,
        customer_id=draft.customer_id,
        type_code=draft.type_code,
        effective_at=draft.effective_at,
        metadata=draft.metadata,
        amount=amount,
        delta=delta,
        balance_after=balance_after,
        allocations=allocations,
    )


def evolve(state: State, event: Event) -> State:
    """The state after the event; raises KeyError where the event names a grant that the state does not hold."""
    match event.fact:
        case TypeDefined(definition=definition) | TypeRevised(definition=definition):
            return replace(state, position=event.position, types={**state.types, definition.code: definition})
        case CustomerRegistered() | CustomerUpdated():
            return replace(state, position=event.position, customers={**state.customers, **_customer(state, event)})
        case _:
            account = state.account(event.customer_id or "", event.type_code or "")
            after = evolve_account(account, event)
            customers = state.customers
            if account.customer_id not in customers:
                customers = {**customers, account.customer_id: Customer(account.customer_id, event.recorded_at)}
            accounts = {**state.accounts, account.key: after}
            return State(event.position, state.types, customers, accounts, state.profiles)


def evolve_account(account: Account, event: Event) -> Account:
    """The account after one of its events."""
    fact = event.fact
    delta = event.delta or 0
    amount = event.amount or 0
    step: dict[str, Any] = {
        "available": account.available + delta,
        "version": account.version + 1,
        "position": event.position,
    }
    match fact:
        case Issued():
            grant = _issued(event, fact)
            pending = account.pending if grant.is_activated else account.pending + amount
            grants = {**account.grants, grant.grant_id: grant}
            return replace(account, **step, grants=grants, pending=pending, issued=account.issued + amount)
        case Activated():
            grant = replace(account.grants[fact.grant_id], is_activated=True)
            grants = {**account.grants, grant.grant_id: grant}
            return replace(account, **step, grants=grants, pending=account.pending - amount)
        case Consumed():
            return replace(account, **step, grants=_consumed(account.grants, fact), consumed=account.consumed + amount)
        case Expired():
            grant = account.grants[fact.grant_id]
            grant = replace(grant, remaining=grant.remaining - amount, expired=grant.expired + amount)
            grants = {**account.grants, grant.grant_id: grant}
            return replace(account, **step, grants=grants, expired=account.expired + amount)
        case CustomerRegistered() | CustomerUpdated() | TypeDefined() | TypeRevised():
            raise ValueError(f"{event.kind} concerns no account")
        case _ as never:
            assert_never(never)


def _issued(event: Event, fact: Issued) -> Grant:
    return Grant(
        grant_id=ids.grant_id(event.event_id),
        customer_id=event.customer_id or "",
        type_code=event.type_code or "",
        position=event.position,
        issued_by=event.event_id,
        amount=fact.amount,
        effective_at=event.effective_at,
        expires_at=fact.expires_at,
        priority=fact.priority,
        funding=fact.funding,
        cost_basis=fact.cost_basis,
        restricted_to=fact.restricted_to,
        metadata=event.metadata,
        remaining=fact.amount,
        is_activated=event.effective_at <= event.recorded_at,
    )


def _consumed(grants: Mapping[str, Grant], fact: Consumed) -> dict[str, Grant]:
    after = dict(grants)
    for allocation in fact.allocations:
        grant = after[allocation.grant_id]
        after[allocation.grant_id] = replace(
            grant, remaining=grant.remaining - allocation.amount, consumed=grant.consumed + allocation.amount
        )
    return after


def _customer(state: State, event: Event) -> dict[str, Customer]:
    customer_id = event.customer_id or ""
    known = state.customers.get(customer_id) or Customer(customer_id, event.recorded_at)
    return {customer_id: replace(known, metadata=event.metadata)}
