"""CSV rows as commands: columns, rounding, zeros, dates, keys, and what is wrong with a row or a file."""

import gzip
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.commands import Consume, Issue
from app.domain.rejections import InvalidInput
from app.services.csv_rows import ImportRow, Layout, OperationName, Rounding, UnreadableFileError, Zero, commands

SCALES = {"POINTS": 0, "EUR": 2}


def read(text: str | bytes, **layout: Any) -> list[ImportRow]:
    """The rows of a file."""
    given = {"customer_column": "who", "amount_column": "much", "key_template": "k:{line}", "type_code": "POINTS"}
    content = text if isinstance(text, bytes) else text.encode()
    return list(commands(io.BytesIO(content), Layout(**{**given, **layout}), SCALES))


def one(amount: str, **layout: Any) -> Any:
    """The command of a file with one row."""
    return read(f"who,much\nada,{amount}\n", **layout)[0].command


def test_a_row_is_an_issue_with_the_line_as_an_editor_counts() -> None:
    rows = read("who,much\nada,1\n\nbob,2\n")
    assert [(row.line, row.command) for row in rows] == [
        (2, Issue(idempotency_key="k:2", customer_id="ada", type_code="POINTS", amount="1")),
        (4, Issue(idempotency_key="k:4", customer_id="bob", type_code="POINTS", amount="2")),
    ]


def test_a_row_over_several_lines_is_named_by_its_first() -> None:
    rows = read('who,much,note\nada,1,"one\ntwo"\nbob,2,\n', metadata_columns=["note"])
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("amount", "rounding", "code", "rounded"),
    [
        ("11.77", "up", "POINTS", "12"),
        ("12.00", "up", "POINTS", "12"),
        ("0.01", "up", "POINTS", "1"),
        ("11.77", "down", "POINTS", "11"),
        ("2.5", "half-even", "POINTS", "2"),
        ("3.5", "half-even", "POINTS", "4"),
        ("1.005", "up", "EUR", "1.01"),
        ("7", "up", "EUR", "7.00"),
        ("9" * 30 + ".5", "up", "POINTS", "1" + "0" * 30),
        ("1.5", None, "POINTS", "1.5"),
        ("-1.5", "up", "POINTS", "-1.5"),
        ("1e3", "up", "POINTS", "1e3"),
        ("1.5", "up", "UNKNOWN", "1.5"),
        (" 3 ", "up", "POINTS", "3"),
    ],
)
def test_amounts_are_rounded_to_the_types_decimals(amount: str, rounding: str | None, code: str, rounded: str) -> None:
    assert one(amount, rounding=rounding and Rounding(rounding), type_code=code).amount == rounded


@pytest.mark.parametrize(("amount", "rounding"), [("0", None), ("0.00", "up"), ("0.4", "down")])
def test_zeros_are_skipped_or_left_to_the_ledger_to_refuse(amount: str, rounding: str | None) -> None:
    given = rounding and Rounding(rounding)
    assert one(amount, rounding=given, zero=Zero.SKIP) is None
    assert one(amount, rounding=given, zero=Zero.REFUSE).amount.strip("0.") == ""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1997-01-01", datetime(1997, 1, 1, tzinfo=UTC)),
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01 12:30", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30:00.123456+02:00", datetime(2026, 3, 1, 10, 30, 0, 123456, tzinfo=UTC)),
        ("", None),
    ],
)
def test_dates_and_times(text: str, instant: datetime | None) -> None:
    row = read(f"who,much,at\nada,1,{text}\n", effective_at_column="at")[0].command
    assert isinstance(row, Issue)
    assert row.effective_at == instant


def test_times_without_an_offset_are_in_the_given_zone() -> None:
    row = read("who,much,at\nada,1,2026-07-01\n", effective_at_column="at", time_zone="Europe/Berlin")[0].command
    assert isinstance(row, Issue)
    assert row.effective_at == datetime(2026, 6, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "1997-02-30",
        "20260301",
        "2026-03-01T12:30:00.1234567Z",
        "0001-01-01T00:00+14:00",
        "2026-03-01T23:59:60Z",
    ],
)
def test_what_is_no_date_refuses_its_row(text: str) -> None:
    row = read(f"who,much,at\nada,1,{text}\nbob,1,\n", effective_at_column="at")
    assert isinstance(row[0].command, InvalidInput)
    assert row[0].command.field == ("at",)
    assert isinstance(row[1].command, Issue)


def test_columns_say_type_operation_expiry_and_metadata() -> None:
    text = "id,who,what,do,much,until,shop\n7,ada,EUR,consume,1.5,,a\n8,bob,POINTS,Issue,2,2027-01-01,b\n"
    rows = read(
        text,
        type_code=None,
        type_column="what",
        operation_column="do",
        expires_at_column="until",
        metadata_columns=["shop"],
        key_template="order-{id}/{line}",
        reason="old system",
    )
    first, second = (row.command for row in rows)
    assert first == Consume(
        idempotency_key="order-7/2", customer_id="ada", type_code="EUR", amount="1.5", reason="old system",
        metadata={"shop": "a"},
    )  # fmt: skip
    assert isinstance(second, Issue)
    assert (second.idempotency_key, second.expires_at) == ("order-8/3", datetime(2027, 1, 1, tzinfo=UTC))


def test_every_row_may_be_a_consume() -> None:
    assert isinstance(one("1", operation=OperationName.CONSUME), Consume)


@pytest.mark.parametrize(
    ("row", "layout"),
    [
        ("ada", {}),
        ("ada,1,2,3", {}),
        ("ada,1,give", {"operation_column": "extra"}),
        ("ada,1,2030-01-01", {"operation": OperationName.CONSUME, "expires_at_column": "extra"}),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_alone(row: str, layout: dict[str, Any]) -> None:
    rows = read(f"who,much,extra\n{row}\nbob,1,\n", **layout)
    assert isinstance(rows[0].command, InvalidInput)
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("content", "layout", "says"),
    [
        (b"", {}, "empty"),
        (b"who,amount\nada,1\n", {}, "no column much; its columns are who, amount"),
        (b"who,much\nada,1\n", {"key_template": "{order}"}, "no column order"),
        (b"who,much\nada,1\n", {"key_template": "same"}, "every row one key"),
        (b"who,much\nada,1\n", {"key_template": "{line"}, "not well formed"),
        (b"who,much\nada,1\n", {"key_template": "{line:>3}"}, "plain names"),
        (b"who,much\n\xff\xfe,1\n", {}, "not UTF-8"),
        (b'who,much\n"ada,1\n', {}, "is not CSV"),
        (gzip.compress(b"who,much\n" + b"ada,1\n" * 1_000, mtime=0)[:-12], {}, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, layout: dict[str, Any], says: str) -> None:
    with pytest.raises(UnreadableFileError, match=says):
        read(content, **layout)


def test_packed_files_byte_order_marks_and_other_delimiters() -> None:
    assert len(read(gzip.compress(b"who,much\nada,1\n"))) == 1
    assert len(read(b"\xef\xbb\xbfwho;much\r\nada;1\r\n", delimiter=";")) == 1
