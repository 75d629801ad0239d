"""One history for both databases: every revision upgrades to this version's tables, and later ones are refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from app.store import migrating, sqlite, tables
from app.store.database import RefusedError
from app.store.opening import open_database
from tests.support.ledger import issue, open_ledger, points


async def on(url: str, work: object) -> object:
    """Runs `work(connection)` in a transaction, as an administrator would."""
    if url.startswith("sqlite"):
        engine = sqlite.writer_engine(sqlite.Path(url.removeprefix("sqlite:///")))
        try:
            with engine.begin() as connection:
                return work(connection)  # type: ignore[operator]
        finally:
            engine.dispose()
    async_engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with async_engine.begin() as connection:
            return await connection.run_sync(work)  # type: ignore[arg-type]
    finally:
        await async_engine.dispose()


@pytest.mark.parametrize("revision", migrating.revisions())
async def test_every_revision_upgrades_to_the_declared_tables(database_url: str, revision: str) -> None:
    await on(database_url, lambda connection: migrating.upgrade(connection, revision))
    database = open_database(database_url)
    assert await database.revision() == revision
    await database.migrate()
    assert await database.revision() == migrating.head_revision()

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata)

    assert await on(database_url, differences) == []
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        assert not (await opened.send(issue("one"))).rejections


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    database = open_database(database_url)
    assert await database.revision() is None
    await database.migrate()
    await database.migrate()
    assert await database.revision() == migrating.head_revision()


async def test_a_database_that_comes_later_than_the_code_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    await database.migrate()
    await on(
        database_url, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    with pytest.raises(RefusedError, match="revision 9999, which this version does not know"):
        await database.migrate()


def test_a_customers_rows_are_found_by_index_on_sqlite(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    wanted = {
        "FROM grant WHERE ledger = 'a' AND customer_id IN ('a', 'b') AND type_code IN ('P') "
        f"AND {tables.OPEN.text}": "ix_grant_open (ledger=? AND customer_id=? AND type_code=?)",
        "FROM event WHERE ledger = 'a' AND customer_id = 'a' ORDER BY position DESC LIMIT 20": "ix_event_customer",
        "FROM event WHERE ledger = 'a' AND customer_id = 'a' AND type_code = 'P' AND position < 9 "
        "ORDER BY position DESC": ("ix_event_account (ledger=? AND customer_id=? AND type_code=? AND position<?)"),
        "FROM event WHERE ledger = 'a' AND position > 7 ORDER BY position LIMIT 20": "(ledger=? AND position>?)",
        "FROM event WHERE ledger = 'a' AND event_id = 'x'": "ix_event_id (ledger=? AND event_id=?)",
    }
    with create_engine(sqlite_url).connect() as connection:
        for query, index in wanted.items():
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN SELECT * {query}")).all()
            assert index in plan[0][-1], (query, plan)
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "ledger.db", ""])
def test_a_database_that_cannot_hold_a_ledger_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        open_database(url)


async def test_a_missing_folder_is_refused_with_its_name(tmp_path: sqlite.Path) -> None:
    with pytest.raises(RefusedError, match="nowhere"):
        await open_database(f"sqlite:///{tmp_path}/nowhere/ledger.db").migrate()
