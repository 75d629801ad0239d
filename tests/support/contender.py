"""A process of its own that competes for a ledger: `python -m tests.support.contender URL NAME COUNT KIND`.

It waits for a line on standard input, sends its commands all at once, and prints how many were accepted.
KIND is `consume` (keys of its own) or `same` (the same keys as everybody).
"""

import asyncio
import sys

from app.clock import SystemClock
from app.services.ledger import Ledger
from app.services.writer import Writer
from app.store.opening import open_database
from tests.support.ledger import CALLER, consume, issue


async def main(url: str, name: str, count: int, kind: str) -> None:
    """Competes once."""
    database = open_database(url)
    writer = Writer(database, SystemClock(), group_operations_max=8, queue_operations_max=4_096)
    await writer.start()
    ledger = Ledger(writer)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    commands = [consume(f"{name}-{n}") if kind == "consume" else issue(f"same-{n}", 1, f"c{n}") for n in range(count)]
    outcomes = await asyncio.gather(*(ledger.submit(command, CALLER) for command in commands))
    print(sum(not outcome.rejections and not outcome.replayed for outcome in outcomes), flush=True)
    await writer.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
