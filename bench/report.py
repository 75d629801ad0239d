"""What every benchmark prints: the machine's facts, one small table, and the same as JSON in `bench/results/`."""

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from bench.slow_disk import commit_cost_ms

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "starlette",
    "uvicorn",
    "uvloop",
    "sqlalchemy",
    "aiosqlite",
    "websockets",
)


def machine_facts() -> dict[str, Any]:
    """Cores, processor, load, cost of a commit on the disk of temporary files, versions."""
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
        commit_ms = commit_cost_ms(Path(folder), {})
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": processor(),
        "load_average_1_minute": round(os.getloadavg()[0], 2),
        "sqlite_commit_ms": round(commit_ms, 3),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "kernel": platform.release(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def publish(name: str, facts: dict[str, Any], figures: dict[str, Any]) -> Path:
    """Prints the machine's line and writes `results/<name>-<instant>.json`; returns its path."""
    line = (
        f"{facts['cores']} cores, {facts['processor']}, load {facts['load_average_1_minute']} at the start, "
        f"{facts['sqlite_commit_ms']} ms a SQLite commit (FULL), Python {facts['python']}, SQLite {facts['sqlite']}, "
        + ", ".join(f"{package} {release}" for package, release in facts["packages"].items())
    )
    console().print(line, style="dim", highlight=False)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(orjson.dumps({"machine": facts, "figures": figures}, option=orjson.OPT_INDENT_2))
    console().print(f"written to bench/results/{path.name}", style="dim", highlight=False)
    return path


def console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 140)
