"""The room that most tests of this ring stand in."""

from collections.abc import AsyncIterator

import pytest

from tests.edges.room import Room, open_room


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    """A running server with one type, POINTS, of two decimals; once on SQLite and once on PostgreSQL."""
    async with open_room(database_url) as opened:
        await opened.define()
        yield opened
