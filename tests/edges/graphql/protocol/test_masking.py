"""Breakage is masked and logged; what speaks about the request is not."""

import logging

import httpx
import pytest

from tests.edges.graphql.protocol.toy import client, codes, run, toy_app, toy_schema


async def test_what_breaks_is_answered_without_its_words_and_logged_with_them(caplog: pytest.LogCaptureFixture) -> None:
    response = await run(toy_schema(), "{ hello crash }")
    assert response["data"] == {"hello": "world", "crash": None}
    assert response["errors"] == [
        {
            "message": "Internal error",
            "locations": [{"line": 1, "column": 9}],
            "path": ["crash"],
            "extensions": {"code": "INTERNAL", "requestId": "request"},
        }
    ]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("ledger.graphql", logging.ERROR)
    assert record.__dict__["request_id"] == "request"
    assert record.exc_info is not None
    assert "the secret is 42" in caplog.text
    assert "in crash" in caplog.text, "the traceback leads to the place"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ misuse }", "BAD_USER_INPUT"),
        ("{ history(first: 0) { nodes { id } } }", "BAD_USER_INPUT"),
        ('{ history(after: "x") { nodes { id } } }', "BAD_CURSOR"),
        ("{ crash", "GRAPHQL_PARSE_FAILED"),
        ("{ crash(a: 1) }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ echoInstant(value: true) }", "BAD_USER_INPUT"),
    ],
)
async def test_what_speaks_about_the_request_is_left_alone(
    query: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await run(toy_schema(), query)
    assert codes(response) == [code]
    assert response["errors"][0]["message"] != "Internal error"
    assert not caplog.records


async def test_a_null_for_an_argument_that_needs_a_value_is_the_callers(caplog: pytest.LogCaptureFixture) -> None:
    query = "query ($count: Int = 1) { hello maybeEvents(count: $count) { id } }"
    response = await run(toy_schema(), query, {"count": None})
    assert "maybeEvents" not in str(caplog.records)
    assert "count" in response["errors"][0]["message"]
    assert response["errors"][0]["message"] != "Internal error"


async def test_the_request_id_leads_from_the_answer_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with client(toy_app()) as http:
        response = await http.post("/graphql", json={"query": "{ crash }"}, headers={"x-request-id": "trace-me"})
    assert response.json()["errors"][0]["extensions"]["requestId"] == "trace-me"
    assert [record.__dict__["request_id"] for record in caplog.records] == ["trace-me"]


async def test_even_a_broken_edge_answers_masked(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(token: str | None) -> str:
        raise RuntimeError("the secret is 42")

    app = toy_app()
    app.routes[0].app.authenticate = broken  # type: ignore[attr-defined]
    async with client(app) as http:
        response: httpx.Response = await http.post("/graphql", json={"query": "{ hello }"})
    assert response.status_code == 500
    assert codes(response.json()) == ["INTERNAL"]
    assert "42" not in response.text
    assert "the secret is 42" in caplog.text
