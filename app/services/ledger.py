"""The only door to write: `submit(command, context) -> outcome`.

What belongs here: shaping a command, hashing its request, handing it to the writer. What does not: deciding
(`domain`), grouping (`writer`).
"""

from app.domain.commands import Batch, Context, SingleCommand
from app.domain.fingerprint import batch_fingerprint, fingerprint
from app.domain.rejections import BatchRefused
from app.domain.shape import shaped, shaped_batch
from app.services.outcomes import BatchOutcome, Outcome
from app.services.submission import Prepared, Submission
from app.services.writer import Writer
from app.store.codec import request_hash


class Ledger:
    """Takes commands and answers outcomes; a refusal is an outcome, an exception means that something broke."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def submit(self, command: SingleCommand, context: Context) -> Outcome:
        """Decide and write one command, or say why not.

        Refusals: every `RejectionCode` that the command can meet; OVERLOADED, UNAVAILABLE and OUTCOME_UNKNOWN are
        worth another try with the same key.
        """
        judged = shaped(command)
        if isinstance(judged, tuple):
            return Outcome(rejections=judged)
        answer = await self._writer.submit(Submission(context, (_prepared(judged),)))
        if not isinstance(answer, Outcome):
            raise TypeError("a single command was answered as a batch")
        return answer

    async def submit_batch(self, batch: Batch, context: Context) -> BatchOutcome:
        """Decide and write 1 to 1,000 operations, all or nothing (L12.1); refusals as for `submit`, and
        BATCH_REFUSED.
        """
        judged = shaped_batch(batch)
        if isinstance(judged, BatchRefused):
            return BatchOutcome(rejections=(judged,))
        if isinstance(judged, tuple):
            return BatchOutcome(rejections=judged)
        operations = tuple(_prepared(operation) for operation in judged.operations)
        submission = Submission(context, operations, judged.idempotency_key, request_hash(batch_fingerprint(judged)))
        answer = await self._writer.submit(submission)
        if not isinstance(answer, BatchOutcome):
            raise TypeError("a batch was answered as a single command")
        return answer


def _prepared(command: SingleCommand) -> Prepared:
    return Prepared(command, request_hash(fingerprint(command)))
