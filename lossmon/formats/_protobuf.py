"""Reading protobuf's wire format without a schema compiler.

Only what log records need: fields of one message, one after the other, with
their places in the bytes. Nothing is copied; every length is checked against
the bytes that are there. See https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5


class WireError(ValueError):
    """Bytes that are no protobuf message."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the unsigned varint at `at` and the place after it."""
    result = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            break
    raise WireError("a varint without an end")


def signed(value: int) -> int:
    """Return the int64 that a varint stands for (two's complement)."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, wire type, start, stop) of each field of the message in `data[at:end]`.

    `data[start:stop]` is the value: a varint's bytes, the 4 or 8 of a fixed
    one, or what a length-delimited one holds. WireError if it is no message.
    """
    while at < end:
        key = data[at]
        at += 1
        if key >= 0x80:
            key, at = varint(data, at - 1, end)
        kind = key & 7
        if kind == BYTES:
            if at < end and data[at] < 0x80:
                start = at + 1
                stop = start + data[at]
            else:
                size, start = varint(data, at, end)
                stop = start + size
        elif kind == VARINT:
            start = at
            while at < end and data[at] >= 0x80:
                at += 1
            stop = at + 1
            if stop - start > 10:
                raise WireError("a varint without an end")
        elif kind == FIXED32:
            start, stop = at, at + 4
        elif kind == FIXED64:
            start, stop = at, at + 8
        else:
            raise WireError(f"wire type {kind}")
        if stop > end or key < 8:
            raise WireError("a field beyond its message")
        yield key >> 3, kind, start, stop
        at = stop


def text(data: bytes, start: int, stop: int) -> str:
    """Return a string field."""
    return data[start:stop].decode("utf-8", "replace")
