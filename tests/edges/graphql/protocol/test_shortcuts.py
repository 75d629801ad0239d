"""The short ways for leaves and resolvers answer as the long ways do, errors included."""

import enum
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from app.edges.graphql.budget import Budget
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.scalars import SCALARS
from tests.edges.graphql.protocol.toy import NOON, Timer, ToyContext, codes, run, toy_schema

FRAGMENT = "fragment F on LedgerEvent { kind tags mine: customerId }"
EVERYTHING = """
query ($yes: Boolean = true, $no: Boolean = false) {
  event {
    __typename id position kind customerId sequence ratio final amount lasts recordedAt metadata tags broken
    again: sequence  word: shout(word: "you")  loaded  grant { id }
    skipped: id @skip(if: $yes)  included: id @include(if: $yes)  left: id @include(if: $no)
    next { id next { ...F type: __typename } }
    ...F @include(if: $yes)
  }
  grant: node(id: "grt_1") { __typename id ... on Grant { amount } }
  other: node(id: "x") { type: __typename id ... on LedgerEvent { kind } }
  nodes(ids: ["grt_1"]) { ... on Node { id } }
  history(first: 2) { edges { cursor node { id } } nodes { id kind } pageInfo { hasNextPage endCursor } }
}
"""


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (EVERYTHING + FRAGMENT, {}),
        (EVERYTHING + FRAGMENT, {"yes": False, "no": True}),
        ("{ crash misuse wrongType { id sequence kind } wrongNull { id broken } }", {}),
        ("{ unfinished { id __typename } event { id } }", {}),
        ("{ events(count: 3) { ...F ...F id } }" + FRAGMENT, {}),
        ("query ($v: Amount!) { echoAmount(value: $v) }", {"v": 12}),
        (
            "query ($f: EventFilter) { history(filter: $f, first: 1) { nodes { id } } }",
            {"f": {"kinds": ["SPENT", "ISSUED"]}},
        ),
    ],
)
async def test_both_ways_give_one_answer(query: str, variables: dict[str, Any]) -> None:
    long, short = toy_schema(shortcuts=False), toy_schema(shortcuts=True)
    expected = await run(long, query, variables)
    for _ in range(3):
        answered = await run(short, query, variables)
        assert answered == expected
        assert str(answered) == str(expected), "in the same order"


async def test_errors_say_which_leaf_it_was() -> None:
    response = await run(toy_schema(), "{ crash wrongType { sequence } wrongNull { broken } unfinished { id } }")
    assert [error["path"] for error in response["errors"]] == [
        ["crash"], ["wrongType", "sequence"], ["wrongNull", "broken"], ["unfinished"],
    ]  # fmt: skip
    assert set(codes(response)) == {"INTERNAL"}
    assert "42" not in str(response)


async def test_directives_are_looked_at_for_each_request() -> None:
    schema = toy_schema()
    query = "query ($yes: Boolean!) { event { id kind @include(if: $yes) } }"
    for yes in (True, False, True):
        response = await run(schema, query, {"yes": yes})
        assert ("kind" in response["data"]["event"]) is yes


@strawberry.enum
class Size(enum.Enum):
    SMALL = 1


@strawberry.input
class Box:
    size: Size
    loose: str | None
    label: str = "none"
    note: str | None = None
    weight: int | None = strawberry.UNSET
    inner: "Box | None" = None
    parts: list["Box"] | None = None
    pair: list[list[int]] = strawberry.field(default_factory=list)
    maybe: strawberry.Maybe[int | None] = None
    surely: strawberry.Maybe[int] = None


@strawberry.input(one_of=True)
class Either:
    box: strawberry.Maybe[Box]
    text: strawberry.Maybe[str]


@strawberry.type
class Query:
    factor: int = 3

    @strawberry.field
    def pack(self, box: Box, again: list[Box] | None = None, times: int = 1) -> str:
        return repr((box, again, times))

    @strawberry.field
    async def either(self, info: strawberry.Info[Any, None], either: Either) -> str:
        return f"{info.context.actor} {info.field_name} {either!r}"

    @strawberry.field
    def parent_of(root: "Query", self_: int = 1) -> str:
        return repr((type(root).__name__, self_))

    @strawberry.field
    @staticmethod
    def static(sizes: list[Size]) -> str:
        return repr(sizes)


INNER = {"size": "SMALL", "label": "in", "pair": [[1, 2], []], "maybe": None, "surely": 4}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($b: Box!) { pack(box: $b) }", {"b": {"size": "SMALL"}}),
        ("query ($b: Box!) { pack(box: $b, again: [$b]) }", {"b": {"size": "SMALL", "inner": INNER, "parts": [INNER]}}),
        ("query ($b: Box!) { pack(box: $b) }", {"b": {"size": "SMALL", "weight": None, "maybe": 3, "inner": None}}),
        ("query ($n: Int) { pack(box: {size: SMALL, weight: $n}, again: null) }", {}),
        ("query ($e: Either!) { either(either: $e) }", {"e": {"text": "x"}}),
        ("query ($e: Either!) { either(either: $e) }", {"e": {"box": {"size": "SMALL"}}}),
        ("{ static(sizes: [SMALL, SMALL]) parentOf(self_: 2) factor: __typename }", {}),
    ],
)
async def test_arguments_reach_python_in_the_same_shape(query: str, variables: dict[str, Any]) -> None:
    answers = []
    for shortcuts in (True, False):
        config = StrawberryConfig(scalar_map=SCALARS)
        schema = GuardedSchema(Query, config=config, shortcuts=shortcuts)
        context = ToyContext(actor="me", request_id="1", budget=Budget(schema.limits, Timer(NOON).monotonic))
        result = await schema.execute(query, variables, context)
        assert result.errors is None
        answers.append(result.data)
    assert answers[0] == answers[1]


async def test_requests_share_nothing_but_what_is_kept() -> None:
    schema = toy_schema()
    query = "query ($p: Int!) { actor event(position: $p) { id loaded next { id } } }"
    for position, actor in ((1, "ann"), (2, "bob"), (3, "eve")):
        context = ToyContext(actor=actor, request_id="1", budget=Budget(schema.limits, Timer(NOON).monotonic))
        result = await schema.execute(query, {"p": position}, context)
        assert result.data == {
            "actor": actor,
            "event": {
                "id": f"evt_{position}",
                "loaded": f"loaded evt_{position}",
                "next": {"id": f"evt_{position + 1}"},
            },
        }


async def test_an_error_belongs_to_its_request() -> None:
    schema = toy_schema()
    query = "query ($first: Int) { hello history(first: $first) { nodes { id } } }"
    for first, refused in ((1, False), (0, True), (1, False), (101, True), (2, False)):
        assert ("errors" in await run(schema, query, {"first": first})) is refused


def test_a_sorted_schema_is_refused_because_it_cannot_write_enums() -> None:
    with pytest.raises(ValueError, match="sort what is exported"):
        GuardedSchema(Query, config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True))
