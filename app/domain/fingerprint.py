"""What makes two requests the same request (L7.3).

What belongs here: the canonical members of a command. What does not: bytes and hashes (`store.codec`).
"""

from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_args

from app.domain.amounts import canonical
from app.domain.commands import Batch, SingleCommand
from app.domain.shape import operation_name
from app.domain.validity import Validity

HASH_SCHEME = 1
"""The number of the scheme that this module writes; a receipt keeps the number of its own."""

_LEFT_OUT = frozenset({"idempotency_key", "correlation_id", "causation_id"})
_AMOUNTS = frozenset({"amount", "max_balance", "debt_limit"})

Canonical = dict[str, object]


def fingerprint(command: SingleCommand) -> Canonical:
    """The operation's name and its members, each in one way of writing.

    Amounts go without trailing zeros, instants in UTC microseconds; members that are absent or equal to their default
    are left out, whichever way the default was written.
    """
    members: Canonical = {"operation": operation_name(command)}
    for name, default, written_default in _MEMBERS[type(command)]:
        value = getattr(command, name)
        if value is not default and (written := _written(name, value)) != written_default:
            members[name] = written
    return members


def batch_fingerprint(batch: Batch) -> Canonical:
    """The batch's operations with their keys: which operations a batch has is what makes it that batch."""
    return {
        "operation": "batch",
        "operations": [[operation.idempotency_key, fingerprint(operation)] for operation in batch.operations],
    }


def _written(name: str, value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Validity):
        return {"duration": value.duration, "until": value.until and value.until.value}
    if isinstance(value, tuple):
        return list(value)
    if name in _AMOUNTS and isinstance(value, str | int):
        return canonical(value)
    return value


def _default(member: Field[Any]) -> object:
    return member.default if member.default_factory is MISSING else member.default_factory()


_MEMBERS: dict[type[Any], list[tuple[str, object, object]]] = {
    command: [(m.name, _default(m), _written(m.name, _default(m))) for m in fields(command) if m.name not in _LEFT_OUT]
    for command in get_args(SingleCommand)
}
