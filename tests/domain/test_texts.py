"""L1.5 and L13.3: texts, ids, tags and metadata.

What belongs here: which characters and lengths are taken, and what becomes of them. What does not: amounts and codes.
"""

import pytest

from app.domain.commands import Batch, UpdateCustomer
from app.domain.ids import is_ledger_name
from app.domain.rejections import BatchRefused
from app.domain.shape import BATCH_OPERATIONS_MAX, shaped, shaped_batch
from tests.domain.scenario import Ledger, codes, consume, fields, issue, points, register, revise

COMPOSED, DECOMPOSED = "Jos\u00e9", "Jose\u0301"
SURROGATE = "a\ud800b"
NUL = "a\0b"
BAD_IDS = ["", DECOMPOSED, SURROGATE, NUL, "a\nb", "a\tb", "\u200b", "\u2028", "\u00a0", "\ue000"]
GOOD_IDS = ["a", " ", "order 7", COMPOSED, "\u732b", "\U0001f408", "'; DROP TABLE event; --", "a:b"]


@pytest.mark.parametrize("text", [*BAD_IDS, "x" * 129])
def test_L1_5_a_customer_id_that_cannot_be_kept_is_refused(text):
    for command in (issue(customer_id=text), consume("1", text), register(text), _update(text)):
        assert fields(Ledger().refuses(command)) == ["customerId"]


@pytest.mark.parametrize("text", [*GOOD_IDS, "x" * 128, "\u732b" * 128])
def test_L1_5_a_customer_id_is_kept_as_it_is(text):
    assert Ledger().accepts(issue(customer_id=text))[0].customer_id == text


@pytest.mark.parametrize("text", [*BAD_IDS, "x" * 256])
@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("idempotency_key", "idempotencyKey"),
        ("correlation_id", "correlationId"),
        ("causation_id", "causationId"),
    ],
)
def test_L1_5_a_key_that_cannot_be_kept_is_refused(member, name, text):
    for command in (issue(**{member: text}), consume("1", **{member: text}), revise(name="New", **{member: text})):
        assert fields(Ledger().refuses(command)) == [name]


@pytest.mark.parametrize("text", [*GOOD_IDS, "x" * 255])
def test_L7_1_a_key_has_1_to_255_printable_characters(text):
    assert Ledger().accepts(issue(idempotency_key=text, correlation_id=text, causation_id=text))


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [("main", True), ("a", True), ("0-9_z", True), ("x" * 64, True)]
    + [(name, False) for name in ("", "Main", "-a", "_a", "a b", "\u00e4", "a\n", "x" * 65)],
)
def test_a_ledger_has_a_short_plain_name(name, is_valid):
    assert is_ledger_name(name) is is_valid


@pytest.mark.parametrize("text", [*BAD_IDS, "x" * 65])
def test_L1_5_a_tag_that_cannot_be_kept_is_refused(text):
    assert fields(Ledger().refuses(issue(restricted_to=("ok", text)))) == ["restrictedTo.1"]
    assert fields(Ledger().refuses(consume("1", tags=(text,)))) == ["tags.0"]


@pytest.mark.parametrize("text", [SURROGATE, NUL, "\udfff", "\0"])
@pytest.mark.parametrize(
    ("command", "member", "name"),
    [
        (issue, "reason", "reason"),
        (issue, "note", "note"),
        (issue, "customer_note", "customerNote"),
        (register, "name", "name"),
        (revise, "name", "name"),
        (revise, "unit", "unit"),
    ],
)
def test_L1_5_a_text_has_neither_nul_nor_lone_surrogates(command, member, name, text):
    assert fields(Ledger().refuses(command(**{member: text}))) == [name]
    assert shaped(command(**{member: "tab\tand\nline \U0001f408"}))


@pytest.mark.parametrize(
    ("command", "member"),
    [
        (issue, "reason"),
        (issue, "note"),
        (issue, "customer_note"),
        (register, "name"),
        (revise, "name"),
        (revise, "unit"),
    ],
)
def test_L1_5_a_text_is_brought_into_nfc(command, member):
    assert getattr(shaped(command(**{member: DECOMPOSED})), member) == COMPOSED


def test_L1_5_lengths_are_judged_in_nfc():
    assert shaped(issue(reason="e\u0301" * 128)).reason == "\u00e9" * 128
    assert fields(shaped(issue(reason="\u00e9" * 129))) == ["reason"]


