"""A process of its own that dies at a named point of the writer: `python -m tests.support.victim URL FAILPOINT`.

It writes ten issues, prints `written`, arms the failpoint and sends five more again and again; it exits with 70 at the
point, and goes on for ever where there is none of that name.
"""

import asyncio
import os
import sys

from app.clock import SystemClock
from app.services.ledger import Ledger
from app.services.writer import Writer
from app.store import heads
from app.store.opening import open_database
from tests.support.ledger import CALLER, issue, points

EXIT_CODE = 70


async def main(url: str, failpoint: str) -> None:
    """Writes until it dies."""
    armed = False

    def reached(point: str) -> None:
        if armed and point == failpoint:
            os._exit(EXIT_CODE)

    clock = SystemClock()
    database = open_database(url)
    await database.migrate()
    writer = Writer(database, clock, group_operations_max=64, queue_operations_max=4_096, reached=reached)
    await writer.start()
    ledger = Ledger(writer)
    await writer.note(lambda connection: heads.create(connection, "main", clock.now()))
    await ledger.submit(points(), CALLER)
    await asyncio.gather(*(ledger.submit(issue(f"before-{n}"), CALLER) for n in range(10)))
    print("written", flush=True)
    armed = True
    number = 0
    while True:
        await asyncio.gather(*(ledger.submit(issue(f"during-{number + n}"), CALLER) for n in range(5)))
        number += 5
        print(f"acknowledged {number}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
