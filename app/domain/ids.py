"""Identifiers: how they are made from one another and what a caller's may look like (L1.5, L3.1).

What belongs here: the shapes of ids and codes. What does not: making new ones (`clock`), looking them up (`store`).
"""

import re
import unicodedata

EVENT = "evt_"
GRANT = "grt_"
CUSTOMER = "cus_"
TYPE = "typ_"
BALANCE = "bal_"

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_LEDGER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


def event_id(command_id: str, index: int) -> str:
    """The id of a command's event number `index` (0, 1, ...): all events of one command share its id as a prefix."""
    return f"{EVENT}{command_id}_{index}"


def event_id_range(command_id: str) -> tuple[str, str]:
    """The half-open range of event ids that one command wrote, for an index on event ids."""
    return f"{EVENT}{command_id}_", f"{EVENT}{command_id}`"


def command_id_of(event_id: str) -> str:
    """The command that wrote the event."""
    return event_id.removeprefix(EVENT).rpartition("_")[0]


def grant_id(event_id: str) -> str:
    """The id of the grant that an event issued."""
    return GRANT + event_id.removeprefix(EVENT)


def is_code(text: str) -> bool:
    """Whether `text` is an entitlement type's code."""
    return _CODE.fullmatch(text) is not None


def is_ledger_name(text: str) -> bool:
    """Whether `text` can name a ledger."""
    return _LEDGER.fullmatch(text) is not None


def is_clean(text: str) -> bool:
    """Whether `text` has neither U+0000 nor a lone surrogate."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def is_id(text: str, length_max: int) -> bool:
    """Whether `text` is an id of ours to keep: 1..`length_max` printable characters in NFC."""
    return 0 < len(text) <= length_max and text.isprintable() and unicodedata.is_normalized("NFC", text)


def issued_by(grant_id: str) -> str:
    """The id of the event that issued a grant."""
    return EVENT + grant_id.removeprefix(GRANT)
