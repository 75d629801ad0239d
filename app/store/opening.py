"""Which database a URL means.

What belongs here: choosing between the two. What does not: what they have in common (`database`), what they do not
(`sqlite`, `postgres`).
"""

from pathlib import Path

from sqlalchemy.engine import make_url

from app.store import postgres, sqlite
from app.store.database import Database, RefusedError


def open_database(url: str) -> Database:
    """The database behind a URL: `sqlite:///path` or `postgresql://...`; RefusedError for any other.

    Nothing is connected yet.
    """
    backend = make_url(url).get_backend_name() if "://" in url else ""
    if backend == "sqlite":
        path = make_url(url).database
        if not path or path == ":memory:":
            raise RefusedError("The ledger needs a file: sqlite:///./ledger.db, not a database in memory.")
        return sqlite.SqliteDatabase(Path(path))
    if backend == "postgresql":
        return postgres.PostgresDatabase(url)
    raise RefusedError(f"LEDGER_DATABASE_URL is sqlite:///path or postgresql://..., not {url.partition(':')[0]}:...")
