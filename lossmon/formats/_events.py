"""Scalars of TensorBoard event records: one at a time, or many of one layout at once.

Almost all records of a log differ only in the wall time, the step and the
value, which stand in the same places. `parse_event` reads any record and says
where these places are; a `Layout` made of them reads all records that look the
same as numpy columns. Both give the same rows (a property test holds that), so
how the bytes arrived makes no difference.

Layout of the messages: tensorflow/core/util/event.proto, summary.proto,
tensor.proto.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lossmon.formats import _crc32c
from lossmon.formats._protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    WireError,
    fields,
    signed,
    varint,
)
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


FloatArray: TypeAlias = "npt.NDArray[np.float64]"
IntArray: TypeAlias = "npt.NDArray[np.int64]"
BoolArray: TypeAlias = "npt.NDArray[np.bool_]"

# tensorflow/core/framework/types.proto; dtype -> how one element stands in `tensor_content`.
_CONTENT: Final = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "|u1",
    5: "<i2",
    6: "|i1",
    9: "<i8",
    10: "|b1",
    17: "<u2",
    19: "<f2",
    22: "<u4",
    23: "<u8",
}
_BFLOAT16: Final = 14
_STRUCT_F2: Final = struct.Struct("<e")
_STRUCT_F4: Final = struct.Struct("<f")
_STRUCT_F8: Final = struct.Struct("<d")


@record(frozen=False)
class Scalar:
    """One number of a record: its tag, and where it stands if its bytes are fixed in number."""

    tag: bytes
    value: float
    at: int = -1
    dtype: str = ""


@record(frozen=False)
class EventRecord:
    """What one record holds of interest; `wall_at` and `step_at` are places in the payload."""

    scalars: list[Scalar]
    wall: float = 0.0
    step: int = 0
    wall_at: int = -1
    step_at: int = -1
    step_stop: int = -1
    repeated: bool = False


def parse_event(data: bytes) -> EventRecord:
    """Return the scalars of one event record (WireError if it is none)."""
    event = EventRecord([])
    end = len(data)
    for number, kind, start, stop in fields(data, 0, end):
        if number == 1 and kind == FIXED64:
            event.repeated |= event.wall_at >= 0
            event.wall = _STRUCT_F8.unpack_from(data, start)[0]
            event.wall_at = start
        elif number == 2 and kind == VARINT:
            event.repeated |= event.step_at >= 0
            event.step = signed(varint(data, start, stop)[0])
            event.step_at, event.step_stop = start, stop
        elif number == 5 and kind == BYTES:
            for inner, inner_kind, inner_start, inner_stop in fields(data, start, stop):
                if inner == 1 and inner_kind == BYTES:
                    scalar = _value(data, inner_start, inner_stop)
                    if scalar is not None:
                        event.scalars.append(scalar)
    return event


def _value(data: bytes, start: int, stop: int) -> Scalar | None:
    tag = b""
    plugin = b""
    found: Scalar | None = None
    tensor: tuple[int, int] | None = None
    for number, kind, at, end in fields(data, start, stop):
        if number == 1 and kind == BYTES:
            tag = data[at:end]
        elif number == 2 and kind == FIXED32:
            found = Scalar(b"", _STRUCT_F4.unpack_from(data, at)[0], at, "<f4")
        elif number == 8 and kind == BYTES:
            tensor = (at, end)
        elif number == 9 and kind == BYTES:
            plugin = _plugin(data, at, end)
    # A tensor of one number that another plugin wrote (hparams, text …) is no metric.
    if found is None and tensor is not None and plugin in (b"", b"scalars"):
        found = _tensor(data, *tensor)
    if found is None or not tag:
        return None
    found.tag = tag
    return found


def _plugin(data: bytes, start: int, stop: int) -> bytes:
    for number, kind, at, end in fields(data, start, stop):
        if number == 1 and kind == BYTES:
            for inner, inner_kind, inner_at, inner_end in fields(data, at, end):
                if inner == 1 and inner_kind == BYTES:
                    return data[inner_at:inner_end]
    return b""


def _tensor(data: bytes, start: int, stop: int) -> Scalar | None:
    """Return the number of a TensorProto that holds just one, else None."""
    dtype = 0
    found: Scalar | None = None
    content: tuple[int, int] | None = None
    for number, kind, at, end in fields(data, start, stop):
        if number == 1 and kind == VARINT:
            dtype = varint(data, at, end)[0]
        elif number == 2 and kind == BYTES:
            if not _one_element(data, at, end):
                return None
        elif number == 4 and kind == BYTES:
            content = (at, end)
        elif number == 5 and end - at == 4 and kind in (BYTES, FIXED32):
            found = Scalar(b"", _STRUCT_F4.unpack_from(data, at)[0], at, "<f4")
        elif number == 6 and end - at == 8 and kind in (BYTES, FIXED64):
            found = Scalar(b"", _STRUCT_F8.unpack_from(data, at)[0], at, "<f8")
        elif number in (7, 10, 11, 13, 16, 17) and kind in (BYTES, VARINT):
            found = _varint_element(data, at, end, number, dtype)
    if content is not None and content[1] > content[0]:
        return _content_element(data, *content, dtype)
    return found


def _one_element(data: bytes, start: int, stop: int) -> bool:
    for number, kind, at, end in fields(data, start, stop):
        if number == 2 and kind == BYTES:
            size = 0
            for inner, inner_kind, inner_at, inner_end in fields(data, at, end):
                if inner == 1 and inner_kind == VARINT:
                    size = varint(data, inner_at, inner_end)[0]
            if size != 1:
                return False
    return True


def _varint_element(data: bytes, at: int, end: int, number: int, dtype: int) -> Scalar | None:
    try:
        raw, after = varint(data, at, end)
    except WireError:
        return None
    if after != end:
        return None
    if number == 13:  # half_val: the 16 bits of a float16 or bfloat16
        bits = raw & 0xFFFF
        if dtype == _BFLOAT16:
            return Scalar(b"", _bfloat16(bits))
        return Scalar(b"", _STRUCT_F2.unpack(bits.to_bytes(2, "little"))[0])
    return Scalar(b"", float(raw if number in (16, 17) else signed(raw)))


def _content_element(data: bytes, at: int, end: int, dtype: int) -> Scalar | None:
    if dtype == _BFLOAT16 and end - at == 2:
        return Scalar(b"", _bfloat16(int.from_bytes(data[at:end], "little")))
    code = _CONTENT.get(dtype)
    if code is None or end - at != np.dtype(code).itemsize:
        return None
    with np.errstate(invalid="ignore"):
        value = float(np.frombuffer(data, code, 1, at)[0])
    return Scalar(b"", value, at, code)


def _bfloat16(bits: int) -> float:
    value: float = _STRUCT_F4.unpack((bits << 16).to_bytes(4, "little"))[0]
    return value


@record
class Columns:
    """Records of one layout: shapes (n,)."""

    steps: FloatArray
    walls: FloatArray
    values: FloatArray
    intact: BoolArray
    """Whether the payload's CRC is right."""


