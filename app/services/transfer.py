"""Import: the rows of a file submitted one after another, many at a time, so that running it twice doubles nothing.

What belongs here: the pace, the order and the tally. What does not: what a row means (`csv_rows`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from app.domain.commands import Consume, Context, DefineEntitlementType, Operation
from app.domain.entitlement_type import EntitlementType
from app.domain.rejections import RETRYABLE, Rejection
from app.services.csv_rows import ImportRow, UnreadableFileError
from app.services.ledger import Ledger
from app.services.outcomes import Outcome
from app.store import catalog
from app.store.database import Database, RefusedError

IN_FLIGHT_MAX = 4_000
"""Rows that are submitted and not answered yet: memory stays flat, and the writer always finds a full group."""

TYPES_PER_PAGE = 500

GO_ON = "Run the same command again: what was imported already is recognized by its keys."


@dataclass(slots=True)
class Tally:
    """What became of the rows."""

    issued: int = 0
    consumed: int = 0
    replayed: int = 0
    skipped: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.issued + self.consumed + self.replayed + self.skipped + self.refused


@dataclass(frozen=True, slots=True)
class _InFlight:
    line: int
    command: Operation
    answer: asyncio.Task[Outcome]


async def import_rows(
    ledger: Ledger,
    rows: Iterable[ImportRow],
    context: Context,
    *,
    refused: Callable[[int, Rejection], None],
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Submit every row in order and count what became of them; `refused` hears of each that was turned down, `progress`
    at once and then from time to time of the tally as it grows.

    RefusedError where the ledger cannot go on: what was written stays, and the same file continues from there.
    """
    tally = Tally()
    progress(tally)
    in_flight: deque[_InFlight] = deque()
    try:
        for row in rows:
            if row.command is None:
                tally.skipped += 1
            elif isinstance(row.command, Operation):
                answer = asyncio.create_task(ledger.submit(row.command, context))
                in_flight.append(_InFlight(row.line, row.command, answer))
            else:
                tally.refused += 1
                refused(row.line, row.command)
            if len(in_flight) >= IN_FLIGHT_MAX:
                await _settle(in_flight, IN_FLIGHT_MAX // 2, tally, refused)
                progress(tally)
    except UnreadableFileError:
        # What was submitted before the place that cannot be read is written, and is counted.
        await _settle(in_flight, 0, tally, refused)
        progress(tally)
        raise
    await _settle(in_flight, 0, tally, refused)
    progress(tally)
    return tally


async def scales(database: Database, ledger: str) -> dict[str, int]:
    """The scale of every entitlement type."""
    found: dict[str, int] = {}
    while True:
        last = max(found, default=None)
        page = await database.read(partial(_types_behind, ledger=ledger, last=last))
        found |= {each.code: each.scale for each in page}
        if len(page) < TYPES_PER_PAGE:
            return found


async def ensure_type(database: Database, ledger: Ledger, command: DefineEntitlementType, context: Context) -> None:
    """Define a type unless it exists with this category and scale; RefusedError where it exists with others."""
    known = await database.read(lambda connection: catalog.types(connection, context.ledger, [command.code]))
    if command.code in known:
        existing = known[command.code]
        if (existing.category, existing.scale) != (command.category, command.scale):
            raise RefusedError(
                f"{command.code} exists already, as {existing.category} with {existing.scale} decimal places; "
                "neither ever changes."
            )
        return
    outcome = await ledger.submit(command, context)
    if outcome.rejections:
        raise RefusedError(f"{command.code} cannot be defined: {outcome.rejections[0].message}")


async def _settle(
    in_flight: deque[_InFlight], left: int, tally: Tally, refused: Callable[[int, Rejection], None]
) -> None:
    """Wait for the oldest answers until `left` are open."""
    while len(in_flight) > left:
        each = in_flight.popleft()
        outcome = await each.answer
        if outcome.rejections:
            rejection = outcome.rejections[0]
            if rejection.code in RETRYABLE:
                raise RefusedError(f"The import stopped at line {each.line}: {rejection.message} {GO_ON}")
            tally.refused += 1
            refused(each.line, rejection)
        elif outcome.replayed:
            tally.replayed += 1
        elif isinstance(each.command, Consume):
            tally.consumed += 1
        else:
            tally.issued += 1


def _types_behind(connection: Connection, ledger: str, last: str | None) -> list[EntitlementType]:
    return catalog.types_page(connection, ledger, ascending=True, above=last, below=None, limit=TYPES_PER_PAGE)
