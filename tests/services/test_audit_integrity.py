"""The verification that runs by itself: it gets through, keeps up, finds what is changed behind it, and rests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.clock import SystemClock
from app.services.audit import Integrity, IntegrityState, integrity
from app.store import tables
from tests.services.tampering import attack, change, rows, tell_story
from tests.support.ledger import OpenLedger, issue, open_ledger, points

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
    """Each round folds what is new only: the events that it reads do not grow with the account's history."""
    read = []
    original = integrity.fold_on

    def counted(connection: Any, ledger: str, fold: Any, limit: int) -> Any:
        before = fold.account.version
        answer = original(connection, ledger, fold, limit)
        read.append(fold.account.version - before)
        return answer

    monkeypatch.setattr(integrity, "fold_on", counted)
    async with open_ledger(sqlite_url, SystemClock()) as opened:
        await _open_account(opened)
        async with verifying(opened) as job:
            await until(lambda: job.report.state is IntegrityState.VERIFIED)
            for number in range(60):
                assert not (await opened.send(issue(f"busy-{number}", 1))).rejections
                await until(lambda position=number: job.report.verified_to == position + 3)
    assert sum(read) <= 61


async def test_it_can_be_switched_off(sqlite_url: str) -> None:
    async with open_ledger(sqlite_url) as opened, verifying(opened, events_per_step=0) as job:
        assert job.report.state is IntegrityState.UNVERIFIED
        assert job.report.detail == "The background verification is switched off."


async def _open_account(opened: OpenLedger) -> None:
    for command in (points(), issue("first", 5)):
        assert not (await opened.send(command)).rejections
