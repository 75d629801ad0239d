"""The events in order of position: gapless, each what its leaf says, all of them what the head's tree says.

What belongs here: the checks that look at one event and its neighbours. What does not: figures (`projections`),
receipts (`receipts`).
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from app.domain.events import Event
from app.domain.merkle import CompactRange, leaf_hash
from app.services.audit.difference import Difference, Positions, columns_differ, missing, unexpected
from app.store import codec, heads, scans
from app.store.heads import Head
from app.store.rows import Row

UNREADABLE = (KeyError, ValueError, TypeError, IndexError, AttributeError)
"""What decoding bytes that say no event may raise."""

_COLUMNS = {"request": "request_hash", "note": "note", "customerNote": "customer_note"}

Finding = Iterator[Difference]


@dataclass(slots=True)
class Chain:
    """A walk along the events that remembers where it is; made to go on when the ledger has grown.

    `keyed` and `batched` collect the events that a receipt, and a batch's receipt, must name; `read` are the events of
    the last step.
    """

    ledger: str
    tree: CompactRange = field(default_factory=CompactRange)
    recorded_at: datetime = heads.BEGINNING
    target: Head | None = None
    keyed: Positions | None = field(default_factory=Positions)
    batched: Positions | None = field(default_factory=Positions)
    read: list[Event] = field(default_factory=list, repr=False)

    @property
    def position(self) -> int:
        """How far it has come."""
        return self.tree.size

    @property
    def is_done(self) -> bool:
        """Whether it has reached the end that the ledger had when it set out."""
        return self.target is not None and self.position >= self.target.position

    def set_out(self, connection: Connection) -> Difference | None:
        """Aim at the ledger's end as it is now; nothing may lie behind it."""
        try:
            target = heads.read(connection, self.ledger)
        except ValueError as error:
            return Difference("head", self.ledger, "peaks", "the roots of the subtrees at its position", error)
        if target is None:
            return missing("head", self.ledger)
        stray = scans.beyond(connection, self.ledger, target.position)
        if stray is not None:
            table, position = stray
            return Difference(table, str(position), "position", f"{target.position} at most", position)
        self.target = target
        return next(self._end(), None) if self.is_done else None

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Check the next `limit` events at most; the first difference, None where there is none."""
        if self.target is None or self.is_done:
            return self.set_out(connection)
        behind = self.position or scans.BEFORE_ALL
        rows = scans.event_rows(connection, self.ledger, behind, self.target.position, limit)
        if not rows:
            return missing("event", self.position + 1)
        last = rows[-1]["position"]
        vault_rows = scans.vault_rows(connection, self.ledger, behind, last, len(rows) + 1)
        vault = {row["position"]: row for row in vault_rows}
        return next(self._page(rows, vault), None)

    def _page(self, rows: scans.Rows, vault: dict[int, Row]) -> Finding:
        recorded_at = self.recorded_at
        read: list[tuple[Event, bool]] = []
        for position, row in enumerate(rows, self.position + 1):
            if row["position"] != position:
                yield missing("event", position) if row["position"] > position else unexpected("event", row["position"])
            event, members = yield from _decoded(row)
            if event.recorded_at < recorded_at:
                yield Difference("event", str(position), "recorded_at", f"{recorded_at} at least", event.recorded_at)
            recorded_at = event.recorded_at
            commitments = members.get("commitments", {})
            yield from _vault(position, commitments, vault.pop(position, None))
            read.append((event, "request" in commitments))
        for position in vault:
            yield unexpected("vault", position)
        self._remember(rows, read, recorded_at)
        if self.is_done:
            yield from self._end()

    def _remember(self, rows: scans.Rows, read: list[tuple[Event, bool]], recorded_at: datetime) -> None:
        self.tree = self.tree.extended(row["leaf_hash"] for row in rows)
        self.recorded_at = recorded_at
        self.read = [event for event, _ in read]
        for event, is_named in read:
            if is_named and self.keyed is not None:
                self.keyed.add(event.position)
            if is_named and event.stamp.batch is not None and self.batched is not None:
                self.batched.add(event.position)

    def _end(self) -> Finding:
        """The head against what the events make of it."""
        target = self.target
        if target is None:
            return
        expected = {"position": self.position, "peaks": self.tree.to_bytes(), "recorded_at": self.recorded_at}
        found = {
            "position": target.position,
            "peaks": target.tree.to_bytes(),
            "recorded_at": target.recorded_at,
        }
        yield from columns_differ("head", self.ledger, expected, found)


def _decoded(row: Row) -> Generator[Difference, None, tuple[Event, dict[str, Any]]]:
    """The event of a row and its leaf's members; yields where the row is not what the leaf says."""
    key, leaf = str(row["position"]), row["leaf"]
    hashed = leaf_hash(leaf)
    if hashed != row["leaf_hash"]:
        yield Difference("event", key, "leaf_hash", hashed, row["leaf_hash"])
    try:
        event = codec.from_leaf(leaf)
        members = orjson.loads(leaf)
    except UNREADABLE as error:
        yield Difference("event", key, "leaf", "the bytes of an event", error)
        raise
    expected = codec.to_row(event, leaf, hashed)
    if expected != row:
        yield from columns_differ("event", key, expected, row)
    return event, members


def _vault(position: int, commitments: Mapping[str, str], row: Row | None) -> Finding:
    """The texts beside an event against its leaf's commitments to them."""
    if row is None:
        if commitments:
            yield missing("vault", position)
        return
    if not commitments:
        yield unexpected("vault", position)
    entry = codec.VaultEntry(row["key"], row["request_hash"], row["note"], row["customer_note"])
    kept = entry.commitments()
    wrong = [name for name in _COLUMNS if commitments.get(name) != kept.get(name)]
    if wrong:
        # A changed key breaks every commitment, a changed text its own only.
        column = "key" if len(wrong) == len(commitments) > 1 else _COLUMNS[wrong[0]]
        expected, found = (each.get(wrong[0], "none") for each in (commitments, kept))
        yield Difference("vault", str(position), column, f"what the leaf commits to, {expected}", found)
