"""A database that is not there: the process lives, says that it is not ready, refuses retryably, and recovers."""

import asyncio

from tests.edges.room import Room, codes, open_room
from tests.support.postgres import Cluster

PATIENCE_SECONDS = 20
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
            await until_ready(room)
            await room.define()
            assert (await room.issue("1"))["balance"]["available"] == "1.00"
        finally:
            await room.parts.database.close()
            await room.parts.writer.stop()
            postgres_cluster.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


async def until_ready(room: Room) -> None:
    """Move the clock on until the server says that it is ready."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await room.http.get("/readyz")).status_code != 200:
            room.clock.advance(seconds=1)
