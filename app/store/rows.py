"""Many rows in one statement, appended or upserted, on both databases.

What belongs here: the one way in which rows are written. What does not: which rows (`accounts`, `catalog`, `events`,
`receipts`).

SQLAlchemy spends 28 us on the parameters of a wide row; here a statement is compiled once a table, and a row costs a
tuple.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Writing:
    """A compiled statement, the columns in the order of its parameters, and how the database wants some of them."""

    statement: str
    columns: tuple[str, ...]
    converters: tuple[tuple[int, Callable[[Any], Any]], ...]

    def parameters(self, row: Row) -> tuple[Any, ...]:
        values = [row[name] for name in self.columns]
        for index, convert in self.converters:
            values[index] = convert(values[index])
        return tuple(values)


def append(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, every column given; IntegrityError where a key exists already."""
    _write(connection, table, rows, replaces=False)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, every column given, or replace all but the key of those that exist."""
    _write(connection, table, rows, replaces=True)


def _write(connection: Connection, table: Table, rows: Sequence[Row], *, replaces: bool) -> None:
    if rows:
        writing = _writing(connection.dialect, table, replaces)
        connection.exec_driver_sql(writing.statement, [writing.parameters(row) for row in rows])


@lru_cache(maxsize=256)
def _writing(dialect: Dialect, table: Table, replaces: bool) -> _Writing:
    names = tuple(column.name for column in table.columns)
    insert = sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)
    if replaces:
        keys = [column.name for column in table.primary_key]
        others = {name: insert.excluded[name] for name in names if name not in keys}
        insert = insert.on_conflict_do_update(index_elements=keys, set_=others)
    compiled = insert.compile(dialect=dialect, column_keys=list(names))
    converters = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    return _Writing(
        str(compiled), names, tuple((index, convert) for index, convert in enumerate(converters) if convert is not None)
    )
