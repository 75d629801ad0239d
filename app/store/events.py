"""The event table and its vault: appended to by the writer, read in pages by everybody.

What belongs here: statements on `event` and `vault`. What does not: bytes (`codec`), projections (`accounts`,
`catalog`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select

from app.domain import ids
from app.domain.events import RecordedEvent
from app.domain.filters import EventFilter
from app.store import codec, rows
from app.store.picking import first_of_each
from app.store.tables import event, vault

SCAN_MAX = 5_000
"""How many events a page looks at, at most, for a filter that no index serves."""

_NOTED = select(event.c.position, event.c.leaf, event.c.leaf_hash, vault.c.note, vault.c.customer_note).select_from(
    event.outerjoin(vault, and_(vault.c.ledger == event.c.ledger, vault.c.position == event.c.position))
)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in the order asked; `has_more`: there is more behind the last position looked at, `scanned_to`."""

    events: list[RecordedEvent]
    scanned_to: int | None
    has_more: bool


def append(connection: Connection, event_rows: Sequence[rows.Row], vault_rows: Sequence[rows.Row]) -> None:
    """Add events and their vault rows."""
    rows.append(connection, event, event_rows)
    rows.append(connection, vault, vault_rows)


def vault_row(ledger: str, position: int, entry: codec.VaultEntry) -> rows.Row:
    """A vault row's columns."""
    return {
        "ledger": ledger,
        "position": position,
        "key": entry.key,
        "request_hash": entry.request_hash,
        "note": entry.note,
        "customer_note": entry.customer_note,
    }


def after(connection: Connection, ledger: str, position: int, limit: int) -> list[RecordedEvent]:
    """The next events behind `position`, in order."""
    return _recorded(
        connection,
        _NOTED.where(event.c.ledger == ledger, event.c.position > position).order_by(event.c.position).limit(limit),
    )


def between(connection: Connection, ledger: str, first: int, last: int) -> list[RecordedEvent]:
    """The events of these positions, both included, in order."""
    return _recorded(
        connection,
        _NOTED.where(event.c.ledger == ledger, event.c.position.between(first, last)).order_by(event.c.position),
    )


def at(connection: Connection, ledger: str, positions: Collection[int]) -> dict[int, RecordedEvent]:
    """The events at these positions."""
    found = _recorded(connection, _NOTED.where(event.c.ledger == ledger, event.c.position.in_(positions)))
    return {recorded.event.position: recorded for recorded in found}


def by_id(connection: Connection, ledger: str, event_ids: Collection[str]) -> dict[str, RecordedEvent]:
    """The events with these ids."""
    found = _recorded(connection, _NOTED.where(event.c.ledger == ledger, event.c.event_id.in_(event_ids)))
    return {recorded.event.event_id: recorded for recorded in found}


def leaf_hash_at(connection: Connection, ledger: str, position: int) -> bytes | None:
    """The leaf hash at a position, None where there is no event."""
    statement = select(event.c.leaf_hash).where(event.c.ledger == ledger, event.c.position == position)
    found: bytes | None = connection.execute(statement).scalar_one_or_none()
    return found


def page(
    connection: Connection,
    ledger: str,
    wanted: EventFilter,
    *,
    ascending: bool,
    above: int | None,
    below: int | None,
    limit: int,
) -> EventPage:
    """Up to `limit` wanted events with `above` < position < `below`, scanning in one direction.

    At most `SCAN_MAX` events that an index gives are looked at: a page may be short, `scanned_to` tells how far it
    came.
    """
    found_by_index = _indexed(ledger, wanted)
    if above is not None:
        found_by_index.append(event.c.position > above)
    if below is not None:
        found_by_index.append(event.c.position < below)
    order = event.c.position.asc() if ascending else event.c.position.desc()
    left_over = _left_over(wanted)
    bound = None
    if left_over:
        end = select(event.c.position).where(*found_by_index).order_by(order).offset(SCAN_MAX - 1).limit(1)
        bound = connection.execute(end).scalar_one_or_none()
    if bound is not None:
        found_by_index.append(event.c.position <= bound if ascending else event.c.position >= bound)
    found = _recorded(connection, _NOTED.where(*found_by_index, *left_over).order_by(order).limit(limit + 1))
    if len(found) > limit:
        return EventPage(found[:limit], found[limit - 1].event.position, True)
    return EventPage(found, bound, bound is not None)


