"""The head row of each ledger: its end, its tree, and the lock that orders its writers.

What belongs here: reading, locking and moving heads. What does not: the events behind them (`events`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from app.domain.merkle import CompactRange
from app.store.tables import head

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""When an empty ledger was last written to."""

_LOCK = select(head.c.position, head.c.peaks, head.c.recorded_at).where(head.c.ledger == bindparam("name"))
_MOVE = update(head).where(head.c.ledger == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Head:
    """A ledger's end: the tree over all its leaves, and the instant of its last transaction."""

    tree: CompactRange
    recorded_at: datetime

    @property
    def position(self) -> int:
        """The position of the last event, 0 for none."""
        return self.tree.size


def lock(connection: Connection, ledger: str) -> Head | None:
    """Take the ledger's head for this transaction: `FOR UPDATE` on PostgreSQL; on SQLite BEGIN IMMEDIATE has done
    it.
    """
    return _head(connection, _LOCK.with_for_update(), ledger)


def read(connection: Connection, ledger: str) -> Head | None:
    """The head as this snapshot sees it, None where there is no such ledger."""
    return _head(connection, _LOCK, ledger)


def move(connection: Connection, ledger: str, to: Head) -> None:
    """Write the new end; the head must be locked."""
    connection.execute(
        _MOVE,
        {"name": ledger, "position": to.position, "peaks": to.tree.to_bytes(), "recorded_at": to.recorded_at},
    )


def create(connection: Connection, ledger: str, now: datetime) -> None:
    """Begin a ledger; nothing happens where it exists."""
    if read(connection, ledger) is None:
        connection.execute(
            insert(head), {"ledger": ledger, "position": 0, "peaks": b"", "recorded_at": BEGINNING, "created_at": now}
        )


def _head(connection: Connection, statement: Select[Any], ledger: str) -> Head | None:
    row = connection.execute(statement, {"name": ledger}).one_or_none()
    return None if row is None else Head(CompactRange.from_bytes(row.position, row.peaks), row.recorded_at)
