"""Accounts and grants as of their last event.

What belongs here: statements on `account` and `grant`, rows to values and back. What does not: what time has changed
since (`domain.due.settled`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, Row, Select, and_, bindparam, cast, func, or_, select, tuple_

from app.domain import ids
from app.domain.account import Account, AccountKey, Funding, Grant, GrantState
from app.store import codec
from app.store.picking import first_of_each
from app.store.rows import upsert
from app.store.tables import OPEN, account, grant

_ACCOUNTS = select(account).where(
    account.c.ledger == bindparam("ledger"), account.c.customer_id.in_(bindparam("ids", expanding=True))
)
_OPEN_GRANTS = select(grant).where(
    grant.c.ledger == bindparam("ledger"), grant.c.customer_id.in_(bindparam("ids", expanding=True)), OPEN
)
_ACCOUNTS_OF_TYPES = _ACCOUNTS.where(account.c.type_code.in_(bindparam("codes", expanding=True)))
_OPEN_GRANTS_OF_TYPES = _OPEN_GRANTS.where(grant.c.type_code.in_(bindparam("codes", expanding=True)))
_EXPIRING = (
    select(
        grant.c.customer_id,
        grant.c.type_code,
        grant.c.expires_at,
        cast(func.sum(grant.c.remaining), BigInteger).label("amount"),
    )
    .where(
        grant.c.ledger == bindparam("ledger"),
        grant.c.customer_id.in_(bindparam("ids", expanding=True)),
        grant.c.type_code.in_(bindparam("codes", expanding=True)),
        OPEN,
        grant.c.remaining > 0,
        grant.c.effective_at <= bindparam("now"),
        grant.c.expires_at > bindparam("now"),
    )
    .group_by(grant.c.customer_id, grant.c.type_code, grant.c.expires_at)
    .order_by(grant.c.expires_at)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's figures as of its last event, without its grants, and when time changes them."""

    account: Account
    unrestricted: int
    next_due_at: datetime | None


def load(
    connection: Connection, ledger: str, customer_ids: Collection[str], type_codes: Collection[str] | None = None
) -> dict[AccountKey, Account]:
    """The accounts of these customers (of these types) with their open grants: what a decision needs."""
    if not customer_ids or (type_codes is not None and not type_codes):
        return {}
    accounts, grants = _ACCOUNTS, _OPEN_GRANTS
    parameters: dict[str, Any] = {"ledger": ledger, "ids": list(customer_ids)}
    if type_codes is not None:
        accounts, grants = _ACCOUNTS_OF_TYPES, _OPEN_GRANTS_OF_TYPES
        parameters["codes"] = list(type_codes)
    open_grants: dict[AccountKey, dict[str, Grant]] = {}
    # Sorting a batch's few rows here is cheaper than making the database sort them.
    for each in sorted(map(to_grant, connection.execute(grants, parameters)), key=_issuing_order):
        open_grants.setdefault((each.customer_id, each.type_code), {})[each.grant_id] = each
    found = {}
    for row in connection.execute(accounts, parameters):
        key = (row.customer_id, row.type_code)
        found[key] = to_account(row, open_grants.get(key, {}))
    return found


def standings(
    connection: Connection, ledger: str, customer_ids: Collection[str], type_codes: Collection[str] | None = None
) -> dict[AccountKey, Standing]:
    """The accounts of these customers (of these types) by figures alone: what most reads need, in order of types."""
    if not customer_ids or (type_codes is not None and not type_codes):
        return {}
    statement = _ACCOUNTS if type_codes is None else _ACCOUNTS_OF_TYPES
    parameters = {"ledger": ledger, "ids": list(customer_ids), "codes": list(type_codes or ())}
    rows = sorted(connection.execute(statement, parameters), key=lambda row: (row.customer_id, row.type_code))
    return {
        (row.customer_id, row.type_code): Standing(to_account(row, {}), row.unrestricted, row.next_due_at)
        for row in rows
    }


def expiring(
    connection: Connection, ledger: str, customer_ids: Collection[str], type_codes: Collection[str], now: datetime
) -> dict[AccountKey, list[tuple[datetime, int]]]:
    """What of `available` at `now` expires when, soonest first, by account."""
    found: dict[AccountKey, list[tuple[datetime, int]]] = {}
    parameters = {"ledger": ledger, "ids": list(customer_ids), "codes": list(type_codes), "now": now}
    for row in connection.execute(_EXPIRING, parameters):
        found.setdefault((row.customer_id, row.type_code), []).append((row.expires_at, row.amount))
    return found


def grants_of(connection: Connection, ledger: str, key: AccountKey) -> dict[str, Grant]:
    """Every grant of one account, spent and expired ones too, in issuing order."""
    statement = (
        select(grant)
        .where(grant.c.ledger == ledger, grant.c.customer_id == key[0], grant.c.type_code == key[1])
        .order_by(grant.c.position, grant.c.grant_id)
    )
    return {row.grant_id: to_grant(row) for row in connection.execute(statement)}


def grants_by_id(connection: Connection, ledger: str, grant_ids: Collection[str]) -> dict[str, Grant]:
    """The grants with these ids."""
    if not grant_ids:
        return {}
    statement = select(grant).where(grant.c.ledger == ledger, grant.c.grant_id.in_(grant_ids))
    return {row.grant_id: to_grant(row) for row in connection.execute(statement)}


