"""GraphQL over HTTP: statuses, media types, bodies, keys and request ids."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from app.edges.graphql.limits import Limits
from tests.edges.graphql.protocol.toy import KEY, PAGE, client, codes, toy_app

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
HELLO = {"query": "{ hello }"}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(toy_app()) as http:
        yield http


def only_errors(response: httpx.Response, code: str) -> dict[str, Any]:
    """The one error of a body that has nothing but errors."""
    body: dict[str, Any] = response.json()
    assert list(body) == ["errors"]
    assert codes(body) == [code]
    error: dict[str, Any] = body["errors"][0]
    return error


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON};q=0.5, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};charset=utf-8", RESPONSE),
        (f"text/html, {JSON};q=0", None),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        ("application/jsonx", None),
    ],
)
async def test_answers_in_the_media_type_that_is_wanted_most(
    http: httpx.AsyncClient, accept: str, answered: str | None
) -> None:
    response = await http.post("/graphql", json=HELLO, headers={"accept": accept})
    if answered is None:
        assert response.status_code == 406
        only_errors(response, "BAD_REQUEST")
    else:
        assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})
        assert response.headers["content-type"] == f"{answered}; charset=utf-8"


def with_variable(value: bytes) -> bytes:
    return b'{"query":"{hello}","variables":{"v":%s}}' % value


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"1", b'"x"', b"[]", b"{", b"{}", b"[" * 100_000),
        *(b'[{"query":"{hello}"}]', b'{"query":"\xff"}', b'{"query":null}', b'{"query":1}'),
        b'{"query":"{hello}","variables":[]}',
        b'{"query":"{hello}","operationName":1}',
        b'{"query":"{hello}","extensions":"x"}',
        *(with_variable(value) for value in (b"NaN", b"Infinity", b"-Infinity", b"1e999")),
        *(with_variable(b"[" + b"9" * 20 + value + b"]") for value in (b"e999", b",NaN", b",-Infinity", b",")),
        with_variable(b"[" * 80 + b"]" * 80),
        with_variable(b"[" + b"{}," * 120_000 + b"{}]"),
    ],
)
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_a_body_that_is_no_request_is_refused(http: httpx.AsyncClient, body: bytes, accept: str) -> None:
    response = await http.post("/graphql", content=body, headers={"accept": accept})
    assert response.status_code == 400
    only_errors(response, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ hello", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { events(count: $n) { id } }", {"n": "many"}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { events(count: $n) { id } }", {}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "BAD_REQUEST"),
        ("subscription { count(to: 1) }", {}, "BAD_REQUEST"),
        ("fragment F on Query { hello }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_executed_has_no_data(
    http: httpx.AsyncClient, query: str, variables: dict[str, Any], code: str
) -> None:
    for accept, status in ((JSON, 200), (RESPONSE, 400)):
        body = {"query": query, "variables": variables}
        response = await http.post("/graphql", json=body, headers={"accept": accept})
        assert response.status_code == status
        only_errors(response, code)


async def test_of_two_operations_the_named_one_runs(http: httpx.AsyncClient) -> None:
    query = "query A { hello } query B { actor }"
    response = await http.post("/graphql", json={"query": query, "operationName": "B"})
    assert response.json() == {"data": {"actor": "operator"}}
    unknown = await http.post("/graphql", json={"query": query, "operationName": "C"})
    assert "'C'" in only_errors(unknown, "BAD_REQUEST")["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_only_post_executes(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, "/graphql?query={hello}", headers={"accept": "text/html"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    if method != "HEAD":
        only_errors(response, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/plain", "application/jsonx", "application/json-patch+json", "application/x-www-form-urlencoded"),
        *("multipart/form-data", "application/graphql", "application/json; charset=latin-1"),
    ],
)
async def test_only_json_is_read(http: httpx.AsyncClient, content_type: str) -> None:
    response = await http.post("/graphql", json=HELLO, headers={"content-type": content_type})
    assert response.status_code == 415
    only_errors(response, "BAD_REQUEST")


async def test_json_may_say_its_charset(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json=HELLO, headers={"content-type": 'Application/JSON; charset="UTF-8"'})
    assert response.json() == {"data": {"hello": "world"}}


async def test_a_long_body_is_refused_by_its_length_and_while_it_arrives() -> None:
    app = toy_app(Limits(body_bytes=1_000))
    sent = 0

    async def long() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(50):
            sent += 100
            yield b" " * 100

    async with client(app) as http:
        announced = await http.post("/graphql", content=b" " * 1_001)
        arriving = await http.post("/graphql", content=long())
        fitting = await http.post("/graphql", content=orjson.dumps(HELLO).ljust(1_000))
    assert (announced.status_code, arriving.status_code, fitting.status_code) == (413, 413, 200)
    assert only_errors(announced, "LIMIT_EXCEEDED")["extensions"]["allowed"] == 1_000
    only_errors(arriving, "LIMIT_EXCEEDED")
    assert sent <= 1_200


async def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    never = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield b'{"query":'
        await never.wait()

    async with client(toy_app(Limits(body_seconds=0.01))) as http:
        response = await http.post("/graphql", content=stalled())
    assert response.status_code == 408
    only_errors(response, "BAD_REQUEST")


@pytest.mark.parametrize("length", ["-1", "x", "1" * 5_000, "1.0"])
async def test_a_length_that_is_none_is_refused(http: httpx.AsyncClient, length: str) -> None:
    response = await http.post("/graphql", content=orjson.dumps(HELLO), headers={"content-length": length})
    assert response.status_code == 400
    only_errors(response, "BAD_REQUEST")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic right", KEY, f"Bearer {KEY} "]
)
async def test_without_the_right_key_nothing_is_answered(authorization: str | None) -> None:
    headers = {"content-type": JSON} | ({"authorization": authorization} if authorization is not None else {})
    transport = httpx.ASGITransport(toy_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as http:
        response = await http.post("/graphql", json=HELLO, headers=headers)
    if authorization and authorization.strip() == f"Bearer {KEY}":
        assert response.status_code == 200
    else:
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        only_errors(response, "UNAUTHENTICATED")


async def test_the_scheme_of_a_key_is_spelled_as_one_likes(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": "{ actor }"}, headers={"authorization": f"bEARER {KEY}"})
    assert response.json() == {"data": {"actor": "operator"}}


async def test_each_response_carries_a_request_id(http: httpx.AsyncClient) -> None:
    mine = await http.post("/graphql", json=HELLO, headers={"x-request-id": "my.request-1_A"})
    assert mine.headers["x-request-id"] == "my.request-1_A"
    for bad in ("", "a b", "a" * 65, "é".encode("latin-1"), "<script>"):
        response = await http.post("/graphql", json=HELLO, headers={b"x-request-id": bad})
        assert len(response.headers["x-request-id"]) == 32
    refused = await http.post("/graphql", content=b"null", headers={"x-request-id": "mine"})
    assert refused.headers["x-request-id"] == "mine"


async def test_a_browser_gets_the_page(http: httpx.AsyncClient) -> None:
    accept = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "authorization": ""}
    page = await http.get("/graphql?q=%7Bhello%7D", headers=accept)
    assert (page.status_code, page.content) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    for headers, url in ((accept, "/graphql?query={hello}"), ({"accept": "*/*"}, "/graphql")):
        assert (await http.get(url, headers=headers)).status_code == 405
    async with client(toy_app(page=None)) as without:
        assert (await without.get("/graphql", headers=accept)).status_code == 405


async def test_numbers_keep_their_digits_both_ways(http: httpx.AsyncClient) -> None:
    huge = 10**40
    body = b'{"query":"query ($v: JSON!) { echoJson(value: $v) }","variables":{"v":[%d,-9223372036854775809]}}' % huge
    response = await http.post("/graphql", content=body)
    assert orjson.loads(response.content.replace(str(huge).encode(), b'"huge"')) is not None
    assert response.content == b'{"data":{"echoJson":[%d,-9223372036854775809]}}' % huge


async def test_text_that_is_no_unicode_still_gets_json(http: httpx.AsyncClient) -> None:
    body = b'{"query":"{ echoAmount(value: \\"\\\\uD800\\") }"}'
    response = await http.post("/graphql", content=body)
    assert response.status_code == 200
    assert response.json()


async def test_queries_in_a_url_are_answered_where_they_are_wanted() -> None:
    async with client(toy_app(queries_by_get=True)) as http:
        by_url = {
            "query": "query A($v: Amount!) { echoAmount(value: $v) }",
            "variables": '{"v":1}',
            "operationName": "A",
        }
        assert (await http.get("/graphql", params=by_url)).json() == {"data": {"echoAmount": "1"}}
        mutation = await http.get(
            "/graphql", params={"query": "mutation { crash { id } }"}, headers={"accept": RESPONSE}
        )
        assert mutation.status_code == 400
        only_errors(mutation, "BAD_REQUEST")
        for bad in ({"query": "{ hello }", "variables": "{"}, {"query": "{ hello }", "variables": "[]"}):
            assert (await http.get("/graphql", params=bad)).status_code == 400
        assert (await http.get("/graphql", headers={"accept": "text/html"})).content == PAGE
        no_key = await http.get("/graphql", params=by_url, headers={"authorization": ""})
        assert no_key.status_code == 401
