"""The pages for people name what there is: settings with their defaults, codes, commands."""

import re
from pathlib import Path

import pytest

from app.domain.rejections import RETRYABLE, RejectionCode
from app.edges.graphql import errors
from app.settings import Settings

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
REFUSALS = (ROOT / "docs/refusals.md").read_text()
README = (ROOT / "README.md").read_text()
LATER = {
    "UNKNOWN_GRANT",
    "UNKNOWN_HOLD",
    "UNKNOWN_EVENT",
    "UNKNOWN_RULE",
    "VERSION_MISMATCH",
    "HOLD_ENDED",
    "GRANT_REVOKED",
    "GRANT_EXPIRED",
    "NOT_REVERSIBLE",
    "REVERSAL_EXCEEDS_ORIGINAL",
    "CAPTURE_EXCEEDS_HOLD",
    "DEBT_LIMIT_EXCEEDED",
    "CAP_REACHED",
    "CUSTOMER_NOT_EMPTY",
    "NOT_ALLOWED",
}
"""Codes that nothing answers yet."""


def written(default: object) -> str:
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "`[]`" if default == () else f"`{default}`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_default(name: str) -> None:
    row = f"| `LEDGER_{name.upper()}` | {written(Settings.model_fields[name].default)} | "
    assert row in CONFIGURATION


def test_the_table_names_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"^\| `LEDGER_(\w+)`", CONFIGURATION, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_refusal_that_can_be_given_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| .* \| (yes|no) \|$", REFUSALS, re.MULTILINE))
    assert rows == {
        code.value: "yes" if code in RETRYABLE else "no" for code in RejectionCode if code.value not in LATER
    }


def test_every_code_of_a_graphql_error_is_explained() -> None:
    codes = {value for name, value in vars(errors).items() if name.isupper() and str(value).endswith(name)}
    assert "GRAPHQL_PARSE_FAILED" in codes
    assert codes <= set(re.findall(r"^\| `([A-Z_]+)` \|", REFUSALS, re.MULTILINE))


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_the_readmes_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
