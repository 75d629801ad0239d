"""Whole tables read in pages, rows as they are: for whoever compares everything with everything.

What belongs here: pages in key order, whatever the rows say. What does not: what they should say (`services.audit`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select, tuple_

from app.domain.account import AccountKey
from app.store.rows import Row
from app.store.tables import account, customer, entitlement_type, event, grant, receipt, vault

Rows = list[Row]

ACCOUNT = ("customer_id", "type_code")
GRANT = ("grant_id",)
"""The columns that name a row in its ledger."""

BEFORE_ALL = -(2**63)
"""A position that every row lies behind, whatever somebody wrote into it."""


@dataclass(frozen=True, slots=True)
class Span:
    """The keys k with `after` < k <= `to` in byte order; None leaves a side open."""

    after: Any = None
    to: Any = None

    def conditions(self, *columns: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The span over these columns."""
        place: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
        wrapped = (lambda key: key) if len(columns) == 1 else (lambda key: tuple_(*key))
        below = [] if self.after is None else [place > wrapped(self.after)]
        return below if self.to is None else [*below, place <= wrapped(self.to)]


def event_rows(connection: Connection, ledger: str, after: int, to: int, limit: int) -> Rows:
    """Up to `limit` events with `after` < position <= `to`, by position."""
    conditions = Span(after, to).conditions(event.c.position)
    return _page(connection, _of(event, ledger, conditions).order_by(event.c.position), limit)


def vault_rows(connection: Connection, ledger: str, after: int, to: int, limit: int) -> Rows:
    """Up to `limit` vault rows with `after` < position <= `to`, by position."""
    conditions = Span(after, to).conditions(vault.c.position)
    return _page(connection, _of(vault, ledger, conditions).order_by(vault.c.position), limit)


def beyond(connection: Connection, ledger: str, position: int) -> tuple[str, int] | None:
    """The table and position of the first event or vault row behind `position`, None where there is none."""
    for table in (event, vault):
        statement = select(func.min(table.c.position)).where(table.c.ledger == ledger, table.c.position > position)
        found = connection.execute(statement).scalar_one()
        if found is not None:
            return table.name, found
    return None


def leaves_at(connection: Connection, ledger: str, positions: Collection[int]) -> dict[int, Row]:
    """`event_id`, `recorded_at` and `leaf` of the events at these positions."""
    if not positions:
        return {}
    statement = select(event.c.position, event.c.event_id, event.c.recorded_at, event.c.leaf).where(
        event.c.ledger == ledger, event.c.position.in_(positions)
    )
    return {row["position"]: dict(row) for row in connection.execute(statement).mappings()}


def request_hashes_at(connection: Connection, ledger: str, positions: Collection[int]) -> dict[int, bytes]:
    """The request's hash of each of these events, as the vault keeps it."""
    if not positions:
        return {}
    statement = select(vault.c.position, vault.c.request_hash).where(
        vault.c.ledger == ledger, vault.c.position.in_(positions)
    )
    return {row.position: row.request_hash for row in connection.execute(statement)}


def account_leaves(connection: Connection, ledger: str, after: tuple[str, str, int] | None, limit: int) -> Rows:
    """Up to `limit` events about accounts behind (customer, type, position), account by account."""
    place = (event.c.customer_id, event.c.type_code, event.c.position)
    conditions = [event.c.customer_id.is_not(None), event.c.type_code.is_not(None), *Span(after).conditions(*place)]
    return _page(connection, _leaves(ledger, conditions).order_by(*place), limit)


def leaves_of_account(connection: Connection, ledger: str, key: AccountKey, after: int, limit: int) -> Rows:
    """Up to `limit` events about one account behind `after`, by position."""
    conditions = [event.c.customer_id == key[0], event.c.type_code == key[1], event.c.position > after]
    return _page(connection, _leaves(ledger, conditions).order_by(event.c.position), limit)


def account_rows(connection: Connection, ledger: str, span: Span, limit: int) -> Rows:
    """Up to `limit` accounts of the span of (customer, type)."""
    place = (account.c.customer_id, account.c.type_code)
    return _page(connection, _of(account, ledger, span.conditions(*place)).order_by(*place), limit)


def leaves_of_accounts(
    connection: Connection, ledger: str, type_code: str, customer_ids: Collection[str], limit: int
) -> Rows:
    """Up to `limit` events about these customers' accounts of one type, account by account."""
    conditions = [event.c.customer_id.in_(customer_ids), event.c.type_code == type_code]
    return _page(connection, _leaves(ledger, conditions).order_by(event.c.customer_id, event.c.position), limit)


