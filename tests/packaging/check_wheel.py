"""Builds wheel and sdist, installs the wheel where there is no Node, and uses the installed server as a stranger would.

    python tests/packaging/check_wheel.py

Standard library only, plus the `uv` that `./dev setup` put into `.venv`. Exits with 1 and one sentence when something
that a user relies on is missing. It runs beside a folder named `app`, which must not be taken for the application.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
UV = ROOT / ".venv" / "bin" / "uv"
PAGES = ("app/edges/web/index.html", "app/edges/web/graphiql.html")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ledger-wheel-") as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        programs = install(wheel, folder)
        stranger = beside_a_decoy(folder)
        check_commands(programs, stranger)
        with serving(programs, stranger) as url:
            assets = {asset for page in ("/", "/graphql") for asset in check_page(url, page)}
            for asset in sorted(assets):
                fetch(urljoin(url, asset))
            check_graphql(url)
    print(f"The wheel {wheel.name} serves the dashboard, GraphiQL, {len(assets)} assets and GraphQL, without Node.")


def build(folder: Path) -> Path:
    """Builds the sdist, and the wheel from it, as an installer would; returns the wheel. Both hold the pages."""
    say("building sdist and wheel")
    call([UV, "build", "--out-dir", folder, ROOT])
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {member.partition("/")[2] for member in archive.getnames()}
    for kind, names in (("wheel", in_wheel), ("sdist", in_sdist)):
        demand(names.issuperset(PAGES), f"The {kind} lacks {sorted(set(PAGES) - names)}.")
    strangers = sorted({name.partition("/")[0] for name in in_wheel if not name.startswith("app/")})
    demand(all(name.endswith(".dist-info") for name in strangers), f"The wheel installs more than app: {strangers}.")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Installs the wheel in a bare virtual environment, at the versions of the lock; returns its programs."""
    say("installing the wheel in a bare virtual environment")
    environment = folder / "venv"
    locked = folder / "constraints.txt"
    call([UV, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "-o", locked], cwd=ROOT)
    call([UV, "venv", "--quiet", "--python", sys.executable, environment])
    call([UV, "pip", "install", "--quiet", "--python", environment / "bin" / "python", "--constraint", locked, wheel])
    return environment / "bin"


def beside_a_decoy(folder: Path) -> Path:
    """Returns a working folder that holds another package named `app`."""
    stranger = folder / "elsewhere"
    (stranger / "app").mkdir(parents=True)
    (stranger / "app" / "__init__.py").write_text("raise SystemExit('This app is a decoy.')\n")
    return stranger


def check_commands(programs: Path, stranger: Path) -> None:
    """Both public doors print the schema that the repository holds."""
    expected = (ROOT / "schema.graphql").read_text().strip()
    for door in ([programs / "entitlement-ledger"], [programs / "python", "-P", "-m", "app"]):
        say(f"asking for the schema by {door[0].name}")
        printed = subprocess.run(
            [*door, "schema"], cwd=stranger, env=bare_environment(programs), capture_output=True, text=True, check=False
        )
        demand(printed.returncode == 0, f"{door[0].name} schema failed: {printed.stderr.strip()}")
        demand(printed.stdout.strip() == expected, f"{door[0].name} schema prints something else than schema.graphql.")


@contextmanager
def serving(programs: Path, stranger: Path) -> Iterator[str]:
    """Yields the URL of the installed server on a free port and a new SQLite file; stops it as an operator would."""
    port = free_port()
    settings = {
        "LEDGER_HOST": "127.0.0.1",
        "LEDGER_PORT": str(port),
        "LEDGER_DATABASE_URL": f"sqlite:///{stranger / 'ledger.db'}",
    }
    say(f"serving on port {port}")
    command = [programs / "entitlement-ledger", "serve"]
    server = subprocess.Popen(command, cwd=stranger, env=bare_environment(programs) | settings)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_answering(server, url)
        yield url
        server.send_signal(signal.SIGTERM)
        code = server.wait(STOP_SECONDS_MAX)
        demand(code in {0, -signal.SIGTERM}, f"The server left with exit code {code} after SIGTERM.")
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def wait_until_answering(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        demand(server.poll() is None, f"The server ended with exit code {server.returncode} instead of serving.")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    stop(f"The server did not answer within {START_SECONDS_MAX} s.")


def check_page(url: str, path: str) -> list[str]:
    """Fetches a page as a browser does and returns the assets that it names, all of them on this server."""
    _, kind, body = fetch(urljoin(url, path), accept="text/html")
    demand(kind.startswith("text/html"), f"{path} answers a browser with {kind}.")
    parser = AssetNames()
    parser.feed(body.decode())
    demand(any(name.endswith(".js") for name in parser.names), f"{path} names no script.")
    foreign = [name for name in parser.names if urlsplit(name).netloc]
    demand(not foreign, f"{path} loads from elsewhere: {foreign}.")
    return [urljoin(path, name) for name in parser.names if not name.startswith("data:")]


class AssetNames(HTMLParser):
    """Collects what a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes scripts, images and linked files."""
        name = dict(attrs).get({"script": "src", "img": "src", "link": "href"}.get(tag, ""))
        if name:
            self.names.append(name)


def check_graphql(url: str) -> None:
    """One query, answered from the new database."""
    body = json.dumps({"query": "{ ledger { name } }"}).encode()
    _, _, answer = fetch(urljoin(url, "/graphql"), accept="application/json", body=body)
    demand(json.loads(answer).get("data") == {"ledger": {"name": "main"}}, f"GraphQL answered {answer.decode()}")


def fetch(url: str, accept: str = "*/*", body: bytes | None = None) -> tuple[int, str, bytes]:
    headers = {"Accept": accept, "Content-Type": "application/json"} if body else {"Accept": accept}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as error:
        stop(f"{url} answers {error.code}: {error.read()[:500].decode(errors='replace')}")


def bare_environment(programs: Path) -> dict[str, str]:
    """What a machine without Node and without this project's settings has."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "TMPDIR", "TZ"}}
    return kept | {"PATH": str(programs)}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def call(command: list[str | Path], cwd: Path = ROOT) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    demand(ended.returncode == 0, f"{ended.stdout}{ended.stderr}This failed, see above: {' '.join(map(str, command))}")


def demand(fulfilled: bool, sentence: str) -> None:
    if not fulfilled:
        stop(sentence)


def say(words: str) -> None:
    print(f"--- {words}", flush=True)


def stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
