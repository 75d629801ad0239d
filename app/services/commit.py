"""One group of submissions in one transaction: lock, load, decide, write (runtime: group commit).

What belongs here: the work between BEGIN and COMMIT, over a connection. What does not: queues, failures, futures
(`writer`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from app.clock import Clock
from app.domain import fingerprint
from app.domain.account import Account
from app.domain.commands import (
    Consume,
    Issue,
    SingleCommand,
)
from app.domain.decide import Accepted, execute
from app.domain.due import settled
from app.domain.events import Event, RecordedEvent
from app.domain.merkle import leaf_hash
from app.domain.rejections import IdempotencyConflict, SimpleRejection
from app.domain.shape import operation_name, refused_at
from app.domain.state import State
from app.services.outcomes import Answer, BatchOutcome, Outcome
from app.services.submission import Prepared, Submission, needs_of, stamp_of
from app.store import batch, codec, events, heads, receipts
from app.store.receipts import Receipt

COMMITMENT_KEY_BYTES = 32


class InvariantBrokenError(Exception):
    """The figures contradict each other: a bug of ours; nothing may be written until somebody has looked."""


class UnknownLedgerError(Exception):
    """The ledger does not exist."""


@dataclass(slots=True)
class _Written:
    """What the group writes, growing as its submissions are accepted; a refused one leaves it as it was."""

    state: State
    receipts: dict[tuple[str, str], Receipt]
    events: dict[int, RecordedEvent] = field(default_factory=dict)
    rows: list[codec.Members] = field(default_factory=list)
    vault_rows: list[codec.Members] = field(default_factory=list)
    new_receipts: list[Receipt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Committed:
    """The answers, in the order of the submissions, and the position of the ledger's end if it moved."""

    answers: list[Answer]
    moved_to: int | None


class Commit:
    """The work of one transaction; call it with the connection, as often as it is tried again."""

    def __init__(
        self, ledger: str, submissions: Sequence[Submission], clock: Clock, reached: Callable[[str], None]
    ) -> None:
        self._ledger = ledger
        self._submissions = submissions
        self._clock = clock
        self._reached = reached

    def __call__(self, connection: Connection) -> Committed:
        """Decide every submission in order and write what was accepted."""
        head = heads.lock(connection, self._ledger)
        if head is None:
            raise UnknownLedgerError(self._ledger)
        self._reached("writer.locked")
        now = max(self._clock.now(), head.recorded_at)
        before = batch.load(connection, self._ledger, head.position, needs_of(self._submissions))
        written = _Written(before, self._find_receipts(connection))
        self._load_replayed(connection, written)
        answers = [self._answer(submission, written, now) for submission in self._submissions]
        if written.new_receipts:
            receipts.save(connection, written.new_receipts)
        if not written.rows:
            return Committed(answers, None)
        _check(before, written.state)
        self._reached("writer.decided")
        events.append(connection, written.rows, written.vault_rows)
        self._reached("writer.appended")
        batch.save(connection, self._ledger, before, written.state)
        tree = head.tree.extended(row["leaf_hash"] for row in written.rows)
        if tree.size != written.state.position:
            raise InvariantBrokenError(f"the tree has {tree.size} leaves at position {written.state.position}")
        heads.move(connection, self._ledger, heads.Head(tree, now))
        self._reached("writer.written")
        return Committed(answers, tree.size)

    def find(self, connection: Connection) -> list[Answer | None]:
        """The answers of those submissions that have receipts, None for the others: after a commit whose end is
        unknown.
        """
        head = heads.read(connection, self._ledger)
        if head is None:
            raise UnknownLedgerError(self._ledger)
        before = batch.load(connection, self._ledger, head.position, needs_of(self._submissions))
        written = _Written(before, self._find_receipts(connection))
        self._load_replayed(connection, written)
        now = max(self._clock.now(), head.recorded_at)
        return [
            self._answer(submission, written, now) if _known(submission, written) else None
            for submission in self._submissions
        ]

    def _find_receipts(self, connection: Connection) -> dict[tuple[str, str], Receipt]:
        keys: dict[str, set[str]] = {}
        for submission in self._submissions:
            keys.setdefault(submission.context.source, set()).update(submission.keys)
        found: dict[tuple[str, str], Receipt] = {}
        for source, wanted in keys.items():
            known = receipts.find(connection, self._ledger, source, wanted)
            nested = {key for receipt in known.values() for key in receipt.operation_keys or () if key not in known}
            known |= receipts.find(connection, self._ledger, source, nested)
            found |= {(source, key): receipt for key, receipt in known.items()}
        return found

    def _load_replayed(self, connection: Connection, written: _Written) -> None:
        positions = {
            position
            for receipt in written.receipts.values()
            if receipt.operation_keys is None
            for position in range(receipt.first_position, receipt.last_position + 1)
        } | {receipt.first_position for receipt in written.receipts.values()}
        if positions:
            written.events |= events.at(connection, self._ledger, positions)

    def _answer(self, submission: Submission, written: _Written, now: datetime) -> Answer:
        if submission.batch_key is None:
            return self._operation(submission, 0, written, now)
        return self._batch(submission, submission.batch_key, written, now)

    def _batch(self, submission: Submission, key: str, written: _Written, now: datetime) -> BatchOutcome:
        source = submission.context.source
        receipt = written.receipts.get((source, key))
        if receipt is not None:
            if receipt.request_hash != submission.batch_hash or receipt.operation_keys is None:
                return BatchOutcome(rejections=(_conflict(receipt, written),))
            old = [self._replay(submission, index, written, now) for index in range(len(submission.operations))]
            return BatchOutcome(tuple(old), replayed=True)
        trial = _Written(
            written.state, dict(written.receipts), dict(written.events), [*written.rows], [*written.vault_rows]
        )
        results = []
        for index, operation in enumerate(submission.operations):
            outcome = self._operation(submission, index, trial, now)
            if outcome.rejections:
                refused = refused_at(index, operation_name(operation.command), outcome.rejections[0])
                return BatchOutcome(rejections=(refused,))
            results.append(outcome)
        written.state, written.receipts, written.events = trial.state, trial.receipts, trial.events
        written.rows, written.vault_rows = trial.rows, trial.vault_rows
        written.new_receipts += trial.new_receipts
        self._keep(written, _batch_receipt(submission, key, written))
        return BatchOutcome(tuple(results))

    def _operation(self, submission: Submission, index: int, written: _Written, now: datetime) -> Outcome:
        prepared = submission.operations[index]
        receipt = written.receipts.get((submission.context.source, prepared.command.idempotency_key))
        if receipt is not None:
            if receipt.request_hash != prepared.request_hash:
                return Outcome(rejections=(_conflict(receipt, written),))
            return self._replay(submission, index, written, now)
        stamp = stamp_of(submission, index, self._clock.new_id(), now)
        accepted = execute(written.state, prepared.command, submission.context, stamp)
        if isinstance(accepted, tuple):
            return Outcome(rejections=accepted)
        written.state = accepted.state
        recorded = tuple(self._record(each, each is accepted.named, prepared, written) for each in accepted.events)
        self._keep(written, _receipt(submission, prepared, accepted))
        named = next(each for each in recorded if each.event is accepted.named)
        return _outcome(prepared.command, written.state, now, named, recorded, replayed=False)

    def _record(self, event: Event, is_named: bool, prepared: Prepared, written: _Written) -> RecordedEvent:
        entry = None
        command = prepared.command
        if is_named:
            key = self._clock.secret(COMMITMENT_KEY_BYTES)
            entry = codec.VaultEntry(key, prepared.request_hash, command.note, command.customer_note)
            written.vault_rows.append(events.vault_row(self._ledger, event.position, entry))
        leaf = codec.to_leaf(event, entry)
        hashed = leaf_hash(leaf)
        written.rows.append(codec.to_row(event, leaf, hashed))
        recorded = RecordedEvent(event, hashed)
        if entry is not None:
            recorded = RecordedEvent(event, hashed, entry.note, entry.customer_note)
        written.events[event.position] = recorded
        return recorded

    def _replay(self, submission: Submission, index: int, written: _Written, now: datetime) -> Outcome:
        command = submission.operations[index].command
        receipt = written.receipts[submission.context.source, command.idempotency_key]
        recorded = tuple(
            written.events[position] for position in range(receipt.first_position, receipt.last_position + 1)
        )
        named = written.events[receipt.named_position]
        return _outcome(command, written.state, now, named, recorded, replayed=True)

    def _keep(self, written: _Written, receipt: Receipt) -> None:
        written.receipts[receipt.source, receipt.key] = receipt
        written.new_receipts.append(receipt)


