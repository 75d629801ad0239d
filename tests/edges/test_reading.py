"""Reading through GraphQL: nodes, balances, pages in both directions, filters."""

from datetime import timedelta
from typing import Any

import pytest

from tests.edges.room import NOON, Room, codes

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
HISTORY = f"""query ($filter: EventFilter, $order: Order, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {{
  history(filter: $filter, order: $order, first: $first, after: $after, last: $last, before: $before) {{
    nodes {{ position }} edges {{ cursor node {{ position cursor }} }} {PAGE}
  }}
}}"""


async def history(room: Room, **variables: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await room.data(HISTORY, **variables))["history"]
    assert [edge["node"]["position"] for edge in page["edges"]] == positions(page)
    assert all(edge["cursor"] == edge["node"]["cursor"] for edge in page["edges"])
    return page


def positions(page: dict[str, Any]) -> list[int]:
    return [node["position"] for node in page["nodes"]]


def more(page: dict[str, Any]) -> tuple[bool, bool]:
    """Whether there is more before and after the page."""
    return page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]


@pytest.fixture
async def nine(room: Room) -> Room:
    """A ledger of nine events: one type, eight issues to two customers in turn."""
    for index in range(8):
        room.clock.advance(hours=1)
        await room.issue(str(index + 1), "ada" if index % 2 else "bob", reason=f"r{index}")
    return room


