"""The event table and its vault: appended to by the writer, read in pages by everybody.

What belongs here: statements on `event` and `vault`. What does not: bytes (`codec`), projections (`accounts`,
`catalog`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from app.domain import ids
from app.domain.events import RecordedEvent
from app.domain.filters import EventFilter
from app.store import codec, rows
from app.store.tables import event, vault

SCAN_MAX = 5_000
"""How many events a page looks at, at most, for a filter that no index serves."""

_NOTED = select(event.c.position, event.c.leaf, event.c.leaf_hash, vault.c.note, vault.c.customer_note).select_from(
    event.outerjoin(vault, and_(vault.c.ledger == event.c.ledger, vault.c.position == event.c.position))
)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in the order asked; `scanned_to` is the last position looked at, `has_more` whether there is more behind
    it.
    """

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
    window = _window(ledger, wanted, ascending=ascending, above=above, below=below).limit(SCAN_MAX).subquery()
    order = window.c.position.asc() if ascending else window.c.position.desc()
    residual = _residual(wanted, window.c)
    statement = (
        select(window.c.position, window.c.leaf, window.c.leaf_hash, vault.c.note, vault.c.customer_note)
        .select_from(window.outerjoin(vault, and_(vault.c.ledger == ledger, vault.c.position == window.c.position)))
        .where(*residual)
        .order_by(order)
        .limit(limit + 1)
    )
    found = _recorded(connection, statement)
    if len(found) > limit:
        return EventPage(found[:limit], found[limit - 1].event.position, True)
    edge = func.max(window.c.position) if ascending else func.min(window.c.position)
    scanned, scanned_to = connection.execute(select(func.count(), edge).select_from(window)).one()
    return EventPage(found, scanned_to, scanned == SCAN_MAX)


def _window(ledger: str, wanted: EventFilter, *, ascending: bool, above: int | None, below: int | None) -> Select[Any]:
    """The events that an index can find in order of position."""
    conditions = [event.c.ledger == ledger]
    if above is not None:
        conditions.append(event.c.position > above)
    if below is not None:
        conditions.append(event.c.position < below)
    if wanted.command_id is not None:
        start, end = ids.event_id_range(wanted.command_id)
        conditions += [event.c.event_id >= start, event.c.event_id < end]
    elif wanted.customer_id is not None:
        conditions.append(event.c.customer_id == wanted.customer_id)
        if wanted.type_code is not None:
            conditions.append(event.c.type_code == wanted.type_code)
    elif wanted.correlation_id is not None:
        conditions.append(event.c.correlation_id == wanted.correlation_id)
    return select(event).where(*conditions).order_by(event.c.position.asc() if ascending else event.c.position.desc())


def _residual(wanted: EventFilter, columns: Any) -> Iterable[ColumnElement[bool]]:
    equal = {
        columns.customer_id: wanted.customer_id,
        columns.type_code: wanted.type_code,
        columns.actor_id: wanted.actor_id,
        columns.correlation_id: wanted.correlation_id,
        columns.reason: wanted.reason,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if wanted.kinds is not None:
        conditions.append(columns.kind.in_(sorted(kind.value for kind in wanted.kinds)))
    bounds = (
        (columns.effective_at, wanted.effective_from, wanted.effective_before),
        (columns.recorded_at, wanted.recorded_from, wanted.recorded_before),
    )
    for column, start, before in bounds:
        conditions += [column >= start] if start is not None else []
        conditions += [column < before] if before is not None else []
    conditions += [columns.amount >= wanted.amount_at_least] if wanted.amount_at_least is not None else []
    conditions += [columns.amount <= wanted.amount_at_most] if wanted.amount_at_most is not None else []
    return conditions


def _recorded(connection: Connection, statement: Select[Any]) -> list[RecordedEvent]:
    return [_from_row(row) for row in connection.execute(statement)]


def _from_row(row: Row[Any]) -> RecordedEvent:
    return RecordedEvent(codec.from_leaf(row.leaf), row.leaf_hash, row.note, row.customer_note)
