"""From Python's floats to a numpy column, and from records to floats, as fast as it goes.

Inner loops that a million lines pass through. Packing a list takes 7 ns a
number where `np.fromiter` takes 20; a comprehension whose attribute is written
out takes 11 ns a record where `map(attrgetter)` takes 22, since the interpreter
remembers the slot. Text between commas takes 25 ns a number where no Python
object is made of it (simdjson), 55 where one is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lossmon.model.batch import FloatArray

if TYPE_CHECKING:
    import msgspec


def column(values: Sequence[float | None]) -> FloatArray:
    """Return the numbers as an array of shape (n,) of its own; NaN for None."""
    packed = bytearray(8 * len(values))
    try:
        struct.pack_into(f"{len(values)}d", packed, 0, *values)
    except struct.error:  # None is among them
        return np.fromiter(values, np.float64, len(values))
    return np.frombuffer(packed, np.float64)


@cache
def getter(index: int) -> Callable[[list[Any]], list[Any]]:
    """Return a function that takes field `f{index}` of each record."""
    # The text is ours, and holds nothing of a log: a number alone.
    taken: Callable[[list[Any]], list[Any]] = eval(f"lambda rows: [row.f{index:d} for row in rows]")
    return taken


_MANY: Final = 1 << 14
"""Bytes of text from which importing a quicker decoder pays."""

_NO_NUMBER: Final = (b"u", b"a", b"[", b"{", b'"')
"""One of them stands in whatever JSON has but numbers."""


def between_commas(text: bytes) -> FloatArray:
    """Return the numbers that stand between commas in a text without line ends.

    Numbers are spelled as in JSON, blanks may stand around them. Every way gives the same
    float64, the nearest one. ValueError if something else stands there.
    """
    document = b"[%b]" % text
    if len(text) >= _MANY and not any(mark in text for mark in _NO_NUMBER):
        found = _unboxed(document)
        if found is not None:
            return found
        import orjson

        try:
            return column(orjson.loads(document))
        except orjson.JSONDecodeError:
            pass  # too large for it, or no number: msgspec says which
    return column(_strict().decode(document))


def _unboxed(document: bytes) -> FloatArray | None:
    """Return a JSON array's numbers, None where simdjson is absent or refuses one.

    It refuses whole numbers beyond 64 bits, which others take; and a parser that is still
    in use, which the thread that finds it so can do without.
    """
    parser = _simdjson()
    if parser is None:
        return None
    try:
        return np.frombuffer(parser.parse(document).as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError, RuntimeError):
        return None


@cache
def _simdjson() -> Any:
    """Return the parser of the process (its buffers are as large as a block), None without one."""
    try:
        import simdjson
    except (ImportError, RuntimeError):  # the latter where its binary part cannot be loaded
        return None
    return simdjson.Parser()


@cache
def _strict() -> msgspec.json.Decoder[list[float]]:
    """Return the decoder that takes numbers and nothing else; made when it is first needed."""
    import msgspec

    return msgspec.json.Decoder(list[float])
