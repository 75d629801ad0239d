"""Writing through GraphQL: what is done, what is refused, what is replayed."""

import asyncio
from datetime import timedelta

from tests.edges.room import NOON, Room, codes, open_room


async def test_an_issue_tells_event_balance_and_grant(room: Room) -> None:
    payload = await room.issue("5.5", expiresAt="2026-04-01T00:00:00+02:00")
    assert payload["event"]["__typename"] == "Issued"
    assert payload["event"] | {"id": "", "allocations": []} == {
        "__typename": "Issued",
        "id": "",
        "position": 2,
        "kind": "ISSUED",
        "amount": "5.50",
        "delta": "5.50",
        "balanceAfter": "5.50",
        "allocations": [],
    }
    assert payload["balance"] == {
        "available": "5.50",
        "unrestricted": "5.50",
        "held": "0.00",
        "pending": "0.00",
        "debt": "0.00",
        "total": "5.50",
        "version": 1,
        "asOf": {"position": 2, "time": "2026-03-01T12:00:00.000000Z"},
    }
    assert payload["grant"]["state"] == "ACTIVE"
    assert payload["grant"]["expiresAt"] == "2026-03-31T22:00:00.000000Z"
    assert payload["event"]["allocations"][0]["grant"]["id"] == payload["grant"]["id"]


async def test_a_consume_takes_from_what_burns_first(room: Room) -> None:
    late = await room.issue("3", priority=60)
    early = await room.issue("2", priority=None)
    payload = await room.done("consume", customerId="ada", typeCode="POINTS", amount=4)
    assert payload["event"]["allocations"] == [
        {"amount": "2.00", "grant": {"id": early["grant"]["id"], "remaining": "0.00"}},
        {"amount": "2.00", "grant": {"id": late["grant"]["id"], "remaining": "1.00"}},
    ]
    assert (payload["event"]["delta"], payload["balance"]["available"]) == ("-4.00", "1.00")
    assert payload["grant"] is None


async def test_not_enough_says_what_there_is_and_writes_nothing(room: Room) -> None:
    await room.issue("5")
    await room.issue("2", restrictedTo=["shop"])
    await room.issue("7", effectiveAt="2026-03-02T00:00:00Z")
    before = await room.head()
    payload = await room.do("consume", customerId="ada", typeCode="POINTS", amount="6")
    (refusal,) = payload["errors"]
    assert refusal | {"message": ""} == {
        "__typename": "InsufficientBalance",
        "code": "INSUFFICIENT_BALANCE",
        "message": "",
        "field": ["amount"],
        "retryable": False,
        "available": "5.00",
        "missing": "1.00",
        "unusable": "2.00",
        "held": "0.00",
        "pending": "7.00",
        "nextActivationAt": "2026-03-02T00:00:00.000000Z",
    }
    assert (payload["event"], payload["events"], payload["balance"]) == (None, [], None)
    assert await room.head() == before


async def test_a_cap_says_limit_and_what_is_left(room: Room) -> None:
    await room.done("reviseEntitlementType", code="POINTS", maxBalance="10")
    await room.issue("7")
    (refusal,) = (await room.do("issue", customerId="ada", typeCode="POINTS", amount="4"))["errors"]
    assert (refusal["__typename"], refusal["code"]) == ("LimitReached", "BALANCE_CAP_EXCEEDED")
    assert (refusal["limit"], refusal["remaining"]) == ("10.00", "3.00")


async def test_the_same_key_again_answers_the_first_outcome_with_the_balance_of_now(room: Room) -> None:
    first = await room.issue("5", idempotencyKey="same")
    await room.done("consume", customerId="ada", typeCode="POINTS", amount="5")
    head = await room.head()
    again = await room.issue("5.00", idempotencyKey="same", funding=None, effectiveAt=None)
    assert again["replayed"]
    assert again["event"]["id"] == first["event"]["id"]
    assert (again["balance"]["available"], again["grant"]["state"]) == ("0.00", "EXHAUSTED")
    assert await room.head() == head


