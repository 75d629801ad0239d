"""How the benchmarks call `entitlement-ledger import`: the one place that knows its flags."""

import gzip
import os
import re
import resource
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import COMMAND, ROOT, TYPE_CODE, process_resident_bytes, process_tree

CDNOW = ROOT.parent / "shared" / "data" / "cdnow_orders.csv.gz"
POINTS = [*("--type", TYPE_CODE), *("--define-type", f"{TYPE_CODE}:POINTS:0:point")]
CDNOW_FLAGS = [
    *POINTS,
    *("--customer-column", "customer_id"),
    *("--amount-column", "amount_usd"),
    *("--effective-at-column", "ordered_on"),
    *("--key-template", "cdnow:{line}"),
    *("--round", "up"),
    *("--zero", "skip"),
]
GENERATED_FLAGS = [
    *POINTS,
    *("--operation-column", "operation"),
    *("--customer-column", "customer_id"),
    *("--amount-column", "amount"),
    *("--key-template", "bench:{line}"),
]
SUMMARY = re.compile(r"([\d,]+) issued, ([\d,]+) consumed, .* ([\d,]+) a second")
SAMPLE_EVERY_S = 0.1


@dataclass(frozen=True)
class Import:
    """`seconds` and `cpu_seconds` of the whole process, its start included; `events` and `events_a_second` as the
    command says; `resident` are (seconds since the start, bytes) of the process tree.
    """

    seconds: float
    cpu_seconds: float
    events: int
    events_a_second: float
    resident: list[tuple[float, int]]
    output: str

    def resident_at(self, part: float) -> int:
        """Bytes at `part` (0..1) of the importing, at an even pace: so of the rows as well."""
        importing = self.events / self.events_a_second
        wanted = self.seconds - (1 - part) * importing
        return min(self.resident, key=lambda sample: abs(sample[0] - wanted))[1]


def run_import(database_url: str, source: Path, flags: Sequence[str]) -> Import:
    """Imports `source`, sampling memory. Raises `RuntimeError` when the command does not end with 0."""
    started, cpu_before = time.perf_counter(), children_cpu_seconds()
    process = subprocess.Popen(
        [COMMAND, "import", str(source), *flags],
        cwd=ROOT,
        env={**os.environ, "LEDGER_DATABASE_URL": database_url, "LEDGER_AUTO_MIGRATE": "1"},
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
    seconds = time.perf_counter() - started
    found = SUMMARY.search(output)
    if found is None:
        raise RuntimeError(f"import did not say how many rows it wrote:\n{output[-3000:]}")
    issued, consumed, rate = (int(number.replace(",", "")) for number in found.groups())
    return Import(seconds, children_cpu_seconds() - cpu_before, issued + consumed, rate, resident, output)


def children_cpu_seconds() -> float:
    """Of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
