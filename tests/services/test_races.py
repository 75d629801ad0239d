"""Who comes at the same time: exactly what is affordable succeeds, and one key makes one event."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from app.store import accounts, events
from tests.support.ledger import OpenLedger, consume, issue, open_ledger, points

ROOT = Path(__file__).parents[2]
PROCESSES = 4


async def assert_spent(opened: OpenLedger, customer_id: str, spent: int, left: int) -> None:
    found = await opened.read(lambda connection: accounts.load(connection, "main", [customer_id]))
    account = found[customer_id, "POINTS"]
    assert (account.consumed, account.available) == (spent, left)
    assert account.balances()
    recorded = await opened.read(lambda connection: events.after(connection, "main", 0, 1_000))
    assert [each.event.position for each in recorded] == list(range(1, len(recorded) + 1))
    assert all((each.event.balance_after or 0) >= 0 for each in recorded)


@pytest.mark.parametrize("funds", [0, 1, 37, 64, 100])
async def test_64_concurrent_consumes_of_one_account(database_url: str, funds: int) -> None:
    async with open_ledger(database_url, group_operations_max=10) as opened:
        await opened.send(points())
        # The first touch of the account is part of the race.
        issues = [opened.send(issue("funds", funds))] if funds else []
        outcomes = await asyncio.gather(*issues, *(opened.send(consume(f"c{n}")) for n in range(64)))
        accepted = sum(not outcome.rejections for outcome in outcomes) - len(issues)
        assert accepted == min(funds, 64)
        if funds:
            await assert_spent(opened, "ada", accepted, funds - accepted)


def contenders(url: str, count: int, kind: str) -> list[int]:
    """Lets processes compete, all at the same signal; returns how many commands each got accepted."""
    command = [sys.executable, "-m", "tests.support.contender", url]
    running = [
        subprocess.Popen(
            [*command, f"p{number}", str(count), kind],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [int(process.communicate(timeout=60)[0]) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


async def test_several_processes_spend_exactly_what_there_is(postgres_url: str) -> None:
    async with open_ledger(postgres_url) as opened:
        await opened.send(points())
        await opened.send(issue("funds", 37))
        accepted = await asyncio.to_thread(contenders, postgres_url, 16, "consume")
        print(f"accepted by process: {accepted}")
        assert sum(accepted) == 37
        await assert_spent(opened, "ada", 37, 0)


async def test_several_processes_with_the_same_keys_write_each_once(postgres_url: str) -> None:
    async with open_ledger(postgres_url) as opened:
        await opened.send(points())
        accepted = await asyncio.to_thread(contenders, postgres_url, 40, "same")
        assert sum(accepted) == 40
        recorded = await opened.read(lambda connection: events.after(connection, "main", 0, 1_000))
        assert len(recorded) == 41
        found = await opened.read(lambda connection: accounts.load(connection, "main", [f"c{n}" for n in range(40)]))
        assert [account.available for account in found.values()] == [1] * 40