async def test_the_same_key_for_another_request_is_a_conflict_naming_the_first_event(room: Room) -> None:
    first = await room.issue("5", idempotencyKey="same")
    (refusal,) = (await room.do("issue", idempotencyKey="same", customerId="ada", typeCode="POINTS", amount="6"))[
        "errors"
    ]
    assert (refusal["__typename"], refusal["field"]) == ("IdempotencyConflict", ["idempotencyKey"])
    assert refusal["firstEvent"] == {"id": first["event"]["id"], "position": first["event"]["position"]}


async def test_a_batch_is_done_whole_in_order(room: Room) -> None:
    operations = [
        {"issue": {"idempotencyKey": "b1", "customerId": "ada", "typeCode": "POINTS", "amount": "5"}},
        {"consume": {"idempotencyKey": "b2", "customerId": "ada", "typeCode": "POINTS", "amount": "3"}},
    ]
    payload = await room.done("batch", idempotencyKey="b", operations=operations)
    assert [result["balance"]["available"] for result in payload["results"]] == ["5.00", "2.00"]
    assert [result["event"]["kind"] for result in payload["results"]] == ["ISSUED", "CONSUMED"]
    again = await room.done("batch", idempotencyKey="b", operations=operations)
    assert again["replayed"]
    assert [result["event"]["id"] for result in again["results"]] == [
        result["event"]["id"] for result in payload["results"]
    ]


async def test_a_batch_is_refused_whole_and_says_where(room: Room) -> None:
    operations = [
        {"issue": {"idempotencyKey": "b1", "customerId": "ada", "typeCode": "POINTS", "amount": "5"}},
        {"consume": {"idempotencyKey": "b2", "customerId": "ada", "typeCode": "POINTS", "amount": "9"}},
    ]
    before = await room.head()
    payload = await room.do("batch", operations=operations)
    (refusal,) = payload["errors"]
    assert (payload["results"], payload["failedIndex"], refusal["index"]) == ([], 1, 1)
    assert refusal["code"] == "BATCH_REFUSED"
    assert refusal["field"] == ["operations", "1", "consume", "amount"]
    assert (refusal["cause"]["code"], refusal["cause"]["field"]) == ("INSUFFICIENT_BALANCE", ["amount"])
    assert await room.head() == before


async def test_a_batch_of_a_thousand_operations_can_be_read_back_whole(room: Room) -> None:
    operations = [
        {"issue": {"idempotencyKey": f"b{index}", "customerId": f"c{index % 10}", "typeCode": "POINTS", "amount": 1}}
        for index in range(1_000)
    ]
    document = (
        "mutation ($input: BatchInput!) { batch(input: $input) { results "
        "{ event { id position } balance { available } errors { code } } errors { code message } } }"
    )
    payload = (await room.data(document, input={"idempotencyKey": "b", "operations": operations}))["batch"]
    assert payload["errors"] == []
    assert [result["event"]["position"] for result in payload["results"]] == list(range(2, 1_002))


async def test_types_are_defined_and_revised_member_by_member(room: Room) -> None:
    members = {"defaultValidity": {"duration": "P1Y", "until": "END_OF_MONTH"}, "maxBalance": "100"}
    defined = await room.define("MILES", metadata={"color": "blue"}, **members)
    assert defined["event"] == {"__typename": "TypeChanged", "kind": "TYPE_DEFINED"}
    assert defined["entitlementType"] | members | {"maxBalance": "100.00"} == defined["entitlementType"]
    revised = await room.done("reviseEntitlementType", code="MILES", maxBalance=None, name="Air miles")
    assert revised["entitlementType"] == {
        "code": "MILES",
        "name": "Air miles",
        "maxBalance": None,
        "defaultValidity": {"duration": "P1Y", "until": "END_OF_MONTH"},
        "metadata": {"color": "blue"},
    }
    (refusal,) = (await room.do("reviseEntitlementType", code="MILES", unit=None))["errors"]
    assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", ["unit"])


