"""`verify` beside a writer that does not stop for it: no difference is reported that is none; long accounts too."""

import asyncio
from functools import partial

import pytest

from app.clock import SystemClock
from app.services import audit
from app.services.audit import verification
from app.store import tables
from app.store.opening import open_database
from tests.services.tampering import attack, change, difference, rows, tell_story
from tests.support.ledger import OpenLedger, consume, issue, open_ledger, points
from tests.support.volume import volume


async def keep_writing(opened: OpenLedger, waves: int) -> None:
    """Issues and consumes for a few customers, some of them new in each wave."""
    for wave in range(waves):
        customers = ["ada", "bob", f"new-{wave}"]
        commands = [issue(f"i{wave}-{n}", 3, customers[n % 3]) for n in range(20)]
        commands += [consume(f"c{wave}-{n}", 2, customers[n % 3]) for n in range(12)]
        await asyncio.gather(*(opened.send(command) for command in commands))


async def test_verify_finds_nothing_beside_a_writer(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small steps: as many snapshots as possible fall between two writes.
    monkeypatch.setattr(verification, "ROWS_PER_STEP", 37)
    other = open_database(database_url)
    async with open_ledger(database_url, SystemClock()) as opened:
        await opened.send(points())
        writing = asyncio.create_task(keep_writing(opened, volume(ci=25, soak=500)))
        rounds = 0
        while not writing.done() or rounds < 2:
            chain, difference = await audit.verify(other, "main")
            assert difference is None, difference
            rounds += 1
        await writing
        chain, difference = await audit.verify(other, "main")
        assert difference is None
        assert chain.position > 25 * 32
    await other.close()


async def test_an_account_with_more_events_than_a_step(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "ROWS_PER_STEP", 5)
    async with open_ledger(sqlite_url) as opened:
        for command in (points(), issue("before", 1, "aaa"), issue("behind", 1, "zzz")):
            await opened.send(command)
        for number in range(23):
            await opened.send(issue(f"i{number}", 2, "long"))
            await opened.send(consume(f"c{number}", 1, "long"))
        chain, difference = await audit.verify(opened.database, "main")
    assert (chain.position, difference) == (49, None)


@pytest.mark.parametrize("rows_per_step", [1, 2, 3, 1_000])
async def test_any_step_size_sees_the_same(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, rows_per_step: int
) -> None:
    monkeypatch.setattr(verification, "ROWS_PER_STEP", rows_per_step)
    await tell_story(sqlite_url)
    assert await difference(sqlite_url) is None
    changes = ((tables.grant, "remaining", 1_000), (tables.entitlement_type, "definition", "{}"))
    for table, column, value in (*changes, (tables.customer, "state", "FROZEN")):
        was = (await attack(sqlite_url, partial(rows, table=table)))[-1]
        await attack(sqlite_url, partial(change, table=table, row=was, **{column: value}))
        found = await difference(sqlite_url)
        assert found is not None
        assert (found.table, found.column) == (table.name, column)
        await attack(sqlite_url, partial(change, table=table, row=was, **{column: was[column]}))
