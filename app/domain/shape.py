"""Whether a command is written as one can be: the first judgement, before any look-up (L1, INVALID_INPUT of L12.4).

What belongs here: lengths, alphabets, ranges, texts brought into NFC. What does not: what needs the state (`decide`).
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, TypeVar, assert_never

from app.domain import ids
from app.domain.amounts import MAX_SCALE, RawAmount, is_amount
from app.domain.commands import (
    UNSET,
    Batch,
    Consume,
    DefineEntitlementType,
    Issue,
    RegisterCustomer,
    ReviseEntitlementType,
    SingleCommand,
    UpdateCustomer,
)
from app.domain.entitlement_type import Metadata
from app.domain.rejections import BatchRefused, InvalidInput, SimpleRejection, invalid
from app.domain.validity import CalendarEnd, Validity, is_time_zone, parse_duration, parse_elapsed

BATCH_OPERATIONS_MAX = 1_000
KEY_LENGTH_MAX = 255
CUSTOMER_ID_LENGTH_MAX = 128
REASON_LENGTH_MAX = 128
NOTE_LENGTH_MAX = 4_000
NAME_LENGTH_MAX = 200
UNIT_LENGTH_MAX = 64
TAGS_MAX = 20
TAG_LENGTH_MAX = 64
METADATA_KEYS_MAX = 50
METADATA_BYTES_MAX = 16 * 1024
PRIORITY_MAX = 100
SAFE_INTEGER = 2**53

_METADATA_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_COST_BASIS = re.compile(r"(0|[1-9][0-9]{0,18})(\.[0-9]{1,9})?", re.ASCII)
_NEVER_NULL = {
    "name": "name",
    "unit": "unit",
    "time_zone": "timeZone",
    "debt_limit": "debtLimit",
    "on_expired_reversal": "onExpiredReversal",
    "reversal_grace": "reversalGrace",
    "clawback": "clawback",
    "hold_ttl_default": "holdTtlDefault",
    "hold_ttl_max": "holdTtlMax",
}

C = TypeVar("C", bound=SingleCommand)
Problems = tuple[InvalidInput, ...]


def shaped(command: C) -> C | Problems:
    """The command with its texts in NFC, or an INVALID_INPUT for every member that cannot be accepted as written."""
    command = _normalized(command)
    return tuple(_problems(command)) or command


def shaped_batch(batch: Batch) -> Batch | Problems | BatchRefused:
    """The batch with every operation shaped, the problems of the batch itself, or the first operation's refusal."""
    problems = list(_key(batch.idempotency_key, "idempotencyKey"))
    if not 1 <= len(batch.operations) <= BATCH_OPERATIONS_MAX:
        problems.append(invalid(f"A batch has 1 to {BATCH_OPERATIONS_MAX:,} operations.", "operations"))
    if problems:
        return tuple(problems)
    operations = []
    seen = {batch.idempotency_key}
    for index, operation in enumerate(batch.operations):
        name = operation_name(operation)
        judged = shaped(operation)
        if not isinstance(judged, tuple) and judged.idempotency_key in seen:
            judged = (invalid("This key appears twice in the batch.", "idempotencyKey"),)
        if isinstance(judged, tuple):
            return refused_at(index, name, judged[0])
        seen.add(judged.idempotency_key)
        operations.append(judged)
    return replace(batch, operations=tuple(operations))


def operation_name(command: SingleCommand) -> str:
    """The operation's name as callers write it: `issue`, `defineEntitlementType` ..."""
    name = type(command).__name__
    return name[0].lower() + name[1:]


def refused_at(index: int, name: str, cause: SimpleRejection) -> BatchRefused:
    """The refusal of a whole batch for what is wrong with one operation."""
    return BatchRefused(
        f"Operation {index} was refused: {cause.message}", ("operations", str(index), name, *cause.field), index, cause
    )


