"""Real orders become points: imported by the program, read over GraphQL, as an independent script computes them."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.program import ALL_ORDERS, IMPORT, PROGRAM, ROOT, SAMPLE, Server, environment, run, serving

BALANCES = """query ($ids: [String!]!) { balances(customerIds: $ids, typeCode: "POINTS") { customerId available } }"""
PAGE = 100


def test_the_sample_becomes_points(database_url: str) -> None:
    assert run("migrate", url=database_url).returncode == 0
    imported = run("import", SAMPLE, *IMPORT, url=database_url)
    assert imported.returncode == 0, imported.stderr
    assert imported.stdout.startswith("cdnow_orders_500.csv: 496 issued, 0 consumed, 0 replayed, 4 skipped")
    again = run("import", SAMPLE, *IMPORT, url=database_url)
    assert again.stdout.startswith("cdnow_orders_500.csv: 0 issued, 0 consumed, 496 replayed, 4 skipped")
    assert_equal_to_the_script(SAMPLE, database_url)
    verified = run("verify", url=database_url)
    assert (verified.returncode, verified.stdout.split(",")[0]) == (0, "Verified 497 events")


@pytest.mark.skipif(not ALL_ORDERS.exists(), reason="the whole CDNOW file is not on this machine")
def test_every_order_becomes_points(database_url: str) -> None:
    assert run("migrate", url=database_url).returncode == 0
    imported = run("import", ALL_ORDERS, *IMPORT, url=database_url)
    assert imported.returncode == 0, imported.stderr
    assert "69,579 issued, 0 consumed, 0 replayed, 80 skipped" in imported.stdout
    verified = run("verify", url=database_url)
    assert (verified.returncode, verified.stdout.split(" events")[0]) == (0, "Verified 69,580")
    assert_equal_to_the_script(ALL_ORDERS, database_url)


def test_killed_half_way_and_run_again(tmp_path: Path, sqlite_url: str) -> None:
    orders = tmp_path / "orders.csv"
    header, *rows = SAMPLE.read_text().splitlines()
    orders.write_text("\n".join([header, *rows * 12]) + "\n")
    assert run("migrate", url=sqlite_url).returncode == 0
    command = [*PROGRAM, "import", str(orders), *IMPORT]
    killed = subprocess.Popen(command, env=environment(sqlite_url), cwd=ROOT, text=True)
    wait_for_writes(sqlite_url, killed)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    completed = run("import", orders, *IMPORT, url=sqlite_url)
    assert completed.returncode == 0, completed.stderr
    issued, replayed = (int(completed.stdout.replace(",", "").split()[place]) for place in (1, 5))
    assert issued + replayed == 496 * 12
    assert replayed > 0
    assert_equal_to_the_script(orders, sqlite_url)
    assert run("verify", url=sqlite_url).returncode == 0


def test_interrupted_it_says_how_far_it_came_and_what_to_do(tmp_path: Path, sqlite_url: str) -> None:
    orders = tmp_path / "orders.csv"
    header, *rows = SAMPLE.read_text().splitlines()
    orders.write_text("\n".join([header, *rows * 12]) + "\n")
    assert run("migrate", url=sqlite_url).returncode == 0
    command = [*PROGRAM, "import", str(orders), *IMPORT]
    stopped = subprocess.Popen(
        command, env=environment(sqlite_url), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_writes(sqlite_url, stopped)
    stopped.send_signal(signal.SIGINT)
    said, complaint = stopped.communicate()
    assert stopped.returncode == 130
    assert said.startswith("orders.csv: ")
    assert "Run the same command again" in complaint
    assert "Traceback" not in complaint
    assert run("verify", url=sqlite_url).returncode == 0


def wait_for_writes(url: str, process: "subprocess.Popen[str]") -> None:
    """Until the process has committed something beyond the type."""
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        while process.poll() is None and reader.execute("SELECT position FROM head").fetchone()[0] < 2:
            os.sched_yield()


def assert_equal_to_the_script(orders: Path, url: str) -> None:
    """Every customer's balance over GraphQL is what the script makes of the file."""
    script = [sys.executable, str(ROOT / "tests" / "independent" / "points_of_orders.py"), str(orders)]
    expected: dict[str, int] = json.loads(subprocess.run(script, capture_output=True, text=True, check=True).stdout)
    with serving(url=url, LEDGER_VERIFY_EVENTS_PER_STEP="0") as server:
        assert balances(server, list(expected)) == expected


def balances(server: Server, customers: list[str]) -> dict[str, int]:
    """What they have, a hundred at a time."""
    return {
        balance["customerId"]: int(balance["available"])
        for page in batched_by(customers, PAGE)
        for balance in server.ask(BALANCES, ids=page)["balances"]
    }


def batched_by(items: list[str], size: int) -> list[list[str]]:
    """The items in pages."""
    return [items[start : start + size] for start in range(0, len(items), size)]