def _receipt(submission: Submission, prepared: Prepared, accepted: Accepted) -> Receipt:
    return Receipt(
        ledger=submission.context.ledger,
        source=submission.context.source,
        key=prepared.command.idempotency_key,
        hash_scheme=fingerprint.HASH_SCHEME,
        request_hash=prepared.request_hash,
        named_position=accepted.named.position,
        first_position=accepted.events[0].position,
        last_position=accepted.events[-1].position,
    )


def _batch_receipt(submission: Submission, key: str, written: _Written) -> Receipt:
    source = submission.context.source
    keys = tuple(operation.command.idempotency_key for operation in submission.operations)
    parts = [written.receipts[source, each] for each in keys]
    return Receipt(
        ledger=submission.context.ledger,
        source=source,
        key=key,
        hash_scheme=fingerprint.HASH_SCHEME,
        request_hash=submission.batch_hash,
        named_position=parts[0].named_position,
        first_position=min(part.first_position for part in parts),
        last_position=max(part.last_position for part in parts),
        operation_keys=keys,
    )


def _conflict(receipt: Receipt, written: _Written) -> SimpleRejection:
    first = written.events[receipt.first_position]
    return IdempotencyConflict(
        f"This key was used for another request, at {codec.to_text(first.event.recorded_at)}.", first.event.event_id
    )


def _known(submission: Submission, written: _Written) -> bool:
    return all((submission.context.source, key) in written.receipts for key in submission.keys)


def _outcome(
    command: SingleCommand,
    state: State,
    now: datetime,
    named: RecordedEvent,
    recorded: tuple[RecordedEvent, ...],
    *,
    replayed: bool,
) -> Outcome:
    account: Account | None = None
    customer_id = getattr(command, "customer_id", None)
    code = command.type_code if isinstance(command, Issue | Consume) else getattr(command, "code", None)
    if isinstance(command, Issue | Consume):
        account = state.account(command.customer_id, command.type_code)
        account = settled(account, now) if replayed else account
    return Outcome(
        replayed=replayed,
        named=named,
        events=recorded,
        account=account,
        entitlement_type=None if code is None else state.types.get(code),
        customer=None if customer_id is None else state.customers.get(customer_id),
        profile=None if customer_id is None else state.profiles.get(customer_id),
        position=state.position,
        as_of=now,
    )


def _check(before: State, after: State) -> None:
    """L3.2, L3.3 for every account that the group changed; raises InvariantBrokenError."""
    for key, account in after.accounts.items():
        if account is not before.accounts.get(key) and not account.balances():
            raise InvariantBrokenError(f"the figures of account {key} do not add up: {account}")