def grants_pages(
    connection: Connection,
    ledger: str,
    customer_ids: Collection[str],
    *,
    type_code: str | None,
    states: Collection[GrantState] | None,
    now: datetime,
    ascending: bool,
    above: tuple[int, str] | None,
    below: tuple[int, str] | None,
    limit: int,
) -> dict[str, list[Grant]]:
    """Up to `limit` grants of each customer with `above` < (position, id) < `below`, in issuing order; states are
    those at `now`. One statement, whatever the number of customers.
    """
    wanted: Select[Any] = select(grant.c.grant_id).where(grant.c.ledger == ledger)
    if type_code is not None:
        wanted = wanted.where(grant.c.type_code == type_code)
    if states is not None:
        wanted = wanted.where(or_(*(_in_state(state, now) for state in states)))
    place = tuple_(grant.c.position, grant.c.grant_id)
    if above is not None:
        wanted = wanted.where(place > tuple_(*above))
    if below is not None:
        wanted = wanted.where(place < tuple_(*below))
    order = [column.asc() if ascending else column.desc() for column in (grant.c.position, grant.c.grant_id)]
    picked = first_of_each(wanted.order_by(*order).limit(limit), grant.c.customer_id, customer_ids)
    statement = select(grant).where(grant.c.ledger == ledger, grant.c.grant_id.in_(picked)).order_by(*order)
    found: dict[str, list[Grant]] = {customer_id: [] for customer_id in customer_ids}
    for row in connection.execute(statement):
        found[row.customer_id].append(to_grant(row))
    return found


def save(connection: Connection, ledger: str, accounts: Iterable[Account], grants: Iterable[Grant]) -> None:
    """Write accounts and grants as they are after their last event."""
    upsert(connection, account, [account_row(ledger, each) for each in accounts])
    upsert(connection, grant, [grant_row(ledger, each) for each in grants])


def account_row(ledger: str, each: Account) -> codec.Members:
    """An account's columns; its open grants must be loaded."""
    return {
        "ledger": ledger,
        "customer_id": each.customer_id,
        "type_code": each.type_code,
        "available": each.available,
        "unrestricted": each.unrestricted,
        "pending": each.pending,
        "held": each.held,
        "debt": each.debt,
        "issued": each.issued,
        "consumed": each.consumed,
        "expired": each.expired,
        "revoked": each.revoked,
        "restored": each.restored,
        "transferred_in": each.transferred_in,
        "transferred_out": each.transferred_out,
        "version": each.version,
        "position": each.position,
        "next_due_at": each.next_due_at,
    }


def grant_row(ledger: str, each: Grant) -> codec.Members:
    """A grant's columns."""
    return {
        "ledger": ledger,
        "grant_id": each.grant_id,
        "customer_id": each.customer_id,
        "type_code": each.type_code,
        "position": each.position,
        "effective_at": each.effective_at,
        "expires_at": each.expires_at,
        "priority": each.priority,
        "funding": each.funding.value,
        "cost_basis": each.cost_basis,
        "restricted_to": codec.canonical(each.restricted_to).decode() if each.restricted_to else "[]",
        "metadata_json": codec.canonical(each.metadata).decode() if each.metadata else "{}",
        "is_activated": each.is_activated,
        "amount": each.amount,
        "remaining": each.remaining,
        "held": each.held,
        "consumed": each.consumed,
        "expired": each.expired,
        "revoked": each.revoked,
        "restored": each.restored,
        "moved_out": each.moved_out,
        "repaid": each.repaid,
    }


def to_account(row: Row[Any], grants: dict[str, Grant]) -> Account:
    """The account that a row and its open grants say."""
    _, customer_id, type_code, available, _, *figures, _ = tuple(row)
    return Account(customer_id, type_code, grants, available, *figures)


def to_grant(row: Row[Any]) -> Grant:
    """The grant that a row says."""
    values = tuple(row)
    _, grant_id, customer_id, type_code, position, effective_at, expires_at, priority, funding, cost_basis = values[:10]
    restricted_to, metadata, is_activated, amount, remaining, *figures = values[10:]
    return Grant(
        grant_id,
        customer_id,
        type_code,
        position,
        ids.issued_by(grant_id),
        amount,
        effective_at,
        expires_at,
        priority,
        Funding(funding),
        cost_basis,
        () if restricted_to == "[]" else tuple(orjson.loads(restricted_to)),
        {} if metadata == "{}" else orjson.loads(metadata),
        remaining,
        is_activated,
        *figures,
    )


def _issuing_order(each: Grant) -> tuple[int, str]:
    return each.position, each.grant_id


def _in_state(state: GrantState, now: datetime) -> Any:
    """L4.2 as a condition; what is due but unwritten makes no difference to it, except that a dead grant has nothing
    left.
    """
    scheduled = grant.c.effective_at > now
    expired = and_(grant.c.expires_at.is_not(None), grant.c.expires_at <= now)
    has_something = or_(grant.c.remaining > 0, grant.c.held > 0)
    revoked = and_(grant.c.revoked > 0, ~has_something)
    match state:
        case GrantState.SCHEDULED:
            return and_(scheduled, ~revoked)
        case GrantState.REVOKED:
            return revoked
        case GrantState.EXPIRED:
            return and_(expired, ~scheduled, ~revoked)
        case GrantState.EXHAUSTED:
            return and_(~has_something, ~scheduled, ~expired, ~revoked)
        case GrantState.ACTIVE:
            return and_(has_something, ~scheduled, ~expired)
