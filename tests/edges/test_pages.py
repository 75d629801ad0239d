"""What a browser and a load balancer find beside GraphQL."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.edges import pages
from tests.edges.room import Room, codes, open_room

SCRIPT = "export const answer = 42;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build of the pages: two of them, and one asset with compressed copies."""
    assets = tmp_path / "web" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "web" / "index.html").write_text("<!doctype html><title>Dashboard</title>")
    (tmp_path / "web" / "graphiql.html").write_text("<!doctype html><title>GraphiQL</title>")
    (assets / "index-a1.js").write_text(SCRIPT)
    (assets / "index-a1.js.br").write_bytes(b"brotli")
    (assets / "index-a1.js.gz").write_bytes(b"gzip")
    (assets / "font-a1.ttf").write_bytes(b"font")
    (tmp_path / "secret.js").write_text("no")
    return tmp_path / "web"


@pytest.fixture
def browser(folder: Path) -> httpx.AsyncClient:
    async def ready() -> list[str]:
        return []

    app = Starlette(routes=pages.routes(ready, folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_the_dashboard_is_never_cached_and_its_assets_for_ever(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert "Dashboard" in page.text
    asset = await browser.get("/assets/index-a1.js", headers={"accept-encoding": "identity"})
    assert asset.text == SCRIPT
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await browser.get("/assets/font-a1.ttf")).headers["content-type"] == "font/ttf"


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0", None),
        ("identity", None),
    ],
)
async def test_a_compressed_copy_goes_to_who_takes_it(
    browser: httpx.AsyncClient, accepts: str, encoding: str | None
) -> None:
    async with browser.stream("GET", "/assets/index-a1.js", headers={"accept-encoding": accepts}) as asset:
        body = b"".join([chunk async for chunk in asset.aiter_raw()])
    assert asset.headers.get("content-encoding") == encoding
    assert asset.headers["vary"] == "accept-encoding"
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert body == {"br": b"brotli", "gzip": b"gzip", None: SCRIPT.encode()}[encoding]


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Fsecret.js", "%2e%2e/secret.js", "index-a1.js.br", ".js", "x%00.js"]
)
async def test_nothing_else_is_served(browser: httpx.AsyncClient, name: str) -> None:
    assert (await browser.get(f"/assets/{name}")).status_code == 404


async def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async def ready() -> list[str]:
        return []

    app = Starlette(routes=pages.routes(ready, tmp_path))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as browser:
        assert "./dev setup" in (await browser.get("/")).text
    assert b"./dev setup" in pages.graphiql(tmp_path)


async def test_graphiql_is_for_browsers_only(room: Room) -> None:
    page = await room.http.get("/graphql", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await room.http.get("/graphql", headers={"accept": "application/json"})).status_code == 405
    assert (await room.http.post("/graphql/", json={"query": "{ __typename }"})).status_code == 404


async def test_graphiql_can_be_switched_off(sqlite_url: str) -> None:
    async with open_room(sqlite_url, graphiql=False) as room:
        assert (await room.http.get("/graphql", headers={"accept": "text/html"})).status_code == 405


@pytest.mark.parametrize("path", ["/", "/graphql", "/healthz", "/nothing"])
async def test_every_answer_guards_the_browser_and_names_its_request(room: Room, path: str) -> None:
    response = await room.http.get(path, headers={"accept": "text/html"})
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(response.headers.get_list("x-request-id")) == 1


async def test_a_request_keeps_the_id_that_it_came_with(room: Room) -> None:
    answer = await room.http.post("/graphql", json={"query": "{ viewer { ledger } }"}, headers={"x-request-id": "r-1"})
    assert answer.headers["x-request-id"] == "r-1"


async def test_alive_and_ready(room: Room) -> None:
    assert (await room.http.get("/healthz")).json() == {"status": "alive"}
    await room.ready()
    ready = await room.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "problems": []})
    room.parts.writer.broken = "the figures of account ada do not add up"
    ready = await room.http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    assert "ada" not in ready.text


async def test_pages_elsewhere_are_let_in_by_name_only(sqlite_url: str) -> None:
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    async with open_room(sqlite_url, allowed_origins=("https://shop.example",)) as room:
        for origin, allowed in (("https://shop.example", "https://shop.example"), ("https://evil.example", None)):
            answer = await room.http.options("/graphql", headers={**preflight, "origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
    async with open_room(sqlite_url) as room:
        answer = await room.http.options("/graphql", headers={**preflight, "origin": "https://shop.example"})
        assert "access-control-allow-origin" not in answer.headers


async def test_introspection_answers_unless_it_is_switched_off(sqlite_url: str) -> None:
    query = "{ __schema { queryType { name } } }"
    async with open_room(sqlite_url) as room:
        assert (await room.data(query))["__schema"] == {"queryType": {"name": "Query"}}
    async with open_room(sqlite_url, introspection=False) as room:
        assert codes(await room.ask(query)) == ["BAD_REQUEST"]
        assert codes(await room.ask('{ a: __type(name: "Query") { name } }')) == ["BAD_REQUEST"]
        assert (await room.data("{ viewer { __typename } }"))["viewer"] == {"__typename": "Viewer"}