@pytest.mark.parametrize(
    ("order", "expected"), [("NEWEST_FIRST", [9, 8, 7, 6, 5, 4, 3, 2, 1]), ("OLDEST_FIRST", list(range(1, 10)))]
)
async def test_pages_run_through_the_history_forward_and_backward(nine: Room, order: str, expected: list[int]) -> None:
    seen: list[int] = []
    after = None
    while True:
        page = await history(nine, order=order, first=4, after=after)
        assert more(page) == (after is not None, len(seen) + 4 < 9)
        seen += positions(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == expected
    seen, before = list[int](), None
    while True:
        page = await history(nine, order=order, last=4, before=before)
        assert more(page) == (len(seen) + 4 < 9, before is not None)
        seen = positions(page) + seen
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert seen == expected


async def test_a_window_between_two_cursors(nine: Room) -> None:
    edges = (await history(nine))["edges"]
    cursors = {edge["node"]["position"]: edge["cursor"] for edge in edges}
    between = {"after": cursors[8], "before": cursors[3]}
    assert positions(await history(nine, first=2, **between)) == [7, 6]
    assert positions(await history(nine, last=2, **between)) == [5, 4]
    assert positions(await history(nine, **between)) == [7, 6, 5, 4]
    assert positions(await history(nine, order="OLDEST_FIRST", after=cursors[8])) == [9]


async def test_the_newest_come_first_unless_asked_otherwise(nine: Room) -> None:
    page = (await nine.data("{ history(first: 2) { nodes { position } } }"))["history"]
    assert positions(page) == [9, 8]
    assert positions(await history(nine, order=None, first=1)) == [9]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"customerId": "ada"}, [9, 7, 5, 3]),
        ({"customerId": "ada", "typeCode": "POINTS"}, [9, 7, 5, 3]),
        ({"customerId": "nobody"}, []),
        ({"typeCode": "NOPE"}, []),
        ({"kinds": ["TYPE_DEFINED"]}, [1]),
        ({"kinds": []}, []),
        ({"reason": "r3"}, [5]),
        ({"actorId": "anonymous", "reason": "r0"}, [2]),
        ({"actorId": "somebody"}, []),
        ({"recordedFrom": "2026-03-01T18:00:00Z", "recordedBefore": "2026-03-01T20:00:00Z"}, [8, 7]),
        ({"effectiveFrom": "2026-03-01T20:00:00+01:00", "customerId": "ada"}, [9]),
        ({"typeCode": "POINTS", "amountAtLeast": "7"}, [9, 8]),
        ({"typeCode": "POINTS", "amountAtLeast": 0, "amountAtMost": "1.50"}, [2]),
        ({"customerId": None, "kinds": None}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
async def test_a_filter_leaves_out_what_is_not_wanted(nine: Room, wanted: Any, expected: list[int]) -> None:
    page = await history(nine, filter=wanted, first=100)
    assert positions(page) == expected
    assert more(page) == (False, False)


async def test_filters_by_what_ties_events_together(room: Room) -> None:
    await room.issue("1", correlationId="order-1")
    await room.issue("2", effectiveAt="2026-03-02T00:00:00Z", correlationId="order-2")
    room.clock.advance(days=2)
    payload = await room.done("consume", customerId="ada", typeCode="POINTS", amount="3", correlationId="order-1")
    assert [event["kind"] for event in payload["events"]] == ["ACTIVATED", "CONSUMED"]
    assert positions(await history(room, filter={"correlationId": "order-1"})) == [5, 2]
    event_id = payload["event"]["id"]
    command = (await room.data("query ($id: ID!) { event(id: $id) { commandId } }", id=event_id))["event"]["commandId"]
    assert positions(await history(room, filter={"commandId": command})) == [5, 4]


async def test_a_cursor_is_good_in_any_filter_and_either_order(nine: Room) -> None:
    at_six = next(edge["cursor"] for edge in (await history(nine))["edges"] if edge["node"]["position"] == 6)
    page = await history(nine, filter={"customerId": "ada"}, after=at_six)
    assert (positions(page), more(page)) == ([5, 3], (True, False))
    page = await history(nine, filter={"reason": "r0"}, after=at_six)
    assert (positions(page), more(page)) == ([2], (False, False))
    assert positions(await history(nine, order="OLDEST_FIRST", after=at_six, first=2)) == [7, 8]


async def test_a_page_that_a_filter_emptied_goes_on_from_where_it_looked(nine: Room, monkeypatch: Any) -> None:
    from app.store import events

    monkeypatch.setattr(events, "SCAN_MAX", 3)
    page = await history(nine, filter={"reason": "r0"})
    assert (positions(page), more(page)) == ([], (False, True))
    page = await history(nine, filter={"reason": "r0"}, after=page["pageInfo"]["endCursor"])
    assert positions(page) == []
    page = await history(nine, filter={"reason": "r0"}, after=page["pageInfo"]["endCursor"])
    assert positions(page) == [2]
    page = await history(nine, filter={"reason": "r7"}, last=1)
    assert (positions(page), more(page)) == ([], (True, False))
    page = await history(nine, filter={"reason": "r7"}, last=1, before=page["pageInfo"]["startCursor"])
    page = await history(nine, filter={"reason": "r7"}, last=1, before=page["pageInfo"]["startCursor"])
    assert positions(page) == [9]


async def test_a_customers_history_grants_and_balances(nine: Room) -> None:
    customer = (
        await nine.data(
            f"""{{ customer(customerId: "ada") {{
              id state name
              balances {{ typeCode available }}
              balance(typeCode: "POINTS") {{ available }} nothing: balance(typeCode: "NOPE") {{ available }}
              history(first: 2, filter: {{ kinds: [ISSUED] }}) {{ nodes {{ position }} {PAGE} }}
              grants(first: 3) {{ nodes {{ amount }} {PAGE} }}
              last: grants(last: 3, typeCode: "POINTS", states: [ACTIVE]) {{ nodes {{ amount }} {PAGE} }}
              none: grants(states: [REVOKED]) {{ nodes {{ amount }} }}
            }} }}"""
        )
    )["customer"]
    assert customer["balances"] == [{"typeCode": "POINTS", "available": "20.00"}]
    assert (customer["balance"], customer["nothing"]) == ({"available": "20.00"}, None)
    assert (positions(customer["history"]), more(customer["history"])) == ([9, 7], (False, True))
    assert [node["amount"] for node in customer["grants"]["nodes"]] == ["2.00", "4.00", "6.00"]
    assert more(customer["grants"]) == (False, True)
    assert [node["amount"] for node in customer["last"]["nodes"]] == ["4.00", "6.00", "8.00"]
    assert more(customer["last"]) == (True, False)
    assert customer["none"]["nodes"] == []
    query = f"""query ($after: Cursor) {{ customer(customerId: "ada") {{
      grants(first: 3, after: $after) {{ nodes {{ amount }} {PAGE} }}
    }} }}"""
    rest = (await nine.data(query, after=customer["grants"]["pageInfo"]["endCursor"]))["customer"]["grants"]
    assert ([node["amount"] for node in rest["nodes"]], more(rest)) == (["8.00"], (True, False))


async def test_customers_and_types_by_page_and_search(room: Room) -> None:
    for customer_id, name in (("c1", "Ada"), ("c2", "Bob"), ("c3", "ADELE"), ("zoe", None)):
        await room.done("registerCustomer", customerId=customer_id, name=name, email=f"{customer_id}@example.org")
    await room.define("MILES")

    async def found(arguments: str) -> list[str]:
        query = f"{{ customers({arguments}) {{ nodes {{ customerId }} {PAGE} }} }}"
        return [node["customerId"] for node in (await room.data(query))["customers"]["nodes"]]

    assert await found("first: 3") == ["c1", "c2", "c3"]
    assert await found("last: 2") == ["c3", "zoe"]
    assert await found('search: "c"') == ["c1", "c2", "c3"]
    assert await found('search: "ad"') == ["c1", "c3"]
    assert await found('search: "C2@EX"') == ["c2"]
    assert await found('search: "%"') == []
    assert await found("state: CLOSED") == []
    page = (await room.data(f"{{ entitlementTypes(first: 1) {{ nodes {{ code }} {PAGE} }} }}"))["entitlementTypes"]
    assert ([node["code"] for node in page["nodes"]], more(page)) == (["MILES"], (False, True))
    query = f"query ($after: Cursor) {{ entitlementTypes(after: $after) {{ nodes {{ code id }} {PAGE} }} }}"
    page = (await room.data(query, after=page["pageInfo"]["endCursor"]))["entitlementTypes"]
    assert ([node["id"] for node in page["nodes"]], more(page)) == (["typ_POINTS"], (True, False))


async def test_nodes_come_in_the_order_asked_and_null_where_unknown(room: Room) -> None:
    payload = await room.issue("5", "a:b")
    ids = ["bal_a:b:POINTS", payload["event"]["id"], "cus_nobody", payload["grant"]["id"], "typ_POINTS", "cus_a:b"]
    found = (await room.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", ids=ids))["nodes"]
    assert [node and node["id"] for node in found] == [None if each == "cus_nobody" else each for each in ids]
    assert [node["__typename"] for node in found if node] == [
        "Balance",
        "Issued",
        "Grant",
        "EntitlementType",
        "Customer",
    ]
    answer = await room.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["cus_x"] * 101)
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_balances_of_many_customers(room: Room) -> None:
    await room.define("MILES", scale=0)
    await room.issue("5", "ada")
    await room.issue("7", "ada", "MILES")
    await room.issue("6", "bob")
    query = "query ($ids: [String!]!, $code: String) { balances(customerIds: $ids, typeCode: $code) { id available } }"
    ids = ["bob", "nobody", "ada", "bob"]
    with_code = (await room.data(query, ids=ids, code="POINTS"))["balances"]
    assert [(each["id"], each["available"]) for each in with_code] == [
        ("bal_bob:POINTS", "6.00"),
        ("bal_nobody:POINTS", "0.00"),
        ("bal_ada:POINTS", "5.00"),
        ("bal_bob:POINTS", "6.00"),
    ]
    existing = (await room.data(query, ids=ids))["balances"]
    assert [each["id"] for each in existing] == ["bal_bob:POINTS", "bal_ada:MILES", "bal_ada:POINTS"]
    answer = await room.ask(query, ids=["x"] * 101)
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_a_balance_without_events_is_zero_and_of_an_unknown_type_null(room: Room) -> None:
    query = """query ($code: String!) { balance(customerId: "nobody", typeCode: $code) {
      available unrestricted held pending debt total version lifetime { issued } expiring { amount } type { code }
      asOf { position }
    } }"""
    zeros = dict.fromkeys(["available", "unrestricted", "held", "pending", "debt", "total"], "0.00")
    assert (await room.data(query, code="POINTS"))["balance"] == {
        **zeros,
        "version": 0,
        "lifetime": {"issued": "0.00"},
        "expiring": [],
        "type": {"code": "POINTS"},
        "asOf": {"position": 1},
    }
    assert (await room.data(query, code="NOPE"))["balance"] is None


async def test_what_expires_next_and_what_is_gone(room: Room) -> None:
    await room.issue("1", expiresAt="2026-03-03T00:00:00Z")
    await room.issue("2", expiresAt="2026-03-02T00:00:00Z")
    await room.issue("3", expiresAt="2026-03-03T00:00:00Z", restrictedTo=["shop"])
    await room.issue("4")
    query = """{ balance(customerId: "ada", typeCode: "POINTS") {
      available unrestricted lifetime { issued expired } expiring(first: 2) { amount expiresAt }
    } }"""
    assert (await room.data(query))["balance"] == {
        "available": "10.00",
        "unrestricted": "7.00",
        "lifetime": {"issued": "10.00", "expired": "0.00"},
        "expiring": [
            {"amount": "2.00", "expiresAt": "2026-03-02T00:00:00.000000Z"},
            {"amount": "4.00", "expiresAt": "2026-03-03T00:00:00.000000Z"},
        ],
    }
    room.clock.move_to(NOON + timedelta(days=1))
    balance = (await room.data(query))["balance"]
    assert (balance["available"], balance["unrestricted"]) == ("8.00", "5.00")
    assert (balance["lifetime"]["expired"], len(balance["expiring"])) == ("2.00", 1)
    states = (await room.data('{ customer(customerId: "ada") { grants { nodes { state remaining } } } }'))["customer"]
    assert [(each["state"], each["remaining"]) for each in states["grants"]["nodes"]] == [
        ("ACTIVE", "1.00"),
        ("EXPIRED", "0.00"),
        ("ACTIVE", "3.00"),
        ("ACTIVE", "4.00"),
    ]


async def test_a_read_never_says_less_than_an_event_that_it_has_seen(room: Room) -> None:
    """L2.1: the clock may be set back, a ledger's time is not."""
    await room.issue("5", expiresAt="2026-03-01T13:00:00Z")
    room.clock.advance(hours=2)
    await room.issue("1")
    room.clock.move_to(NOON)
    query = '{ balance(customerId: "ada", typeCode: "POINTS") { available asOf { time } } }'
    assert (await room.data(query))["balance"] == {"available": "1.00", "asOf": {"time": "2026-03-01T14:00:00.000000Z"}}


async def test_one_event_says_everything_about_itself(room: Room) -> None:
    await room.issue(
        "5",
        reason="welcome",
        note="für Ada",
        customerNote="Hello",
        correlationId="order-1",
        causationId="click-1",
        metadata={"channel": "web", "count": 3, "ok": True, "none": None},
        effectiveAt="2026-02-28T23:00:00-01:00",
    )
    event = (
        await room.data(
            """{ event(position: 2) {
              id position kind cursor commandId customerId typeCode amount delta balanceAfter effectiveAt recordedAt
              actor { kind id name onBehalfOf } reason note customerNote correlationId causationId idempotencyKey
              metadata leafHash ... on Issued { grant { issuedBy { position } priority funding metadata } }
            } }"""
        )
    )["event"]
    assert event["id"] == f"evt_{event['commandId']}_0"
    assert event["actor"]["kind"] == "API_KEY"
    assert (event["effectiveAt"], event["recordedAt"]) == ("2026-03-01T00:00:00.000000Z", "2026-03-01T12:00:00.000000Z")
    assert (event["reason"], event["note"], event["customerNote"]) == ("welcome", "für Ada", "Hello")
    assert (event["correlationId"], event["causationId"]) == ("order-1", "click-1")
    assert event["metadata"] == {"channel": "web", "count": 3, "ok": True, "none": None}
    assert event["grant"] == {
        "issuedBy": {"position": 2},
        "priority": 50,
        "funding": "PROMOTIONAL",
        "metadata": event["metadata"],
    }
    assert len(bytes.fromhex(event["leafHash"])) == 32
    assert (await room.data("query ($id: ID) { event(id: $id) { position } }", id=event["id"]))["event"][
        "position"
    ] == 2
    assert (await room.data("{ event(position: 9007199254740991) { id } }"))["event"] is None


async def test_the_ledger_and_who_looks_at_it(room: Room) -> None:
    query = "{ ledger { name head root integrity { state verifiedTo } } viewer { ledger scopes actor { kind id } } }"
    data = await room.data(query)
    assert (data["ledger"]["name"], data["ledger"]["head"], len(data["ledger"]["root"])) == ("main", 1, 64)
    assert data["ledger"]["integrity"]["state"] in ("VERIFIED", "UNVERIFIED")
    assert data["viewer"]["actor"] == {"kind": "API_KEY", "id": "anonymous"}
    assert "ledger:issue" in data["viewer"]["scopes"]
