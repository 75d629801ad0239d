"""What makes two requests the same request (L7.3).

What belongs here: the canonical members of a command. What does not: bytes and hashes (`store.codec`).
"""

from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from app.domain.amounts import canonical
from app.domain.commands import UNSET, Batch, SingleCommand
from app.domain.shape import operation_name
from app.domain.validity import Validity

HASH_SCHEME = 1
"""The number of the scheme that this module writes; a receipt keeps the number of its own."""

_LEFT_OUT = frozenset({"idempotency_key", "correlation_id", "causation_id"})
_AMOUNTS = frozenset({"amount", "max_balance", "debt_limit"})

Canonical = dict[str, object]


def fingerprint(command: SingleCommand) -> Canonical:
    """The operation's name and its members, each in one way of writing: amounts without trailing zeros, instants in UTC
    microseconds, members that are absent or equal to their default left out."""
    members: Canonical = {"operation": operation_name(command)}
    for name, default in _members(type(command)):
        value = getattr(command, name)
        if value is UNSET or value == default:
            continue
        members[name] = _written(name, value)
    return members


def batch_fingerprint(batch: Batch) -> Canonical:
    """The batch's operations with their keys: which operations a batch has is what makes it that batch."""
    return {
        "operation": "batch",
        "operations": [[operation.idempotency_key, fingerprint(operation)] for operation in batch.operations],
    }


@cache
def _members(command: type[Any]) -> tuple[tuple[str, object], ...]:
    return tuple(
        (member.name, member.default_factory() if member.default_factory is not MISSING else member.default)
        for member in fields(command)
        if member.name not in _LEFT_OUT
    )


def _written(name: str, value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, Validity):
        return {"duration": value.duration, "until": value.until and value.until.value}
    if isinstance(value, tuple):
        return list(value)
    if name in _AMOUNTS and isinstance(value, str | int):
        return canonical(value)
    return value
