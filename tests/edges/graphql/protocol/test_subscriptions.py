"""Subscriptions inside the schema: each event is executed on its own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.edges.graphql.budget import Budget
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.limits import Limits
from tests.edges.graphql.protocol.toy import NOON, Timer, ToyContext, loads, toy_schema

EVENTS = "subscription ($to: Int!) { events(to: $to) { id loaded again: loaded followers { id } } }"


async def results(
    schema: GuardedSchema, query: str, timer: Timer | None = None, **variables: Any
) -> list[ExecutionResult]:
    budget = Budget(schema.limits, (timer or Timer(NOON)).monotonic)
    context = ToyContext(actor="operator", request_id="request", budget=budget)
    stream: AsyncIterator[ExecutionResult] = await schema.stream(query, variables, context)
    return [result async for result in stream]


@pytest.mark.parametrize("shortcuts", [True, False])
async def test_each_event_has_loaders_of_its_own(shortcuts: bool) -> None:
    loads.clear()
    delivered = await results(toy_schema(shortcuts=shortcuts), EVENTS, to=3)
    assert [result.data["events"]["loaded"] for result in delivered if result.data] == [
        "loaded evt_1", "loaded evt_2", "loaded evt_3",
    ]  # fmt: skip
    assert loads == [["evt_1"], ["evt_2"], ["evt_3"]], "batched within an event, never over events"


async def test_each_event_has_a_budget_of_its_own() -> None:
    schema = toy_schema(Limits(resolved_fields=8))
    assert [result.errors for result in await results(schema, EVENTS, to=50)] == [None] * 50
    (first, second) = await results(toy_schema(Limits(resolved_fields=7)), EVENTS, to=2)
    for result in (first, second):
        assert [(error.extensions or {})["code"] for error in result.errors or []] == ["LIMIT_EXCEEDED"]


async def test_a_long_subscription_keeps_nothing_of_its_events() -> None:
    schema = toy_schema()
    query = "subscription ($to: Int!, $yes: Boolean = true) { events(to: $to) { id @include(if: $yes) next { id } } }"
    for text in (query, EVENTS):
        await results(schema, text, to=200)
        (operation,) = schema._documents.of(text).operations.values()
        kept = operation.executor._kept if operation.executor else None
        assert kept is not None
        assert len(kept.plans) <= 3
        assert len(kept.sub_fields) <= 2


async def test_a_source_that_breaks_ends_the_stream_masked() -> None:
    first, last = await results(toy_schema(), "subscription { broken }")
    assert first.data == {"broken": 1}
    assert isinstance(last, PreExecutionError)
    assert [error.message for error in last.errors or []] == ["Internal error"]


async def test_queries_and_mutations_stream_their_one_result() -> None:
    (result,) = await results(toy_schema(), "{ hello }")
    assert result.data == {"hello": "world"}
