"""One contract for both databases: read snapshots, the writer's transaction, migrations.

What belongs here: what the rest of the store and the services may rely on. What does not: how SQLite and PostgreSQL do
it (`sqlite`, `postgres`), statements.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Work = Callable[[Connection], T]


class Breakage(Enum):
    """What kind of failure an exception from a transaction is."""

    CONTENTION = auto()
    """Somebody else was in the way; nothing was written; the whole batch may be tried again."""
    UNCERTAIN = auto()
    """The connection died, or the commit itself failed: it may have been written."""
    NOT_CONNECTED = auto()
    """There was no connection to begin with; nothing was written."""
    OTHER = auto()
    """Something in the batch is at fault; nothing was written."""


class CommitFailedError(Exception):
    """Raised in place of whatever the COMMIT raised: the transaction may have been committed all the same."""


class NotConnectedError(Exception):
    """Raised where the database cannot be reached at all: nothing was sent."""


class RefusedError(Exception):
    """The database cannot be used as it is; the message is a sentence for the operator."""


class WriterConnection(Protocol):
    """The one connection that writes; one transaction at a time."""

    async def transaction(self, work: Work[T]) -> T:
        """Run `work` in a transaction and commit it; CommitFailedError where the COMMIT raised."""
        ...

    async def reconnect(self) -> None:
        """Drop the connection and open a fresh one."""
        ...

    async def maintain(self) -> None:
        """What has to be done between transactions from time to time."""
        ...

    async def close(self) -> None:
        """Give the connection back; the last thing that a stopping server does."""
        ...

    def classify(self, error: BaseException) -> Breakage:
        """What kind of failure the exception is."""
        ...


class Database(Protocol):
    """A ledger database that is open for reading, and for writing through one `WriterConnection`."""

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        ...

    @property
    def allows_many_processes(self) -> bool:
        """Whether several server processes may work on it at once."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run a bounded read (by index, at most a few hundred rows) in one snapshot."""
        ...

    async def scan(self, work: Work[T]) -> T:
        """Run one step of a read that may be long in one snapshot, without holding the event loop."""
        ...

    async def writer(self) -> WriterConnection:
        """Open the writer's connection; RefusedError where another process has it."""
        ...

    async def revision(self) -> str | None:
        """The schema revision that the database is at, None where it is empty."""
        ...

    async def migrate(self) -> None:
        """Bring the schema to this version's; RefusedError where it is later than this version."""
        ...

    async def close(self) -> None:
        """Close the reading side."""
        ...
