"""A database that is not there: the process lives, says that it is not ready, refuses retryably, and recovers."""

import pytest

from app.clock import FixedClock
from app.main import build
from app.settings import Settings
from app.store.database import RefusedError
from tests.edges.room import NOON, codes, open_room
from tests.support.postgres import Cluster

DATABASE = "a_database_that_comes_later"


async def test_a_server_that_starts_before_its_database(postgres_cluster: Cluster) -> None:
    async with open_room(postgres_cluster.url(DATABASE)) as room:
        assert (await room.http.get("/healthz")).status_code == 200
        ready = await room.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        (refusal,) = (await room.do("issue", customerId="ada", typeCode="POINTS", amount="1"))["errors"]
        assert (refusal["__typename"], refusal["code"], refusal["retryable"]) == ("Unavailable", "UNAVAILABLE", True)
        assert codes(await room.ask("{ ledger { head } }")) == ["INTERNAL"]
        postgres_cluster.execute(f"CREATE DATABASE {DATABASE}")
        try:
            await room.ready()
            await room.define()
            assert (await room.issue("1"))["balance"]["available"] == "1.00"
        finally:
            await room.parts.database.close()
            await room.parts.writer.stop()
            postgres_cluster.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


async def test_a_database_that_is_in_use_is_refused_in_one_sentence_and_left_alone(sqlite_url: str) -> None:
    async with open_room(sqlite_url) as room:
        await room.define()
        with pytest.raises(RefusedError, match="PostgreSQL"):
            async with open_room(sqlite_url):
                pass
        await room.issue("1")
    async with open_room(sqlite_url) as room:
        assert await room.head() == 2


async def test_an_empty_postgresql_database_says_what_to_run(postgres_url: str) -> None:
    app = build(Settings(database_url=postgres_url), FixedClock(NOON))
    with pytest.raises(RefusedError, match="entitlement-ledger migrate"):
        async with app.router.lifespan_context(app):
            pass
