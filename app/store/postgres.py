"""All that is PostgreSQL's own: asyncpg engines, timeouts, the role without rights to change events.

What belongs here: engines, roles, classifying failures. What does not: statements, which both databases share.
"""

import logging
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy import inspect as sqlalchemy_inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction, create_async_engine

from app.store import migrating
from app.store.database import Breakage, CommitFailedError, NotConnectedError, RefusedError, Work

T = TypeVar("T")
log = logging.getLogger("ledger.store")

SERVER_ROLE = "ledger_server"
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000
READERS = 8

_CONTENTION_STATES = frozenset({"40001", "40P01", "55P03"})
_SHUTDOWN_STATES = frozenset({"57P01", "57P02", "57P03"})
_DUPLICATE_ROLE_STATES = frozenset({"42710", "23505"})
_NO_ROLE = (
    f"The database has no role {SERVER_ROLE}, without which a server could change events. "
    f"Run `entitlement-ledger migrate`, or as an administrator: CREATE ROLE {SERVER_ROLE} NOLOGIN; "
    f"GRANT {SERVER_ROLE} TO CURRENT_USER;"
)


class PostgresDatabase:
    """A ledger in a PostgreSQL database, shared by any number of server processes."""

    allows_many_processes = True

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+asyncpg")
        self._reader: AsyncEngine | None = None

    @property
    def url(self) -> str:
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    @property
    def dsn(self) -> str:
        """What asyncpg itself connects with."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def read(self, work: Work[T]) -> T:
        if self._reader is None:
            self._reader = create_async_engine(
                self._url,
                isolation_level="REPEATABLE READ",
                pool_size=READERS,
                hide_parameters=True,
                connect_args=_settings("ledger-reader"),
                execution_options={"postgresql_readonly": True},
            )
        try:
            async with self._reader.begin() as connection:
                return await connection.run_sync(work)
        except DBAPIError as error:
            _explain(error)
            raise

    async def scan(self, work: Work[T]) -> T:
        return await self.read(work)

    async def writer(self) -> "PostgresWriter":
        writer = PostgresWriter(
            create_async_engine(
                self._url,
                isolation_level="READ COMMITTED",
                pool_size=1,
                hide_parameters=True,
                connect_args=_settings(
                    "ledger-writer",
                    lock_timeout=str(LOCK_TIMEOUT_MS),
                    idle_in_transaction_session_timeout=str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
                    synchronous_commit="on",
                ),
            )
        )
        try:
            await writer.reconnect()
        except RefusedError:
            raise
        except Exception as error:  # noqa: BLE001  # a database that is down now may be up for the first transaction
            log.warning("the writer cannot connect yet: %s", error)
        return writer

    async def revision(self) -> str | None:
        engine = create_async_engine(self._url)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(migrating.revision)
        finally:
            await engine.dispose()

    async def migrate(self) -> None:
        engine = create_async_engine(self._url, connect_args={"server_settings": {"lock_timeout": "60000"}})
        try:
            await _ensure_role(engine)
            async with engine.begin() as connection:
                # Several servers may start at once: one migrates, the others wait and find it done.
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('entitlement-ledger migrate'))"))
                await connection.run_sync(migrating.upgrade)
                await connection.run_sync(_grant_rights)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.dispose()
            self._reader = None


class PostgresWriter:
    """The writing connection of this process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def transaction(self, work: Work[T]) -> T:
        connection = await self._connected()
        transaction = await connection.begin()
        try:
            result = await connection.run_sync(work)
        except BaseException:
            await _quietly_roll_back(transaction)
            raise
        try:
            await transaction.commit()
        except Exception as error:
            await _quietly_roll_back(transaction)
            raise CommitFailedError(str(error)) from error
        return result

    async def reconnect(self) -> None:
        await self._disconnect()
        try:
            self._connection = await self._engine.connect()
        except DBAPIError as error:
            _explain(error)
            raise

    async def maintain(self) -> None:
        """PostgreSQL looks after itself."""

    async def close(self) -> None:
        await self._disconnect()
        await self._engine.dispose()

    def classify(self, error: BaseException) -> Breakage:
        if isinstance(error, NotConnectedError):
            return Breakage.NOT_CONNECTED
        if isinstance(error, CommitFailedError | OSError):
            return Breakage.UNCERTAIN
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        if state in _CONTENTION_STATES:
            return Breakage.CONTENTION
        if isinstance(error, DBAPIError) and (error.connection_invalidated or state is None or state[:2] == "08"):
            return Breakage.UNCERTAIN
        return Breakage.UNCERTAIN if state in _SHUTDOWN_STATES else Breakage.OTHER

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            try:
                await self.reconnect()
            except Exception as error:
                raise NotConnectedError(str(error)) from error
        if self._connection is None:
            raise NotConnectedError("the writer has no connection")
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.invalidate()
            await connection.close()
        except Exception:  # noqa: BLE001  # a dead connection may raise anything while it is put away
            return


async def _quietly_roll_back(transaction: AsyncTransaction) -> None:
    try:
        await transaction.rollback()
    except Exception:  # noqa: BLE001  # the connection may be gone, and the transaction with it
        return


async def _ensure_role(engine: AsyncEngine) -> None:
    """Create the server's role where it is missing; a login that may not gets the statements for an administrator."""
    exists = text("SELECT pg_has_role(rolname, 'MEMBER') FROM pg_roles WHERE rolname = :role")
    async with engine.connect() as connection:
        is_member = (await connection.execute(exists, {"role": SERVER_ROLE})).scalar_one_or_none()
    statements = [] if is_member is not None else [f"CREATE ROLE {SERVER_ROLE} NOLOGIN"]
    if not is_member:
        statements.append(f"GRANT {SERVER_ROLE} TO CURRENT_USER")
    for statement in statements:
        try:
            async with engine.begin() as connection:
                await connection.execute(text(statement))
        except DBAPIError as error:
            if _state(error) not in _DUPLICATE_ROLE_STATES:
                raise RefusedError(_NO_ROLE) from error


def _grant_rights(connection: Connection) -> None:
    """Let the server read everything, add events, and change what is no event."""
    for name in sqlalchemy_inspect(connection).get_table_names():
        if name == migrating.VERSION_TABLE:
            rights = "SELECT"
        elif name == "event":
            rights = "SELECT, INSERT"
        else:
            rights = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f'GRANT {rights} ON "{name}" TO {SERVER_ROLE}'))


def _explain(error: DBAPIError) -> None:
    """Raise RefusedError in place of the server's words for a missing role."""
    if f'role "{SERVER_ROLE}"' in str(error.orig):
        raise RefusedError(_NO_ROLE) from error


def _state(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _settings(application_name: str, **settings: str) -> dict[str, Any]:
    return {"server_settings": {"application_name": application_name, "role": SERVER_ROLE, **settings}}
