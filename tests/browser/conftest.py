"""A browser that reaches nothing but this machine, pages that note what they asked for, and servers to look at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.server import Server
from tests.support import chromium

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / "app" / "edges" / "web" / "index.html"
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# What Chromium itself says when a server is gone: expected where a test ends one.
NETWORK = ("ERR_CONNECTION_REFUSED", "WebSocket connection to", "Failed to load resource")
# A machine that runs the other tests beside the browser is slow; a condition that holds is never waited for.
expect.set_options(timeout=20_000)


@dataclass
class Watched:
    """A page, what it asked for, and what went wrong in it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self._note(socket.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or "")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in NETWORK):
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for a module: its event loop must not live on beside the asynchronous tests of others."""
    if not PAGES.exists():
        pytest.fail("The pages are not built: run ./dev setup")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path, args=[*chromium.ARGUMENTS, OFFLINE], headless=True
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens pages in contexts of their own; afterwards each must have asked this machine only, without complaint."""
    opened: list[Watched] = []

    def open_url(url: str, **options: Any) -> Watched:
        given = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "locale": "en-GB", **options}
        watched = Watched(browser.new_context(**given).new_page())
        opened.append(watched)
        watched.page.goto(url)
        return watched

    yield open_url
    for watched in opened:
        watched.page.context.close()
    assert {host for watched in opened for host in watched.hosts} <= {"127.0.0.1"}
    assert [words for watched in opened for words in watched.complaints] == []


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server that knows POINTS, for all tests that leave it alone; each has customers of its own."""
    started = Server(tmp_path_factory.mktemp("shared"))
    started.start()
    started.define_points()
    yield started
    started.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on an empty file, for one test."""
    started = Server(tmp_path)
    started.start()
    yield started
    started.kill()


@pytest.fixture
def points(server: Server) -> Server:
    """A server that knows POINTS, for one test."""
    server.define_points()
    return server