def rows_of_accounts(connection: Connection, ledger: str, keys: Collection[AccountKey]) -> dict[AccountKey, Row]:
    """The rows of these accounts, as far as there are any."""
    if not keys:
        return {}
    customers, types = zip(*keys, strict=True)
    # Not by pairs: SQLite has no index for them.
    conditions = [account.c.customer_id.in_(set(customers)), account.c.type_code.in_(set(types))]
    found = _page(connection, _of(account, ledger, conditions), len(set(customers)) * len(set(types)))
    return {(row["customer_id"], row["type_code"]): row for row in found}


def rows_of_grants(connection: Connection, ledger: str, grant_ids: Collection[str]) -> dict[str, Row]:
    """The rows of these grants, as far as there are any."""
    if not grant_ids:
        return {}
    found = _page(connection, _of(grant, ledger, [grant.c.grant_id.in_(grant_ids)]), len(grant_ids))
    return {row["grant_id"]: row for row in found}


def grant_rows(connection: Connection, ledger: str, span: Span, limit: int) -> Rows:
    """Up to `limit` grants of the accounts in the span of (customer, type), account by account in issuing order."""
    conditions = span.conditions(grant.c.customer_id, grant.c.type_code)
    return _page(connection, _of(grant, ledger, conditions).order_by(*_GRANT_ORDER), limit)


def first_positions(connection: Connection, ledger: str, after: str | None, limit: int) -> dict[str, int]:
    """Up to `limit` customers behind `after`, each with the position of the first event about them."""
    statement = (
        select(event.c.customer_id, func.min(event.c.position).label("first"))
        .where(event.c.ledger == ledger, event.c.customer_id.is_not(None), *Span(after).conditions(event.c.customer_id))
        .group_by(event.c.customer_id)
        .order_by(event.c.customer_id)
    )
    return {row["customer_id"]: row["first"] for row in _page(connection, statement, limit)}


def customer_leaves(connection: Connection, ledger: str, customer_ids: Collection[str], after: int, limit: int) -> Rows:
    """Up to `limit` events about these customers and no account of theirs, behind `after`, by position."""
    conditions = [event.c.customer_id.in_(customer_ids), event.c.type_code.is_(None), event.c.position > after]
    return _page(connection, _leaves(ledger, conditions).order_by(event.c.position), limit)


def customer_rows(connection: Connection, ledger: str, span: Span, limit: int) -> Rows:
    """Up to `limit` customers of the span of ids."""
    conditions = span.conditions(customer.c.customer_id)
    return _page(connection, _of(customer, ledger, conditions).order_by(customer.c.customer_id), limit)


def type_leaves(connection: Connection, ledger: str, after: tuple[str, int] | None, limit: int) -> Rows:
    """Up to `limit` events about entitlement types behind (code, position), type by type."""
    place = (event.c.type_code, event.c.position)
    conditions = [event.c.customer_id.is_(None), event.c.type_code.is_not(None), *Span(after).conditions(*place)]
    return _page(connection, _leaves(ledger, conditions).order_by(*place), limit)


def type_rows(connection: Connection, ledger: str, span: Span, limit: int) -> Rows:
    """Up to `limit` entitlement types of the span of codes."""
    conditions = span.conditions(entitlement_type.c.code)
    return _page(connection, _of(entitlement_type, ledger, conditions).order_by(entitlement_type.c.code), limit)


def receipt_rows(connection: Connection, ledger: str, after: tuple[str, str] | None, limit: int) -> Rows:
    """Up to `limit` receipts behind (source, key)."""
    place = (receipt.c.source, receipt.c.key)
    return _page(connection, _of(receipt, ledger, Span(after).conditions(*place)).order_by(*place), limit)


_GRANT_ORDER = (grant.c.customer_id, grant.c.type_code, grant.c.position, grant.c.grant_id)


def _of(table: Table, ledger: str, conditions: Collection[ColumnElement[bool]]) -> Select[Any]:
    return select(table).where(table.c.ledger == ledger, *conditions)


def _leaves(ledger: str, conditions: Collection[ColumnElement[bool]]) -> Select[Any]:
    columns = (event.c.customer_id, event.c.type_code, event.c.position, event.c.recorded_at, event.c.leaf)
    return select(*columns).where(event.c.ledger == ledger, *conditions)


def _page(connection: Connection, statement: Select[Any], limit: int) -> Rows:
    found = connection.execute(statement.limit(limit))
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]
