"""`verify` finds it: every column that somebody changes, every row that is gone, added or moved, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Table

from app.domain.merkle import CompactRange, leaf_hash
from app.store import codec, tables
from tests.services.tampering import Row, add, attack, change, difference, other_value, remove, rows, tell_story

CHECKED = [
    tables.event,
    tables.vault,
    tables.receipt,
    tables.head,
    tables.account,
    tables.grant,
    tables.customer,
    tables.entitlement_type,
]
# When a ledger began is its own original: no event says it.
ORIGINALS = {("head", "created_at")}
# A value that no column of its type would hold by chance, where the general one would be refused by a check or say
# nothing.
VALUES: dict[tuple[str, str], Any] = {
    ("customer", "state"): "FROZEN",
    ("event", "amount"): 77,
    ("event", "delta"): 77,
    ("event", "balance_after"): 77,
    ("grant", "expires_at"): None,
    ("account", "next_due_at"): None,
    ("receipt", "operation_keys"): '["x"]',
}
# Where a row is no longer found under its name, its absence is what can be said, or the row that it has become.
ROW_IS_GONE = {
    *((table.name, column.name) for table in CHECKED for column in table.primary_key),
    ("grant", "customer_id"),
    ("grant", "type_code"),
}


@pytest.mark.parametrize("table", CHECKED, ids=lambda table: table.name)
async def test_verify_finds_every_changed_column(database_url: str, table: Table) -> None:
    await tell_story(database_url)
    assert await difference(database_url) is None
    unnoticed, misnamed = [], []
    for column in (each.name for each in table.columns):
        if (table.name, column) in ORIGINALS:
            continue
        row = await attack(database_url, lambda connection, column=column: _target(connection, table, column))
        value = VALUES.get((table.name, column), other_value(row[column]))
        changed = await attack(database_url, lambda c, row=row, given={column: value}: _change(c, table, row, given))
        found = await difference(database_url)
        await attack(database_url, lambda c, changed=changed, row=row: _put_back(c, table, changed, row))
        if found is None:
            unnoticed.append(column)
        elif found.table != table.name or found.column not in _names(table, column):
            misnamed.append(f"{column}: {found}")
    assert not unnoticed
    assert not misnamed, "\n".join(misnamed)
    assert await difference(database_url) is None


@pytest.mark.parametrize("table", CHECKED, ids=lambda table: table.name)
async def test_verify_finds_a_row_that_is_gone(database_url: str, table: Table) -> None:
    await tell_story(database_url)
    for row in await attack(database_url, lambda connection: rows(connection, table)):
        await attack(database_url, lambda connection, row=row: remove(connection, table, row))
        found = await difference(database_url)
        assert found is not None, row
        # A batch's receipt comes first, and misses its operations' receipts.
        assert (found.table, found.column) in {(table.name, "row"), ("receipt", "operation_keys")}, found
        await attack(database_url, lambda connection, row=row: add(connection, table, row))
    assert await difference(database_url) is None


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (tables.event, {"position": 1_000, "event_id": "evt_x_0"}),
        (tables.vault, {"position": 1_000}),
        (tables.receipt, {"key": "zzz"}),
        (tables.receipt, {"source": "other"}),
        (tables.account, {"customer_id": "zoe"}),
        (tables.account, {"customer_id": "aaa"}),
        (tables.account, {"type_code": "NOTHING"}),
        (tables.grant, {"grant_id": "grt_x_0"}),
        (tables.grant, {"grant_id": "grt_x_0", "customer_id": "zoe"}),
        (tables.customer, {"customer_id": "zoe"}),
        (tables.customer, {"customer_id": "aaa"}),
        (tables.entitlement_type, {"code": "ZZZ"}),
        (tables.entitlement_type, {"code": "AAA"}),
    ],
    ids=lambda value: value.name if isinstance(value, Table) else "-".join(map(str, value.values())),
)
async def test_verify_finds_a_row_that_nobody_wrote(database_url: str, table: Table, key: Row) -> None:
    await tell_story(database_url)
    await attack(database_url, lambda c: add(c, table, {**rows(c, table)[0], **key}))
    found = await difference(database_url)
    assert found is not None
    assert found.table == table.name


def swap(connection: Connection) -> None:
    """Two events change places, their hashes with them."""
    first, second = rows(connection, tables.event)[3:5]
    for row, other in ((first, {**second, "event_id": "evt_moved"}), (second, first), (first, second)):
        change(
            connection, tables.event, row, **{name: other[name] for name in other if name not in ("ledger", "position")}
        )


def cut_off_the_tail(connection: Connection) -> None:
    """The last event goes, and nothing else."""
    remove(connection, tables.event, rows(connection, tables.event)[-1])


def cut_off_the_tail_with_the_head(connection: Connection) -> None:
    """The last event goes, with its vault row and receipts, and the head is set to what it was before."""
    events = rows(connection, tables.event)
    last, head = events[-1], rows(connection, tables.head)[0]
    remove(connection, tables.event, last)
    for table, column in ((tables.vault, "position"), (tables.receipt, "last_position")):
        for row in rows(connection, table):
            if row[column] == last["position"]:
                remove(connection, table, row)
    _move_head(connection, head, events[:-1])


def insert_in_the_middle(connection: Connection) -> None:
    """An event that never happened, the later ones moved up, the head left as it was."""
    events = rows(connection, tables.event)
    for row in reversed(events[5:]):
        change(connection, tables.event, row, position=row["position"] + 1)
    add(connection, tables.event, {**events[5], "event_id": "evt_x_0"})


def rewrite_an_event(connection: Connection) -> None:
    """One event becomes another in every column, its hash included."""
    row = next(row for row in rows(connection, tables.event) if row["kind"] == "ISSUED")
    leaf = row["leaf"].replace(b'"amount":"10"', b'"amount":"99"').replace(b'"delta":"10"', b'"delta":"99"')
    leaf = leaf.replace(b'"balanceAfter":"10"', b'"balanceAfter":"99"')
    assert leaf != row["leaf"]
    change(connection, tables.event, row, **codec.to_row(codec.from_leaf(leaf), leaf, leaf_hash(leaf)))


def rewrite_an_event_and_the_head(connection: Connection) -> None:
    """As before, and the tree with it: what is left to tell the tale are the balances."""
    rewrite_an_event(connection)
    _move_head(connection, rows(connection, tables.head)[0], rows(connection, tables.event))


@pytest.mark.parametrize(
    ("work", "tells"),
    [
        (swap, "event"),
        (cut_off_the_tail, "event"),
        (cut_off_the_tail_with_the_head, "account"),
        (insert_in_the_middle, "event"),
        (rewrite_an_event, "head"),
        (rewrite_an_event_and_the_head, "event"),
    ],
)
async def test_verify_finds_events_that_were_moved_or_rewritten(
    database_url: str, work: Callable[[Connection], None], tells: str
) -> None:
    await tell_story(database_url)
    await attack(database_url, work)
    found = await difference(database_url)
    assert found is not None
    assert found.table == tells, found


async def test_verify_names_the_place(sqlite_url: str) -> None:
    await tell_story(sqlite_url)
    await attack(sqlite_url, lambda c: change(c, tables.account, rows(c, tables.account)[1], available=10_000))
    assert str(await difference(sqlite_url)) == "account bob MILES: available should be 125, is 10000"


async def test_verify_says_where_it_cannot_read(sqlite_url: str) -> None:
    await tell_story(sqlite_url)
    broken = "UPDATE event SET recorded_at = 'yesterday' WHERE position = 5"
    await attack(sqlite_url, lambda connection: connection.exec_driver_sql(broken))
    found = await difference(sqlite_url)
    assert found is not None
    assert (found.table, found.key.split()[0], found.column) == ("event", "5", "row")


def _target(connection: Connection, table: Table, column: str) -> Row:
    """A row that has the column, where one has; of several, one with notes."""
    found = rows(connection, table)
    filled = [row for row in found if row[column] is not None] or found
    return max(filled, key=lambda row: (row.get("note") is not None, row.get("operation_keys") is None))


def _change(connection: Connection, table: Table, row: Row, columns: Row) -> Row:
    return change(connection, table, row, **columns)


def _put_back(connection: Connection, table: Table, changed: Row, row: Row) -> None:
    remove(connection, table, changed)
    add(connection, table, row)


def _names(table: Table, column: str) -> set[str]:
    if (table.name, column) in ROW_IS_GONE:
        return {"row", "position", "named_position", column}
    return {("event", "leaf"): {"leaf_hash"}, ("head", "position"): {"position", "peaks"}}.get(
        (table.name, column), {column}
    )


def _move_head(connection: Connection, head: Row, events: list[Row]) -> None:
    tree = CompactRange().extended(row["leaf_hash"] for row in events)
    change(
        connection,
        tables.head,
        head,
        position=tree.size,
        peaks=tree.to_bytes(),
        recorded_at=events[-1]["recorded_at"],
    )
