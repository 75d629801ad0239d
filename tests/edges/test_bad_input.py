"""Bad input, through real requests: each has its code and its place, and nothing is written."""

import asyncio
from typing import Any

import pytest

from app.services.cursors import EventCursor, ListCursor, filter_hash
from tests.edges.room import DOCUMENTS, Room, codes

LONG = "x" * 300
ISSUE = {"customerId": "ada", "typeCode": "POINTS", "amount": "5"}
TYPE = {"code": "MILES", "name": "Miles", "category": "POINTS", "unit": "mi", "scale": 0}

# mutation, members in place of good ones, code, path
REFUSED: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("issue", {"typeCode": "NOPE"}, "UNKNOWN_TYPE", ["typeCode"]),
    ("issue", {"typeCode": "points"}, "INVALID_INPUT", ["typeCode"]),
    ("consume", {"customerId": "nobody"}, "UNKNOWN_CUSTOMER", ["customerId"]),
    ("consume", {"effectiveAt": "2026-03-02T00:00:00Z"}, "INVALID_INPUT", ["effectiveAt"]),
    ("issue", {"amount": "0"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": 0}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "-1"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": -1}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "1e3"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "01"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "+1"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": ""}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "١٢"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "NaN"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "1.001"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": str(2**63)}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": 2**63}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": 10**30}, "INVALID_INPUT", ["amount"]),
    ("issue", {"amount": "92233720368547758.08"}, "INVALID_INPUT", ["amount"]),
    ("issue", {"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
    ("issue", {"idempotencyKey": LONG}, "INVALID_INPUT", ["idempotencyKey"]),
    ("issue", {"idempotencyKey": "a\x00b"}, "INVALID_INPUT", ["idempotencyKey"]),
    ("issue", {"idempotencyKey": "a\nb"}, "INVALID_INPUT", ["idempotencyKey"]),
    ("issue", {"customerId": ""}, "INVALID_INPUT", ["customerId"]),
    ("issue", {"customerId": LONG}, "INVALID_INPUT", ["customerId"]),
    ("issue", {"customerId": "a\u0007"}, "INVALID_INPUT", ["customerId"]),
    ("issue", {"customerId": "e\u0301"}, "INVALID_INPUT", ["customerId"]),
    ("issue", {"correlationId": ""}, "INVALID_INPUT", ["correlationId"]),
    ("issue", {"note": "a\x00b"}, "INVALID_INPUT", ["note"]),
    ("issue", {"priority": 101}, "INVALID_INPUT", ["priority"]),
    ("issue", {"costBasis": "1,5"}, "INVALID_INPUT", ["costBasis"]),
    ("issue", {"restrictedTo": ["a", ""]}, "INVALID_INPUT", ["restrictedTo", "1"]),
    ("issue", {"validity": {}}, "INVALID_INPUT", ["validity"]),
    ("issue", {"validity": {"duration": "30D"}}, "INVALID_INPUT", ["validity", "duration"]),
    ("issue", {"validity": {"duration": "P1D"}, "expiresAt": "2027-01-01T00:00:00Z"}, "INVALID_INPUT", ["expiresAt"]),
    ("issue", {"expiresAt": "2026-03-01T12:00:00Z"}, "INVALID_INPUT", ["expiresAt"]),
    ("issue", {"metadata": [1]}, "INVALID_INPUT", ["metadata"]),
    ("issue", {"metadata": "text"}, "INVALID_INPUT", ["metadata"]),
    ("issue", {"metadata": {"a": {"b": 1}}}, "INVALID_INPUT", ["metadata", "a"]),
    ("issue", {"metadata": {"a": 1.5}}, "INVALID_INPUT", ["metadata", "a"]),
    ("issue", {"metadata": {"a": 2**53}}, "INVALID_INPUT", ["metadata", "a"]),
    ("issue", {"metadata": {"a b": 1}}, "INVALID_INPUT", ["metadata", "a b"]),
    ("batch", {"operations": []}, "INVALID_INPUT", ["operations"]),
    ("batch", {"operations": [{"issue": {**ISSUE, "idempotencyKey": str(k)}} for k in range(1_001)]}, "INVALID_INPUT",
     ["operations"]),
    ("batch", {"operations": [{"issue": {**ISSUE, "idempotencyKey": "twice"}}] * 2}, "BATCH_REFUSED",
     ["operations", "1", "issue", "idempotencyKey"]),
    ("batch", {"operations": [{"issue": {**ISSUE, "idempotencyKey": "a", "amount": "0"}}]}, "BATCH_REFUSED",
     ["operations", "0", "issue", "amount"]),
    ("defineEntitlementType", {"code": "miles"}, "INVALID_INPUT", ["code"]),
    ("defineEntitlementType", {"code": "POINTS"}, "ALREADY_EXISTS", ["code"]),
    ("defineEntitlementType", {"scale": 10}, "INVALID_INPUT", ["scale"]),
    ("defineEntitlementType", {"timeZone": "Mars/Olympus"}, "INVALID_INPUT", ["timeZone"]),
    ("defineEntitlementType", {"debtLimit": "1"}, "INVALID_INPUT", ["debtLimit"]),
    ("defineEntitlementType", {"maxBalance": "0.5"}, "INVALID_INPUT", ["maxBalance"]),
    ("defineEntitlementType", {"holdTtlDefault": "P1M"}, "INVALID_INPUT", ["holdTtlDefault"]),
    ("reviseEntitlementType", {"code": "NOPE"}, "UNKNOWN_TYPE", ["code"]),
    ("reviseEntitlementType", {"code": "POINTS", "metadata": None}, "INVALID_INPUT", ["metadata"]),
    ("registerCustomer", {"customerId": "new", "email": "nonsense"}, "INVALID_INPUT", ["email"]),
    ("updateCustomer", {"customerId": "nobody"}, "UNKNOWN_CUSTOMER", ["customerId"]),
    ("updateCustomer", {"customerId": "ada", "metadata": None}, "INVALID_INPUT", ["metadata"]),
]  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {"issue": ISSUE, "consume": ISSUE, "defineEntitlementType": TYPE}

# mutation, members that GraphQL itself cannot take
MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("issue", {"amount": 1.5}),
    ("issue", {"amount": True}),
    ("issue", {"amount": None}),
    ("issue", {"amount": ["5"]}),
    ("issue", {"customerId": 7}),
    ("issue", {"idempotencyKey": None}),
    ("issue", {"effectiveAt": "2026-03-01"}),
    ("issue", {"effectiveAt": "2026-03-01T12:00:00"}),
    ("issue", {"effectiveAt": "2026-02-30T12:00:00Z"}),
    ("issue", {"effectiveAt": "2026-03-01T12:00:60Z"}),
    ("issue", {"effectiveAt": "2026-03-01T12:00:00.1234567Z"}),
    ("issue", {"expiresAt": 1_700_000_000}),
    ("issue", {"funding": "STOLEN"}),
    ("issue", {"priority": 1.5}),
    ("issue", {"surprise": 1}),
    ("batch", {"operations": [{}]}),
    ("batch", {"operations": [{"issue": {**ISSUE, "idempotencyKey": "a"}, "consume": None}]}),
]

