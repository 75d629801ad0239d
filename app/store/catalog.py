"""Entitlement types, customers and profiles as they are now.

What belongs here: statements on `entitlement_type`, `customer`, `profile`. What does not: figures (`accounts`).
"""

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from app.domain.entitlement_type import Customer, CustomerState, EntitlementType, Profile
from app.store import codec
from app.store.rows import upsert
from app.store.tables import customer, entitlement_type, profile

_TYPES = select(entitlement_type).where(entitlement_type.c.ledger == bindparam("ledger"))
_TYPES_BY_CODE = _TYPES.where(entitlement_type.c.code.in_(bindparam("codes", expanding=True)))
_CUSTOMERS_BY_ID = select(customer).where(
    customer.c.ledger == bindparam("ledger"), customer.c.customer_id.in_(bindparam("ids", expanding=True))
)
_PROFILES_BY_ID = select(profile).where(
    profile.c.ledger == bindparam("ledger"), profile.c.customer_id.in_(bindparam("ids", expanding=True))
)


def types(connection: Connection, ledger: str, codes: Collection[str]) -> dict[str, EntitlementType]:
    """The entitlement types with these codes."""
    if not codes:
        return {}
    rows = connection.execute(_TYPES_BY_CODE, {"ledger": ledger, "codes": list(codes)})
    return {row.code: _type(row) for row in rows}


def types_page(
    connection: Connection, ledger: str, *, ascending: bool, above: str | None, below: str | None, limit: int
) -> list[EntitlementType]:
    """Up to `limit` types with `above` < code < `below`, by code."""
    statement = _between(_TYPES, entitlement_type.c.code, ascending=ascending, above=above, below=below)
    return [_type(row) for row in connection.execute(statement.limit(limit), {"ledger": ledger})]


def customers(connection: Connection, ledger: str, customer_ids: Collection[str]) -> dict[str, Customer]:
    """The customers with these ids."""
    if not customer_ids:
        return {}
    rows = connection.execute(_CUSTOMERS_BY_ID, {"ledger": ledger, "ids": list(customer_ids)})
    return {row.customer_id: _customer(row) for row in rows}


def customers_page(
    connection: Connection,
    ledger: str,
    *,
    search: str | None,
    state: CustomerState | None,
    ascending: bool,
    above: str | None,
    below: str | None,
    limit: int,
) -> list[Customer]:
    """Up to `limit` customers with `above` < id < `below`, by id; `search` is a prefix of id, name or e-mail (the
    latter two whatever their case)."""
    statement = select(customer).where(customer.c.ledger == ledger)
    if state is not None:
        statement = statement.where(customer.c.state == state.value)
    if search:
        folded = search.casefold()
        named = select(profile.c.customer_id).where(
            profile.c.ledger == ledger,
            or_(_begins(profile.c.name_folded, folded), _begins(profile.c.email_folded, folded)),
        )
        statement = statement.where(or_(_begins(customer.c.customer_id, search), customer.c.customer_id.in_(named)))
    statement = _between(statement, customer.c.customer_id, ascending=ascending, above=above, below=below)
    return [_customer(row) for row in connection.execute(statement.limit(limit))]


def profiles(connection: Connection, ledger: str, customer_ids: Collection[str]) -> dict[str, Profile]:
    """The personal data of these customers."""
    if not customer_ids:
        return {}
    rows = connection.execute(_PROFILES_BY_ID, {"ledger": ledger, "ids": list(customer_ids)})
    return {row.customer_id: Profile(row.name, row.email) for row in rows}


def save_types(connection: Connection, ledger: str, position: int, changed: Iterable[EntitlementType]) -> None:
    """Write types as they are after the event at `position`."""
    upsert(connection, entitlement_type, [type_row(ledger, position, each) for each in changed])


def save_customers(connection: Connection, ledger: str, changed: Iterable[Customer]) -> None:
    """Write customers as they are now."""
    upsert(connection, customer, [customer_row(ledger, each) for each in changed])


def save_profiles(connection: Connection, ledger: str, changed: Iterable[tuple[str, Profile]]) -> None:
    """Write personal data as it is now."""
    upsert(
        connection,
        profile,
        [
            {
                "ledger": ledger,
                "customer_id": customer_id,
                "name": each.name,
                "email": each.email,
                "name_folded": each.name and each.name.casefold(),
                "email_folded": each.email and each.email.casefold(),
            }
            for customer_id, each in changed
        ],
    )


def type_row(ledger: str, position: int, each: EntitlementType) -> codec.Members:
    """A type's columns."""
    definition = codec.canonical(codec.to_definition(each)).decode()
    return {"ledger": ledger, "code": each.code, "position": position, "definition": definition}


def customer_row(ledger: str, each: Customer) -> codec.Members:
    """A customer's columns."""
    return {
        "ledger": ledger,
        "customer_id": each.customer_id,
        "state": each.state.value,
        "created_at": each.created_at,
        "metadata_json": codec.canonical(each.metadata).decode(),
    }


def _between(
    statement: Select[Any], column: Any, *, ascending: bool, above: str | None, below: str | None
) -> Select[Any]:
    if above is not None:
        statement = statement.where(column > above)
    if below is not None:
        statement = statement.where(column < below)
    return statement.order_by(column.asc() if ascending else column.desc())


def _begins(column: Any, prefix: str) -> Any:
    # A range instead of LIKE: an index on bytes serves it on both databases, and nothing in the prefix is a wildcard.
    return (column >= prefix) & (column < prefix + "\U0010ffff")


def _type(row: Row[Any]) -> EntitlementType:
    return codec.from_definition(orjson.loads(row.definition))


def _customer(row: Row[Any]) -> Customer:
    return Customer(row.customer_id, row.created_at, CustomerState(row.state), orjson.loads(row.metadata_json))
