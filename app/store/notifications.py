"""What carries the doorbell between processes: PostgreSQL's LISTEN and NOTIFY, this process's memory for SQLite.

What belongs here: broadcaster's backend for PostgreSQL. What does not: what is announced, and what hearing it means
(`services.doorbell`).

broadcaster's own PostgreSQL backend waits for ever once its connection has died, and publishes on the connection that
it listens on. This one listens and publishes on connections of their own and looks after both.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import asyncpg
from broadcaster import Broadcast, BroadcastBackend, Event

from app.clock import Clock
from app.store.database import Database
from app.store.postgres import PostgresDatabase

log = logging.getLogger("ledger.notifications")

HEARTBEAT_SECONDS = 5.0
ANSWER_SECONDS_MAX = 5.0
CLOSING_SECONDS_MAX = 1.0
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 2.0
ANYTHING = ""
"""The message that says: something may have been announced that nobody heard, look at everything."""

_NAME = {"application_name": "ledger-doorbell"}


def broadcast_for(database: Database, clock: Clock) -> Broadcast:
    """The broadcast that reaches every process which may work on this database."""
    if isinstance(database, PostgresDatabase):
        return Broadcast(backend=PostgresBackend(database.dsn, clock))
    return Broadcast("memory://")


class PostgresBackend(BroadcastBackend):
    """LISTEN on one connection a channel, NOTIFY on another; both come back by themselves.

    What is heard and not yet fetched is one message at most: two different ones become `ANYTHING`. After each
    connecting `ANYTHING` is heard, for what was announced while nobody listened.
    """

    def __init__(self, dsn: str, clock: Clock, *, answer_seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        """`dsn` is asyncpg's own; what has not been answered after `answer_seconds_max` never will be."""
        self._dsn = dsn
        self._clock = clock
        self._answer_seconds_max = answer_seconds_max
        self._publishers: asyncpg.Pool[asyncpg.Record] | None = None
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._heard: Event | None = None
        self._arrived = asyncio.Event()

    async def connect(self) -> None:
        """Make ready; the database need not be up."""
        limit = self._answer_seconds_max
        self._publishers = await asyncpg.create_pool(
            self._dsn, min_size=0, max_size=1, timeout=limit, command_timeout=limit
        )

    async def disconnect(self) -> None:
        """Close every connection."""
        for channel in list(self._listeners):
            await self.unsubscribe(channel)
        publishers, self._publishers = self._publishers, None
        if publishers is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS_MAX):
                    await publishers.close()
            publishers.terminate()

    async def subscribe(self, group: str) -> None:
        """Listen to a channel from now on, whatever becomes of the connection."""
        self._listeners[group] = asyncio.create_task(self._keep_listening(group), name=f"listen to {group}")

    async def unsubscribe(self, group: str) -> None:
        """Stop listening to a channel."""
        listener = self._listeners.pop(group)
        listener.cancel()
        await asyncio.wait({listener})

    async def publish(self, channel: str, message: Any) -> None:
        """Announce a message of at most 7,999 bytes in a transaction of its own; raises whatever the database does."""
        if self._publishers is None:
            raise ConnectionError("the broadcast is not connected")
        await self._publishers.execute("SELECT pg_notify($1, $2)", channel, message)

    async def next_published(self) -> Event:
        """The next message that was heard."""
        while self._heard is None:
            self._arrived.clear()
            await self._arrived.wait()
        heard, self._heard = self._heard, None
        return heard

    async def _keep_listening(self, channel: str) -> None:
        limit = self._answer_seconds_max
        pause = BACKOFF_SECONDS_FIRST
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=limit, command_timeout=limit, server_settings=_NAME
                )
            except Exception as error:  # noqa: BLE001  # whatever is wrong with the database, it may pass
                log.warning("nobody listens to %s, trying again in %.1f s: %s", channel, pause, error)
            else:
                await self._listen_until_lost(connection, channel)
                log.warning("the connection that listens to %s was lost", channel)
                pause = BACKOFF_SECONDS_FIRST
            await self._clock.sleep(pause)
            pause = min(2 * pause, BACKOFF_SECONDS_MAX)

    async def _listen_until_lost(self, connection: "asyncpg.Connection[asyncpg.Record]", channel: str) -> None:
        heart = asyncio.create_task(self._beat(connection, channel))

        def lose(_: object) -> None:
            heart.cancel()

        connection.add_termination_listener(lose)
        try:
            await asyncio.wait({heart})
        finally:
            heart.cancel()
            with suppress(Exception):
                await connection.close(timeout=CLOSING_SECONDS_MAX)

    async def _beat(self, connection: "asyncpg.Connection[asyncpg.Record]", channel: str) -> None:
        """Listen, and ask for a sign of life again and again: a connection may die without a word."""
        with suppress(Exception):
            await connection.add_listener(channel, lambda _connection, _pid, _, message: self._hear(channel, message))
            self._hear(channel, ANYTHING)
            while True:
                await self._clock.sleep(HEARTBEAT_SECONDS)
                await connection.execute("SELECT 1")

    def _hear(self, channel: str, message: object) -> None:
        event = Event(channel, str(message))
        self._heard = event if self._heard in (None, event) else Event(channel, ANYTHING)
        self._arrived.set()
