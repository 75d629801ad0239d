"""Rows of a CSV file as commands: which column means what, how amounts are rounded, how keys are made.

What belongs here: reading a file row by row and saying of each what it asks for. What does not: submitting it
(`transfer`).
"""

import csv
import gzip
import io
import re
import string
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from decimal import Context as DecimalContext
from enum import StrEnum
from functools import lru_cache
from typing import Any, BinaryIO

from app.domain.commands import Consume, Issue, Operation
from app.domain.rejections import InvalidInput, invalid

GZIP_MAGIC = b"\x1f\x8b"

_PLAIN_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)


class Rounding(StrEnum):
    """What to do with decimals beyond the type's scale; without rounding such a row is refused."""

    UP = "up"
    DOWN = "down"
    HALF_EVEN = "half-even"


class Zero(StrEnum):
    """What to do with a row whose amount is zero, before or after rounding."""

    SKIP = "skip"
    REFUSE = "refuse"


class OperationName(StrEnum):
    """What a row asks for."""

    ISSUE = "issue"
    CONSUME = "consume"


_ROUNDINGS = {Rounding.UP: ROUND_UP, Rounding.DOWN: ROUND_DOWN, Rounding.HALF_EVEN: ROUND_HALF_EVEN}


class UnreadableFileError(Exception):
    """The file as a whole cannot be imported; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column means what. Where a column is named, it wins over the value that would hold for every row.

    `key_template` names `{line}`, the line of the file on which the row begins (the header is on line 1), and columns
    in braces. Dates without a time are midnight, and times without an offset are local, in `time_zone`.
    """

    customer_column: str
    amount_column: str
    key_template: str
    type_code: str | None = None
    type_column: str | None = None
    operation: OperationName = OperationName.ISSUE
    operation_column: str | None = None
    effective_at_column: str | None = None
    expires_at_column: str | None = None
    metadata_columns: Sequence[str] = ()
    reason: str | None = None
    rounding: Rounding | None = None
    zero: Zero = Zero.REFUSE
    time_zone: str = "UTC"
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row: the line on which it begins and its command; None for a zero to skip, or why it cannot be one."""

    line: int
    command: Operation | InvalidInput | None


def commands(stream: BinaryIO, layout: Layout, scales: Mapping[str, int]) -> Iterator[ImportRow]:
    """The file's rows in order, one at a time; `scales` are those of the entitlement types that exist.

    Raises UnreadableFileError where the file is no CSV with the columns that the layout names, also half-way.
    """
    reader = csv.reader(
        io.TextIOWrapper(_unpacked(stream), "utf-8-sig", newline=""), delimiter=layout.delimiter, strict=True
    )
    try:
        header = next(reader, None)
        if header is None:
            raise UnreadableFileError("The file is empty: its first line should name the columns.")
        parser = _Parser.of(layout, header, scales)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield ImportRow(line, parser.command(line, cells))
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"The file is not UTF-8 behind line {reader.line_num}.") from error
    except csv.Error as error:
        raise UnreadableFileError(f"Line {reader.line_num} is not CSV: {error}.") from error
    except (EOFError, OSError) as error:
        raise UnreadableFileError(f"The file cannot be read behind line {reader.line_num}: {error}.") from error


@dataclass(frozen=True, slots=True)
class _Parser:
    """A layout applied to a header: columns by their place."""

    layout: Layout
    scales: Mapping[str, int]
    header: Sequence[str]
    places: Mapping[str, int]
    key_parts: Sequence[tuple[str, str | None]]
    zone: zoneinfo.ZoneInfo = field(default_factory=lambda: zoneinfo.ZoneInfo("UTC"))

    @staticmethod
    def of(layout: Layout, header: Sequence[str], scales: Mapping[str, int]) -> "_Parser":
        places = {name: place for place, name in enumerate(header)}
        key_parts = template_parts(layout.key_template)
        named = [
            layout.customer_column,
            layout.amount_column,
            layout.type_column,
            layout.operation_column,
            layout.effective_at_column,
            layout.expires_at_column,
            *layout.metadata_columns,
            *(name for _, name in key_parts if name != "line"),
        ]
        unknown = [name for name in named if name is not None and name not in places]
        if unknown:
            raise UnreadableFileError(
                f"The file has no column {' or '.join(dict.fromkeys(unknown))}; its columns are {', '.join(header)}."
            )
        return _Parser(layout, scales, header, places, key_parts, zoneinfo.ZoneInfo(layout.time_zone))

    def command(self, line: int, cells: Sequence[str]) -> Operation | InvalidInput | None:
        """What the row asks for."""
        if len(cells) != len(self.header):
            return invalid(f"The row has {len(cells)} fields where the header has {len(self.header)}.")
        layout = self.layout
        type_code = self._cell(cells, layout.type_column) or layout.type_code or ""
        amount = self._amount(self._cell(cells, layout.amount_column) or "", type_code)
        if amount is None:
            return None
        operation = (self._cell(cells, layout.operation_column) or layout.operation).lower()
        if operation not in tuple(OperationName):
            return invalid(f"The operation is issue or consume, not {operation}.", "operation")
        members: dict[str, Any] = {
            "idempotency_key": self._key(line, cells),
            "customer_id": self._cell(cells, layout.customer_column) or "",
            "type_code": type_code,
            "amount": amount,
            "reason": layout.reason,
            "metadata": {name: cells[self.places[name]] for name in layout.metadata_columns},
        }
        for name, column in (("effective_at", layout.effective_at_column), ("expires_at", layout.expires_at_column)):
            if text := self._cell(cells, column):
                members[name] = _instant(text, self.zone)
                if members[name] is None:
                    return invalid(f"{text} is no date, and no time such as 2026-01-31T09:30:00Z.", column or "")
        if operation == OperationName.ISSUE:
            return Issue(**members)
        if "expires_at" in members:
            return invalid("A consume has no expiry.", layout.expires_at_column or "")
        return Consume(**members)

    def _amount(self, text: str, type_code: str) -> str | None:
        """The amount as it is submitted, None for a zero to skip; what is no amount goes on as it is, to be refused."""
        if _PLAIN_DECIMAL.fullmatch(text) is None:
            return text
        scale = self.scales.get(type_code)
        if self.layout.rounding is not None and scale is not None:
            text = _rounded(text, scale, self.layout.rounding)
        if self.layout.zero is Zero.SKIP and not text.strip("0."):
            return None
        return text

    def _key(self, line: int, cells: Sequence[str]) -> str:
        values = (
            "" if name is None else str(line) if name == "line" else cells[self.places[name]].strip()
            for _, name in self.key_parts
        )
        return "".join(literal + value for (literal, _), value in zip(self.key_parts, values, strict=True))

    def _cell(self, cells: Sequence[str], column: str | None) -> str | None:
        return None if column is None else cells[self.places[column]].strip()


def template_parts(template: str) -> list[tuple[str, str | None]]:
    """A key template as literals, each followed by the name in braces behind it; raises UnreadableFileError."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise UnreadableFileError(f"The key template {template} is not well formed: {error}.") from error
    if any(form or conversion for _, _, form, conversion in parts):
        raise UnreadableFileError(f"The key template {template} takes plain names in braces, such as {{line}}.")
    if not any(name for _, name, _, _ in parts):
        raise UnreadableFileError(f"The key template {template} gives every row one key: name {{line}} or a column.")
    return [(literal, name) for literal, name, _, _ in parts]


@lru_cache(maxsize=4_096)
def _rounded(text: str, scale: int, rounding: Rounding) -> str:
    digits = DecimalContext(prec=len(text) + scale + 1)
    return format(Decimal(text).quantize(Decimal(1).scaleb(-scale), _ROUNDINGS[rounding], digits), "f")


@lru_cache(maxsize=4_096)
def _instant(text: str, zone: zoneinfo.ZoneInfo) -> datetime | None:
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unpacked(stream: BinaryIO) -> BinaryIO:
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]
    return gzip.open(buffered) if buffered.peek(2)[:2] == GZIP_MAGIC else buffered  # type: ignore[return-value]
