"""Many connections at one moment, to one process or to several that share a database: as callers race in life."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest

from tests.stories.program import Server, run, serving

CONNECTIONS = 20
BUYERS = 64

DEFINE = """mutation { defineEntitlementType(input: {idempotencyKey: "type", code: "SEAT", name: "Seat",
  category: PRODUCT, unit: "seat", scale: 0}) { errors { code } } }"""
ISSUE = """mutation($key: String!, $amount: Amount!) { issue(input: {idempotencyKey: $key, customerId: "hall",
  typeCode: "SEAT", amount: $amount}) { event { id } replayed errors { code } } }"""
CONSUME = """mutation($key: String!) { consume(input: {idempotencyKey: $key, customerId: "hall", typeCode: "SEAT",
  amount: 1}) { event { id } errors { code } } }"""
LEFT = '{ balance(customerId: "hall", typeCode: "SEAT") { available lifetime { consumed } } ledger { head } }'


@contextmanager
def several(url: str) -> Iterator[Server]:
    """One process on SQLite, three on PostgreSQL."""
    workers = () if url.startswith("sqlite") else ("--workers", "3")
    assert run("migrate", url=url).returncode == 0
    with serving(*workers, url=url) as server:
        server.ask(DEFINE)
        yield server


def at_once(number: int, ask: Callable[[int], Any]) -> list[Any]:
    """What `number` callers get who ask at the same moment, each over a connection of their own."""
    barrier = Barrier(number)

    def wait_and_ask(caller: int) -> Any:
        barrier.wait()
        return ask(caller)

    with ThreadPoolExecutor(number) as callers:
        return list(callers.map(wait_and_ask, range(number)))


def test_the_same_key_over_20_connections_makes_one_event(database_url: str) -> None:
    with several(database_url) as server:
        answers = at_once(CONNECTIONS, lambda _: server.ask(ISSUE, key="one", amount=5)["issue"])
        assert {answer["event"]["id"] for answer in answers} == {answers[0]["event"]["id"]}
        assert sum(not answer["replayed"] for answer in answers) == 1
        assert server.ask(LEFT)["ledger"]["head"] == 2


@pytest.mark.parametrize("seats", [0, 10])
def test_64_buyers_get_exactly_the_seats_there_are(database_url: str, seats: int) -> None:
    with several(database_url) as server:
        if seats:
            server.ask(ISSUE, key="seats", amount=seats)
        answers = at_once(BUYERS, lambda buyer: server.ask(CONSUME, key=f"buyer-{buyer}")["consume"])
        refusals = [answer["errors"][0]["code"] for answer in answers if answer["errors"]]
        assert len(refusals) == BUYERS - seats
        assert set(refusals) == {"INSUFFICIENT_BALANCE" if seats else "UNKNOWN_CUSTOMER"}
        left = server.ask(LEFT)
        assert left["balance"] == {"available": "0", "lifetime": {"consumed": str(seats)}}
    assert run("verify", url=database_url).returncode == 0
