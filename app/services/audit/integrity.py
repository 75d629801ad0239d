"""The verification that runs by itself beside a server: all of it once a day, and in between whatever is new.

What belongs here: when to look, and what to report. What does not: what to look at (`verification`, `following`).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection

from app.clock import Clock
from app.services.audit.chain import Chain
from app.services.audit.difference import Difference
from app.services.audit.following import Following
from app.services.audit.verification import Verification
from app.store.database import Database

T = TypeVar("T")
log = logging.getLogger("ledger.integrity")

EVERYTHING_AGAIN_AFTER = timedelta(days=1)
BROKEN_AGAIN_AFTER = timedelta(minutes=5)
IDLE_SECONDS = 1.0
TROUBLE_SECONDS = 5.0
ROWS_AT_ONCE = 50
"""What one look at the database reads: the loop is held for some milliseconds at most."""


class IntegrityState(StrEnum):
    """What is known of the ledger's integrity."""

    VERIFIED = "VERIFIED"
    UNVERIFIED = "UNVERIFIED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """How far the ledger was verified and when, and in words what was found or what is under way."""

    state: IntegrityState = IntegrityState.UNVERIFIED
    verified_to: int = 0
    verified_at: datetime | None = None
    detail: str | None = None


class Integrity:
    """Verifies one ledger in the background, a bounded step at a time; `report` says what is known."""

    def __init__(
        self, database: Database, clock: Clock, ledger: str, *, events_per_step: int, rest_seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._ledger = ledger
        self._events_per_step = events_per_step
        self._rest_seconds = rest_seconds
        self._looked_at = 0
        self._task: asyncio.Task[None] | None = None
        self.report = IntegrityReport(detail="Nothing has been verified since the server started.")

    async def start(self) -> None:
        """Begin; nothing happens where `events_per_step` is 0."""
        if self._events_per_step == 0:
            self.report = IntegrityReport(detail="The background verification is switched off.")
            return
        self._task = asyncio.create_task(self._run(), name="integrity")

    async def stop(self) -> None:
        """End at the next step."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            started_at = self._clock.now()
            chain = await self._verify_everything()
            if chain is not None:
                await self._follow(chain, started_at + EVERYTHING_AGAIN_AFTER)
            if self.report.state is IntegrityState.BROKEN:
                await self._clock.sleep(BROKEN_AGAIN_AFTER.total_seconds())

    async def _verify_everything(self) -> Chain | None:
        """One whole verification; how far it came, or None where it found a difference."""
        verification = Verification(self._ledger)
        is_first = self.report.state is IntegrityState.UNVERIFIED
        while not verification.is_done:
            difference = await self._look(lambda connection: verification.step(connection, ROWS_AT_ONCE))
            if difference is not None:
                self._broken(difference)
                return None
            if is_first:
                phase = verification.phase
                self.report = IntegrityReport(detail=f"Verifying {phase.name}: {phase.done:,} of {phase.total:,}.")
        self._verified(verification.chain)
        return verification.chain

    async def _follow(self, chain: Chain, until: datetime) -> None:
        """Verify what is new, and the accounts that it is about, for as long as nothing differs."""
        following = Following(self._ledger, replace(chain, keyed=None, batched=None))
        while self._clock.now() < until:
            position = following.chain.position
            difference = await self._look(lambda connection: following.step(connection, ROWS_AT_ONCE))
            if difference is not None:
                self._broken(difference)
                return
            if following.has_caught_up:
                self._verified(following.chain)
                if following.chain.position == position:
                    await self._clock.sleep(IDLE_SECONDS)

    async def _look(self, work: Callable[[Connection], T]) -> T:
        """One bounded look at the database, again and again while it is away; a rest after every few."""
        while True:
            try:
                found = await self._database.scan(work)
            except Exception as error:  # noqa: BLE001  # the database may be down, for any reason and any time
                log.warning("the verification cannot read: %s", error)
                await self._clock.sleep(TROUBLE_SECONDS)
                continue
            self._looked_at += ROWS_AT_ONCE
            if self._looked_at >= self._events_per_step:
                self._looked_at = 0
                await self._clock.sleep(self._rest_seconds)
            return found

    def _verified(self, chain: Chain) -> None:
        self.report = IntegrityReport(IntegrityState.VERIFIED, chain.position, self._clock.now())

    def _broken(self, difference: Difference) -> None:
        log.critical("the ledger differs from its events: %s", difference)
        self.report = replace(self.report, state=IntegrityState.BROKEN, detail=str(difference))
