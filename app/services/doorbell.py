"""The doorbell: tells every process that a ledger has new events. The event table is the mail (L15.2).

What belongs here: ringing without ever holding up the writer, and hearing. What does not: how a ring travels
(`store.notifications`), reading what is new (`feed`). A ring may be lost, doubled, late or false: whoever hears it
looks for himself.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

from broadcaster import Broadcast

from app.clock import Clock
from app.store.database import Database
from app.store.notifications import broadcast_for

log = logging.getLogger("ledger.doorbell")

CHANNEL = "ledger_doorbell"


def doorbell_for(database: Database, clock: Clock) -> "Doorbell":
    """The doorbell of all processes that work on this database."""
    return Doorbell(broadcast_for(database, clock))


class Doorbell:
    """One channel and one subscription a process; `ring` is for the writer, `start` and `stop` are for the feed."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._pending: dict[str, int] = {}
        self._rung = asyncio.Event()
        self._open = AsyncExitStack()

    def ring(self, ledger: str, position: int) -> None:
        """Say that the ledger's head is at `position` or behind it, after the commit; returns at once and never
        fails. Rings that nobody has carried out yet become one a ledger.
        """
        self._pending[ledger] = max(position, self._pending.get(ledger, 0))
        self._rung.set()

    async def start(self, heard: Callable[[str | None], None]) -> None:
        """Begin to carry rings out, and call `heard` with the ledger of each that comes in; None: any ledger."""
        await self._broadcast.connect()
        self._open.push_async_callback(self._broadcast.disconnect)
        for work in (self._listen(heard), self._publish()):
            self._open.push_async_callback(_finish, asyncio.create_task(work, name="doorbell"))

    async def stop(self) -> None:
        """Hear and say nothing any more; later rings are kept to themselves."""
        await self._open.aclose()

    async def _publish(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            pending, self._pending = self._pending, {}
            for ledger, position in pending.items():
                try:
                    await self._broadcast.publish(CHANNEL, f"{position} {ledger}")
                except Exception as error:  # noqa: BLE001  # a lost ring costs a poll interval, nothing else
                    log.warning("a ring for ledger %s was lost: %s", ledger, error)

    async def _listen(self, heard: Callable[[str | None], None]) -> None:
        async with self._broadcast.subscribe(CHANNEL) as subscriber:
            while True:
                message = (await subscriber.get()).message
                heard(message.partition(" ")[2] or None)


async def _finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
