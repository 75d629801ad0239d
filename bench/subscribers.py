"""A thousand live subscribers on one process: commit-to-client time, CPU a delivery, memory a connection.

    python -m bench.subscribers [--count 1000] [--rate 5] [--seconds 8] [--server ours|stock]

Belongs here: one steady run at a rate that the server can hold, and one burst that shows what it can do. Time runs from
the event's `recordedAt`, the instant at which its transaction was decided, to the arrival of the frame at the client:
it includes the commit itself, and the client's own queue of a thousand sockets.
"""

import argparse
import asyncio
import gc
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bench.load import Connection, LoadPlan, Run
from bench.report import machine_facts, print_table, publish
from bench.servers import Plan, Server, running
from bench.sockets import Record, Subscriber, open_subscribers, quiet

BURST_CONNECTIONS = 16
BURST_SECONDS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=5.0, help="events a second in the steady run")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--server", choices=("ours", "stock"), default="ours")
    arguments = parser.parse_args()
    facts = machine_facts()
    flags = ("--caches",) if arguments.server == "stock" else ()
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as name:
        folder = Path(name)
        with running(
            Plan(arguments.server, arguments.server, flags), folder / "live.db", folder / "live.log"
        ) as server:
            server.define_type()
            gc.disable()
            figures = uvloop.run(measure(server, arguments.count, arguments.rate, arguments.seconds))
    print_figures(figures)
    publish("subscribers", facts, {"server": arguments.server, "rate": arguments.rate, **figures})


async def measure(server: Server, count: int, rate: float, seconds: float) -> dict[str, Any]:
    await issue_at_rate(server, rate=10, seconds=1)
    resident = server.resident_bytes()
    record = Record()
    subscribers = await open_subscribers(server.port, count, record)
    grown = server.resident_bytes() - resident
    cpu, started = server.cpu_seconds(), time.perf_counter()
    await asyncio.sleep(2)
    idle_cpu = (server.cpu_seconds() - cpu) / (time.perf_counter() - started)
    steady = await measure_phase(server, subscribers, record, issue_at_rate(server, rate, seconds))
    burst = await measure_phase(server, subscribers, record, issue_in_burst(server))
    after = server.resident_bytes() - resident
    for subscriber in subscribers:
        subscriber.transport.close()
    return {
        "subscribers": count,
        "memory_a_connection_kib": grown / count / 1024,
        "memory_a_connection_after_kib": after / count / 1024,
        "idle_cpu_share": idle_cpu,
        "steady": steady,
        "burst": burst,
        "failures": record.failures[:5],
    }


async def measure_phase(server: Server, subscribers: list[Subscriber], record: Record, work: Any) -> dict[str, Any]:
    """Runs `work`, which issues and returns the number of events, and waits until everything has arrived."""
    record.arrivals.clear()
    record.keeps = True
    before = [(subscriber.messages, subscriber.events) for subscriber in subscribers]
    cpu, started = server.cpu_seconds(), time.time()
    issued = await work
    issuing_s = time.time() - started
    record.last_arrival = max(record.last_arrival, time.time() - 0.5)
    await quiet(record)
    cpu = server.cpu_seconds() - cpu
    record.keeps = False
    received = [subscriber.events - events for subscriber, (_, events) in zip(subscribers, before, strict=True)]
    messages = sum(subscriber.messages - first for subscriber, (first, _) in zip(subscribers, before, strict=True))
    delays = sorted(delays_ms(record))
    return {
        "issued": issued,
        "issuing_s": issuing_s,
        "until_last_arrival_s": record.last_arrival - started,
        "fewest_events": min(received),
        "most_events": max(received),
        "messages": messages,
        "event_deliveries": sum(received),
        "p50_ms": delays[len(delays) // 2],
        "p99_ms": delays[len(delays) * 99 // 100],
        "max_ms": delays[-1],
        "cpu_us_a_message": cpu / max(messages, 1) * 1e6,
        "cpu_us_an_event_delivery": cpu / max(sum(received), 1) * 1e6,
        "event_deliveries_a_second": sum(received) / (record.last_arrival - started),
    }


def delays_ms(record: Record) -> list[float]:
    recorded: dict[bytes, list[float]] = {}
    delays: list[float] = []
    for arrival in record.arrivals:
        if arrival.message not in recorded:
            events = orjson.loads(arrival.message)["payload"]["data"]["events"]["events"]
            recorded[arrival.message] = [datetime.fromisoformat(event["recordedAt"]).timestamp() for event in events]
        delays.extend((arrival.at - instant) * 1000 for instant in recorded[arrival.message])
    return delays


async def issue_at_rate(server: Server, rate: float, seconds: float) -> int:
    """One `issue` every 1/rate seconds, whatever the answers' pace."""
    total = round(rate * seconds)
    sending = []
    for _ in range(total):
        sending.append(asyncio.create_task(issue(server, LoadPlan(server.port, connections=1, requests=1))))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*sending)
    return total


async def issue_in_burst(server: Server) -> int:
    return await issue(server, LoadPlan(server.port, connections=BURST_CONNECTIONS, seconds=BURST_SECONDS))


async def issue(server: Server, plan: LoadPlan) -> int:
    run = Run(plan, deadline=time.perf_counter() + plan.seconds)
    loop = asyncio.get_running_loop()
    connecting = [
        loop.create_connection(lambda: Connection(run), "127.0.0.1", server.port) for _ in range(plan.connections)
    ]
    connections = [connection for _, connection in await asyncio.gather(*connecting)]
    await asyncio.wait_for(asyncio.gather(*(connection.done for connection in connections)), plan.seconds + 30)
    if run.failures:
        raise RuntimeError(f"an issue failed: {run.failures[0]}")
    return len(run.ended_at)


def print_figures(figures: dict[str, Any]) -> None:
    rows = [
        (
            phase,
            f"{figures[phase]['issued']:,}",
            f"{figures[phase]['fewest_events']:,}..{figures[phase]['most_events']:,}",
            *(f"{figures[phase][key]:,.1f}" for key in ("p50_ms", "p99_ms", "max_ms")),
            f"{figures[phase]['cpu_us_a_message']:.0f}",
            f"{figures[phase]['cpu_us_an_event_delivery']:.0f}",
            f"{figures[phase]['event_deliveries_a_second']:,.0f}",
        )
        for phase in ("steady", "burst")
    ]
    columns = (
        "",
        "events",
        "received by each",
        "p50 ms",
        "p99 ms",
        "max ms",
        "CPU us a message",
        "an event",
        "events delivered/s",
    )
    print_table(f"{figures['subscribers']:,} subscribers of all events on one process", columns, rows)
    print(
        f"memory a connection: {figures['memory_a_connection_kib']:.1f} KiB after connecting, "
        f"{figures['memory_a_connection_after_kib']:.1f} KiB after the runs; "
        f"idle CPU with all connected: {figures['idle_cpu_share']:.1%} of a core"
    )


if __name__ == "__main__":
    main()
