"""What an error says of a statement never says with which values: notes and names stay out of logs."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.ledger import open_ledger


async def test_an_error_hides_its_parameters(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        statement = text("SELECT :secret FROM nothing")
        for attempt in (opened.database.read, opened.database.scan, opened.writer.note):
            with pytest.raises(DBAPIError) as caught:
                await attempt(lambda connection: connection.execute(statement, {"secret": "ada@example.org"}))
            assert "ada@example.org" not in str(caught.value)
