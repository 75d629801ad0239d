"""Cursors: opaque places in a list, as callers keep them.

What belongs here: a cursor's parts, their encoding, what can be wrong with one. What does not: checking a part against
the ledger (the services that read), saying no in a protocol's words (`edges`).
"""

import base64
import binascii
import json
from dataclasses import dataclass
from hashlib import sha256

PREFIX_SIZE = 8
"""Bytes of the leaf hash that an event's cursor carries: enough to notice that a ledger is not the one it was."""

_EVENT = b"\x01"
_LIST = b"\x02"
_POSITION_SIZE = 8
_FILTER_HASH_SIZE = 8
_TEXT_MAX = 2_048


class BadCursorError(Exception):
    """The cursor belongs to another ledger, or to no place that a ledger can have."""


class CursorDivergedError(Exception):
    """The cursor's event is not the one that the ledger has at that position: the ledger is not the one it was."""


@dataclass(frozen=True, slots=True)
class EventCursor:
    """A place in a ledger's stream of events, good in any filter, either order and for subscriptions.

    `prefix` holds the first 8 bytes of the leaf hash of the event at `position`; zeros at position 0, before all.
    """

    ledger: str
    position: int
    prefix: bytes

    def encode(self) -> str:
        """The cursor as callers see it."""
        place = self.position.to_bytes(_POSITION_SIZE, "big")
        return _text(_EVENT + place + self.prefix + self.ledger.encode())


@dataclass(frozen=True, slots=True)
class ListCursor:
    """A place in an ordered list that is no stream: customers, grants, types.

    `kind` names the list, `filter_hash` the filter that it was read with, `key` the order key of the item it points at.
    """

    kind: str
    filter_hash: bytes
    key: tuple[str | int, ...]

    def encode(self) -> str:
        """The cursor as callers see it."""
        place = json.dumps([self.kind, *self.key], separators=(",", ":"), ensure_ascii=False)
        return _text(_LIST + self.filter_hash + place.encode(errors="surrogatepass"))


def filter_hash(*parts: object) -> bytes:
    """What tells one filter from another: 8 bytes of a hash over its parts, which must have a stable `repr`."""
    return sha256(repr(parts).encode(errors="surrogatepass")).digest()[:_FILTER_HASH_SIZE]


def decode_event_cursor(text: str) -> EventCursor | None:
    """The event cursor that `encode` made `text` of; None for anything else, older versions included."""
    data = _bytes(text)
    head = 1 + _POSITION_SIZE + PREFIX_SIZE
    if data is None or data[:1] != _EVENT or len(data) <= head:
        return None
    try:
        ledger = data[head:].decode()
    except UnicodeDecodeError:
        return None
    return EventCursor(ledger, int.from_bytes(data[1 : 1 + _POSITION_SIZE], "big"), data[1 + _POSITION_SIZE : head])


def decode_list_cursor(text: str) -> ListCursor | None:
    """The list cursor that `encode` made `text` of; None for anything else, older versions included."""
    data = _bytes(text)
    if data is None or data[:1] != _LIST:
        return None
    try:
        place = json.loads(data[1 + _FILTER_HASH_SIZE :])
    except (ValueError, RecursionError):
        return None
    if not isinstance(place, list) or not place or not isinstance(place[0], str):
        return None
    kind, *key = place
    if not all(type(part) in (str, int) for part in key):
        return None
    cursor = ListCursor(kind, data[1 : 1 + _FILTER_HASH_SIZE], tuple(key))
    return cursor if cursor.encode() == text else None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """The bytes behind a cursor; None for what `_text` cannot have made, so that a cursor has one spelling only."""
    if len(text) > _TEXT_MAX:
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if _text(data) == text else None
