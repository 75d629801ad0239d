"""Amounts: decimal strings outside, whole smallest steps inside (L1.2, L1.3).

What belongs here: reading, writing and bounding amounts. What does not: what an amount is for.
"""

import re

RawAmount = str | int

MAX_STEPS = 2**63 - 1
MAX_SCALE = 9

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,9}))?", re.ASCII)


def is_amount(raw: RawAmount) -> bool:
    """Whether `raw` is written as an amount at all; its scale and bounds are judged by `to_steps`."""
    return _match(raw) is not None


def to_steps(raw: RawAmount, scale: int) -> int | None:
    """The amount in smallest steps of `scale` decimals, or None where it does not fit the scale or 64 bits."""
    match = _match(raw)
    if match is None:
        return None
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > scale:
        return None
    steps = int(whole) * 10**scale + int(decimals.ljust(scale, "0") or "0")
    return steps if steps <= MAX_STEPS else None


def to_text(steps: int, scale: int) -> str:
    """The decimal string with all the decimals of `scale`; negative steps (a delta) get a minus sign."""
    if scale == 0:
        return str(steps)
    digits = str(abs(steps)).rjust(scale + 1, "0")
    return f"{'-' if steps < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def canonical(raw: RawAmount) -> str:
    """The shortest decimal string of the same value, so that "12.50", "12.5" and 12 hash alike where they are equal."""
    text = str(raw)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _match(raw: RawAmount) -> re.Match[str] | None:
    if isinstance(raw, int) and not 0 <= raw <= MAX_STEPS:
        return None
    return _DECIMAL.fullmatch(str(raw))
