"""Import: every row once, whatever happens in between; order kept, refusals named, memory bounded."""

import asyncio
from collections.abc import Iterator

import pytest

from app.domain.commands import DefineEntitlementType
from app.domain.rejections import Rejection, invalid
from app.services import transfer
from app.services.csv_rows import ImportRow, UnreadableFileError
from app.services.transfer import Tally
from app.store import accounts, heads
from app.store.database import RefusedError
from tests.support.ledger import CALLER, OpenLedger, consume, issue, open_ledger, points


class Refusals(list[tuple[int, str]]):
    """Lines and codes of the rows that were turned down."""

    def __call__(self, line: int, rejection: Rejection) -> None:
        self.append((line, rejection.code))


def issues(count: int, start: int = 2) -> Iterator[ImportRow]:
    """That many rows, an issue of 1 each, for three customers in turn."""
    for line in range(start, start + count):
        yield ImportRow(line, issue(f"row:{line}", 1, f"c{line % 3}"))


async def available(opened: OpenLedger) -> int:
    """What all three have."""
    found = await opened.read(lambda connection: accounts.load(connection, "main", ["c0", "c1", "c2"]))
    return sum(account.available for account in found.values())


async def test_running_it_twice_doubles_nothing(database_url: str) -> None:
    refused = Refusals()
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        first = await transfer.import_rows(opened.ledger, issues(700), CALLER, refused=refused)
        second = await transfer.import_rows(opened.ledger, issues(701), CALLER, refused=refused)
        assert (first, second) == (Tally(issued=700), Tally(issued=1, replayed=700))
        assert await available(opened) == 701
    assert refused == []


async def test_stopped_half_way_it_goes_on_where_it_was(database_url: str) -> None:
    def broken() -> Iterator[ImportRow]:
        yield from issues(300)
        raise UnreadableFileError("the disk is gone")

    async with open_ledger(database_url) as opened:
        await opened.send(points())
        seen: list[int] = []
        with pytest.raises(UnreadableFileError):
            await transfer.import_rows(
                opened.ledger, broken(), CALLER, refused=Refusals(), progress=lambda tally: seen.append(tally.issued)
            )
        assert seen[-1] == 300
        tally = await transfer.import_rows(opened.ledger, issues(500), CALLER, refused=Refusals())
        assert tally == Tally(issued=200, replayed=300)
        assert await available(opened) == 500


async def test_rows_that_are_refused_are_named_and_the_others_imported(database_url: str) -> None:
    rows = [
        ImportRow(2, issue("a", 5)),
        ImportRow(3, consume("b", 9)),
        ImportRow(4, None),
        ImportRow(5, issue("c", "1.5")),
        ImportRow(6, invalid("no date", "at")),
        ImportRow(7, consume("d", 2)),
        ImportRow(8, issue("e", 1, type_code="NOTHING")),
        ImportRow(9, issue("a", 6)),
    ]
    refused = Refusals()
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        tally = await transfer.import_rows(opened.ledger, rows, CALLER, refused=refused)
    assert tally == Tally(issued=1, consumed=1, skipped=1, refused=5)
    # What the ledger has to look at answers later than what is no command at all.
    assert sorted(refused) == [
        (3, "INSUFFICIENT_BALANCE"),
        (5, "INVALID_INPUT"),
        (6, "INVALID_INPUT"),
        (8, "UNKNOWN_TYPE"),
        (9, "IDEMPOTENCY_CONFLICT"),
    ]


async def test_order_is_kept_across_groups(sqlite_url: str) -> None:
    """Each consume can only be paid from the issue right before it."""
    rows = [
        ImportRow(2 * number + turn, issue(f"i{number}", 1) if turn == 0 else consume(f"c{number}", 1))
        for number in range(400)
        for turn in (0, 1)
    ]
    async with open_ledger(sqlite_url, group_operations_max=7) as opened:
        await opened.send(points(max_balance="1"))
        tally = await transfer.import_rows(opened.ledger, rows, CALLER, refused=Refusals())
    assert tally == Tally(issued=400, consumed=400)


async def test_rows_in_flight_are_bounded(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "IN_FLIGHT_MAX", 50)
    read = 0

    def counted() -> Iterator[ImportRow]:
        nonlocal read
        for row in issues(2_000):
            read += 1
            yield row

    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        ahead: list[int] = []
        await transfer.import_rows(
            opened.ledger,
            counted(),
            CALLER,
            refused=Refusals(),
            progress=lambda tally: ahead.append(read - tally.rows),
        )
    assert len(ahead) > 10
    assert max(ahead) <= 50


async def test_a_ledger_that_cannot_go_on_says_at_which_line(sqlite_url: str) -> None:
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        await opened.writer.stop()
        with pytest.raises(RefusedError, match=r"stopped at line 2: .* Run the same command again"):
            await transfer.import_rows(opened.ledger, issues(10), CALLER, refused=Refusals())


async def test_a_type_is_defined_once_and_never_changed(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        wanted: DefineEntitlementType = points("import:define:POINTS", scale=2)
        await transfer.ensure_type(opened.database, opened.ledger, wanted, CALLER)
        await transfer.ensure_type(opened.database, opened.ledger, points("another key", scale=2), CALLER)
        assert await transfer.scales(opened.database, "main") == {"POINTS": 2}
        with pytest.raises(RefusedError, match="POINTS exists already, as POINTS with 2 decimal places"):
            await transfer.ensure_type(opened.database, opened.ledger, points("k", scale=0), CALLER)
        with pytest.raises(RefusedError, match="cannot be defined"):
            await transfer.ensure_type(opened.database, opened.ledger, points("k", code="no code"), CALLER)
        head = await opened.read(lambda connection: heads.read(connection, "main"))
        assert head is not None
        assert head.position == 1


async def test_two_imports_at_once_write_each_row_once(postgres_url: str) -> None:
    async with open_ledger(postgres_url) as one, open_ledger(postgres_url) as other:
        await one.send(points())
        tallies = await asyncio.gather(
            *(transfer.import_rows(opened.ledger, issues(400), CALLER, refused=Refusals()) for opened in (one, other))
        )
        assert sum(tally.issued for tally in tallies) == 400
        assert sum(tally.replayed for tally in tallies) == 400
        assert await available(one) == 400
