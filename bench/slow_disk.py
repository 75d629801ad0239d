"""The disk: what one commit costs on it, and how to make it slower for a process that we start.

Belongs here: compiling the `slow_fsync.c` shim and measuring what Python's sqlite3 pays per commit with and without it.
"""

import subprocess
import sys
from pathlib import Path

COMMIT_PROBE = """
import sqlite3, statistics, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=FULL")
connection.execute("CREATE TABLE probe (value INTEGER)")
costs = []
for value in range(60):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO probe VALUES (?)", (value,))
    started = time.perf_counter()
    connection.execute("COMMIT")
    costs.append(time.perf_counter() - started)
print(statistics.median(costs[10:]) * 1000)
"""


def slow_disk_environment(folder: Path, added_ms: float) -> dict[str, str]:
    """Environment that makes every fsync of a child process `added_ms` slower; gcc compiles the shim into `folder`."""
    shim = folder / "slow_fsync.so"
    if not shim.exists():
        source = Path(__file__).with_name("slow_fsync.c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
    return {"LD_PRELOAD": str(shim), "SLOW_FSYNC_MICROSECONDS": str(round(added_ms * 1000))}


def commit_cost_ms(folder: Path, environment: dict[str, str]) -> float:
    """Median milliseconds of one SQLite COMMIT (WAL, synchronous=FULL, one small row) under `environment`."""
    database = folder / f"commit-probe-{len(environment)}.db"
    finished = subprocess.run(
        [sys.executable, "-c", COMMIT_PROBE, str(database)], env=environment, check=True, capture_output=True, text=True
    )
    for path in folder.glob(f"{database.name}*"):
        path.unlink()
    return float(finished.stdout)
