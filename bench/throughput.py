"""Mutation throughput over HTTP beside the yardstick: `issue` at 64 connections on SQLite with synchronous=FULL.

    python -m bench.throughput [--rounds 3] [--seconds 3] [--profile]

Belongs here: which servers are compared under which conditions, and the ratios. Rounds alternate between the servers,
so that the noise of a shared machine hits them alike; each server starts on an empty ledger. Asserts nothing on time.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.report import machine_facts, print_table, publish
from bench.sampling import Profile, find_py_spy, read_profile, start_sampling
from bench.servers import ROOT, Plan, Server, running
from bench.slow_disk import commit_cost_ms, slow_disk_environment

ADDED_FSYNC_MS = 2.0
SUBSCRIBERS = 200
PLANS = {
    "ours": Plan("ours", "ours"),
    "stock": Plan("stock, as shipped", "stock"),
    "cached": Plan("stock, both caches", "stock", ("--caches",)),
    "single": Plan("ours, groups of 1", "ours", environment={"LEDGER_WRITER_GROUP_MAX": "1"}),
}
RATIOS = {
    "ours / stock as shipped": ("ours", "stock"),
    "ours / stock with both caches": ("ours", "cached"),
    "groups of 64 / of 1": ("ours", "single"),
}


@dataclass(frozen=True)
class Condition:
    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    subscribers: int = 0


@dataclass(frozen=True)
class Measured:
    """One server in one round: requests a second, milliseconds, CPU microseconds a request over all its processes."""

    throughput: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    client_cpu_us: float
    answered: int
    delivered: dict[str, Any]


Rounds = dict[str, dict[str, list[Measured]]]


def main() -> None:
    arguments = parse_arguments()
    facts = machine_facts()
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as name:
        folder = Path(name)
        conditions = choose_conditions(folder, arguments.conditions.split(","))
        rounds = measure(folder, conditions, arguments.plans.split(","), arguments)
        figures: dict[str, Any] = {"rounds": rounds}
        figures["commit_ms"] = {c.name: commit_cost_ms(folder, dict(c.environment)) for c in conditions}
        print_rounds(rounds)
        figures["ratios"] = print_ratios(rounds)
        if arguments.profile:
            figures["profile"] = profile_ours(folder, arguments.seconds)
    publish("throughput", facts, figures)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of measured load, per server and round")
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--plans", default=",".join(PLANS), help="which servers, by comma")
    parser.add_argument("--conditions", default="disk,slow,subscribers", help="which conditions, by comma")
    parser.add_argument("--profile", action="store_true", help="sample ours with py-spy as well")
    return parser.parse_args()


def choose_conditions(folder: Path, wanted: list[str]) -> list[Condition]:
    known = {
        "disk": Condition("this disk"),
        "slow": Condition(f"{ADDED_FSYNC_MS:.0f} ms added per fsync", slow_disk_environment(folder, ADDED_FSYNC_MS)),
        "subscribers": Condition(f"{SUBSCRIBERS} subscribers", subscribers=SUBSCRIBERS),
    }
    return [known[name] for name in wanted]


def measure(folder: Path, conditions: list[Condition], plans: list[str], arguments: argparse.Namespace) -> Rounds:
    rounds: Rounds = {condition.name: {plan: [] for plan in plans} for condition in conditions}
    for condition in conditions:
        for number in range(arguments.rounds):
            for plan in plans if number % 2 == 0 else reversed(plans):
                prepared = replace(PLANS[plan], environment={**PLANS[plan].environment, **condition.environment})
                database = folder / f"{plan}-{number}-{len(list(folder.iterdir()))}.db"
                with running(prepared, database, folder / f"{plan}.log") as server:
                    measured = measure_server(server, condition, arguments.warm_up, arguments.seconds)
                rounds[condition.name][plan].append(measured)
                progress(f"{condition.name}, round {number + 1}, {prepared.name}: {describe(measured)}")
    return rounds


def measure_server(server: Server, condition: Condition, warm_up: float, seconds: float) -> Measured:
    server.define_type()
    run_load(server.port, warm_up)
    with subscribers(server.port, condition.subscribers) as delivered:
        cpu_before = server.cpu_seconds()
        load = run_load(server.port, seconds)
        cpu = server.cpu_seconds() - cpu_before
    return Measured(
        throughput=load["throughput"],
        p50_ms=load["p50_ms"],
        p99_ms=load["p99_ms"],
        cpu_us=cpu / load["answered"] * 1e6,
        client_cpu_us=load["own_cpu_us_per_request"],
        answered=load["answered"],
        delivered=delivered,
    )


def run_load(port: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.load", "--port", str(port), "--seconds", str(seconds)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if finished.returncode:
        raise RuntimeError(f"the load failed: {finished.stderr[-2000:]}")
    result: dict[str, Any] = orjson.loads(finished.stdout)
    return result


@contextmanager
def subscribers(port: int, count: int) -> Iterator[dict[str, Any]]:
    """Subscribers of all events in a process of their own; the yielded mapping is filled when they are done."""
    delivered: dict[str, Any] = {}
    if not count:
        yield delivered
        return
    command = [sys.executable, "-m", "bench.sockets", "--port", str(port), "--count", str(count)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the subscribers could not connect")
        yield delivered
        process.terminate()
        delivered.update(orjson.loads(process.communicate(timeout=60)[0]))
    finally:
        process.kill()
        process.wait()


def profile_ours(folder: Path, seconds: float) -> Profile:
    py_spy = find_py_spy()
    if py_spy is None:
        raise SystemExit("py-spy is not here: .venv/bin/uv pip install py-spy")
    output = folder / "stacks.txt"
    with running(PLANS["ours"], folder / "profiled.db", folder / "profiled.log") as server:
        server.define_type()
        run_load(server.port, 1.0)
        sampler = start_sampling(py_spy, server.pid, seconds, output)
        run_load(server.port, seconds + 1)
        sampler.wait()
    profile = read_profile(output)
    for title, listed in (
        ("CPU by package of the innermost frame", profile.by_package),
        ("CPU by the nearest file of ours", profile.by_room),
        ("CPU by the nearest function of ours", profile.by_own_function),
        ("CPU by function, callees included", profile.by_function_inclusive),
    ):
        print_table(title, ("where", "share"), [(name, f"{share:.1%}") for name, share in listed])
    return profile


def print_rounds(rounds: Rounds) -> None:
    rows = []
    for condition, plans in rounds.items():
        for plan, measured in plans.items():
            rates = [m.throughput for m in measured]
            rows.append(
                (
                    f"{condition}: {PLANS[plan].name}",
                    f"{median(rates):,.0f}",
                    f"{min(rates):,.0f}..{max(rates):,.0f}",
                    f"{median(m.p50_ms for m in measured):.1f}",
                    f"{median(m.p99_ms for m in measured):.1f}",
                    f"{median(m.cpu_us for m in measured):,.0f}",
                )
            )
    print_table("issue over HTTP, 64 connections", ("", "a second", "rounds", "p50 ms", "p99 ms", "CPU us each"), rows)


def print_ratios(rounds: Rounds) -> dict[str, dict[str, list[float]]]:
    """Ratios of throughput, round by round: the median is the figure, the others say how far to trust it."""
    found: dict[str, dict[str, list[float]]] = {}
    rows = []
    for condition, plans in rounds.items():
        for title, (above, below) in RATIOS.items():
            if above not in plans or below not in plans:
                continue
            pairs = zip(plans[above], plans[below], strict=True)
            ratios = [upper.throughput / lower.throughput for upper, lower in pairs]
            found.setdefault(condition, {})[title] = ratios
            cpu = median(lower.cpu_us for lower in plans[below]) / median(upper.cpu_us for upper in plans[above])
            spread = f"{min(ratios):.1f}..{max(ratios):.1f}"
            rows.append((f"{condition}: {title}", f"{median(ratios):.1f}x", spread, f"{cpu:.1f}x"))
    print_table("Ratios", ("", "throughput", "rounds", "CPU a request"), rows)
    return found


def describe(measured: Measured) -> str:
    text = f"{measured.throughput:.0f}/s"
    if measured.delivered:
        fewest, most = measured.delivered["fewest_events"], measured.delivered["most_events"]
        text += f"; of {measured.answered} events each subscriber received {fewest} to {most}"
    return text


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
