"""Limits that a document's text and its page sizes decide."""

import inspect
from typing import Any

import pytest
from graphql import get_introspection_query

from app.edges.graphql.limits import Limits
from tests.edges.graphql.protocol.toy import GuardedSchema, codes, run, toy_schema

EVERY_OPTION = {name: True for name in inspect.signature(get_introspection_query).parameters if name != "type_depth"}


@pytest.fixture(scope="module")
def schema() -> GuardedSchema:
    return toy_schema()


def nested(depth: int) -> str:
    """A query with fields `depth` levels deep."""
    return "{ event " + "{ next " * (depth - 2) + "{ id }" + " }" * (depth - 1)


def over(response: dict[str, Any]) -> tuple[str, Any]:
    """The limit that a response says was exceeded, and its value."""
    assert codes(response) == ["LIMIT_EXCEEDED"]
    extensions = response["errors"][0]["extensions"]
    assert str(extensions["allowed"]) in response["errors"][0]["message"]
    return extensions["limit"], extensions["allowed"]


async def test_introspection_passes_whole(schema: GuardedSchema) -> None:
    for options in ({}, EVERY_OPTION, EVERY_OPTION | {"type_depth": 10}):
        response = await run(schema, get_introspection_query(**options))
        assert "errors" not in response
        assert response["data"]["__schema"]["queryType"]["name"] == "Query"


def chain(length: int) -> str:
    """A query whose depth is in its fragments: each holds a field with the next one in it."""
    links = (f"fragment F{n} on LedgerEvent {{ next {{ ...F{n + 1} }} }}" for n in range(length))
    return f"{{ event {{ ...F0 }} }} {' '.join(links)} fragment F{length} on LedgerEvent {{ id }}"


def followers(first: int) -> str:
    return f"{{ history(first: 100) {{ nodes {{ followers(first: {first}) {{ id kind }} }} }} }}"


def aliases(count: int) -> str:
    return "{" + " ".join(f"a{n}: hello" for n in range(count)) + "}"


def fragments(count: int) -> str:
    """A query of so many fragments in one place, each with the same field."""
    names = [f"F{n}" for n in range(count)]
    spreads = " ".join(f"...{name}" for name in names)
    return f"{{ {spreads} }} " + " ".join(f"fragment {name} on Query {{ ... on Query {{ hello }} }}" for name in names)


def wide(places: int) -> str:
    """A query of 35 fields a place."""
    leaves = (
        "id position kind customerId sequence ratio final amount lasts recordedAt metadata tags broken shout loaded "
    )
    events = [f"e{n}: event {{ {leaves * 2} grant {{ id }} next {{ id }} }}" for n in range(places)]
    return "{" + " ".join(events) + "}"


def mutations(count: int) -> str:
    fragment = "fragment F on Mutation { " + "crash { id } " * (count - 1) + "}"
    return "mutation { crash { id } ...F } " + fragment


async def test_introspection_costs_what_it_asks_for() -> None:
    response = await run(toy_schema(Limits(list_size=100)), get_introspection_query(**EVERY_OPTION))
    assert "errors" not in response


@pytest.mark.parametrize(
    ("fits", "exceeds", "limit"),
    [
        (nested(16), nested(17), ("depth", 16)),
        (chain(14), chain(15), ("depth", 16)),
        (aliases(30), aliases(31), ("aliases", 30)),
        ("{" + "hello @skip(if: false) " * 30 + "}", "{" + "hello @skip(if: false) " * 31 + "}", ("directives", 30)),
        ("{" + "hello " * 77 + "}", "{" + "hello " * 78 + "}", ("comparisons", 3_000)),
        ("{" + "event { id } " * 55 + "}", "{" + "event { id } " * 56 + "}", ("comparisons", 3_000)),
        (fragments(55), fragments(56), ("comparisons", 3_000)),
        (wide(14), wide(15), ("fields", 500)),
        (mutations(10), mutations(11), ("root mutations", 10)),
        ("{ hello" + " ,#\n" * 100 + "}", "{ " + "hello(a:1) " * 400 + "}", ("tokens", 2_000)),
        ("{ hello" + " " * 60_000 + "}", "{ hello" + " " * 65_536 + "}", ("query text bytes", 65_536)),
        ("{ hello # " + "é" * 30_000 + "\n}", "{ hello # " + "é" * 33_000 + "\n}", ("query text bytes", 65_536)),
        (followers(60), followers(100), ("cost", 20_000)),
    ],
)
async def test_a_document_is_refused_beyond_each_limit(
    schema: GuardedSchema, fits: str, exceeds: str, limit: tuple[str, int]
) -> None:
    assert "LIMIT_EXCEEDED" not in codes(await run(schema, fits))
    assert over(await run(schema, exceeds)) == limit
    assert over(await run(schema, exceeds)) == limit, "a kept verdict is the same verdict"


