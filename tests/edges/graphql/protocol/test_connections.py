"""Connections: pages in both directions, their arguments, and cursors that are none."""

from typing import Any

import pytest

from app.edges.graphql.connections import Connection, list_place, page_request
from app.edges.graphql.limits import Limits
from app.services.cursors import EventCursor, ListCursor, filter_hash
from tests.edges.graphql.protocol.toy import LedgerEvent, codes, cursor_of, event, run, toy_schema

SCHEMA = toy_schema()
PAGE = """
edges { cursor node { position } }  nodes { position }  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
"""


async def page(arguments: str) -> Any:
    response = await run(SCHEMA, f"{{ history{arguments} {{ {PAGE} }} }}")
    assert "errors" not in response
    return response["data"]["history"]


def positions(page: Any) -> list[int]:
    return [node["position"] for node in page["nodes"]]


async def test_names_are_those_of_the_specification() -> None:
    query = (
        '{ __type(name: "LedgerEventConnection") { fields { name } } edge: __type(name: "LedgerEventEdge") { name } }'
    )
    data = (await run(SCHEMA, query))["data"]
    assert {field["name"] for field in data["__type"]["fields"]} == {"edges", "nodes", "pageInfo"}
    assert data["edge"]["name"] == "LedgerEventEdge"


async def test_a_page_has_twenty_items_unless_told_otherwise() -> None:
    first = await page("")
    assert positions(first) == list(range(1, 21))
    assert [edge["node"]["position"] for edge in first["edges"]] == positions(first)
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][-1]["cursor"],
    }


async def test_pages_lead_to_one_another_in_both_directions() -> None:
    first = await page("(first: 3)")
    second = await page(f'(first: 3, after: "{first["pageInfo"]["endCursor"]}")')
    back = await page(f'(last: 3, before: "{second["pageInfo"]["startCursor"]}")')
    between = await page(f'(first: 100, after: "{cursor_of(event(2))}", before: "{cursor_of(event(6))}")')
    assert [positions(each) for each in (first, second, back, between)] == [[1, 2, 3], [4, 5, 6], [1, 2, 3], [3, 4, 5]]
    assert positions(await page("(last: 2)")) == [249, 250]
    assert positions(await page("(first: null, last: null)")) == list(range(1, 21))


def test_an_empty_page_may_still_have_an_end_to_go_on_from() -> None:
    short = Connection[LedgerEvent].of([], cursor_of, has_next=True, has_previous=False, end="scanned")
    assert (short.page_info.start_cursor, short.page_info.end_cursor) == (None, "scanned")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ("(first: 0)", "first"), ("(first: 101)", "first"), ("(first: -1)", "first"), ("(last: 0)", "last"),
        ("(last: 101)", "last"), ("(first: 1, last: 1)", "last"),
    ],
)  # fmt: skip
async def test_sizes_out_of_bounds_are_refused(arguments: str, argument: str) -> None:
    response = await run(SCHEMA, f"{{ history{arguments} {{ nodes {{ id }} }} }}")
    assert codes(response) == ["BAD_USER_INPUT"]
    assert response["errors"][0]["extensions"]["argument"] == [argument]
    assert response["errors"][0]["path"] == ["history"]


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "====", "é", "AQ", cursor_of(event(1)) + "=", " " + cursor_of(event(1)), "A" * 5_000),
        EventCursor("other", 1, bytes(8)).encode(),
        ListCursor("customers", bytes(8), ("a",)).encode(),
    ],
)
@pytest.mark.parametrize("argument", ["after", "before"])
async def test_what_is_no_cursor_of_this_ledger_is_refused(cursor: str, argument: str) -> None:
    query = f"query ($c: Cursor) {{ history({argument}: $c) {{ nodes {{ id }} }} }}"
    response = await run(SCHEMA, query, {"c": cursor})
    assert codes(response) == ["BAD_CURSOR"]
    assert response["errors"][0]["extensions"]["argument"] == [argument]


def test_a_list_cursor_is_good_for_its_list_and_filter_only() -> None:
    mine = filter_hash("ACTIVE", None)
    cursor = ListCursor("customers", mine, ("ann", 3))
    request = page_request(5, cursor.encode(), None, None, list_place("customers", mine), Limits())
    assert (request.after, request.size, request.backward) == (cursor, 5, False)
    for kind, other in (("grants", mine), ("customers", filter_hash("FROZEN", None))):
        with pytest.raises(Exception, match="no cursor"):
            page_request(5, cursor.encode(), None, None, list_place(kind, other), Limits())
