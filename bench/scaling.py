"""Does a read cost more in a bigger ledger? `history(first: 20)` and `balance` at 10,000 and at 1,000,000 events.

    python -m bench.scaling [--events 10000,1000000] [--folder /tmp/ledger-scaling]

Belongs here: filling two ledgers by `import`, asking both servers in turn, ratios of the medians. A customer has about
ten events in either ledger; one busy customer has a hundredth of all events and few open grants, another has a
thousandth of them, all open grants. The filled files are kept in `--folder` and used again.
"""

import argparse
import http.client
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.importing import GENERATED_FLAGS, run_import, write_rows
from bench.load import ISSUE
from bench.report import machine_facts, print_table, publish
from bench.servers import TYPE_CODE, Plan, running, sqlite_url

EVENTS_A_CUSTOMER = 10
WARM_UP_REQUESTS = 20
BUSY, HOARDER = "busy", "hoarder"
HISTORY_FIELDS = (
    "edges { cursor node { id position kind amount delta balanceAfter recordedAt } } pageInfo { hasNextPage }"
)
BALANCE_FIELDS = "available unrestricted pending total version lifetime { issued consumed }"


def history(customer: str | None) -> bytes:
    chosen = f', filter: {{ customerId: "{customer}" }}' if customer else ""
    return orjson.dumps({"query": f"{{ history(first: 20{chosen}) {{ {HISTORY_FIELDS} }} }}"})


def balance(customer: str) -> bytes:
    chosen = f'customerId: "{customer}", typeCode: "{TYPE_CODE}"'
    return orjson.dumps({"query": f"{{ balance({chosen}) {{ {BALANCE_FIELDS} }} }}"})


def issue(customer: str) -> bytes:
    given = {"customerId": customer, "typeCode": TYPE_CODE, "amount": "1", "idempotencyKey": uuid.uuid4().hex}
    return orjson.dumps({"query": ISSUE, "variables": {"input": given}})


QUESTIONS: dict[str, Callable[[], bytes]] = {
    "history(first: 20), whole ledger": lambda: history(None),
    "history(first: 20), a customer": lambda: history("customer-7"),
    "history(first: 20), the busy customer": lambda: history(BUSY),
    "balance, a customer": lambda: balance("customer-7"),
    "balance, the busy customer": lambda: balance(BUSY),
    "balance, the customer of many open grants": lambda: balance(HOARDER),
    "issue, a customer": lambda: issue("customer-7"),
    "issue, the customer of many open grants": lambda: issue(HOARDER),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", default="10000,1000000")
    parser.add_argument("--requests", type=int, default=200, help="per query and ledger")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ledger-scaling")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.events.split(",")]
    facts = machine_facts()
    arguments.folder.mkdir(exist_ok=True)
    filled = [fill(arguments.folder, size) for size in sizes]
    figures = measure(sizes, filled, arguments.requests, arguments.folder)
    print_figures(sizes, figures)
    publish("scaling", facts, {"sizes": sizes, "milliseconds": figures})


def fill(folder: Path, events: int) -> Path:
    """A ledger of about `events` events, made by `import` unless it is there already."""
    database = folder / f"{events}.db"
    complete = folder / f"{events}.complete"
    if complete.exists():
        return database
    source = folder / f"{events}.csv.gz"
    write_rows(source, "operation,customer_id,amount", generate(events))
    imported = run_import(sqlite_url(database), source, GENERATED_FLAGS)
    print(f"filled {events:,} events in {imported.seconds:.0f} s, {imported.events_a_second:,.0f} a second")
    complete.touch()
    return database


def generate(events: int) -> Iterator[str]:
    customers = events // EVENTS_A_CUSTOMER
    for number in range(events):
        hundred, turn = divmod(number, 100)
        if turn == 50 and hundred % 10 == 0:
            yield f"issue,{HOARDER},1"
        elif turn == 99:
            yield f"{'consume' if hundred % 2 else 'issue'},{BUSY},10"
        else:
            yield f"issue,customer-{number % customers},10"


def measure(sizes: list[int], filled: list[Path], requests: int, folder: Path) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each request by query and size; the servers are asked in turn."""
    with ExitStack() as stack:
        servers = [stack.enter_context(running(Plan("ours", "ours"), path, folder / "server.log")) for path in filled]
        connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30) for server in servers]
        costs: dict[str, dict[str, list[float]]] = {}
        for title, question in QUESTIONS.items():
            costs[title] = {str(size): [] for size in sizes}
            for number in range(WARM_UP_REQUESTS + requests):
                for size, connection in zip(sizes, connections, strict=True):
                    cost = ask(connection, question())
                    if number >= WARM_UP_REQUESTS:
                        costs[title][str(size)].append(cost)
    return costs


def ask(connection: http.client.HTTPConnection, body: bytes) -> float:
    started = time.perf_counter()
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    cost = (time.perf_counter() - started) * 1000
    parsed = orjson.loads(answer)
    if "errors" in parsed or parsed["data"].get("issue", {}).get("errors"):
        raise RuntimeError(f"refused: {answer[:500]!r}")
    return cost


def print_figures(sizes: list[int], figures: dict[str, dict[str, list[float]]]) -> None:
    small, large = str(sizes[0]), str(sizes[-1])
    rows: list[tuple[Any, ...]] = []
    for title, costs in figures.items():
        below, above = median(costs[small]), median(costs[large])
        rows.append((title, f"{below:.2f}", f"{above:.2f}", f"{above / below:.2f}x"))
    columns = ("one connection, median of requests", f"ms at {sizes[0]:,}", f"ms at {sizes[-1]:,}", "ratio")
    print_table("Cost of a read by size of the ledger", columns, rows)


if __name__ == "__main__":
    main()