FOREIGN = EventCursor("other", 1, bytes(8)).encode()
OF_CUSTOMERS = ListCursor("customers", filter_hash(None, None), ("ada",)).encode()
DIVERGED = EventCursor("main", 1, b"another.").encode()
BEYOND = EventCursor("main", 99, b"whatever").encode()

# query, code, path of the argument
MISASKED = [
    ("{ history(first: 0) { nodes { id } } }", "BAD_USER_INPUT", ["first"]),
    ("{ history(first: 101) { nodes { id } } }", "BAD_USER_INPUT", ["first"]),
    ("{ history(last: -1) { nodes { id } } }", "BAD_USER_INPUT", ["last"]),
    ("{ history(first: 1, last: 1) { nodes { id } } }", "BAD_USER_INPUT", ["last"]),
    (f'{{ history(after: "{FOREIGN}") {{ nodes {{ id }} }} }}', "BAD_CURSOR", ["after"]),
    (f'{{ history(before: "{OF_CUSTOMERS}") {{ nodes {{ id }} }} }}', "BAD_CURSOR", ["before"]),
    ('{ history(after: "nonsense") { nodes { id } } }', "BAD_CURSOR", ["after"]),
    ('{ history(after: "") { nodes { id } } }', "BAD_CURSOR", ["after"]),
    (f'{{ history(after: "{DIVERGED}") {{ nodes {{ id }} }} }}', "CURSOR_DIVERGED", None),
    (f'{{ history(after: "{BEYOND}") {{ nodes {{ id }} }} }}', "CURSOR_DIVERGED", None),
    (f'{{ customers(after: "{FOREIGN}") {{ nodes {{ id }} }} }}', "BAD_CURSOR", ["after"]),
    (f'{{ customers(search: "a", after: "{OF_CUSTOMERS}") {{ nodes {{ id }} }} }}', "BAD_CURSOR", ["after"]),
    ('{ customers(search: "a\\u0000") { nodes { id } } }', "BAD_USER_INPUT", ["search"]),
    ("{ entitlementTypes(first: 0) { nodes { id } } }", "BAD_USER_INPUT", ["first"]),
    ('{ history(filter: {amountAtLeast: "1"}) { nodes { id } } }', "BAD_USER_INPUT", ["filter", "amountAtLeast"]),
    (
        '{ history(filter: {typeCode: "POINTS", amountAtMost: "1e3"}) { nodes { id } } }',
        "BAD_USER_INPUT",
        ["filter", "amountAtMost"],
    ),
    (
        '{ history(filter: {typeCode: "NOPE", amountAtMost: "1"}) { nodes { id } } }',
        "BAD_USER_INPUT",
        ["filter", "typeCode"],
    ),
    ('{ history(filter: {customerId: ""}) { nodes { id } } }', "BAD_USER_INPUT", ["filter", "customerId"]),
    ('{ history(filter: {reason: "\\u0000"}) { nodes { id } } }', "BAD_USER_INPUT", ["filter", "reason"]),
    (
        '{ customer(customerId: "ada") { history(filter: {customerId: "bob"}) { nodes { id } } } }',
        "BAD_USER_INPUT",
        ["filter", "customerId"],
    ),
    ('{ customer(customerId: "a\\u0000") { id } }', "BAD_USER_INPUT", ["customerId"]),
    ('{ balance(customerId: "", typeCode: "POINTS") { available } }', "BAD_USER_INPUT", ["customerId"]),
    ('{ balance(customerId: "ada", typeCode: "\\u0000") { available } }', "BAD_USER_INPUT", ["typeCode"]),
    ('{ balances(customerIds: ["ada", ""]) { available } }', "BAD_USER_INPUT", ["customerIds", "1"]),
    ('{ balances(customerIds: ["ada"], typeCode: "NOPE") { available } }', "BAD_USER_INPUT", ["typeCode"]),
    ("{ event { id } }", "BAD_USER_INPUT", ["id"]),
    ('{ event(id: "evt_x", position: 1) { id } }', "BAD_USER_INPUT", ["id"]),
    (
        '{ balance(customerId: "ada", typeCode: "POINTS") { expiring(first: 101) { amount } } }',
        "BAD_USER_INPUT",
        ["first"],
    ),
    ('{ grant(id: "\\u0000") { id } }', "BAD_USER_INPUT", ["id"]),
]


