"""A real server in a process of its own, which a test may kill and start again on the same port and file.

What belongs here: starting, ending and asking it. What does not: browsers (`conftest`).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 20.0

DEFINE = """mutation($input: DefineEntitlementTypeInput!) {
  defineEntitlementType(input: $input) { errors { message } }
}"""
ISSUE = "mutation($input: IssueInput!) { issue(input: $input) { event { position } errors { message } } }"


@dataclass
class Server:
    """`entitlement-ledger serve` on a SQLite file in `folder`."""

    folder: Path
    key: str | None = None
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        environment |= {
            "LEDGER_DATABASE_URL": f"sqlite:///{self.folder / 'ledger.db'}",
            "LEDGER_PORT": str(self.port),
            **({"LEDGER_BOOTSTRAP_KEY": self.key} if self.key else {}),
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app", "serve"], env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            try:
                self.process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            raise AssertionError(f"The server did not start:\n{(self.folder / 'server.log').read_text()[-2000:]}")

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it as an operator would."""
        self._end(signal.SIGTERM)

    def forget(self) -> None:
        """Throws its file away while it does not run, as if an empty backup had been restored."""
        for path in self.folder.glob("ledger.db*"):
            path.unlink()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of one request."""
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=20).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def define_points(self) -> None:
        """POINTS, whole, valid for a year."""
        definition = {
            "code": "POINTS",
            "name": "Loyalty points",
            "category": "POINTS",
            "unit": "points",
            "scale": 0,
            "defaultValidity": {"duration": "P1Y"},
            "idempotencyKey": "define-points",
        }
        assert not self.ask(DEFINE, input=definition)["defineEntitlementType"]["errors"]

    def issue(self, key: str, amount: int = 10, customer_id: str = "ada") -> int:
        """Issues POINTS; returns the event's position."""
        given = {"customerId": customer_id, "typeCode": "POINTS", "amount": str(amount), "idempotencyKey": key}
        payload = self.ask(ISSUE, input=given)["issue"]
        assert not payload["errors"], payload
        position: int = payload["event"]["position"]
        return position

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=STOP_SECONDS_MAX)


def free_port() -> int:
    """A port that was free a moment ago: a server that comes back needs the same one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
