"""Group commit: whatever waits is decided and written in one transaction, and every caller gets their own answer.

What belongs here: the queue, the loop, and what happens when something breaks. What does not: the transaction's work
(`commit`).

Nothing ever waits for a group to fill: the next group is what has come while the last one was written.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from app.clock import Clock
from app.domain.rejections import OutcomeUnknown, Overloaded, SimpleRejection, Unavailable
from app.services.commit import Commit, Committed, InvariantBrokenError
from app.services.outcomes import Answer, BatchOutcome, Outcome
from app.services.submission import Submission
from app.store.database import Breakage, Database, NotConnectedError, WriterConnection

T = TypeVar("T")
log = logging.getLogger("ledger.writer")

CONTENTION_TRIES = 3
RETRY_AFTER_MS = 250
SHUTDOWN_SECONDS = 5.0

_BUSY = "More is waiting than can be taken on; nothing was written. Send the same key again."
_CONTENDED = "The database kept refusing for contention; nothing was written. Send the same key again."
_DOWN = "The ledger cannot write at the moment; nothing was written. Send the same key again later."
_UNKNOWN = "The connection broke around the commit. Send the same key again to find out what became of it."


@dataclass(slots=True)
class _Waiting:
    """A submission in the queue and who waits for it."""

    submission: Submission
    future: asyncio.Future[Answer]


@dataclass(slots=True)
class _Note:
    """Bookkeeping in the queue and who waits for it."""

    work: Callable[[Connection], Any]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Queue:
    """What waits, by ledger: ledgers take turns."""

    by_ledger: OrderedDict[str, deque[_Waiting]] = field(default_factory=OrderedDict)
    notes: deque[_Note] = field(default_factory=deque)
    operations: int = 0

    def put(self, waiting: _Waiting) -> None:
        self.by_ledger.setdefault(waiting.submission.context.ledger, deque()).append(waiting)
        self.operations += len(waiting.submission.operations)

    def take(self, operations_max: int) -> list[_Waiting]:
        """The next ledger's submissions, up to `operations_max` operations; a larger batch alone."""
        ledger, waiting = next(iter(self.by_ledger.items()))
        group: list[_Waiting] = []
        size = 0
        while waiting and (not group or size + len(waiting[0].submission.operations) <= operations_max):
            group.append(waiting.popleft())
            size += len(group[-1].submission.operations)
        self.operations -= size
        del self.by_ledger[ledger]
        if waiting:
            self.by_ledger[ledger] = waiting
        return group