def _problems(command: SingleCommand) -> Iterator[InvalidInput]:
    yield from _common(command)
    match command:
        case Issue():
            yield from _customer_and_type(command.customer_id, command.type_code)
            yield from _positive(command.amount, "amount")
            yield from _issue_terms(command)
        case Consume():
            yield from _customer_and_type(command.customer_id, command.type_code)
            yield from _positive(command.amount, "amount")
            yield from _tags(command.tags, "tags")
        case DefineEntitlementType():
            yield from _code(command.code, "code")
            if not 0 <= command.scale <= MAX_SCALE:
                yield invalid(f"The scale is 0 to {MAX_SCALE} decimal places.", "scale")
            yield from _type_members(command)
        case ReviseEntitlementType():
            yield from _code(command.code, "code")
            yield from _type_members(command)
        case RegisterCustomer() | UpdateCustomer():
            yield from _customer_id(command.customer_id)
            yield from _profile(command)
        case _ as never:
            assert_never(never)
    if command.metadata is not UNSET:
        yield from _metadata(command.metadata)


def _common(command: SingleCommand) -> Iterator[InvalidInput]:
    yield from _key(command.idempotency_key, "idempotencyKey")
    for name, key in (("correlationId", command.correlation_id), ("causationId", command.causation_id)):
        if key is not None:
            yield from _key(key, name)
    yield from _text(command.reason, "reason", REASON_LENGTH_MAX)
    yield from _text(command.note, "note", NOTE_LENGTH_MAX)
    yield from _text(command.customer_note, "customerNote", NOTE_LENGTH_MAX)


def _issue_terms(command: Issue) -> Iterator[InvalidInput]:
    if command.expires_at is not None and command.validity is not None:
        yield invalid("Give either expiresAt or validity, not both.", "expiresAt")
    if command.validity is not None:
        yield from _validity(command.validity, "validity")
    if not 0 <= command.priority <= PRIORITY_MAX:
        yield invalid(f"The priority is 0 to {PRIORITY_MAX}; lower pays first.", "priority")
    if command.cost_basis is not None and _COST_BASIS.fullmatch(command.cost_basis) is None:
        yield invalid('A cost basis is a decimal string such as "0.01".', "costBasis")
    yield from _tags(command.restricted_to, "restrictedTo")


def _type_members(command: DefineEntitlementType | ReviseEntitlementType) -> Iterator[InvalidInput]:
    for member, name in _NEVER_NULL.items():
        if getattr(command, member) is None:
            yield invalid("This cannot be unset: leave it out to keep it.", name)
    yield from _required_text(command.name, "name", NAME_LENGTH_MAX)
    yield from _required_text(command.unit, "unit", UNIT_LENGTH_MAX)
    if isinstance(command.time_zone, str) and not is_time_zone(command.time_zone):
        yield invalid("This is not a time zone of the IANA database, such as Europe/Berlin.", "timeZone")
    if isinstance(command.default_validity, Validity):
        yield from _validity(command.default_validity, "defaultValidity")
    for name, amount in (("maxBalance", command.max_balance), ("debtLimit", command.debt_limit)):
        if isinstance(amount, str | int) and not is_amount(amount):
            yield invalid('An amount is a decimal string such as "150" or "12.50", not negative.', name)
    for name, duration in (
        ("maxBackdate", command.max_backdate),
        ("reversalGrace", command.reversal_grace),
        ("holdTtlDefault", command.hold_ttl_default),
        ("holdTtlMax", command.hold_ttl_max),
    ):
        if isinstance(duration, str) and parse_elapsed(duration) is None:
            yield invalid("This is no duration in weeks, days, hours, minutes and seconds, such as P30D.", name)


def _profile(command: RegisterCustomer | UpdateCustomer) -> Iterator[InvalidInput]:
    yield from _text(command.name, "name", NAME_LENGTH_MAX)
    yield from _text(command.email, "email", 254)
    if isinstance(command.email, str) and not re.fullmatch(r"[^@\s]+@[^@\s]+", command.email):
        yield invalid("This is no e-mail address.", "email")


def _customer_and_type(customer_id: str, type_code: str) -> Iterator[InvalidInput]:
    yield from _customer_id(customer_id)
    yield from _code(type_code, "typeCode")


def _customer_id(customer_id: str) -> Iterator[InvalidInput]:
    if not ids.is_id(customer_id, CUSTOMER_ID_LENGTH_MAX):
        yield invalid(f"A customer's id is 1 to {CUSTOMER_ID_LENGTH_MAX} printable characters in NFC.", "customerId")


