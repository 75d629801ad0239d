"""The documented resume recipe in the stock graphql-ws client for Node, over servers that die and come back."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.browser.server import Server

SCRIPT = Path(__file__).with_name("resume_client.mjs")
LINE_SECONDS_MAX = 20


class ResumeClient:
    """The script in a process of its own, and the lines that it has printed."""

    def __init__(self, node: str, url: str) -> None:
        self._process = subprocess.Popen([node, SCRIPT, url], stdout=subprocess.PIPE, text=True)
        self._lines: Queue[dict[str, Any]] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.positions: list[int] = []

    def wait_for(self, member: str, value: Any) -> None:
        """Reads on until a line has `member` with `value`; positions on the way are kept."""
        while True:
            line = self._lines.get(timeout=LINE_SECONDS_MAX)
            if "position" in line:
                self.positions.append(line["position"])
            if line.get(member) == value:
                return

    def end(self) -> None:
        self._process.kill()
        self._reader.join()
        self._process.wait()

    def _read(self) -> None:
        with self._process.stdout or nullcontext(()) as printed:
            for line in printed:
                self._lines.put(json.loads(line))


@pytest.fixture
def client(points: Server) -> Iterator[ResumeClient]:
    """A client that follows the server's events from now on."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node found: the stock client needs it")
    started = ResumeClient(node, points.socket_url)
    started.wait_for("caughtUp", True)
    yield started
    started.end()


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_the_stock_client_loses_and_repeats_nothing_over_restarts(
    points: Server, client: ResumeClient, ending: str
) -> None:
    expected = [points.issue("first")]
    expected[:0] = range(2, expected[0])
    client.wait_for("position", expected[-1])
    for round_ in range(2):
        getattr(points, ending)()
        points.start()
        expected += [points.issue(f"round-{round_}-{number}") for number in range(5)]
        client.wait_for("position", expected[-1])
    assert client.positions == expected