class Writer:
    """The only one who opens write transactions in a running server: `submit` for the ledger, `note` for
    bookkeeping.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        group_operations_max: int,
        queue_operations_max: int,
        ring: Callable[[str, int], None] = lambda ledger, position: None,
        reached: Callable[[str], None] = lambda failpoint: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._group_operations_max = group_operations_max
        self._queue_operations_max = queue_operations_max
        self._ring = ring
        self._reached = reached
        self._queue = _Queue()
        self._arrived = asyncio.Event()
        self._connection: WriterConnection | None = None
        self._loop: asyncio.Task[None] | None = None
        self._is_stopping = False
        self.broken: str | None = None
        """Why nothing is written any more, None while all is well."""

    async def start(self) -> None:
        """Open the writing connection and begin; RefusedError where another process has it."""
        self._connection = await self._database.writer()
        self._loop = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Refuse what is new, finish what waits within 5 s, give the connection back."""
        await self.finish()
        await self.close()

    async def finish(self) -> None:
        """Refuse what is new and finish what waits within 5 s."""
        self._is_stopping = True
        self._arrived.set()
        if self._loop is not None:
            _, late = await asyncio.wait({self._loop}, timeout=SHUTDOWN_SECONDS)
            for task in late:
                task.cancel()
        while self._queue.operations:
            self._refuse(self._queue.take(self._group_operations_max), Unavailable(_DOWN))

    async def close(self) -> None:
        """Give the connection back, after everybody who reads: on SQLite it checkpoints once more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def submit(self, submission: Submission) -> Answer:
        """Queue the submission and wait for its answer; a full queue, a stopping or a broken writer refuses at once.

        Raises whatever broke where this submission alone is at fault.
        """
        if self.broken is not None or self._is_stopping:
            return _refused(submission, Unavailable(_DOWN))
        if self._queue.operations and self._queue.operations + len(submission.operations) > self._queue_operations_max:
            return _refused(submission, Overloaded(_BUSY, RETRY_AFTER_MS))
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.put(waiting)
        self._arrived.set()
        # A caller who goes away does not take a group's submission with them.
        return await asyncio.shield(waiting.future)

    async def note(self, work: Callable[[Connection], T]) -> T:
        """Run bookkeeping that no proof covers, between groups, in a transaction shared with other notes; it must be
        repeatable.
        """
        if self.broken is not None or self._is_stopping:
            raise NotConnectedError(_DOWN)
        noted = _Note(work, asyncio.get_running_loop().create_future())
        self._queue.notes.append(noted)
        self._arrived.set()
        result: T = await asyncio.shield(noted.future)
        return result

    async def _run(self) -> None:
        connection = self._connection
        if connection is None:
            raise RuntimeError("the writer has not been started")
        while True:
            if not self._queue.operations and not self._queue.notes:
                if self._is_stopping:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if self._queue.operations:
                await self._write(connection, self._queue.take(self._group_operations_max))
            if self._queue.notes:
                await self._keep_notes(connection)
            await self._maintain(connection)

    async def _write(self, connection: WriterConnection, group: Sequence[_Waiting], tries: int = 1) -> None:
        """Write a group and answer everybody in it, whatever happens."""
        if self.broken is not None:
            self._refuse(group, Unavailable(_DOWN))
            return
        commit = self._commit(group)
        try:
            committed = await connection.transaction(commit)
        except InvariantBrokenError as error:
            self._break(group, error)
        except Exception as error:  # noqa: BLE001  # asyncpg also raises errors of its own that are no DBAPI errors
            await self._recover(connection, group, error, tries)
        else:
            self._answer(group, committed)

    async def _recover(
        self, connection: WriterConnection, group: Sequence[_Waiting], error: Exception, tries: int
    ) -> None:
        breakage = connection.classify(error)
        log.warning("a group of %d was not written: %s: %s", len(group), breakage.name, error)
        if breakage is Breakage.CONTENTION and tries < CONTENTION_TRIES:
            await self._write(connection, group, tries + 1)
        elif breakage is Breakage.CONTENTION:
            self._refuse(group, Overloaded(_CONTENDED, RETRY_AFTER_MS))
        elif breakage is Breakage.NOT_CONNECTED:
            self._refuse(group, Unavailable(_DOWN))
        elif breakage is Breakage.UNCERTAIN:
            await self._find_out(connection, group)
        elif len(group) > 1:
            middle = len(group) // 2
            await self._write(connection, group[:middle])
            await self._write(connection, group[middle:])
        else:
            _fail(group[0].future, error)

    async def _find_out(self, connection: WriterConnection, group: Sequence[_Waiting]) -> None:
        """Look the keys up on a fresh connection: what has a receipt was written, of the rest nobody knows."""
        try:
            await connection.reconnect()
            answers = await connection.transaction(self._commit(group).find)
        except Exception as error:  # noqa: BLE001  # the database is gone: any library's error may come
            log.warning("nobody knows what became of a group of %d: %s", len(group), error)
            self._refuse(group, OutcomeUnknown(_UNKNOWN))
            return
        for waiting, answer in zip(group, answers, strict=True):
            _resolve(waiting.future, answer or _refused(waiting.submission, OutcomeUnknown(_UNKNOWN)))
        if any(answer is not None for answer in answers):
            self._ring(group[0].submission.context.ledger, 0)

    async def _keep_notes(self, connection: WriterConnection) -> None:
        notes = list(self._queue.notes)
        self._queue.notes.clear()
        try:
            results = await connection.transaction(lambda opened: [noted.work(opened) for noted in notes])
        except Exception as error:  # noqa: BLE001  # whatever broke goes to whoever waits
            await self._keep_alone(connection, notes, error)
            return
        for noted, result in zip(notes, results, strict=True):
            _resolve(noted.future, result)

    async def _keep_alone(self, connection: WriterConnection, notes: Sequence[_Note], error: Exception) -> None:
        if connection.classify(error) is Breakage.UNCERTAIN:
            await self._reconnect_quietly(connection)
        for noted in notes:
            try:
                _resolve(noted.future, await connection.transaction(noted.work))
            except Exception as own_error:  # noqa: BLE001  # as above
                _fail(noted.future, own_error)

    async def _maintain(self, connection: WriterConnection) -> None:
        try:
            await connection.maintain()
        except Exception as error:  # noqa: BLE001  # a checkpoint that fails is tried again and loses nothing
            log.warning("maintenance failed: %s", error)

    async def _reconnect_quietly(self, connection: WriterConnection) -> None:
        try:
            await connection.reconnect()
        except Exception as error:  # noqa: BLE001  # the next transaction tries again
            log.warning("the writer cannot reconnect: %s", error)

    def _commit(self, group: Sequence[_Waiting]) -> Commit:
        submissions = [waiting.submission for waiting in group]
        return Commit(submissions[0].context.ledger, submissions, self._clock, self._reached)

    def _answer(self, group: Sequence[_Waiting], committed: Committed) -> None:
        self._reached("writer.committed")
        for waiting, answer in zip(group, committed.answers, strict=True):
            _resolve(waiting.future, answer)
        if committed.moved_to is not None:
            self._ring(group[0].submission.context.ledger, committed.moved_to)

    def _break(self, group: Sequence[_Waiting], error: InvariantBrokenError) -> None:
        self.broken = str(error)
        log.critical("the writer has stopped: %s", error)
        self._refuse(group, Unavailable(_DOWN))

    def _refuse(self, group: Sequence[_Waiting], rejection: SimpleRejection) -> None:
        for waiting in group:
            _resolve(waiting.future, _refused(waiting.submission, rejection))


def _refused(submission: Submission, rejection: SimpleRejection) -> Answer:
    if submission.batch_key is None:
        return Outcome(rejections=(rejection,))
    return BatchOutcome(rejections=(rejection,))


def _resolve(future: asyncio.Future[T], answer: T) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
