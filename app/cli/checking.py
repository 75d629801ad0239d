"""`verify`: whether everything stored still says what the events say.

What belongs here: the flags, the progress bar, the verdict in words. What does not: the checks (`services.audit`).
"""

import asyncio

import typer
from rich.progress import TaskID

from app.cli.options import DIFFERENCE_FOUND, DatabaseUrl, LedgerName, progress_bar, settings_with
from app.cli.preparing import require_current
from app.services import audit
from app.services.audit import Phase
from app.settings import Settings
from app.store.opening import open_database


def verify(database_url: DatabaseUrl = None, ledger: LedgerName = None) -> None:
    """Verify the ledger: events, their hashes, balances, grants, receipts. Read-only, also beside a running server.

    Exit code 0: everything agrees; 1: the first difference is named.
    """
    raise typer.Exit(asyncio.run(_verify(settings_with(database_url=database_url, ledger=ledger))))


async def _verify(settings: Settings) -> int:
    database = open_database(settings.database_url)
    await require_current(database)
    tasks: dict[str, TaskID] = {}
    with progress_bar() as bar:

        def show(phase: Phase) -> None:
            if phase.name not in tasks:
                tasks[phase.name] = bar.add_task(phase.name)
            bar.update(tasks[phase.name], completed=phase.done, total=phase.total)

        chain, difference = await audit.verify(database, settings.ledger, show)
    await database.close()
    if difference is not None:
        typer.echo(f"The ledger {settings.ledger} does not agree with its events. First difference: {difference}.")
        return DIFFERENCE_FOUND
    typer.echo(f"Verified {chain.position:,} events, root {chain.tree.root().hex()}.")
    return 0
