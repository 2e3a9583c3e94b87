"""Writers of binary logs for tests, made from the formats' descriptions and not from our readers.

CRC-32C bit by bit, protobuf by hand: slow, and independent of what they check.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence


def varint(value: int) -> bytes:
    """Encode an unsigned (or, as protobuf does, a negative 64-bit) integer."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    """Encode a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def integer(number: int, value: int) -> bytes:
    """Encode a varint field."""
    return varint(number << 3) + varint(value)


def crc32c(data: bytes) -> int:
    """CRC-32C, one bit at a time."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """The form in which record files store a CRC."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    """Frame a payload as a record of an event file."""
    length = struct.pack("<Q", len(payload))
    return (
        length
        + struct.pack("<I", masked(crc32c(length)))
        + payload
        + struct.pack("<I", masked(crc32c(payload)))
    )


def simple(tag: str, value: float) -> bytes:
    """Encode a Summary.Value with a simple_value."""
    return field(1, tag.encode()) + struct.pack("<Bf", 2 << 3 | 5, value)


def tensor(tag: str, content: bytes, plugin: str = "") -> bytes:
    """Encode a Summary.Value with a tensor, and the plugin's name where one is given."""
    metadata = field(9, field(1, field(1, plugin.encode()))) if plugin else b""
    return field(1, tag.encode()) + metadata + field(8, content)


def event(step: int, *values: bytes, wall: float = 1.7e9) -> bytes:
    """Encode an Event; step 0 is left out, as protobuf does."""
    return (
        struct.pack("<Bd", 1 << 3 | 1, wall)
        + (integer(2, step) if step else b"")
        + field(5, b"".join(field(1, value) for value in values))
    )


def version_event(wall: float = 1.7e9) -> bytes:
    """Encode the first event of a file."""
    return struct.pack("<Bd", 1 << 3 | 1, wall) + field(3, b"brain.Event:2")


def event_file(rows: Sequence[tuple[int, Mapping[str, float]]]) -> bytes:
    """Encode an event file with one record a value, as SummaryWriter.add_scalar writes it."""
    records = [record(version_event())]
    for number, (step, values) in enumerate(rows):
        for tag, value in values.items():
            records.append(record(event(step, simple(tag, value), wall=1.7e9 + number)))
    return b"".join(records)


def wandb_file(records: Sequence[bytes]) -> bytes:
    """Frame protobuf records as a `.wandb` file: fragments in 32 KiB blocks."""
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for data in records:
        first = True
        rest = data
        while True:
            left = 32768 - len(out) % 32768
            if left < 7:
                out += bytes(left)
                left = 32768
            piece, rest = rest[: left - 7], rest[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                (first, not rest)
            ]
            body = bytes([kind]) + piece
            out += struct.pack("<IH", zlib.crc32(body), len(piece)) + body
            first = False
            if not rest:
                break
    return bytes(out)


def history(step: int, items: Mapping[str, str], nested: bool = True) -> bytes:
    """Encode a Record with a history row; `items` maps keys to JSON texts."""
    content = b"".join(
        field(1, field(2 if nested else 1, key.encode()) + field(16, value.encode()))
        for key, value in items.items()
    )
    return field(2, content + field(2, integer(1, step) if step else b""))
