"""The write-ahead log is copied into the file now and then, not after every commit, and does not grow for ever."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.store.sqlite import CHECKPOINT_PAGES, PAGE_BYTES, SqliteWriter
from tests.support.ledger import issue, open_ledger, points


def size(path: Path) -> int:
    return path.stat().st_size


async def test_checkpoints_come_by_the_thousand_pages(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = 0
    real: Callable[[SqliteWriter, str], None] = SqliteWriter._checkpoint

    def counted(self: SqliteWriter, mode: str) -> None:
        nonlocal checkpoints
        checkpoints += 1
        real(self, mode)

    monkeypatch.setattr(SqliteWriter, "_checkpoint", counted)
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    largest = pages_written = 0
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        for number in range(400):
            before = size(log)
            await opened.send(issue(f"k{number}", note="n" * 3_000))
            after = size(log)
            largest = max(largest, after)
            pages_written += (after - before if after > before else after) // PAGE_BYTES
        assert pages_written > 2 * CHECKPOINT_PAGES
        assert 2 <= checkpoints <= pages_written // CHECKPOINT_PAGES + 1
        assert largest < 1.5 * CHECKPOINT_PAGES * PAGE_BYTES
