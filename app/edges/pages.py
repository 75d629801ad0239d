"""Pages for people, and what every HTTP response says to a browser.

What belongs here: the built assets of the dashboard and of GraphiQL, health for machines, security headers. What does
not: building the pages (`frontend_demo`), GraphQL itself (`graphql`).
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = Path(__file__).parent / "web"
"""Where the build of `frontend_demo` puts the pages."""

NOT_BUILT = (
    "<!doctype html><title>Entitlement Ledger</title><p>The pages are not built: run <code>./dev setup</code> in the "
    "project's folder, then load this page again. The GraphQL API at <code>/graphql</code> works without them."
)

_IMMUTABLE = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
_ASSET_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_REQUEST_ID = b"x-request-id"
_SECURITY = [
    # GraphiQL's editor writes style elements and loads its icon font from a data URL.
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]

Ready = Callable[[], Awaitable[Iterable[str]]]
"""What keeps the server from being ready, in words; nothing when it is."""


def routes(ready: Ready, folder: Path = FOLDER) -> list[Route]:
    """The dashboard at `/`, its assets, `/healthz` (the process lives) and `/readyz` (it can answer and write)."""

    async def dashboard(request: Request) -> Response:
        return _page(folder / "index.html", request)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / "assets" / name
        if _ASSET_NAME.fullmatch(name) is None or path.suffix not in _TYPES or not path.is_file():
            raise HTTPException(404)
        return _file(path, request, _IMMUTABLE)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    async def readyz(_: Request) -> Response:
        problems = list(await ready())
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(body, 503 if problems else 200, headers={"cache-control": "no-store"})

    return [
        Route("/", dashboard),
        Route("/assets/{name}", asset),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]


def graphiql(folder: Path = FOLDER) -> bytes:
    """GraphiQL's page."""
    path = folder / "graphiql.html"
    return path.read_bytes() if path.is_file() else NOT_BUILT.encode()


class BrowserHeaders:
    """Says in every HTTP response what a browser may do with it, and which request it answers."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str]) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *_SECURITY]
                if not any(name == _REQUEST_ID for name, _ in headers):
                    headers.append((_REQUEST_ID, self._new_id().encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, answer)


def _page(path: Path, request: Request) -> Response:
    if not path.is_file():
        return HTMLResponse(NOT_BUILT, headers={"cache-control": "no-store"})
    return _file(path, request, "no-cache")


def _file(path: Path, request: Request, cache_control: str) -> Response:
    """The file as it is, or its compressed copy where there is one that the client takes."""
    headers = {"cache-control": cache_control, "vary": "accept-encoding"}
    media_type = _TYPES[path.suffix]
    accepted = _accepted(request.headers.get("accept-encoding", ""))
    for encoding, suffix in _ENCODINGS:
        copy = path.with_name(path.name + suffix)
        if encoding in accepted and copy.is_file():
            return FileResponse(copy, media_type=media_type, headers={**headers, "content-encoding": encoding})
    return FileResponse(path, media_type=media_type, headers=headers)


def _accepted(header: str) -> set[str]:
    """The encodings that an `Accept-Encoding` header takes; those with a quality of 0 are refused."""
    offers = (item.replace(" ", "").lower().partition(";q=") for item in header.split(","))
    return {name for name, _, quality in offers if not quality or quality.strip("0.") != ""}
