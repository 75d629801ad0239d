"""What a check has to say: the place where two things that must agree do not.

What belongs here: the value, and comparing rows. What does not: what a row should say (the passes).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.store.rows import Row

ROW = "row"
PRESENT = "there"
ABSENT = "missing"

_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """The column `column` of the row `key` in `table` is not what the events say; `row` for a row as a whole."""

    table: str
    key: str
    column: str
    expected: object
    found: object

    def __str__(self) -> str:
        return f"{self.table} {self.key}: {self.column} should be {_shown(self.expected)}, is {_shown(self.found)}"


def missing(table: str, key: object) -> Difference:
    """A row that should be there is not."""
    return Difference(table, _named(key), ROW, PRESENT, ABSENT)


def unexpected(table: str, key: object) -> Difference:
    """A row is there that nothing has written."""
    return Difference(table, _named(key), ROW, ABSENT, PRESENT)


def columns_differ(table: str, key: object, expected: Row, found: Row) -> Iterator[Difference]:
    """The columns in which a row is not as expected."""
    for column, value in expected.items():
        if found[column] != value:
            yield Difference(table, _named(key), column, value, found[column])


def rows_differ(
    table: str, keys: Sequence[str], expected: Collection[Row], found: Collection[Row]
) -> Iterator[Difference]:
    """Rows that are too many, missing or not as expected; `keys` are the columns that name a row."""
    left = {_key(row, keys): row for row in found}
    wanted = {_key(row, keys): row for row in expected}
    for key in left.keys() - wanted.keys():
        yield unexpected(table, key)
    for key, row in wanted.items():
        if key not in left:
            yield missing(table, key)
        elif row != left[key]:
            yield from columns_differ(table, key, row, left[key])


@dataclass(slots=True)
class Positions:
    """A set of positions at one bit each, so that it stays small beside a ledger of any size."""

    bits: bytearray = field(default_factory=bytearray, repr=False)

    def add(self, position: int) -> None:
        """Put it in."""
        index = position >> 3
        if index >= len(self.bits):
            self.bits.extend(bytes(max(index + 1 - len(self.bits), len(self.bits))))
        self.bits[index] |= 1 << (position & 7)

    def discard(self, position: int) -> bool:
        """Take it out; whether it was in."""
        index, bit = position >> 3, 1 << (position & 7)
        if index >= len(self.bits) or not self.bits[index] & bit:
            return False
        self.bits[index] ^= bit
        return True

    def first(self) -> int | None:
        """The lowest position in it, None where it is empty."""
        for index, byte in enumerate(self.bits):
            if byte:
                return index * 8 + (byte & -byte).bit_length() - 1
        return None


def _key(row: Mapping[str, Any], keys: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)


def _named(key: object) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def _shown(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}... ({len(text):,} characters)"