async def test_customers_are_registered_and_updated_member_by_member(room: Room) -> None:
    registered = await room.done(
        "registerCustomer", customerId="ada", name="Ada", email="ada@example.org", metadata={"tier": 1}
    )
    assert registered["event"] == {"__typename": "CustomerChanged", "kind": "CUSTOMER_REGISTERED"}
    assert registered["customer"] == {
        "id": "cus_ada",
        "customerId": "ada",
        "name": "Ada",
        "email": "ada@example.org",
        "metadata": {"tier": 1},
        "state": "ACTIVE",
    }
    updated = await room.done("updateCustomer", customerId="ada", email=None)
    assert updated["customer"] == {"name": "Ada", "email": None, "metadata": {"tier": 1}}
    (refusal,) = (await room.do("registerCustomer", customerId="ada"))["errors"]
    assert (refusal["__typename"], refusal["code"]) == ("NotAllowed", "ALREADY_EXISTS")


async def test_a_scheduled_grant_is_pending_until_its_instant(room: Room) -> None:
    payload = await room.issue("5", effectiveAt="2026-03-02T12:00:00Z", validity={"duration": "P1D"})
    assert (payload["event"]["delta"], payload["balance"]["pending"]) == ("0.00", "5.00")
    assert payload["grant"]["state"] == "SCHEDULED"
    room.clock.move_to(NOON + timedelta(days=1))
    query = '{ balance(customerId: "ada", typeCode: "POINTS") { available pending version } }'
    assert (await room.data(query))["balance"] == {"available": "5.00", "pending": "0.00", "version": 2}
    room.clock.move_to(NOON + timedelta(days=2))
    assert (await room.data(query))["balance"] == {"available": "0.00", "pending": "0.00", "version": 3}
    assert await room.head() == 2


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(sqlite_url: str) -> None:
    document = """mutation ($input: IssueInput!) { issue(input: $input) {
      event { id } errors { code retryable ... on Overloaded { retryAfterMs } }
    } }"""
    async with open_room(sqlite_url, writer_queue_max=1, writer_group_max=1) as room:
        await room.define()
        given = {"customerId": "ada", "typeCode": "POINTS", "amount": "1"}
        answers = await asyncio.gather(
            *(room.data(document, input={**given, "idempotencyKey": f"k{index}"}) for index in range(20))
        )
        refused = [error for answer in answers for error in answer["issue"]["errors"]]
        assert refused
        assert all(error == {"code": "OVERLOADED", "retryable": True, "retryAfterMs": 250} for error in refused)
        assert await room.head() == 1 + sum(1 for answer in answers if answer["issue"]["event"])
        for index in range(20):
            await room.data(document, input={**given, "idempotencyKey": f"k{index}"})
        assert await room.head() == 21


async def test_a_breakage_in_one_mutation_hides_no_other(room: Room) -> None:
    document = """mutation ($a: IssueInput!, $b: IssueInput!) {
      first: issue(input: $a) { event { position } }
      second: issue(input: $b) { event { position } errors { code } }
    }"""
    given = {"customerId": "ada", "typeCode": "POINTS", "amount": "1"}
    ledger = room.parts.services.ledger
    submit = ledger.submit

    async def breaking(command, context):  # type: ignore[no-untyped-def]
        if command.idempotency_key == "b":
            raise RuntimeError("the secret is 42")
        return await submit(command, context)

    ledger.submit = breaking  # type: ignore[method-assign]
    answer = await room.ask(document, a={**given, "idempotencyKey": "a"}, b={**given, "idempotencyKey": "b"})
    assert answer["data"] == {"first": {"event": {"position": 2}}, "second": None}
    assert codes(answer) == ["INTERNAL"]
    assert "42" not in str(answer)
    assert answer["errors"][0]["extensions"]["requestId"]
