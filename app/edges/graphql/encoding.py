"""JSON in and out: strict on input, never anything but JSON on output.

What belongs here: bytes to values and back. What does not: what a request's members mean (`protocol`).
"""

import json
import re
from typing import Any, NoReturn

import orjson

from app.edges.graphql.limits import Limits

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
"""From here on orjson may read an integer as a float."""


class NotJson(ValueError):
    """The bytes are no JSON text in UTF-8 (RFC 8259), or one that nests too deeply or holds too much."""


def decode(text: bytes | str, limits: Limits) -> Any:
    """The value of a JSON text; integers of any size stay exact, `NaN` and `Infinity` are no JSON. Raises NotJson."""
    encoded = text if isinstance(text, bytes) else text.encode(errors="replace")
    containers = encoded.count(b"[") + encoded.count(b"{")
    if containers > limits.json_containers:
        raise NotJson(f"more than {limits.json_containers} arrays and objects")
    try:
        value = orjson.loads(encoded) if _LONG_NUMBER.search(encoded) is None else _exactly(encoded)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if containers > limits.json_depth and _deeper_than(value, limits.json_depth):
        raise NotJson(f"more than {limits.json_depth} arrays and objects within one another")
    return value


def encode(value: Any) -> bytes:
    """The value as JSON in UTF-8; what orjson cannot write (integers beyond 64 bits, lone surrogates) is still JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _exactly(encoded: bytes) -> Any:
    return json.loads(encoded.decode(), parse_constant=_no_constant, parse_float=_finite)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number is out of range")
    return number


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
