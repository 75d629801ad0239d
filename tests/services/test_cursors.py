"""Cursors: opaque, of one spelling, and nothing else is taken for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.cursors import (
    PREFIX_SIZE,
    EventCursor,
    ListCursor,
    decode_event_cursor,
    decode_list_cursor,
    filter_hash,
)

events = st.builds(
    EventCursor,
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=PREFIX_SIZE, max_size=PREFIX_SIZE),
)
lists = st.builds(
    ListCursor,
    st.sampled_from(["customers", "grants", "types"]),
    st.binary(min_size=8, max_size=8),
    st.lists(st.text(max_size=64) | st.integers(-(2**63), 2**63), max_size=4).map(tuple),
)


@given(events)
def test_an_event_cursor_comes_back_as_it_went(cursor: EventCursor) -> None:
    assert decode_event_cursor(cursor.encode()) == cursor
    assert decode_list_cursor(cursor.encode()) is None


@given(lists)
def test_a_list_cursor_comes_back_as_it_went(cursor: ListCursor) -> None:
    assert decode_list_cursor(cursor.encode()) == cursor
    assert decode_event_cursor(cursor.encode()) is None


@given(st.text() | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=60))
def test_anything_else_is_no_cursor_or_its_only_spelling(text: str) -> None:
    event, item = decode_event_cursor(text), decode_list_cursor(text)
    assert event is None or event.encode() == text
    assert item is None or item.encode() == text


@given(events, st.data())
def test_a_cursor_in_another_spelling_is_none(cursor: EventCursor, data: st.DataObject) -> None:
    text = cursor.encode()
    place = data.draw(st.integers(0, len(text)))
    assert (
        decode_event_cursor(text[:place] + data.draw(st.sampled_from(["=", " ", "\n", "+", "/", "é"])) + text[place:])
        is None
    )


@pytest.mark.parametrize("size", [0, 1, 8, 16, 17])
def test_a_cursor_that_was_cut_is_none(size: int) -> None:
    whole = EventCursor("main", 1, bytes(8)).encode()
    assert decode_event_cursor(whole[: size * 4 // 3]) is None


def test_filters_differ_by_every_part() -> None:
    hashes = {
        filter_hash(),
        filter_hash(None),
        filter_hash("a"),
        filter_hash("a", None),
        filter_hash(None, "a"),
        filter_hash(("a",)),
    }
    assert len(hashes) == 6
    assert filter_hash("a", 1) == filter_hash("a", 1)


def test_a_list_cursor_has_one_spelling() -> None:
    inside = b"\x02" + bytes(8)
    compact, spaced = (
        base64.urlsafe_b64encode(inside + place).rstrip(b"=").decode()
        for place in (b'["types","A"]', b'["types", "A"]')
    )
    assert decode_list_cursor(compact) == ListCursor("types", bytes(8), ("A",))
    assert decode_list_cursor(spaced) is None
