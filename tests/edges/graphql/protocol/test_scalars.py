"""Scalars: what is a value, in variables and in literals, and how it looks on the way out."""

from typing import Any

import orjson
import pytest

from tests.edges.graphql.protocol.toy import codes, run, toy_schema

SCHEMA = toy_schema()


async def echoed(field: str, type_: str, value: Any) -> Any:
    """What a value becomes as a variable; None if it is no value of the type."""
    response = await run(SCHEMA, f"query ($v: {type_}!) {{ {field}(value: $v) }}", {"v": value})
    if "errors" in response:
        assert codes(response) == ["BAD_USER_INPUT"]
        assert response["data"] is None
        return None
    return response["data"][field]


async def literal(field: str, text: str) -> Any:
    response = await run(SCHEMA, f"{{ {field}(value: {text}) }}")
    if "errors" in response:
        assert set(codes(response)) <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
        assert response["errors"][0]["locations"]
        return None
    return response["data"][field]


@pytest.mark.parametrize("value", ["12.50", "", "abc", "1e5", "٣", 0, 7, -3, 10**30, "9" * 100])
async def test_an_amount_is_any_string_or_integer_for_the_domain_to_judge(value: Any) -> None:
    assert await echoed("echoAmount", "Amount", value) == repr(value)
    assert await literal("echoAmount", orjson.dumps(value).decode() if isinstance(value, str) else str(value)) == repr(
        value
    )


@pytest.mark.parametrize("value", [True, False, 1.5, 1.0, float("1e30"), [], ["1"], {}, {"a": 1}])
async def test_anything_else_is_no_amount(value: Any) -> None:
    assert await echoed("echoAmount", "Amount", value) is None


@pytest.mark.parametrize("text", ["true", "1.0", "1e3", "BARE", '["1"]', '{a: "1"}', "null"])
async def test_no_other_literal_is_an_amount(text: str) -> None:
    assert await literal("echoAmount", text) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500000Z"),
        ("2026-01-31T12:00:00.123456-23:59", "2026-02-01T11:59:00.123456Z"),
        ("2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
    ],
)
async def test_an_instant_is_rfc_3339_and_goes_out_in_utc(text: str, instant: str) -> None:
    assert await echoed("echoInstant", "DateTime", text) == instant
    assert await literal("echoInstant", f'"{text}"') == instant


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "2026",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00Z",
            "20260131T120000Z",
        ),
        *(
            "2026-01-31T12:00:00.1234567Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00,5Z",
            "2026-01-31T12:00:00+0200",
        ),
        *("2026-02-30T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-06-30T23:59:60Z", "now"),
        *(
            "2026-01-31T12:00:00+24:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00Z",
        ),
        *("٢٠٢٦-01-31T12:00:00Z", " 2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z\n", "2026-W05-6T12:00:00Z"),
        *(1_769_860_800, 1.5, True, None, [], {}),
    ],
)
async def test_anything_else_is_no_instant(value: Any) -> None:
    assert await echoed("echoInstant", "DateTime", value) is None


@pytest.mark.parametrize("value", [{}, [], "x", 1, 1.5, True, {"a": [None, {"b": [1, "2", False]}]}, 10**25])
async def test_json_is_any_json(value: Any) -> None:
    assert await echoed("echoJson", "JSON", value) == value


async def test_json_is_written_in_documents_too() -> None:
    assert await literal("echoJson", '{a: [1, 2.5, "x", true, null, BARE], b: {}}') == {
        "a": [1, 2.5, "x", True, None, "BARE"],
        "b": {},
    }
    response = await run(SCHEMA, "query ($v: Int) { echoJson(value: {a: $v, b: [$v]}) }", {"v": 7})
    assert response["data"] == {"echoJson": {"a": 7, "b": [7]}}


@pytest.mark.parametrize("text", ["1e999", "{a: [1e999]}", "-1e999"])
async def test_numbers_that_json_cannot_write_do_not_come_in(text: str) -> None:
    assert await literal("echoJson", text) is None
    assert await echoed("echoJson", "JSON", [float("nan")]) is None


@pytest.mark.parametrize(("value", "valid"), [(0, True), (1, True), (2**53 - 1, True), (2**53, False), (-1, False)])
async def test_a_position_is_an_exact_json_integer(value: int, valid: bool) -> None:
    assert await echoed("echoPosition", "Position", value) == (value if valid else None)
    assert await literal("echoPosition", str(value)) == (value if valid else None)


@pytest.mark.parametrize("value", ["1", 1.0, True, [1]])
async def test_anything_else_is_no_position(value: Any) -> None:
    assert await echoed("echoPosition", "Position", value) is None


@pytest.mark.parametrize(("value", "valid"), [("P30D", True), ("nonsense", True), (30, False), (True, False)])
async def test_a_duration_is_any_string_for_the_domain_to_judge(value: Any, valid: bool) -> None:
    assert await echoed("echoDuration", "Duration", value) == (value if valid else None)


async def test_scalars_say_where_they_are_specified() -> None:
    response = await run(SCHEMA, "{ __schema { types { kind name description specifiedByURL } } }")
    urls = {type_["name"]: type_["specifiedByURL"] for type_ in response["data"]["__schema"]["types"]}
    assert urls["Amount"] == "https://www.rfc-editor.org/rfc/rfc8259"
    assert urls["DateTime"] == "https://www.rfc-editor.org/rfc/rfc3339"
