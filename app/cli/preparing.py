"""`migrate`, and what every other command asks of a database before it works on it.

What belongs here: whether a database's revision is this version's, and making it so. What does not: the migrations
(`store.migrations`).
"""

import asyncio

import typer

from app.cli.options import DatabaseUrl, LedgerName, settings_with
from app.clock import SystemClock
from app.main import writing
from app.settings import Settings
from app.store import migrating
from app.store.database import Database, RefusedError
from app.store.opening import open_database


def migrate(database_url: DatabaseUrl = None, ledger: LedgerName = None) -> None:
    """Bring the database to this version's schema, and begin the ledger if there is none."""
    asyncio.run(_migrate(settings_with(database_url=database_url, ledger=ledger)))


async def require_current(database: Database) -> None:
    """RefusedError unless the database is at this version's revision; for commands that change nothing."""
    revision = await revision_of(database)
    if revision != migrating.head_revision():
        raise RefusedError(
            f"{_standing(database, revision)} This version needs revision {migrating.head_revision()}: "
            "run `entitlement-ledger migrate`."
        )


async def revision_of(database: Database) -> str | None:
    """The database's revision; RefusedError where it cannot be opened or comes from a later version."""
    try:
        revision = await database.revision()
    except Exception as error:  # a driver may raise anything of its own here
        raise RefusedError(f"The database {database.url} cannot be opened: {error}") from error
    if not migrating.is_known(revision):
        raise RefusedError(migrating.later(revision))
    return revision


async def _migrate(settings: Settings) -> None:
    database = open_database(settings.database_url)
    before = await revision_of(database)
    async with writing(settings.model_copy(update={"auto_migrate": True}), SystemClock()):
        after = migrating.head_revision()
    done = (
        f"is at revision {after} already"
        if before == after
        else f"is at revision {after} now, from {before or 'empty'}"
    )
    typer.echo(f"The database {database.url} {done}; the ledger {settings.ledger} is ready.")


def _standing(database: Database, revision: str | None) -> str:
    return f"The database {database.url} is {'empty' if revision is None else f'at revision {revision}'}."
