"""A key is answered once and for ever (L7), batches included (L12.1), on both databases."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.domain.commands import Batch, Command, Issue, RegisterCustomer, ReviseEntitlementType, UpdateCustomer
from app.domain.rejections import BatchRefused, IdempotencyConflict, RejectionCode
from app.services.outcomes import BatchOutcome, Outcome
from app.store import events
from tests.support.ledger import CALLER, OpenLedger, consume, issue, open_ledger, points


def codes(outcome: Outcome | BatchOutcome) -> list[RejectionCode]:
    return [rejection.code for rejection in outcome.rejections]


async def size(opened: OpenLedger) -> int:
    return len(await opened.read(lambda connection: events.after(connection, "main", 0, 1_000)))


def batch(key: str, *operations: Any) -> Batch:
    return Batch(idempotency_key=key, operations=operations)


async def test_L7_2_the_same_request_gets_the_original_outcome_and_the_live_balance(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        first = await opened.send(issue("k", 10, note="hello"))
        await opened.send(consume("c", 4))
        again = await opened.send(issue("k", 10, note="hello"))
        assert (first.replayed, again.replayed) == (False, True)
        assert again.named == first.named
        assert again.events == first.events
        assert again.account is not None
        assert again.account.available == 6
        assert await size(opened) == 3


@pytest.mark.parametrize(
    "command",
    [
        points("again", name="Points"),
        ReviseEntitlementType(idempotency_key="r", code="POINTS", name="Stars", max_balance=None),
        RegisterCustomer(idempotency_key="c", customer_id="bob", name="Bob", email="bob@example.org"),
        UpdateCustomer(idempotency_key="u", customer_id="ada", name=None, metadata={"vip": True}),
        issue("i", "5", metadata={"a": 1}),
        consume("s", 1),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_L7_1_every_command_replays(database_url: str, command: Command) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        await opened.send(issue("before"))
        if command.idempotency_key == "again":
            command = replace(command, code="OTHER")  # type: ignore[call-arg]
        first = await opened.send(command)  # type: ignore[arg-type]
        again = await opened.send(command)  # type: ignore[arg-type]
        assert not first.rejections
        assert again == replace(first, replayed=True)
        assert await size(opened) == 3


async def test_L7_3_another_request_under_a_known_key_names_the_first_event(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        first = await opened.send(issue("k", 10))
        conflict = await opened.send(issue("k", 11))
        assert first.named is not None
        (rejection,) = conflict.rejections
        assert isinstance(rejection, IdempotencyConflict)
        assert rejection.first_event_id == first.named.event.event_id
        assert codes(await opened.send(consume("k", 10))) == [RejectionCode.IDEMPOTENCY_CONFLICT]
        assert await size(opened) == 2


async def test_L7_3_what_is_not_part_of_the_request_may_differ(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        await opened.send(issue("k", 10, correlation_id="a", causation_id="b"))
        assert (await opened.send(issue("k", "10", correlation_id="c"))).replayed


async def test_L7_1_callers_keys_and_the_servers_own_are_separate(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        await opened.send(issue("k", 10))
        own = await opened.send(issue("k", 11), replace(CALLER, source="rules"))
        assert (own.rejections, own.replayed) == ((), False)


async def test_L7_4_a_refusal_leaves_no_receipt(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        await opened.send(issue("i", 5))
        assert codes(await opened.send(consume("k", 9))) == [RejectionCode.INSUFFICIENT_BALANCE]
        await opened.send(issue("more", 5))
        assert not (await opened.send(consume("k", 9))).replayed


async def test_L7_4_two_in_flight_with_one_key_make_one_event(database_url: str) -> None:
    async with open_ledger(database_url, group_operations_max=7) as opened:
        await opened.send(points())
        outcomes = await asyncio.gather(*(opened.send(issue("k")) for _ in range(20)))
        assert sum(not outcome.replayed for outcome in outcomes) == 1
        assert len({outcome.named.event.event_id for outcome in outcomes if outcome.named is not None}) == 1
        assert await size(opened) == 2


async def test_L12_1_a_batch_is_all_or_nothing_and_sees_its_own_operations(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        done = await opened.ledger.submit_batch(batch("b1", issue("i", 5), consume("c", 5)), CALLER)
        assert [outcome.account and outcome.account.available for outcome in done.results] == [5, 0]
        refused = await opened.ledger.submit_batch(batch("b2", issue("i2", 5), consume("c2", 6)), CALLER)
        (rejection,) = refused.rejections
        assert isinstance(rejection, BatchRefused)
        assert (refused.results, refused.failed_index) == ((), 1)
        assert rejection.field == ("operations", "1", "consume", "amount")
        assert rejection.cause.code is RejectionCode.INSUFFICIENT_BALANCE
        assert await size(opened) == 3


async def test_L12_1_a_known_batch_replays_whole(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        request = batch("b", issue("i", 5), consume("c", 2))
        first = await opened.ledger.submit_batch(request, CALLER)
        again = await opened.ledger.submit_batch(request, CALLER)
        assert (first.replayed, again.replayed) == (False, True)
        assert [outcome.named for outcome in again.results] == [outcome.named for outcome in first.results]
        assert all(outcome.replayed for outcome in again.results)
        other = await opened.ledger.submit_batch(batch("b", issue("i", 5)), CALLER)
        assert codes(other) == [RejectionCode.IDEMPOTENCY_CONFLICT]
        assert (await opened.send(issue("i", 5))).replayed
        assert await size(opened) == 3


async def test_L12_1_a_known_operation_contributes_its_old_outcome(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        old = await opened.send(issue("i", 5))
        mixed = await opened.ledger.submit_batch(batch("b", issue("i", 5), consume("c", 2)), CALLER)
        assert [outcome.replayed for outcome in mixed.results] == [True, False]
        assert mixed.results[0].named == old.named
        conflict = await opened.ledger.submit_batch(batch("b2", consume("c2", 1), issue("i", 6)), CALLER)
        assert codes(conflict) == [RejectionCode.BATCH_REFUSED]
        assert conflict.failed_index == 1
        whole = await opened.ledger.submit_batch(batch("b3", issue("i", 5), consume("c", 2)), CALLER)
        assert [outcome.replayed for outcome in whole.results] == [True, True]
        assert await size(opened) == 3


@pytest.mark.parametrize(
    ("request_", "code", "field"),
    [
        (batch("b"), RejectionCode.INVALID_INPUT, ("operations",)),
        (batch("b", *(issue(f"k{n}") for n in range(1_001))), RejectionCode.INVALID_INPUT, ("operations",)),
        (batch("", issue("k")), RejectionCode.INVALID_INPUT, ("idempotencyKey",)),
        (
            batch("b", issue("k"), issue("k")),
            RejectionCode.BATCH_REFUSED,
            ("operations", "1", "issue", "idempotencyKey"),
        ),
        (batch("b", issue("b")), RejectionCode.BATCH_REFUSED, ("operations", "0", "issue", "idempotencyKey")),
        (
            batch("b", issue("k"), consume("l", "0")),
            RejectionCode.BATCH_REFUSED,
            ("operations", "1", "consume", "amount"),
        ),
    ],
    ids=["empty", "1,001", "no key", "key twice", "the batch's own key", "bad operation"],
)
async def test_L12_1_a_batch_that_cannot_be(
    sqlite_url: str, request_: Batch, code: RejectionCode, field: tuple[str, ...]
) -> None:
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        outcome = await opened.ledger.submit_batch(request_, CALLER)
        assert [(rejection.code, rejection.field) for rejection in outcome.rejections] == [(code, field)]
        assert await size(opened) == 1


async def test_L13_2_an_operation_in_a_batch_carries_both_keys(sqlite_url: str) -> None:
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        done = await opened.ledger.submit_batch(batch("b", issue("i", 5), consume("c", 2)), CALLER)
        named = done.results[1].named
        assert named is not None
        stamp = named.event.stamp
        assert stamp.batch is not None
        assert (stamp.idempotency_key, stamp.batch.key, stamp.batch.index, stamp.batch.size) == ("c", "b", 1, 2)


async def test_a_thousand_operations_fit_in_one_batch(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        operations: list[Issue] = [issue(f"k{n}", 1, f"c{n % 10}") for n in range(1_000)]
        done = await opened.ledger.submit_batch(batch("b", *operations), CALLER)
        assert len(done.results) == 1_000
        assert done.results[-1].account is not None
        assert done.results[-1].account.available == 100
