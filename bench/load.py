"""Load generator: keep-alive connections that send one `issue` after another, each with its own customer and key.

    python -m bench.load --port 8001 --connections 64 --seconds 3

Belongs here: a raw asyncio protocol that costs little CPU beside the server on the same machine. Every answer must be
a success, or the run fails. Prints one JSON object. Standard library, uvloop and orjson only.
"""

import argparse
import asyncio
import gc
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import cast

import orjson
import uvloop

ISSUE = """mutation Issue($input: IssueInput!) {
  issue(input: $input) {
    event { id position delta balanceAfter recordedAt }
    balance { available version }
    errors { code message field }
    replayed
  }
}"""
ANSWERED_WITHIN_S = 15.0
HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True)
class LoadPlan:
    """`customers` = 0 gives every request a customer of its own; `requests` = 0 leaves the end to `seconds`."""

    port: int
    connections: int = 64
    seconds: float = 3.0
    requests: int = 0
    customers: int = 0
    type_code: str = "POINTS"


@dataclass(frozen=True)
class LoadResult:
    """`throughput` is all answers over the time to the last one: what was on its way when the window closed counts, so
    that a slow server with long answers is not cut short.
    """

    answered: int
    throughput: float
    p50_ms: float
    p99_ms: float
    errors: int
    first_error: str
    own_cpu_us_per_request: float


@dataclass
class Run:
    """What the connections of one run share."""

    plan: LoadPlan
    deadline: float
    prefix: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    sent: int = 0
    ended_at: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def wants_more(self) -> bool:
        if self.failures or time.perf_counter() >= self.deadline:
            return False
        return not self.plan.requests or self.sent < self.plan.requests

    def next_request(self) -> bytes:
        number = self.sent
        self.sent += 1
        customer = number % self.plan.customers if self.plan.customers else number
        return encode_issue(self.plan, f"{self.prefix}-{number}", f"customer-{self.prefix}-{customer}")

    def answered(self, started: float, status: bytes, body: bytes) -> None:
        now = time.perf_counter()
        self.ended_at.append(now)
        self.latencies.append(now - started)
        if not succeeded(status, body):
            self.failures.append((status + b" " + body).decode(errors="replace")[:500])


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request in flight."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = b""
        self.started = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.proceed()

    def proceed(self) -> None:
        if not self.run.wants_more():
            self.transport.close()
            return
        request = self.run.next_request()
        self.started = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received = self.received + data if self.received else data
        head_end = self.received.find(HEADER_END)
        if head_end < 0:
            return
        head = self.received[:head_end].lower()
        body_start = head_end + len(HEADER_END)
        body_length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self.received) < body_start + body_length:
            return
        body, self.received = self.received[body_start : body_start + body_length], b""
        self.run.answered(self.started, head[9:12], body)
        self.proceed()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.run.failures.append(f"connection lost: {error!r}")
        if not self.done.done():
            self.done.set_result(None)


def encode_issue(plan: LoadPlan, key: str, customer: str) -> bytes:
    given = {"customerId": customer, "typeCode": plan.type_code, "amount": "10", "idempotencyKey": key}
    body = orjson.dumps({"query": ISSUE, "variables": {"input": given}})
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def succeeded(status: bytes, body: bytes) -> bool:
    if status != b"200":
        return False
    answer = orjson.loads(body)
    if "errors" in answer:
        return False
    issued = answer["data"]["issue"]
    return issued["errors"] == [] and issued["event"]["delta"] == "10" and issued["replayed"] is False


async def run_load(plan: LoadPlan) -> LoadResult:
    loop = asyncio.get_running_loop()
    started, cpu_started = time.perf_counter(), time.process_time()
    run = Run(plan, deadline=started + plan.seconds)
    connections = []
    for _ in range(plan.connections):
        _, connection = await loop.create_connection(lambda: Connection(run), "127.0.0.1", plan.port)
        connections.append(connection)
    _, unanswered = await asyncio.wait(
        [connection.done for connection in connections], timeout=plan.seconds + ANSWERED_WITHIN_S
    )
    if unanswered:
        run.failures.append(f"{len(unanswered)} connections got no answer within {ANSWERED_WITHIN_S:.0f} s")
    return summarise(run, started, time.process_time() - cpu_started)


def summarise(run: Run, started: float, cpu_seconds: float) -> LoadResult:
    last_answer = max(run.ended_at, default=run.deadline)
    latencies = sorted(run.latencies) or [0.0]
    return LoadResult(
        answered=len(run.ended_at),
        throughput=len(run.ended_at) / (last_answer - started),
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] * 1000,
        errors=len(run.failures),
        first_error=run.failures[0] if run.failures else "",
        own_cpu_us_per_request=cpu_seconds / max(len(run.ended_at), 1) * 1e6,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument(
        "--requests", type=int, default=0, help="end after so many, if that comes before the seconds are over"
    )
    parser.add_argument("--customers", type=int, default=0, help="so many customers in turn; 0: one a request")
    plan = LoadPlan(**vars(parser.parse_args()))
    gc.disable()
    result = uvloop.run(run_load(plan))
    print(orjson.dumps(asdict(result)).decode())
    if result.errors:
        sys.exit(f"{result.errors} requests failed, the first with: {result.first_error}")


if __name__ == "__main__":
    main()
