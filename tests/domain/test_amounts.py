"""L1.1 to L1.3: codes, scales and amounts.

What belongs here: how amounts are read, written and bounded. What does not: texts and ids (`test_texts`).
"""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amounts import MAX_STEPS, canonical, is_amount, to_steps, to_text
from app.domain.commands import ReviseEntitlementType
from tests.domain.scenario import Ledger, codes, consume, fields, issue, points, revise, told

MAX = str(MAX_STEPS)
BEYOND = str(MAX_STEPS + 1)
UNREADABLE = [
    "",
    " ",
    "-1",
    "-0",
    "+1",
    "1.",
    ".5",
    "01",
    "00",
    "1,5",
    "1_000",
    "1e3",
    "1E3",
    "NaN",
    "Infinity",
    "0x10",
    "١٢",
    "\uff11",
    " 1",
    "1 ",
    "1\n",
    "1.1.1",
    "1.1234567890",
    "12345678901234567890",
    -1,
    MAX_STEPS + 1,
    True,
    False,
    "½",
]


@pytest.mark.parametrize("code", ["A", "POINTS", "P2", "A_", "A" * 64])
def test_L1_1_a_code_begins_with_a_letter(code):
    assert told(Ledger(points(code)).accepts(issue(type_code=code))) == ["ISSUED +10 =10"]


@pytest.mark.parametrize("code", ["", "a", "points", "1A", "_A", "A-B", "A B", "Ä", "A\n", "\u0410", "A" * 65])
def test_L1_1_any_other_code_is_invalid(code):
    assert fields(Ledger().refuses(points(code))) == ["code"]
    assert fields(Ledger().refuses(revise(code))) == ["code"]
    assert fields(Ledger().refuses(issue(type_code=code))) == ["typeCode"]
    assert fields(Ledger().refuses(consume("1", type_code=code))) == ["typeCode"]


@pytest.mark.parametrize(("scale", "is_valid"), [(-1, False), (0, True), (9, True), (10, False)])
def test_L1_1_a_scale_is_0_to_9(scale, is_valid):
    ledger = Ledger(points())
    refused = [] if is_valid else fields(ledger.refuses(points("OTHER", scale)))
    assert refused == ([] if is_valid else ["scale"])
    assert not is_valid or ledger.accepts(points("OTHER", scale))


def test_L1_1_category_and_scale_cannot_be_revised():
    members = {member.name for member in dataclasses.fields(ReviseEntitlementType)}
    assert members.isdisjoint({"category", "scale", "created_at"})


@pytest.mark.parametrize(
    ("raw", "scale", "steps"),
    [
        ("0", 0, 0),
        ("0.000000000", 9, 0),
        ("150", 0, 150),
        (150, 0, 150),
        (150, 2, 15_000),
        ("12.5", 2, 1_250),
        ("12.50", 2, 1_250),
        ("0.01", 2, 1),
        ("0.000000001", 9, 1),
        (MAX, 0, MAX_STEPS),
        (MAX_STEPS, 0, MAX_STEPS),
        (BEYOND, 0, None),
        ("9999999999999999999", 0, None),
        ("9223372036.854775807", 9, MAX_STEPS),
        ("9223372036.854775808", 9, None),
        ("1.5", 0, None),
        ("1.0", 0, None),
        ("1.005", 2, None),
    ],
)
def test_L1_2_an_amount_is_read_in_smallest_steps_or_does_not_fit(raw, scale, steps):
    assert to_steps(raw, scale) == steps


@pytest.mark.parametrize("raw", UNREADABLE)
def test_L1_2_anything_else_is_no_amount(raw):
    assert not is_amount(raw)
    assert to_steps(raw, 9) is None
    for command in (issue(raw), consume(raw)):
        assert fields(Ledger().refuses(command)) == ["amount"]
    for command in (points("OTHER", max_balance=raw), revise(max_balance=raw)):
        assert fields(Ledger().refuses(command)) == ["maxBalance"]


@pytest.mark.parametrize(
    ("steps", "scale", "text"),
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (1250, 2, "12.50"),
        (-7, 0, "-7"),
        (1, 9, "0.000000001"),
    ],
)
def test_L1_2_output_has_all_the_decimals(steps, scale, text):
    assert to_text(steps, scale) == text


@given(steps=st.integers(0, MAX_STEPS), scale=st.integers(0, 9))
def test_L1_2_what_is_written_reads_back(steps, scale):
    text = to_text(steps, scale)
    assert to_steps(text, scale) == to_steps(canonical(text), scale) == steps
    assert len(text.partition(".")[2]) == scale


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00", 0])
def test_L1_3_an_operation_moves_more_than_nothing(zero):
    ledger = Ledger(points(scale=2))
    assert codes(ledger.refuses(issue(zero))) == ["INVALID_INPUT"]
    assert codes(ledger.refuses(consume(zero))) == ["INVALID_INPUT"]


@pytest.mark.parametrize("zero", ["0", "0.00", 0])
def test_L1_3_a_limit_may_be_0(zero):
    ledger = Ledger(points(scale=2, max_balance=zero, debt_limit=zero))
    assert codes(ledger.refuses(issue("0.01"))) == ["BALANCE_CAP_EXCEEDED"]


def test_L1_3_a_balance_ends_at_64_bits():
    ledger = Ledger()
    assert told(ledger.accepts(issue(MAX))) == [f"ISSUED +{MAX} ={MAX}"]
    (refusal,) = ledger.refuses(issue("1"))
    assert (refusal.code, refusal.limit, refusal.remaining) == ("BALANCE_CAP_EXCEEDED", MAX_STEPS, 0)


def test_L1_3_pending_counts_towards_64_bits():
    ledger = Ledger()
    ledger.accepts(issue(str(MAX_STEPS - 3), effective_at="2026-04-01"))
    assert ledger.refuses(issue("4"))[0].remaining == 3
    ledger.accepts(issue("3"))
    assert ledger.at("2026-04-01").account().available == MAX_STEPS


def test_L1_3_a_lifetime_figure_ends_at_64_bits():
    ledger = Ledger()
    ledger.accepts(issue(MAX))
    ledger.accepts(consume(MAX))
    (refusal,) = ledger.refuses(issue("1"))
    assert (refusal.code, refusal.limit, refusal.remaining) == ("BALANCE_CAP_EXCEEDED", MAX_STEPS, 0)


def test_L1_3_an_issue_that_is_dead_by_now_counts_towards_64_bits_as_well():
    ledger = Ledger()
    ledger.accepts(issue("1"))
    dead = {"effective_at": "2026-01-01", "expires_at": "2026-02-01"}
    assert codes(ledger.refuses(issue(MAX, **dead))) == ["BALANCE_CAP_EXCEEDED"]
    assert told(ledger.accepts(issue(str(MAX_STEPS - 1), **dead)))[-1] == f"EXPIRED -{MAX_STEPS - 1} =1"


def test_L1_3_an_amount_beyond_64_bits_is_invalid():
    assert codes(Ledger().refuses(issue(BEYOND))) == ["INVALID_INPUT"]
    assert codes(Ledger(points(scale=9)).refuses(issue("9223372036.854775808"))) == ["INVALID_INPUT"]
    assert fields(Ledger().refuses(points("OTHER", 9, max_balance=MAX))) == ["maxBalance"]
