"""Leaf bytes are canonical, say everything, and come back as the same event (L13.2, L13.3)."""

import hmac
import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.domain.account import Allocation, Funding
from app.domain.commands import Actor, ActorKind
from app.domain.entitlement_type import EntitlementCategory, EntitlementType
from app.domain.events import (
    Activated,
    BatchPlace,
    Consumed,
    CustomerRegistered,
    CustomerUpdated,
    Event,
    Expired,
    Fact,
    Issued,
    Stamp,
    TypeDefined,
    TypeRevised,
)
from app.domain.validity import CalendarEnd, Validity
from app.store import codec

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
ACTOR = Actor(ActorKind.USER, "usr_1", None, "usr_2")
STAMP = Stamp("main", "c0ffee", ACTOR, NOW, "key-1", "goodwill", "order-7", "evt_1", BatchPlace("batch-1", 3, 7))
BARE = Stamp("main", "c0ffee", Actor(ActorKind.SYSTEM, "ledger"), NOW)
GOLD = EntitlementType(
    "GOLD",
    "Gold \u00e9",
    EntitlementCategory.VOUCHER,
    "pc",
    9,
    NOW,
    "Europe/Berlin",
    Validity("P1M", CalendarEnd.END_OF_MONTH),
    2**63 - 1,
    max_backdate="P7D",
    metadata={"a": 1, "b": None, "c": True, "d": "\u2028"},
)
TAKEN = (Allocation("grt_a", 2), Allocation("grt_b", 2**63 - 3))


def event(fact: Fact, stamp: Stamp = STAMP, **members: object) -> Event:
    given_members = {"customer_id": "ada", "type_code": "GOLD", "metadata": {"order": "7"}, **members}
    return Event(event_id="evt_c0ffee_0", position=9, stamp=stamp, fact=fact, effective_at=NOW, **given_members)


EVENTS = [
    event(
        Issued(2**63 - 1, NOW, 0, Funding.PAID, "0.01", ("vip", "staff")),
        amount=2**63 - 1,
        delta=0,
        balance_after=0,
        allocations=(Allocation("grt_c0ffee_0", 2**63 - 1),),
    ),
    event(Issued(1, None, 50, Funding.PROMOTIONAL, None, ()), BARE, amount=1, delta=1, balance_after=1),
    event(Activated("grt_a", 5), BARE, amount=5, delta=5, balance_after=5, allocations=(Allocation("grt_a", 5),)),
    event(Consumed(TAKEN), amount=2**63 - 1, delta=-(2**63 - 1), balance_after=0, allocations=TAKEN),
    event(Expired("grt_a", 5), BARE, amount=5, delta=-5, balance_after=0, allocations=(Allocation("grt_a", 5),)),
    event(CustomerRegistered(), type_code=None),
    event(CustomerUpdated(), type_code=None),
    event(TypeDefined(GOLD), customer_id=None),
    event(TypeRevised(GOLD), customer_id=None),
]


@pytest.mark.parametrize("recorded", EVENTS, ids=lambda recorded: recorded.kind)
def test_L13_3_a_leaf_says_everything_and_comes_back(recorded: Event) -> None:
    leaf = codec.to_leaf(recorded, codec.VaultEntry(b"k" * 32, b"h" * 32, "why", "for you"))
    assert codec.from_leaf(leaf) == recorded


@pytest.mark.parametrize("recorded", EVENTS, ids=lambda recorded: recorded.kind)
def test_L13_3_leaf_bytes_are_rfc_8785(recorded: Event) -> None:
    leaf = codec.to_leaf(recorded, codec.VaultEntry(b"k" * 32, b"h" * 32, "why", None))
    assert leaf == rfc8785.dumps(json.loads(leaf))


def test_L13_2_notes_and_the_request_are_in_the_leaf_as_commitments_only() -> None:
    entry = codec.VaultEntry(b"k" * 32, b"h" * 32, "why", "for you")
    members = json.loads(codec.to_leaf(EVENTS[0], entry))
    assert b"why" not in codec.to_leaf(EVENTS[0], entry)
    assert members["commitments"] == {
        "request": hmac.new(b"k" * 32, b"request\0" + b"h" * 32, "sha256").hexdigest(),
        "note": hmac.new(b"k" * 32, b"note\0why", "sha256").hexdigest(),
        "customerNote": hmac.new(b"k" * 32, b"customerNote\0for you", "sha256").hexdigest(),
    }


def test_L13_2_a_display_name_stays_out_of_the_leaf() -> None:
    named = Stamp("main", "c0ffee", Actor(ActorKind.USER, "usr_1", "Grace Hopper"), NOW)
    assert b"Grace" not in codec.to_leaf(event(CustomerRegistered(), named, type_code=None), None)


def test_L13_8_a_leaf_of_an_unknown_schema_is_refused() -> None:
    members = json.loads(codec.to_leaf(EVENTS[0], None))
    with pytest.raises(ValueError, match="leaf schema 2"):
        codec.from_leaf(json.dumps({**members, "schema": 2}).encode())


PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | PLAIN_TEXT
KEYS = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20)


@given(st.dictionaries(KEYS, PLAIN | st.lists(PLAIN) | st.dictionaries(KEYS, PLAIN)))
def test_L13_3_canonical_bytes_are_rfc_8785_in_the_leafs_profile(value: dict[str, object]) -> None:
    assert codec.canonical(value) == rfc8785.dumps(value)
