"""Bringing a database to this version's schema, with one history for both databases (Alembic).

What belongs here: running migrations and asking how far they have come. What does not: what they do
(`migrations/versions`).
"""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from app.store.database import RefusedError

VERSION_TABLE = "alembic_version"


def head_revision() -> str:
    """The revision that this version of the code works on."""
    revision = _script().get_current_head()
    if revision is None:
        raise RuntimeError("there is no migration")
    return revision


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [script.revision for script in reversed(list(_script().walk_revisions()))]


def revision(connection: Connection) -> str | None:
    """The revision that the database is at, None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str | None) -> bool:
    """Whether this version of the code knows the revision; a later one's is not known."""
    return revision is None or revision in revisions()


def upgrade(connection: Connection, target: str = "head") -> None:
    """Migrate on this connection, in its transaction; RefusedError where the database comes from a later version."""
    current = revision(connection)
    if not is_known(current):
        raise RefusedError(later(current))
    config = _config()
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise RefusedError(str(error)) from error


def later(revision: str | None) -> str:
    """The sentence for a database that a later version has migrated."""
    return (
        f"The database is at revision {revision}, which this version does not know: a later version has migrated it. "
        "Install that version, or restore a backup from before."
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
