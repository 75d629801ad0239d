"""Serving: what is prepared by itself, what is refused and with which sentence, how it stops."""

import os
import signal
import urllib.error
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.services.tampering import attack
from tests.stories.program import IMPORT, ROOT, SAMPLE, Completed, Server, run, serving

HEAD = "{ ledger { head } }"
KEY = "a key of the operator's own"


def refused(completed: Completed, *words: str) -> None:
    """It ended with exit code 2 and one sentence or two, that say these words."""
    assert completed.returncode == 2, completed
    assert "Traceback" not in completed.stderr
    assert len(completed.stderr.strip().splitlines()) == 1, completed.stderr
    for word in words:
        assert word in completed.stderr


def test_a_new_file_is_served_at_once_and_by_one_process(sqlite_url: str) -> None:
    with serving(url=sqlite_url) as server:
        assert "GraphiQL" in server.said
        assert server.ask(HEAD) == {"ledger": {"head": 0}}
        in_use = ("is in use by process", str(server.process.pid), "PostgreSQL")
        refused(run("serve", "--port", "0", url=sqlite_url), *in_use)
        refused(run("import", SAMPLE, *IMPORT, url=sqlite_url), *in_use)
        refused(run("migrate", url=sqlite_url), *in_use)
        beside = run("verify", url=sqlite_url)
        assert (beside.returncode, beside.stdout.split(",")[0]) == (0, "Verified 0 events")
        refused(run("serve", "--port", server.link.split(":")[-1].strip("/"), url=f"{sqlite_url}2"), "can listen on")
    with serving(url=sqlite_url) as server:
        assert server.ask(HEAD) == {"ledger": {"head": 0}}


def test_several_processes_need_postgresql(sqlite_url: str) -> None:
    refused(run("serve", "--workers", "2", url=sqlite_url), "postgresql://")


def test_beyond_loopback_only_with_a_key(sqlite_url: str) -> None:
    refused(run("serve", "--host", "0.0.0.0", "--port", "0", url=sqlite_url), "LEDGER_BOOTSTRAP_KEY", "127.0.0.1")
    with serving("--host", "0.0.0.0", url=sqlite_url, LEDGER_BOOTSTRAP_KEY=KEY) as server:
        local = Server(server.process, server.link.replace("0.0.0.0", "127.0.0.1"), server.said)
        assert local.ask(HEAD, bearer=KEY) == {"ledger": {"head": 0}}
        with pytest.raises(urllib.error.HTTPError):
            local.ask(HEAD)


def test_postgresql_is_migrated_when_it_is_asked_for(postgres_url: str) -> None:
    refused(run("serve", "--port", "0", url=postgres_url), "entitlement-ledger migrate", "LEDGER_AUTO_MIGRATE=1")
    refused(run("verify", url=postgres_url), "is empty", "entitlement-ledger migrate")
    with serving(url=postgres_url, LEDGER_AUTO_MIGRATE="1") as server:
        assert server.ask(HEAD) == {"ledger": {"head": 0}}
    assert "already" in run("migrate", url=postgres_url).stdout


def test_several_processes_share_one_socket_and_one_that_dies_is_replaced(postgres_url: str) -> None:
    assert run("migrate", url=postgres_url).returncode == 0
    with serving("--workers", "2", url=postgres_url) as server:
        first = workers(server)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        while len(set(workers(server)) - set(first)) == 0:
            os.sched_yield()
        assert server.ask(HEAD) == {"ledger": {"head": 0}}
    assert not any(Path(f"/proc/{pid}").exists() for pid in first)


async def test_a_database_of_a_later_version_is_refused(database_url: str) -> None:
    assert run("migrate", url=database_url).returncode == 0

    def come_from_the_future(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    await attack(database_url, come_from_the_future)
    for command in (("serve", "--port", "0"), ("verify",), ("migrate",), ("import", SAMPLE, *IMPORT)):
        refused(run(*command, url=database_url), "revision 9999", "later version")


def test_settings_that_cannot_be_used_are_named(sqlite_url: str) -> None:
    refused(run("serve", "--port", "70000", url=sqlite_url), "The setting port", "65535")
    refused(run("serve", url=sqlite_url, LEDGER_WORKERS="0"), "The setting workers")
    refused(run("serve", "--ledger", "Main Street", url=sqlite_url), "The setting ledger", "1 to 64")
    refused(run("serve", url="mysql://localhost/x"), "LEDGER_DATABASE_URL", "postgresql://")
    refused(run("migrate", url="postgresql://nobody@127.0.0.1:1/none"), "cannot be opened")
    refused(run("migrate", url="sqlite:////no/such/folder/ledger.db"), "There is no folder")


def test_flags_win_over_the_environment(sqlite_url: str) -> None:
    with serving("--database-url", sqlite_url, url="postgresql://nobody@127.0.0.1:1/none") as server:
        assert server.ask(HEAD) == {"ledger": {"head": 0}}


def test_rows_that_are_refused_are_named_and_the_exit_code_says_so(sqlite_url: str) -> None:
    rows = "who,much,do\nada,5,issue\nada,9,consume\nada,2,consume\nbob,x,issue\n"
    flags = ["--customer-column", "who", "--amount-column", "much", "--operation-column", "do"]
    flags += ["--key-template", "k:{line}", "--type", "EUR", "--define-type", "EUR:CREDITS:2:euro"]
    completed = run("import", "-", *flags, url=sqlite_url, stdin=rows)
    assert completed.returncode == 3
    assert completed.stdout.startswith("-: 1 issued, 1 consumed, 0 replayed, 0 skipped (an amount of zero), 2 refused")
    assert "line 3: INSUFFICIENT_BALANCE" in completed.stderr
    assert "line 5: INVALID_INPUT amount" in completed.stderr
    refused(run("import", "no-such-file.csv", *flags, url=sqlite_url), "no-such-file.csv cannot be read")


async def test_verify_names_what_it_finds(sqlite_url: str) -> None:
    assert run("import", SAMPLE, *IMPORT, url=sqlite_url).returncode == 0
    tamper = "UPDATE account SET available = available + 1, issued = issued + 1 WHERE customer_id = '03733'"
    await attack(sqlite_url, lambda connection: connection.exec_driver_sql(tamper))
    completed = run("verify", url=sqlite_url)
    assert completed.returncode == 1
    assert "account 03733 POINTS: available should be 818, is 819" in completed.stdout


def test_the_demo_lives(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    with serving("--path", str(path), url="unused", command="demo") as server:
        head = server.ask(HEAD)["ledger"]["head"]
        assert head > 1_000
        while server.ask(HEAD)["ledger"]["head"] == head:
            os.sched_yield()
    assert run("verify", url=f"sqlite:///{path}").returncode == 0
    other = tmp_path / "precious.db"
    other.write_text("not a demo")
    refused(run("demo", "--path", other, url="unused"), "left alone")
    assert other.read_text() == "not a demo"


def test_the_schema_is_the_one_in_the_repository(sqlite_url: str) -> None:
    completed = run("schema", url=sqlite_url)
    assert completed.stdout == (ROOT / "schema.graphql").read_text()


def workers(server: Server) -> list[int]:
    """The server processes below the one that minds them."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
