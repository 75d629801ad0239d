"""The verification that runs by itself: it gets through, keeps up, finds what is changed behind it, and rests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.clock import SystemClock
from app.services.audit import Integrity, IntegrityState, following, integrity
from app.store import scans, tables
from tests.services.tampering import attack, change, rows, tell_story
from tests.support.ledger import OpenLedger, consume, issue, open_ledger, points

PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def verifying(opened: OpenLedger, events_per_step: int = 1_000) -> AsyncIterator[Integrity]:
    """The job beside an open ledger; it looks again as soon as it may."""
    job = Integrity(opened.database, SystemClock(), "main", events_per_step=events_per_step, rest_seconds=0.0)
    await job.start()
    try:
        yield job
    finally:
        await job.stop()


async def until(condition: Callable[[], Any]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  (the report is a value: nothing announces it)
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _without_long_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "IDLE_SECONDS", 0.01)


async def test_it_verifies_everything_and_then_what_is_new(database_url: str) -> None:
    await tell_story(database_url)
    async with open_ledger(database_url, SystemClock()) as opened, verifying(opened) as job:
        assert job.report.state is IntegrityState.UNVERIFIED
        await until(lambda: job.report.state is IntegrityState.VERIFIED)
        verified_to = job.report.verified_to
        assert verified_to == 17
        for number in range(120):
            assert not (await opened.send(issue(f"new-{number}", 1, f"c{number % 7}"))).rejections
        await until(lambda: job.report.verified_to == verified_to + 120)
        assert job.report.state is IntegrityState.VERIFIED
        assert job.report.verified_at is not None


async def test_it_finds_an_account_that_was_changed_behind_it(database_url: str) -> None:
    async with open_ledger(database_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            await attack(
                database_url, lambda c: change(c, tables.account, rows(c, tables.account)[0], issued=9, consumed=4)
            )
            assert (await opened.send(issue("again", 1))).account is not None
            await until(lambda: job.report.state is IntegrityState.BROKEN)
            assert "ada POINTS" in str(job.report.detail)


async def test_it_finds_a_head_that_was_changed_while_nothing_happens(database_url: str) -> None:
    async with open_ledger(database_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            await attack(database_url, lambda c: change(c, tables.head, rows(c, tables.head)[0], peaks=b"x" * 32))
            await until(lambda: job.report.state is IntegrityState.BROKEN)
            assert "head main" in str(job.report.detail)


async def test_what_is_broken_stays_so_until_everything_agrees_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "BROKEN_AGAIN_AFTER", timedelta(0))
    async with open_ledger(sqlite_url, SystemClock()) as opened:
        await _open_account(opened)
        was = await attack(sqlite_url, lambda c: rows(c, tables.account)[0])
        await attack(sqlite_url, lambda c: change(c, tables.account, was, available=9))
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.BROKEN)
            await attack(sqlite_url, lambda c: change(c, tables.account, was, available=was["available"]))
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            assert job.report.detail is None


async def test_a_busy_account_is_folded_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeping up costs the new events, not the account's history again each round."""
    read = []
    original = scans.leaves_of_account

    def counted(*arguments: Any) -> Any:
        found = original(*arguments)
        read.extend(found)
        return found

    monkeypatch.setattr(scans, "leaves_of_account", counted)
    async with open_ledger(sqlite_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            for number in range(60):
                assert not (await opened.send(issue(f"busy-{number}", 1))).rejections
                await until(lambda position=number: job.report.verified_to == position + 3)
    assert len(read) <= 3


async def test_it_keeps_up_with_more_accounts_than_it_remembers(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "GRANTS_REMEMBERED", 5)
    async with open_ledger(database_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            for wave in range(6):
                commands = [issue(f"{wave}-{n}", 2, f"c{n}") for n in range(40)]
                commands += [consume(f"take-{wave}-{n}", 1, f"c{n}") for n in range(40)]
                await asyncio.gather(*(opened.send(command) for command in commands))
            await until(lambda: job.report.verified_to == 2 + 6 * 80)
            assert job.report.state is IntegrityState.VERIFIED


async def test_it_finds_a_grant_that_was_changed_behind_it(database_url: str) -> None:
    async with open_ledger(database_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            await attack(database_url, lambda c: change(c, tables.grant, rows(c, tables.grant)[0], cost_basis="9"))
            assert not (await opened.send(consume("again", 1))).rejections
            await until(lambda: job.report.state is IntegrityState.BROKEN)
            assert "cost_basis should be None, is 9" in str(job.report.detail)


async def test_it_can_be_switched_off(sqlite_url: str) -> None:
    async with open_ledger(sqlite_url) as opened, verifying(opened, events_per_step=0) as job:
        assert job.report.state is IntegrityState.UNVERIFIED
        assert job.report.detail == "The background verification is switched off."


async def _open_account(opened: OpenLedger) -> None:
    for command in (points(), issue("first", 5)):
        assert not (await opened.send(command)).rejections
