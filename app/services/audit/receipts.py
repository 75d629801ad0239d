"""Receipts: each names an event with its key, and each event that was asked for has one (L13.7).

What belongs here: the sweep over the receipts. What does not: the events as such (`chain`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from app.domain import ids
from app.domain.commands import ActorKind, Context
from app.domain.fingerprint import HASH_SCHEME
from app.services.audit.chain import Finding
from app.services.audit.difference import Difference, Positions, missing
from app.store import receipts, scans
from app.store.receipts import Receipt
from app.store.rows import Row

_CALLERS = frozenset({ActorKind.API_KEY, ActorKind.USER, ActorKind.CUSTOMER})
_CALLERS_SOURCE = Context.__dataclass_fields__["source"].default


@dataclass(slots=True)
class ReceiptSweep:
    """Every receipt, by source and key.

    `keyed` and `batched` are the events up to `verified_to` that a receipt, and a batch's receipt, must name; what is
    found is taken out, what is left at the end has lost its receipt.
    """

    ledger: str
    keyed: Positions
    batched: Positions
    verified_to: int
    after: tuple[str, str] | None = None
    is_done: bool = False
    receipts: int = 0

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Check `limit` receipts at most, fewer where they are of large batches."""
        rows = scans.receipt_rows(connection, self.ledger, self.after, limit)
        taken = _within(rows, limit)
        page = _Page.load(connection, self.ledger, taken)
        found = next(self._differ(page), None)
        if found is not None:
            return found
        self.receipts += len(taken)
        self.after = (taken[-1]["source"], taken[-1]["key"]) if taken else self.after
        if len(rows) == limit or len(taken) < len(rows):
            return None
        self.is_done = True
        lost = self.keyed.first() or self.batched.first()
        return None if lost is None else missing("receipt", f"of event {lost}")

    def _differ(self, page: "_Page") -> Finding:
        for row in page.rows:
            if row["operation_keys"] is None:
                yield from self._single(row, page)
            else:
                yield from self._batch(row, page)

    def _single(self, row: Row, page: "_Page") -> Finding:
        named = row["named_position"]
        leaf = page.leaf(named)
        expected = {
            "named_position": named
            if leaf.get("idempotencyKey") == row["key"]
            else f"an event with the key {row['key']}",
            "hash_scheme": HASH_SCHEME,
            "source": _CALLERS_SOURCE if leaf.get("actor", {}).get("kind") in _CALLERS else row["source"],
            "request_hash": page.request_hashes.get(named, row["request_hash"]),
            "first_position": page.first_of_command(row["first_position"], named),
            "last_position": page.last_of_command(row["last_position"], named),
        }
        yield from _differences(row, expected)
        if named <= self.verified_to and not self.keyed.discard(named):
            yield Difference("receipt", _name(row), "named_position", "an event that no other receipt names", named)

    def _batch(self, row: Row, page: "_Page") -> Finding:
        keys = _keys(row)
        parts = [page.operations[row["source"], key] for key in keys if (row["source"], key) in page.operations]
        if not parts or len(parts) < len(keys):
            yield Difference("receipt", _name(row), "operation_keys", "keys that have receipts", row["operation_keys"])
            return
        expected = {
            "hash_scheme": HASH_SCHEME,
            "named_position": parts[0].named_position,
            "first_position": min(part.first_position for part in parts),
            "last_position": max(part.last_position for part in parts),
        }
        yield from _differences(row, expected)
        for part in parts:
            place = page.leaf(part.named_position).get("batch", {})
            if place.get("key") == row["key"]:
                self.batched.discard(part.named_position)


@dataclass(frozen=True, slots=True)
class _Page:
    """Receipts and what they point at."""

    rows: list[Row]
    leaves: Mapping[int, Row]
    request_hashes: Mapping[int, bytes]
    operations: Mapping[tuple[str, str], Receipt]

    @staticmethod
    def load(connection: Connection, ledger: str, rows: list[Row]) -> "_Page":
        wanted: dict[str, set[str]] = {}
        for row in rows:
            wanted.setdefault(row["source"], set()).update(_keys(row))
        operations = {
            (source, key): receipt
            for source, keys in wanted.items()
            for key, receipt in receipts.find(connection, ledger, source, keys).items()
        }
        singles = [row for row in rows if row["operation_keys"] is None]
        firsts, lasts = (row["first_position"] for row in singles), (row["last_position"] for row in singles)
        edges = [place for first in firsts for place in (first - 1, first)]
        edges += [place for last in lasts for place in (last, last + 1)]
        named = {row["named_position"] for row in singles}
        positions = named.union(edges, (receipt.named_position for receipt in operations.values()))
        return _Page(
            rows,
            scans.leaves_at(connection, ledger, positions),
            scans.request_hashes_at(connection, ledger, named),
            operations,
        )

    def leaf(self, position: int) -> dict[str, Any]:
        """The members of the leaf at a position, none where there is no event."""
        row = self.leaves.get(position)
        members: dict[str, Any] = {} if row is None else orjson.loads(row["leaf"])
        return members

    def first_of_command(self, position: int, named: int) -> object:
        """`position` where the command that wrote `named` begins there."""
        is_first = self._command(position) == self._command(named) != self._command(position - 1)
        return position if is_first and position <= named else f"the first of the command of event {named}"

    def last_of_command(self, position: int, named: int) -> object:
        """`position` where the command that wrote `named` ends there."""
        is_last = self._command(position) == self._command(named) != self._command(position + 1)
        return position if is_last and position >= named else f"the last of the command of event {named}"

    def _command(self, position: int) -> str | None:
        row = self.leaves.get(position)
        return None if row is None else ids.command_id_of(row["event_id"])


def _within(rows: scans.Rows, limit: int) -> list[Row]:
    """The first rows, as many as have no more than `limit` operations together, one at least."""
    taken: list[Row] = []
    operations = 0
    for row in rows:
        operations += max(len(_keys(row)), 1)
        if taken and operations > limit:
            break
        taken.append(row)
    return taken


def _keys(row: Row) -> list[str]:
    keys: list[str] = [] if row["operation_keys"] is None else orjson.loads(row["operation_keys"])
    return keys


def _differences(row: Row, expected: Mapping[str, object]) -> Finding:
    for column, value in expected.items():
        if row[column] != value:
            yield Difference("receipt", _name(row), column, value, row[column])


def _name(row: Row) -> str:
    return f"{row['source']} {row['key']}"
