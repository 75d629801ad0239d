"""How the benchmarks call `entitlement-ledger import`: the one place that knows its flags."""

import gzip
import os
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import COMMAND, ROOT, TYPE_CODE, process_resident_bytes, process_tree

CDNOW = ROOT.parent / "shared" / "data" / "cdnow_orders.csv.gz"
CDNOW_FLAGS = [
    *("--type", TYPE_CODE),
    *("--customer-column", "customer_id"),
    *("--amount-column", "amount_usd"),
    *("--effective-at-column", "ordered_on"),
    *("--key-template", "cdnow:{line}"),
    *("--round", "up"),
    *("--zero", "skip"),
]
GENERATED_FLAGS = [
    *("--type", TYPE_CODE),
    *("--operation-column", "kind"),
    *("--customer-column", "customer_id"),
    *("--amount-column", "amount"),
    *("--key-template", "bench:{line}"),
]
SAMPLE_EVERY_S = 0.1


@dataclass(frozen=True)
class Import:
    """`resident` are (seconds since the start, bytes) of the whole process tree."""

    seconds: float
    resident: list[tuple[float, int]]
    output: str

    def resident_at(self, part: float) -> int:
        """Bytes at `part` (0..1) of the time; an import writes at an even pace, so of the rows as well."""
        return min(self.resident, key=lambda sample: abs(sample[0] - part * self.seconds))[1]


def run_import(database_url: str, source: Path, flags: Sequence[str]) -> Import:
    """Imports `source`, sampling memory. Raises `RuntimeError` when the command does not end with 0."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [COMMAND, "import", str(source), *flags],
        cwd=ROOT,
        env={**os.environ, "LEDGER_DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    resident: list[tuple[float, int]] = []
    sampler = threading.Thread(target=sample_memory, args=(process, started, resident))
    sampler.start()
    try:
        output, _ = process.communicate()
    finally:
        process.kill()
        sampler.join()
    if process.returncode:
        raise RuntimeError(f"import ended with {process.returncode}:\n{output[-3000:]}")
    return Import(time.perf_counter() - started, resident, output)


def sample_memory(process: "subprocess.Popen[str]", started: float, resident: list[tuple[float, int]]) -> None:
    while process.poll() is None:
        total = sum(process_resident_bytes(pid) for pid in process_tree(process.pid))
        if total:
            resident.append((time.perf_counter() - started, total))
        time.sleep(SAMPLE_EVERY_S)


def write_rows(path: Path, header: str, rows: Iterable[str]) -> None:
    with gzip.open(path, "wt", compresslevel=1) as target:
        target.write(header + "\n")
        target.writelines(row + "\n" for row in rows)