async def test_fragments_count_wherever_they_are_spread(schema: GuardedSchema) -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    response = await run(schema, "{ ...F0 } " + doubling + " fragment F30 on Query { hello }")
    assert codes(response) == ["LIMIT_EXCEEDED"]
    assert response["errors"][0]["extensions"]["found"] >= 2**20


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { hello ...B } fragment B on Query { ...A }",
        "{ ...Missing }",
        "{ nothing { at { all } } hello { id } }",
        "{ history(first: $unknown) { nodes { id } } }",
        "query ($n: Nothing = {a: 1}) { history(first: $n) { nodes { id } } }",
        '{ history(first: "many", last: [1, 2]) { nodes { id } } }',
        "{ history(first: " + "9" * 5_000 + ") { nodes { id } } }",
        "mutation { ...A } fragment A on Mutation { ...A }",
        "{ ... on Nothing { hello } ... { hello } ... @include(if: true) { hello } }",
        "type Query { hello: String }",
        "{ " + "... { " * 150 + "hello" + " }" * 151,
        "{ " + "a { " * 250 + "hello" + " }" * 251,
    ],
)
async def test_documents_that_make_no_sense_are_refused_and_break_nothing(schema: GuardedSchema, query: str) -> None:
    response = await run(schema, query)
    assert response["data"] is None
    assert set(codes(response)) <= {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "LIMIT_EXCEEDED"}


@pytest.mark.parametrize(
    ("variables", "fits"),
    [
        ({"n": 100}, False), ({"n": 10}, True), ({"n": None}, True), ({}, True),
        ({"n": 2**31 - 1}, False), ({"n": -5}, True),
    ],
)  # fmt: skip
async def test_page_sizes_in_variables_decide_the_cost_of_each_request(
    schema: GuardedSchema, variables: dict[str, Any], fits: bool
) -> None:
    query = "query ($n: Int = 5) { history(first: $n) { nodes { next { followers(first: 100) { id kind } } } } }"
    for _ in range(2):
        response = await run(schema, query, variables)
        assert ("LIMIT_EXCEEDED" in codes(response)) is not fits


async def test_a_list_in_an_argument_counts_with_its_length(schema: GuardedSchema) -> None:
    query = (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on LedgerEvent { followers(first: 100) { id sequence } } } }"
    )
    assert "errors" not in await run(schema, query, {"ids": ["grt_1"] * 50})
    assert over(await run(schema, query, {"ids": ["grt_1"] * 100})) == ("cost", 20_000)


async def test_known_lists_count_as_they_are_known() -> None:
    schema = toy_schema(Limits(list_sizes={"Query.events": 15_000}))
    assert over(await run(schema, "{ events(count: 1) { id kind } }")) == ("cost", 20_000)
    assert "errors" not in await run(schema, "{ maybeEvents(count: 1) { id kind } }")


async def test_many_operations_are_measured_one_by_one(schema: GuardedSchema) -> None:
    operations = " ".join(f"query Q{n} {{ {'hello ' * 60} }}" for n in range(20))
    assert "errors" not in await run(schema, operations, operation_name="Q7")


async def test_kept_documents_are_bounded() -> None:
    schema = toy_schema(Limits(cached_documents=8, cached_tokens=200))
    for number in range(50):
        assert "errors" not in await run(schema, f"query Q{number} {{ hello }}")
    assert len(schema._documents._kept) <= 8
    for number in range(5):
        await run(schema, f"query Q{number} {{ {'hello ' * 60} }}")
    assert schema._documents._weight <= 200
    assert "errors" not in await run(schema, "{ hello }")


@pytest.mark.parametrize("suggestions", [False, True])
@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ helo }", {}),
        ("{ event(positon: 1) { id } }", {}),
        ("{ ... on Queri { hello } }", {}),
        ("{ history(filter: {kind: ISSUED}) { nodes { id } } }", {}),
        ("{ history(filter: {kinds: ISSUDE}) { nodes { id } } }", {}),
        ("query ($f: EventFilter) { history(filter: $f) { nodes { id } } }", {"f": {"kind": "ISSUED"}}),
        ("query ($f: EventFilter) { history(filter: $f) { nodes { id } } }", {"f": {"kinds": ["ISSUDE"]}}),
    ],
)
async def test_no_error_suggests_a_name(query: str, variables: dict[str, Any], suggestions: bool) -> None:
    response = await run(toy_schema(Limits(suggestions=suggestions)), query, variables)
    assert ("Did you mean" in str(response["errors"])) is suggestions