def test_L1_5_metadata_texts_are_brought_into_nfc():
    given = {"name": DECOMPOSED, "plain": "x", "number": 7}
    assert shaped(issue(metadata=given)).metadata == {"name": COMPOSED, "plain": "x", "number": 7}
    assert shaped(revise(metadata={"name": DECOMPOSED})).metadata == {"name": COMPOSED}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (issue(reason="x" * 129), ["reason"]),
        (issue(note="x" * 4_001), ["note"]),
        (issue(customer_note="x" * 4_001), ["customerNote"]),
        (issue(reason="x" * 128, note="x" * 4_000, customer_note="x" * 4_000), []),
        (register(name="x" * 201), ["name"]),
        (register(name="x" * 200, email="a@b"), []),
        (register(email="x" * 252 + "@b"), []),
        (register(email="x" * 253 + "@b"), ["email"]),
        (register(email="nobody"), ["email"]),
        (register(email="a b@c"), ["email"]),
        (register(email=""), ["email"]),
        (points(name=""), ["name"]),
        (points(unit=""), ["unit"]),
        (points(name="x" * 201, unit="x" * 65), ["name", "unit"]),
        (revise(name="", unit=""), ["name", "unit"]),
    ],
)
def test_texts_have_lengths(command, names):
    judged = shaped(command)
    assert (fields(judged) if isinstance(judged, tuple) else []) == names


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a": "text", "b.c": 1, "D-e": True, "f_0": None, "9": False},
        {"k" * 64: ""},
        {"n": 2**53 - 1, "m": -(2**53) + 1},
        {f"key{index}": index for index in range(50)},
        {"text": "x" * (16 * 1024 - len('{"text":""}'))},
        {"text": "\u732b" * 5_000},
    ],
)
def test_L13_3_metadata_is_a_flat_object(metadata):
    assert Ledger().accepts(issue(metadata=metadata))[0].metadata == metadata
    assert Ledger(points(metadata=metadata)).state.types["POINTS"].metadata == metadata


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ([], ["metadata"]),
        (["a"], ["metadata"]),
        ("text", ["metadata"]),
        ("", ["metadata"]),
        (7, ["metadata"]),
        (None, ["metadata"]),
        ({f"key{index}": index for index in range(51)}, ["metadata"]),
        ({"": 1}, ["metadata."]),
        ({"k" * 65: 1}, ["metadata." + "k" * 64]),
        ({"two words": 1, "caf\u00e9": 2, "fine": 3}, ["metadata.two words", "metadata.caf\u00e9"]),
        ({"a": 1.5, "b": [], "c": {}, "d": 2**53, "e": -(2**53)}, [f"metadata.{key}" for key in "abcde"]),
        ({"a": float("nan"), "b": float("inf")}, ["metadata.a", "metadata.b"]),
        ({SURROGATE: 1}, ["metadata.a\\ud800b"]),
        ({"a": NUL, "b": SURROGATE}, ["metadata.a", "metadata.b"]),
        ({7: 1}, ["metadata.7"]),
        ({"text": "x" * (16 * 1024 - len('{"text":""}') + 1)}, ["metadata"]),
        ({"text": "\u732b" * 6_000}, ["metadata"]),
    ],
)
def test_L13_3_other_metadata_is_invalid(metadata, names):
    for command in (issue(metadata=metadata), consume("1", metadata=metadata), register(metadata=metadata)):
        assert fields(Ledger().refuses(command)) == names
        assert set(codes(Ledger().refuses(command))) == {"INVALID_INPUT"}


def test_L4_1_a_grant_has_up_to_20_restrictions():
    tags = tuple(f"tag{index}" for index in range(20))
    assert Ledger().accepts(issue(restricted_to=tags))
    assert fields(Ledger().refuses(issue(restricted_to=(*tags, "")))) == ["restrictedTo"]
    assert fields(Ledger().refuses(consume("1", tags=(*tags, "one more")))) == ["tags"]


@pytest.mark.parametrize(("count", "is_valid"), [(0, False), (1, True), (1_000, True), (1_001, False)])
def test_L12_1_a_batch_has_1_to_1000_operations(count, is_valid):
    operations = tuple(issue(idempotency_key=f"key{index}") for index in range(count))
    judged = shaped_batch(Batch(idempotency_key="batch", operations=operations))
    assert BATCH_OPERATIONS_MAX == 1_000
    assert isinstance(judged, Batch) if is_valid else fields(judged) == ["operations"]


def test_L12_1_a_batch_itself_is_judged_before_its_operations():
    judged = shaped_batch(Batch(idempotency_key="", operations=()))
    assert fields(judged) == ["idempotencyKey", "operations"]


@pytest.mark.parametrize(
    ("operations", "index", "path"),
    [
        ([issue("0")], 0, ("operations", "0", "issue", "amount")),
        ([issue(), consume("-1", idempotency_key="other")], 1, ("operations", "1", "consume", "amount")),
        ([issue(), issue("11")], 1, ("operations", "1", "issue", "idempotencyKey")),
        ([issue(idempotency_key="batch")], 0, ("operations", "0", "issue", "idempotencyKey")),
    ],
)
def test_L12_1_a_batch_is_refused_where_an_operation_is(operations, index, path):
    judged = shaped_batch(Batch(idempotency_key="batch", operations=tuple(operations)))
    assert isinstance(judged, BatchRefused)
    assert (judged.index, judged.field, judged.cause.code) == (index, path, "INVALID_INPUT")


def test_L12_1_the_operations_of_a_batch_are_brought_into_nfc():
    batch = Batch(idempotency_key="batch", operations=(issue(reason=DECOMPOSED),))
    assert shaped_batch(batch).operations[0].reason == COMPOSED


def _update(customer_id):
    return UpdateCustomer(idempotency_key="update", customer_id=customer_id)
