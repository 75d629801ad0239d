"""The command line as a stranger uses it: processes, their words and exit codes, a server and its answers."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "cdnow_orders_500.csv"
ALL_ORDERS = ROOT.parent / "shared" / "data" / "cdnow_orders.csv.gz"
PROGRAM = [sys.executable, "-P", "-m", "app"]
SECONDS_MAX = 240

IMPORT = [
    *("--define-type", "POINTS:POINTS:0:point"),
    *("--type", "POINTS"),
    *("--customer-column", "customer_id"),
    *("--amount-column", "amount_usd"),
    *("--effective-at-column", "ordered_on"),
    *("--key-template", "cdnow:{line}"),
    *("--round", "up"),
    *("--zero", "skip"),
]


@dataclass(frozen=True)
class Server:
    """A server that is ready, and what it has said."""

    process: "subprocess.Popen[str]"
    link: str
    said: str

    def ask(self, query: str, /, bearer: str | None = None, **variables: Any) -> Any:
        """The data of one GraphQL request."""
        headers = {"Content-Type": "application/json"}
        headers |= {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        body = json.dumps({"query": query, "variables": variables}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.link}graphql", body, headers)) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


Completed = subprocess.CompletedProcess[str]


def run(*arguments: str | Path, url: str, stdin: str | None = None, **settings: str) -> Completed:
    """One command to its end."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env=environment(url, **settings),
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@contextmanager
def serving(*arguments: str, url: str, command: str = "serve", **settings: str) -> Iterator[Server]:
    """A server on a free port; stopped as a supervisor does, which must leave exit code 0."""
    process = subprocess.Popen(
        [*PROGRAM, command, "--port", "0", *arguments],
        env=environment(url, **settings),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl+C" in line:
                break
        link = re.search(r"dashboard\s+(http\S+)", said)
        assert link is not None, said
        yield Server(process, link[1], said)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_MAX) == 0
    finally:
        process.kill()
        process.communicate()


def environment(url: str, **settings: str) -> dict[str, str]:
    """A stranger's environment: without the tester's settings, with compiled modules kept for the next start."""
    own = ("LEDGER_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**inherited, "LEDGER_DATABASE_URL": url, **settings}