class Layout:
    """The bytes that records of one length and one tag share, and where the others stand."""

    def __init__(self, sample: bytes, event: EventRecord) -> None:
        """Make the layout of `event`, parsed from `sample`; see `has_layout`."""
        scalar = event.scalars[0]
        self.tag = scalar.tag
        self._wall = event.wall_at
        self._step = (event.step_at, event.step_stop)
        self._value = (scalar.at, scalar.at + np.dtype(scalar.dtype).itemsize)
        self._dtype = scalar.dtype
        mask = np.full(len(sample), 0xFF, dtype=np.uint8)
        if self._wall >= 0:
            mask[self._wall : self._wall + 8] = 0
        if self._step[0] >= 0:
            # The top bit says whether the varint goes on: it must be as in the sample.
            mask[slice(*self._step)] = 0x80
        mask[slice(*self._value)] = 0
        self._mask = mask
        self._template = np.frombuffer(sample, dtype=np.uint8) & mask
        # The CRC is that of the shared bytes, and what each of the others adds at its distance.
        shared = np.where(mask == 0xFF, self._template, 0).astype(np.uint8)
        self._crc_rest = np.uint32(_crc32c.crc32c(shared.tobytes()))
        self._variable = np.flatnonzero(mask != 0xFF)
        distances = len(sample) - 1 - self._variable
        self._tables = np.concatenate([_crc32c.table_at(int(d)) for d in distances])
        self._table_starts = (256 * np.arange(len(distances)))[:, None]

    def matches(self, records: _crc32c.BytesArray) -> BoolArray:
        """Say which of `records` (shape (n, length)) have this layout, shape (n,)."""
        result: BoolArray = ((records & self._mask) == self._template).all(axis=1)
        return result

    def read(self, records: _crc32c.BytesArray, crcs: _crc32c.CrcArray) -> Columns:
        """Return the columns of records of this layout; `crcs` are the stored masked ones."""
        count = len(records)
        if self._wall >= 0:
            walls = self._numbers(records, self._wall, self._wall + 8, "<f8")
        else:
            walls = np.zeros(count)
        steps = np.zeros(count, dtype=np.int64)
        for shift, column in enumerate(range(*self._step)):
            steps |= (records[:, column] & np.uint8(0x7F)).astype(np.int64) << (7 * shift)
        values = self._numbers(records, *self._value, self._dtype)
        variable = records[:, self._variable].T.astype(np.intp) + self._table_starts
        own = np.bitwise_xor.reduce(self._tables[variable], axis=0) ^ self._crc_rest
        return Columns(steps.astype(np.float64), walls, values, _crc32c.masked_array(own) == crcs)

    @staticmethod
    def _numbers(records: _crc32c.BytesArray, start: int, stop: int, dtype: str) -> FloatArray:
        raw = np.ascontiguousarray(records[:, start:stop]).view(dtype)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like others
            return raw[:, 0].astype(np.float64)


def has_layout(event: EventRecord) -> bool:
    """Say whether records like this one can be read by a `Layout`."""
    return (
        len(event.scalars) == 1
        and event.scalars[0].at >= 0
        and not event.repeated
        and event.step_stop - event.step_at <= 9
    )
