"""Servers under measurement: started as subprocesses on a free port, watched through /proc, stopped whatever happens.

Belongs here: command lines and environment of ours and of the yardstick, readiness, CPU and memory of a process tree,
one plain GraphQL request for preparing a ledger. Does not belong here: load (`load`, `sockets`).
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parent.parent
COMMAND = str(Path(sys.executable).with_name("entitlement-ledger"))
READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 15.0
OPEN_FILES = 16_384
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TYPE_CODE = "POINTS"
DEFINE_TYPE = """mutation Define($input: DefineEntitlementTypeInput!) {
  defineEntitlementType(input: $input) { entitlementType { id code } errors { code message field } }
}"""


@dataclass(frozen=True)
class Plan:
    """How to start one server: `kind` is "ours" or "stock"; `environment` is added to the inherited one."""

    name: str
    kind: str
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, database: Path, port: int) -> list[str]:
        if self.kind == "stock":
            server = [sys.executable, "-m", "bench.stock_server", "--database", str(database), "--port", str(port)]
            return [*server, *self.flags]
        return [COMMAND, "serve", *self.flags]

    def settings(self, database: Path, port: int) -> dict[str, str]:
        ours = {"LEDGER_DATABASE_URL": sqlite_url(database), "LEDGER_HOST": "127.0.0.1", "LEDGER_PORT": str(port)}
        return {**os.environ, **ours, **self.environment}


@dataclass(frozen=True)
class Server:
    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system seconds that the server's processes have used so far."""
        return sum(process_cpu_seconds(pid) for pid in process_tree(self.pid))

    def resident_bytes(self) -> int:
        return sum(process_resident_bytes(pid) for pid in process_tree(self.pid))

    def request(self, query: str, variables: dict[str, Any]) -> Any:
        """The `data` of one GraphQL request. Raises `RuntimeError` when the answer carries errors of the request."""
        body = orjson.dumps({"query": query, "variables": variables})
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = orjson.loads(response.read())
        if answer.get("errors"):
            raise RuntimeError(f"the server refused the request: {answer['errors']}")
        return answer["data"]

    def define_type(self, scale: int = 0) -> None:
        """Defines the entitlement type that every benchmark issues."""
        given = {"code": TYPE_CODE, "name": "Points", "category": "POINTS", "unit": "point", "scale": scale}
        data = self.request(DEFINE_TYPE, {"input": {**given, "idempotencyKey": "bench-define"}})
        if data["defineEntitlementType"]["errors"]:
            raise RuntimeError(f"the type was refused: {data['defineEntitlementType']['errors']}")


@contextmanager
def running(plan: Plan, database: Path, log: Path) -> Iterator[Server]:
    """The server of `plan`, ready; its output goes to `log`. Stopped with SIGTERM, after a while with SIGKILL."""
    allow_open_files()
    signal.signal(signal.SIGTERM, leave)
    port = free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            plan.command(database, port),
            cwd=ROOT,
            env=plan.settings(database, port),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        await_ready(process, port, log)
        yield Server(process.pid, port)
    finally:
        stop(process)


def leave(number: int, _frame: object) -> None:
    """A terminated benchmark still stops what it started."""
    raise SystemExit(128 + number)


def await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server was not ready within {READY_WITHIN_S} s:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def allow_open_files() -> None:
    """A thousand sockets need more file descriptors than the usual soft limit; children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sqlite_url(database: Path) -> str:
    return f"sqlite:///{database}"


def process_tree(pid: int) -> list[int]:
    """`pid` and every living descendant."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:
                continue
    return found


def process_cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def process_resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
