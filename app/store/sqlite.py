"""All that is SQLite's own: one writer thread, read-only readers, the lock file, checkpoints between transactions.

What belongs here: engines, pragmas, locking, classifying failures. What does not: statements, which both databases
share.

One connection writes and does all checkpoints (SQLite before 3.51.3 can corrupt a file when one connection commits
while another checkpoints the WAL), `synchronous=FULL` keeps every acknowledged write through a power cut.
"""

import asyncio
import concurrent.futures
import fcntl
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.store import migrating
from app.store.database import Breakage, CommitFailedError, RefusedError, Work

T = TypeVar("T")

PAGE_BYTES = 4_096
CHECKPOINT_PAGES = 1_000
CHECKPOINT_SECONDS = 60.0
BUSY_SECONDS = 5
LOOP_YIELDS_AFTER_SECONDS = 0.01
LOOP_STEPS_ASIDE_SECONDS = 0.05
READERS = 4

_WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "wal_autocheckpoint=0",
    # A log that begins anew is cut to what is in it: its size then tells how many pages wait.
    "journal_size_limit=0",
)
_UNCERTAIN_CODES = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT})
_CONTENTION_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class SqliteDatabase:
    """A ledger in one SQLite file."""

    allows_many_processes = False

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._reader: Engine | None = None
        self._scanner: AsyncEngine | None = None

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    async def read(self, work: Work[T]) -> T:
        # Inline on the loop: a hop to a thread costs more than the read, and under load waits for the GIL.
        if self._reader is None:
            self._reader = create_engine(self._read_only("sqlite"), pool_size=READERS, hide_parameters=True)
            _begin_by_ourselves(self._reader)
        with self._reader.begin() as connection:
            return work(connection)

    async def scan(self, work: Work[T]) -> T:
        if self._scanner is None:
            self._scanner = create_async_engine(self._read_only("sqlite+aiosqlite"), hide_parameters=True)
            _begin_by_ourselves(self._scanner.sync_engine)
        scanning = asyncio.ensure_future(_scan(self._scanner, work))
        try:
            return await asyncio.shield(scanning)
        except asyncio.CancelledError:
            # A connection that is left in the middle of a step has a thread that answers a loop which may be gone.
            await asyncio.wait({scanning})
            raise

    async def writer(self) -> "SqliteWriter":
        if not self._path.parent.is_dir():
            raise RefusedError(f"There is no folder {self._path.parent} to keep the ledger in.")
        return SqliteWriter(self._path, LockFile(self._path))

    async def revision(self) -> str | None:
        if not self._path.exists():
            return None
        engine = create_engine(self._read_only("sqlite"))
        try:
            with engine.connect() as connection:
                return migrating.revision(connection)
        finally:
            engine.dispose()

    async def migrate(self) -> None:
        if not self._path.parent.is_dir():
            raise RefusedError(f"There is no folder {self._path.parent} to keep the ledger in.")
        lock = LockFile(self._path)
        engine = writer_engine(self._path)
        try:
            with engine.begin() as connection:
                migrating.upgrade(connection)
        finally:
            engine.dispose()
            lock.release()

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.dispose()
        if self._scanner is not None:
            await self._scanner.dispose()
        self._reader = self._scanner = None

    def _read_only(self, driver: str) -> str:
        return f"{driver}:///file:{self._path}?mode=ro&uri=true"


class LockFile:
    """Held by whoever writes; the operating system frees it when the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise RefusedError(
                f"{database} is in use by process {holder}. One process at a time can write to SQLite; "
                "for several server processes set LEDGER_DATABASE_URL to a PostgreSQL database."
            ) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file: int | None = file

    def release(self) -> None:
        """Free the lock, once; the file stays, so that nobody locks a file that is about to vanish."""
        held, self._file = self._file, None
        if held is not None:
            os.close(held)


class SqliteWriter:
    """The writing connection on a thread of its own: one hop a transaction."""

    def __init__(self, path: Path, lock: LockFile) -> None:
        self._path = path
        self._lock = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._engine, self._connection = self._thread.submit(self._connect).result()
        self._checkpointed_at = time.monotonic()
        self._pages_then = 0

    async def transaction(self, work: Work[T]) -> T:
        job = self._thread.submit(self._transaction, work)
        waiting = asyncio.wrap_future(job)
        done, _ = await asyncio.wait({waiting}, timeout=LOOP_YIELDS_AFTER_SECONDS)
        if not done:
            # A busy loop starves the writer's thread of the GIL: step aside for it.
            concurrent.futures.wait([job], timeout=LOOP_STEPS_ASIDE_SECONDS)
        return await asyncio.shield(waiting)

    async def reconnect(self) -> None:
        def renew() -> None:
            self._disconnect()
            self._engine, self._connection = self._connect()

        await asyncio.wrap_future(self._thread.submit(renew))

    async def maintain(self) -> None:
        """Checkpoint once the WAL has 1,000 pages, at the latest each minute."""
        pages = self._pages_in_wal()
        if pages < self._pages_then:
            self._pages_then = 0
        new_pages = pages - self._pages_then
        is_late = time.monotonic() - self._checkpointed_at >= CHECKPOINT_SECONDS
        if new_pages >= CHECKPOINT_PAGES or (new_pages and is_late):
            self._checkpointed_at, self._pages_then = time.monotonic(), pages
            await asyncio.wrap_future(self._thread.submit(self._checkpoint, "PASSIVE"))

    async def close(self) -> None:
        def finish() -> None:
            self._checkpoint("TRUNCATE")
            self._disconnect()

        try:
            await asyncio.wrap_future(self._thread.submit(finish))
        finally:
            self._thread.shutdown()
            self._lock.release()

    def classify(self, error: BaseException) -> Breakage:
        if isinstance(error, CommitFailedError):
            return Breakage.UNCERTAIN
        code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _CONTENTION_CODES:
            return Breakage.CONTENTION
        if code is not None and code & 0xFF in _UNCERTAIN_CODES:
            return Breakage.UNCERTAIN
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return Breakage.UNCERTAIN
        return Breakage.OTHER

    def _transaction(self, work: Work[T]) -> T:
        transaction = self._connection.begin()
        try:
            result = work(self._connection)
        except BaseException:
            transaction.rollback()
            raise
        try:
            transaction.commit()
        except Exception as error:
            transaction.close()
            raise CommitFailedError(str(error)) from error
        return result

    def _connect(self) -> tuple[Engine, Connection]:
        engine = writer_engine(self._path)
        return engine, engine.connect()

    def _disconnect(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def _pages_in_wal(self) -> int:
        try:
            return os.stat(f"{self._path}-wal").st_size // PAGE_BYTES
        except FileNotFoundError:
            return 0

    def _checkpoint(self, mode: str) -> None:
        raw: Any = self._connection.connection.dbapi_connection
        raw.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()


def writer_engine(path: Path) -> Engine:
    """The engine of the one connection that writes."""
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _record: object) -> None:
        raw.isolation_level = None
        for pragma in _WRITER_PRAGMAS:
            raw.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


async def _scan(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def _begin_by_ourselves(engine: Engine) -> None:
    """Make a read one snapshot: the driver begins nothing by itself, we begin at once."""

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _record: object) -> None:
        raw.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
