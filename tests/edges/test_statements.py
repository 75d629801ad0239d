"""How often the database is asked: as often for a hundred rows as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
from sqlalchemy import Engine, event

from tests.edges.room import OPERATION, Room

ROWS = (1, 10, 100)

EVENTS = """query ($count: Int!) { history(first: $count) { nodes {
  id cursor amount actor { id }
  allocations { amount grant { id remaining issuedBy { position } } }
  ... on Issued { grant { state issuedBy { id } } }
} } }"""
CUSTOMERS = """query ($count: Int!) { customers(first: $count) { nodes {
  name email
  balances { available type { name } expiring { amount } }
  history(first: 2) { nodes { position amount } pageInfo { hasNextPage } }
  oldest: history(last: 1, filter: { typeCode: "POINTS" }) { nodes { position } }
  grants(last: 2, states: [ACTIVE]) { nodes { amount issuedBy { position } } pageInfo { hasPreviousPage } }
  balance(typeCode: "POINTS") { unrestricted lifetime { issued } type { unit } expiring(first: 1) { expiresAt } }
} } }"""
BALANCES = """query ($ids: [String!]!) { balances(customerIds: $ids, typeCode: "POINTS") {
  available type { code } expiring { amount }
} }"""
NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) {
  id ... on Grant { issuedBy { position } } ... on Customer { balances { available } } ... on Balance { type { code } }
} }"""


_asked: ContextVar[list[str] | None] = ContextVar("asked", default=None)


def _note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    asked = _asked.get()
    if asked is not None and statement != "BEGIN":
        asked.append(statement)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked on behalf of whoever is in the block, tasks that they begin included.

    What runs by itself (the feed, the verification, the writer on behalf of many) does not count.
    """
    asked: list[str] = []
    token = _asked.set(asked)
    event.listen(Engine, "before_cursor_execute", _note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", _note)
        _asked.reset(token)


@pytest.fixture
async def hundred(room: Room) -> Room:
    """A ledger of a hundred customers with a grant each."""
    operations = [
        {"issue": {"idempotencyKey": f"i{index}", "customerId": f"c{index:03}", "typeCode": "POINTS", "amount": 1}}
        for index in range(100)
    ]
    document = "mutation ($input: BatchInput!) { batch(input: $input) { errors { code } } }"
    await room.data(document, input={"idempotencyKey": "b", "operations": operations})
    return room


@pytest.mark.parametrize("query", [EVENTS, CUSTOMERS], ids=["events", "customers"])
async def test_a_list_asks_no_more_for_more_rows(hundred: Room, query: str) -> None:
    counts = []
    for rows in ROWS:
        await hundred.data(query, count=rows)
        with statements() as asked:
            (page,) = (await hundred.data(query, count=rows)).values()
        assert len(page["nodes"]) == rows
        counts.append(len(asked))
    assert len(set(counts)) == 1, counts
    assert counts[0]
    assert counts[0] <= 20


async def test_many_balances_ask_no_more_than_one(hundred: Room) -> None:
    counts = []
    await hundred.data(BALANCES, ids=["c000"])
    for rows in ROWS:
        ids = [f"c{index:03}" for index in range(rows)]
        with statements() as asked:
            assert len((await hundred.data(BALANCES, ids=ids))["balances"]) == rows
        counts.append(len(asked))
    assert len(set(counts)) == 1, counts
    assert counts[0]


async def test_many_nodes_of_every_kind_ask_no_more_than_one_of_each(hundred: Room) -> None:
    nodes = (await hundred.data("{ history(first: 25) { nodes { id ... on Issued { grant { id } } } } }"))["history"]
    found = [[node["id"], node["grant"]["id"]] for node in nodes["nodes"]]
    counts = []
    await hundred.data(NODES, ids=["bal_c000:POINTS"])
    for rows in (1, 10, 25):
        own = [[f"cus_c{index:03}", f"bal_c{index:03}:POINTS", *found[index]] for index in range(rows)]
        ids = [each for four in own for each in four]
        with statements() as asked:
            answer = (await hundred.data(NODES, ids=ids))["nodes"]
        assert [node["id"] for node in answer] == ids
        counts.append(len(asked))
    assert len(set(counts)) == 1, counts
    assert counts[0]


async def test_an_issue_reads_nothing_to_tell_what_it_did(hundred: Room) -> None:
    """The outcome carries event, balance and grant."""
    told = OPERATION.replace("allocations { amount grant { id remaining } }", "")
    document = f"mutation ($input: IssueInput!) {{ issue(input: $input) {{ {told} }} }}"
    given = {"idempotencyKey": "k", "customerId": "c001", "typeCode": "POINTS", "amount": "1"}
    with statements() as asked:
        payload = (await hundred.data(document, input=given))["issue"]
    assert (payload["balance"]["available"], payload["grant"]["remaining"]) == ("2.00", "1.00")
    assert asked == []