def _code(code: str, name: str) -> Iterator[InvalidInput]:
    if not ids.is_code(code):
        yield invalid("A code is 1 to 64 of A-Z, 0-9 and _, and begins with a letter.", name)


def _key(key: str, name: str) -> Iterator[InvalidInput]:
    if not ids.is_id(key, KEY_LENGTH_MAX):
        yield invalid(f"This takes 1 to {KEY_LENGTH_MAX} printable characters in NFC.", name)


def _positive(amount: RawAmount, name: str) -> Iterator[InvalidInput]:
    if not is_amount(amount) or not str(amount).strip("0."):
        yield invalid('An amount is a decimal string above 0, such as "150" or "12.50".', name)


def _validity(validity: Validity, name: str) -> Iterator[InvalidInput]:
    if validity.duration is None and validity.until is None:
        yield invalid("Give a duration, an until, or both.", name)
    if validity.duration is not None:
        if parse_duration(validity.duration) is None:
            yield invalid("This is no ISO 8601 duration such as P30D or P1Y.", name, "duration")
        if validity.until is CalendarEnd.NEVER:
            yield invalid("NEVER takes no duration beside it.", name, "until")


def _tags(tags: Collection[str], name: str) -> Iterator[InvalidInput]:
    if len(tags) > TAGS_MAX:
        yield invalid(f"At most {TAGS_MAX} tags.", name)
        return
    for index, tag in enumerate(tags):
        if not ids.is_id(tag, TAG_LENGTH_MAX):
            yield invalid(f"A tag is 1 to {TAG_LENGTH_MAX} printable characters in NFC.", name, str(index))


def _required_text(text: object, name: str, length_max: int) -> Iterator[InvalidInput]:
    if text == "":
        yield invalid("This cannot be empty.", name)
    yield from _text(text, name, length_max)


def _text(text: object, name: str, length_max: int) -> Iterator[InvalidInput]:
    if isinstance(text, str) and (len(text) > length_max or not ids.is_clean(text)):
        yield invalid(f"This takes at most {length_max:,} characters, without U+0000 and lone surrogates.", name)


def _metadata(metadata: Metadata) -> Iterator[InvalidInput]:
    if metadata == {}:
        return
    if not isinstance(metadata, dict):
        yield invalid("Metadata is a flat object.", "metadata")
        return
    if len(metadata) > METADATA_KEYS_MAX:
        yield invalid(f"Metadata has at most {METADATA_KEYS_MAX} members.", "metadata")
        return
    problems = list(_metadata_members(metadata))
    yield from problems
    if (
        not problems
        and len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) > METADATA_BYTES_MAX
    ):
        yield invalid("Metadata takes 16 KiB of JSON at most.", "metadata")


def _metadata_members(metadata: dict[Any, object]) -> Iterator[InvalidInput]:
    for key, value in metadata.items():
        if not isinstance(key, str) or _METADATA_KEY.fullmatch(key) is None:
            shown = str(key)[:64].encode(errors="backslashreplace").decode()
            yield invalid("A metadata key is 1 to 64 of A-Z, a-z, 0-9, _, . and -.", "metadata", shown)
        elif not _is_metadata_value(value):
            yield invalid("A metadata value is a string, an integer below 2^53, a boolean or null.", "metadata", key)


def _is_metadata_value(value: object) -> bool:
    if isinstance(value, str):
        return ids.is_clean(value)
    if isinstance(value, int):
        return -SAFE_INTEGER < value < SAFE_INTEGER
    return value is None


def _normalized(command: C) -> C:
    changes: dict[str, Any] = {}
    for name in ("reason", "note", "customer_note", "name", "unit", "email"):
        text = getattr(command, name, None)
        if isinstance(text, str) and not text.isascii():
            changes[name] = unicodedata.normalize("NFC", text)
    metadata = command.metadata
    if isinstance(metadata, dict) and metadata:
        changes["metadata"] = {
            key: unicodedata.normalize("NFC", value) if isinstance(value, str) and not value.isascii() else value
            for key, value in metadata.items()
        }
    return replace(command, **changes) if changes else command
