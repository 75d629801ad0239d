"""The process dies between two steps of the writer, or at any moment: what was acknowledged is there, whole, once."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.store import accounts, events
from tests.support import seed
from tests.support.ledger import OpenLedger, issue, open_ledger
from tests.support.victim import EXIT_CODE
from tests.support.volume import volume

ROOT = Path(__file__).parents[2]
WRITER = (ROOT / "app/services/commit.py", ROOT / "app/services/writer.py")
FAILPOINTS = sorted({point for path in WRITER for point in re.findall(r'_reached\("([a-z.]+)"\)', path.read_text())})


def victim(url: str, failpoint: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.victim", url, failpoint]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def assert_whole(opened: OpenLedger, acknowledged: int) -> int:
    """All that was acknowledged is there, projections and receipts agree; returns how many `during` there are."""
    recorded = await opened.read(lambda connection: events.after(connection, "main", 0, 10_000))
    keys = [each.event.stamp.idempotency_key for each in recorded]
    assert len(keys) == len(set(keys))
    assert {f"before-{n}" for n in range(10)} | {f"during-{n}" for n in range(acknowledged)} <= set(keys)
    during = sum(str(key).startswith("during") for key in keys)
    account = (await opened.read(lambda connection: accounts.load(connection, "main", ["ada"])))["ada", "POINTS"]
    assert account.available == 10 * (len(keys) - 1)
    for n in range(acknowledged):
        assert (await opened.send(issue(f"during-{n}"))).replayed
    assert not (await opened.send(issue(f"after-{len(keys)}"))).replayed
    return during


def test_there_are_failpoints() -> None:
    assert FAILPOINTS == [
        "writer.appended",
        "writer.committed",
        "writer.decided",
        "writer.locked",
        "writer.written",
    ]


@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_a_crash_between_two_steps(database_url: str, failpoint: str) -> None:
    process = await asyncio.to_thread(victim, database_url, failpoint)
    output, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert (process.returncode, output) == (EXIT_CODE, "written\n")
    async with open_ledger(database_url, SystemClock()) as opened:
        during = await assert_whole(opened, 0)
        # One group of five, or what of it had come by then: all of a transaction or nothing.
        assert (during > 0) == (failpoint == "writer.committed")


async def test_kill_9_at_any_moment(database_url: str) -> None:
    random = seed.seeded("kill -9")
    for _ in range(volume(ci=2, soak=100)):
        process = await asyncio.to_thread(victim, database_url, "kill")
        assert process.stdout is not None
        lines = random.randint(1, 12)
        for _ in range(lines):
            line = await asyncio.to_thread(process.stdout.readline)
        process.kill()
        rest, _ = await asyncio.to_thread(process.communicate)
        acknowledged = int((line + rest).split()[-1]) if "acknowledged" in line + rest else 0
        async with open_ledger(database_url, SystemClock()) as opened:
            await assert_whole(opened, acknowledged)