async def test_what_the_law_refuses_has_a_code_and_a_path_and_writes_nothing(room: Room) -> None:
    await room.issue("5")
    before = await room.head()
    for mutation, members, code, path in REFUSED:
        payload = await room.do(mutation, **{**GOOD.get(mutation, {}), **members})
        found = [(refusal["code"], refusal["field"]) for refusal in payload["errors"]]
        assert found == [(code, path)], (mutation, members)
        assert payload["errors"][0]["message"]
        assert not payload["errors"][0]["retryable"]
    assert await room.head() == before


async def test_every_bad_member_is_named_at_once(room: Room) -> None:
    payload = await room.do("issue", customerId="", typeCode="nope", amount="x", priority=-1)
    assert [refusal["field"] for refusal in payload["errors"]] == [
        ["customerId"],
        ["typeCode"],
        ["amount"],
        ["priority"],
    ]


async def test_what_graphql_cannot_take_is_an_error_of_the_request(room: Room) -> None:
    before = await room.head()
    for mutation, members in MALFORMED:
        given = {"idempotencyKey": room.new_key(), **GOOD.get(mutation, {}), **members}
        answer = await room.ask(DOCUMENTS[mutation], input=given)
        assert "data" not in answer, (mutation, members)
        assert codes(answer) == ["BAD_USER_INPUT"], (mutation, members, answer)
        (member,) = members
        named = (member, "OperationInput") if mutation == "batch" else (member,)
        assert any(name in answer["errors"][0]["message"] for name in named), (mutation, members, answer)
    assert await room.head() == before


async def test_a_misasked_query_names_the_argument(room: Room) -> None:
    await room.issue("5")
    for query, code, argument in MISASKED:
        answer = await room.ask(query)
        assert codes(answer) == [code], (query, answer)
        assert answer["errors"][0]["extensions"].get("argument") == argument, query


async def test_bad_neighbours_in_a_group_spoil_nobody(room: Room) -> None:
    good = [room.issue("1", f"c{index}") for index in range(20)]
    bad = [room.do("consume", customerId="nobody", typeCode="POINTS", amount="1") for _ in range(20)]
    answers = await asyncio.gather(*(each for pair in zip(good, bad, strict=True) for each in pair))
    assert [bool(answer["errors"]) for answer in answers] == [False, True] * 20
    assert await room.head() == 21


@pytest.mark.parametrize("id", ["", "x", "evt_", "grt_\x00", "cus_", "typ_nope", "bal_ada", "bal_:POINTS", "bal_ada:x"])
async def test_an_id_of_nothing_is_null(room: Room, id: str) -> None:
    assert (await room.data("query ($id: ID!) { node(id: $id) { id } }", id=id))["node"] is None
