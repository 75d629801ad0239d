"""One process at a time writes to SQLite, held by the operating system."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from app.store.database import RefusedError
from app.store.opening import open_database

HOLDER = """
import asyncio, sys
from app.store.opening import open_database

async def main():
    database = open_database(sys.argv[1])
    await database.migrate()
    await database.writer()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_second_process_is_refused_until_the_first_dies(sqlite_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, sqlite_url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        database = open_database(sqlite_url)
        for attempt in (database.writer, database.migrate):
            with pytest.raises(RefusedError, match=f"in use by process {holder.pid}.*PostgreSQL"):
                asyncio.run(attempt())
        os.kill(holder.pid, signal.SIGKILL)

    async def take_over() -> None:
        await (await database.writer()).close()

    asyncio.run(take_over())
