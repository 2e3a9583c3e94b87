"""JSON as training programs write it: `NaN` and `Infinity` among the numbers, quoted numbers.

`orjson` first, since it is fast and strict; what it refuses goes to Python's
own reader, which knows the non-finite words.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_NUMBER_START: Final = frozenset("0123456789.+-nNiI")


def loads(text: str | bytes) -> Any:
    """Return the value, or None where the text is no JSON (a JSON null is None too)."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> float:
    return float(digits)


def number(value: object) -> float | None:
    """Return a JSON value as float if it is a number, or a number in quotes; else None.

    Booleans and null are no numbers.
    """
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str):
        return parse_number(value)
    return None


def parse_number(text: str) -> float | None:
    """Return the number that a cell or a quoted value holds, None if it holds none.

    `nan`, `inf` and `infinity` count in any case; digits grouped by `_` do not.
    """
    text = text.strip()
    if text[:1] not in _NUMBER_START or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
