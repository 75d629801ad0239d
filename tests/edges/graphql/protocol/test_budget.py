"""The budget of an operation: fields resolved and wall time, inside execution."""

from typing import Any

import pytest

from app.edges.graphql.budget import Budget
from app.edges.graphql.limits import Limits
from tests.edges.graphql.protocol.toy import NOON, Timer, ToyContext, codes, issued, run, toy_schema

SMALL = Limits(resolved_fields=100)


@pytest.mark.parametrize("shortcuts", [True, False])
async def test_fields_that_an_operation_resolves_are_counted(shortcuts: bool) -> None:
    schema = toy_schema(SMALL, shortcuts)
    assert "errors" not in await run(schema, "{ events(count: 49) { id kind } }")
    response = await run(schema, "{ hello events(count: 51) { id kind } }")
    assert (response["data"], codes(response)) == (None, ["LIMIT_EXCEEDED"])
    assert response["errors"][0]["extensions"]["allowed"] == 100


async def test_what_was_answered_before_stays_and_the_error_is_told_once() -> None:
    response = await run(toy_schema(SMALL), "{ hello maybeEvents(count: 60) { id kind } crash }")
    assert response["data"]["hello"] == "world"
    assert response["data"]["maybeEvents"][:48] == [{"id": f"evt_{n}", "kind": "SPENT"} for n in range(48)]
    assert response["data"]["maybeEvents"][48:] == [None] * 12
    assert codes(response) == ["LIMIT_EXCEEDED", "INTERNAL"]


async def test_a_budget_can_be_extended_by_work_that_was_asked_for() -> None:
    budget = Budget(SMALL, Timer(NOON).monotonic)
    budget.extend(20)
    budget.spend(120)
    with pytest.raises(Exception, match="120"):
        budget.spend(1)


async def test_introspection_has_a_budget_of_its_own() -> None:
    schema = toy_schema(Limits(resolved_fields=10))
    query = "{ __schema { types { name fields { name } } } }"
    assert "errors" not in await run(schema, query)
    assert codes(await run(toy_schema(Limits(resolved_fields=10, introspection_fields=10)), query)) == [
        "LIMIT_EXCEEDED"
    ]


async def test_waiting_ends_with_the_time_and_committed_siblings_are_told() -> None:
    schema = toy_schema(Limits(seconds=0.05))
    issued.clear()
    response = await run(
        schema, 'mutation { issue(amount: "1.00") { amount } hang { id } later: issue(amount: 2) { id } }'
    )
    assert response["data"] == {"issue": {"amount": "1.00"}, "hang": None, "later": {"id": "evt_2"}}
    assert codes(response) == ["LIMIT_EXCEEDED"]
    assert response["errors"][0]["path"] == ["hang"]
    assert response["errors"][0]["extensions"]["limit"] == "seconds"
    assert issued == ["1.00", "2"]


async def test_computing_ends_with_the_time() -> None:
    schema = toy_schema()
    timer = Timer(NOON)
    context = ToyContext(actor="operator", request_id="request", budget=Budget(schema.limits, timer.monotonic))
    timer.advance(seconds=9)
    result = await schema.execute("{ hello maybeEvents(count: 9) { id } }", None, context)
    assert result.data is None
    assert [(error.extensions or {})["limit"] for error in result.errors or []] == ["seconds"]


async def test_a_renewed_context_has_a_full_budget_and_new_loaders() -> None:
    timer = Timer(NOON)
    context = ToyContext(actor="operator", request_id="request", budget=Budget(SMALL, timer.monotonic))
    context.budget.spend(100)
    timer.advance(seconds=100)
    renewed: Any = context.renewed()
    renewed.budget.spend(100)
    assert renewed.loader is not context.loader
    assert (renewed.actor, renewed.request_id) == ("operator", "request")
