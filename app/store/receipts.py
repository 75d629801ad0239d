"""Receipts: what each idempotency key was answered (L7).

What belongs here: statements on `receipt`. What does not: comparing requests (`services.writer`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, bindparam, select

from app.store.rows import append
from app.store.tables import receipt

_FIND = select(receipt).where(
    receipt.c.ledger == bindparam("ledger"),
    receipt.c.source == bindparam("source"),
    receipt.c.key.in_(bindparam("keys", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The request that a key was used for, and the positions of what it wrote. A batch's receipt names its operations'
    keys.
    """

    ledger: str
    source: str
    key: str
    hash_scheme: int
    request_hash: bytes
    named_position: int
    first_position: int
    last_position: int
    operation_keys: tuple[str, ...] | None = None


def find(connection: Connection, ledger: str, source: str, keys: Collection[str]) -> dict[str, Receipt]:
    """The receipts of these keys, as far as there are any."""
    if not keys:
        return {}
    rows = connection.execute(_FIND, {"ledger": ledger, "source": source, "keys": list(keys)}).mappings()
    found = (
        Receipt(
            **{
                **row,
                "operation_keys": None if row["operation_keys"] is None else tuple(orjson.loads(row["operation_keys"])),
            }
        )
        for row in rows
    )
    return {each.key: each for each in found}


def save(connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Add receipts; a key that has one raises IntegrityError."""
    if receipts:
        append(connection, receipt, [_row(each) for each in receipts])


def _row(each: Receipt) -> dict[str, object]:
    keys = each.operation_keys
    return {
        "ledger": each.ledger,
        "source": each.source,
        "key": each.key,
        "hash_scheme": each.hash_scheme,
        "request_hash": each.request_hash,
        "named_position": each.named_position,
        "first_position": each.first_position,
        "last_position": each.last_position,
        "operation_keys": None if keys is None else orjson.dumps(keys).decode(),
    }