def first_of(
    connection: Connection,
    ledger: str,
    customer_ids: Collection[str],
    type_code: str | None,
    *,
    ascending: bool,
    limit: int,
) -> dict[str, list[RecordedEvent]]:
    """Up to `limit` events of each customer (of a type), from one end of their histories, in one statement."""
    order = event.c.position.asc() if ascending else event.c.position.desc()
    wanted = select(event.c.position).where(event.c.ledger == ledger)
    if type_code is not None:
        wanted = wanted.where(event.c.type_code == type_code)
    picked = first_of_each(wanted.order_by(order).limit(limit), event.c.customer_id, customer_ids)
    statement = _NOTED.where(event.c.ledger == ledger, event.c.position.in_(picked)).order_by(order)
    found: dict[str, list[RecordedEvent]] = {customer_id: [] for customer_id in customer_ids}
    for recorded in _recorded(connection, statement):
        found[recorded.event.customer_id or ""].append(recorded)
    return found


def is_indexed(wanted: EventFilter) -> bool:
    """Whether an index alone finds the wanted events, so that no more are looked at than are answered."""
    return not _left_over(wanted)


def _indexed(ledger: str, wanted: EventFilter) -> list[ColumnElement[bool]]:
    """What an index finds."""
    conditions = [event.c.ledger == ledger]
    if wanted.command_id is not None:
        start, end = ids.event_id_range(wanted.command_id)
        conditions += [event.c.event_id >= start, event.c.event_id < end]
    elif wanted.customer_id is not None:
        conditions.append(event.c.customer_id == wanted.customer_id)
        if wanted.type_code is not None:
            conditions.append(event.c.type_code == wanted.type_code)
    elif wanted.correlation_id is not None:
        conditions.append(event.c.correlation_id == wanted.correlation_id)
    return conditions


def _left_over(wanted: EventFilter) -> list[ColumnElement[bool]]:
    """What has to be looked at event by event: the rest of the filter."""
    by_command = wanted.command_id is not None
    by_customer = not by_command and wanted.customer_id is not None
    equal = {
        event.c.customer_id: None if by_customer else wanted.customer_id,
        event.c.type_code: None if by_customer else wanted.type_code,
        event.c.actor_id: wanted.actor_id,
        event.c.correlation_id: wanted.correlation_id if by_command or by_customer else None,
        event.c.reason: wanted.reason,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if wanted.kinds is not None:
        conditions.append(event.c.kind.in_(sorted(kind.value for kind in wanted.kinds)))
    bounds = (
        (event.c.effective_at, wanted.effective_from, wanted.effective_before),
        (event.c.recorded_at, wanted.recorded_from, wanted.recorded_before),
    )
    for column, start, before in bounds:
        conditions += [column >= start] if start is not None else []
        conditions += [column < before] if before is not None else []
    conditions += [event.c.amount >= wanted.amount_at_least] if wanted.amount_at_least is not None else []
    conditions += [event.c.amount <= wanted.amount_at_most] if wanted.amount_at_most is not None else []
    return conditions


def _recorded(connection: Connection, statement: Select[Any]) -> list[RecordedEvent]:
    return [_from_row(row) for row in connection.execute(statement)]


def _from_row(row: Row[Any]) -> RecordedEvent:
    return RecordedEvent(codec.from_leaf(row.leaf), row.leaf_hash, row.note, row.customer_note)
