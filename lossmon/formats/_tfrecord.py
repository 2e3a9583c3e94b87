"""Framing of record files: where each record of a stream of bytes begins and ends.

A record is `length` (uint64), the masked CRC-32C of these 8 bytes, the
payload, and the masked CRC-32C of the payload. The CRC of the length is
checked for every record: it costs one comparison, since equal lengths have
equal CRCs. It is also what lets the reader find its way again after damage.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lossmon.formats import _crc32c
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


IntArray: TypeAlias = "npt.NDArray[np.int64]"

HEADER: Final = 12
FOOTER: Final = 4
MAX_HELD: Final = 1 << 20
"""A longer record (images, graphs, never scalars) is passed over without being held."""
MAX_RECORD: Final = 1 << 31
"""Protobuf's own limit: a length beyond it is damage, even with a right CRC."""

_MAX_KNOWN_LENGTHS: Final = 4096
_TRY_PERIOD_EVERY: Final = 64  # records framed one by one before a rhythm is looked for
_MAX_PERIOD: Final = 24  # metrics written a step; a longer rhythm is framed one by one
_MIN_CYCLES: Final = 8
_MAX_CYCLES: Final = 8192
_FIRST_WINDOW: Final = 4096  # bytes searched for the next record after damage; then doubled

_header = struct.Struct("<QI")


@record
class Records:
    """Whole records: `buffer[starts[i] : starts[i] + lengths[i]]` are their payloads."""

    buffer: bytes
    starts: IntArray
    lengths: IntArray


class RecordReader:
    """Cuts bytes into records, the same for chunks of any size; memory is bounded."""

    def __init__(self) -> None:
        self.bad_records = 0
        self._held = bytearray()
        self._need = HEADER
        self._skip = 0
        self._lost = False
        self._crcs: dict[int, int] = {}
        self._recent: list[int] = []  # lengths of the last records, for their rhythm

    def feed(self, data: bytes) -> Records:
        """Return the records that `data` completes."""
        if self._skip:
            cut = min(self._skip, len(data))
            self._skip -= cut
            data = data[cut:]
        self._held += data
        if len(self._held) < self._need:
            return _NOTHING
        buffer = bytes(self._held)
        starts: list[IntArray] = []
        lengths: list[IntArray] = []
        at = self._frame(buffer, starts, lengths)
        self._held = bytearray(buffer[at:])
        if not starts:
            return _NOTHING
        return Records(buffer, np.concatenate(starts), np.concatenate(lengths))

    def _frame(self, buffer: bytes, starts: list[IntArray], lengths: list[IntArray]) -> int:
        at = 0
        wait = _TRY_PERIOD_EVERY
        while True:
            period = 0 if self._lost else _period(self._recent)
            if period:
                at, cycles = _repeat(
                    buffer, at, self._recent[-period:], self._crcs, starts, lengths
                )
                # Without a rhythm it is looked for ever less often.
                wait = _TRY_PERIOD_EVERY if cycles else min(2 * wait, 4096)
            at, found, sizes, stopped = self._one_by_one(buffer, at, wait)
            if found:
                starts.append(np.array(found, dtype=np.int64))
                lengths.append(np.array(sizes, dtype=np.int64))
                self._recent = (self._recent + sizes[-3 * _MAX_PERIOD :])[-3 * _MAX_PERIOD :]
            if stopped:
                return at

    def _one_by_one(
        self, buffer: bytes, at: int, limit: int
    ) -> tuple[int, list[int], list[int], bool]:
        """Frame up to `limit` records; the last value says that the bytes are used up."""
        size = len(buffer)
        found: list[int] = []
        sizes: list[int] = []
        crcs = self._crcs
        unpack = _header.unpack_from
        while len(found) < limit:
            if self._lost:
                at, self._lost = _next_record(buffer, at)
            if at + HEADER > size:
                self._need = HEADER
                return at, found, sizes, True
            length, crc = unpack(buffer, at)
            if crcs.get(length) != crc and not self._plausible(length, crc):
                self.bad_records += 1
                self._lost = True
                at += 1
                continue
            stop = at + HEADER + length + FOOTER
            if stop > size:
                if length > MAX_HELD:
                    self._skip = stop - size
                    self._need = HEADER
                    return size, found, sizes, True
                self._need = stop - at
                return at, found, sizes, True
            if length <= MAX_HELD:
                found.append(at + HEADER)
                sizes.append(length)
            at = stop
        return at, found, sizes, False

    def _plausible(self, length: int, crc: int) -> bool:
        if length > MAX_RECORD or masked_length_crc(length) != crc:
            return False
        if len(self._crcs) < _MAX_KNOWN_LENGTHS:
            self._crcs[length] = crc
        return True


_NOTHING: Final = Records(b"", np.empty(0, np.int64), np.empty(0, np.int64))


def masked_length_crc(length: int) -> int:
    """Return the CRC that stands after a record's length."""
    return _crc32c.masked(_crc32c.crc32c(length.to_bytes(8, "little")))


def starts_with_record(head: bytes) -> bool:
    """Say whether bytes begin with a record's length and its right CRC."""
    if len(head) < HEADER:
        return False
    length: int
    crc: int
    length, crc = _header.unpack_from(head)
    return length <= MAX_RECORD and masked_length_crc(length) == crc


def _period(sizes: list[int]) -> int:
    """Return after how many records the lengths repeat (three times at least), 0 if never."""
    for period in range(1, _MAX_PERIOD + 1):
        if 3 * period > len(sizes):
            break
        cycle = sizes[-period:]
        if sizes[-2 * period : -period] == cycle and sizes[-3 * period : -2 * period] == cycle:
            return period
    return 0


def _repeat(
    buffer: bytes,
    at: int,
    cycle: list[int],
    crcs: dict[int, int],
    starts: list[IntArray],
    lengths: list[IntArray],
) -> tuple[int, int]:
    """Frame records as long as their lengths go on as in `cycle`.

    Guesses all places, then checks the length and CRC at each of them at once:
    a guess that does not hold ends it. Returns the place after, and the cycles.
    """
    if any(length not in crcs for length in cycle):
        return at, 0
    sizes = np.array(cycle, dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes + HEADER + FOOTER)))
    stride = int(offsets[-1])
    total = 0
    while True:
        cycles = min((len(buffer) - at) // stride, _MAX_CYCLES)
        if cycles < _MIN_CYCLES:
            return at, total
        good = cycles
        for offset, length in zip(offsets[:-1].tolist(), cycle, strict=True):
            place = at + offset
            said = np.ndarray((good,), "<u8", buffer, place, (stride,))
            crc = np.ndarray((good,), "<u4", buffer, place + 8, (stride,))
            wrong = (said != length) | (crc != crcs[length])
            if wrong.any():
                good = int(wrong.argmax())
                if not good:
                    return at, total
        places = at + HEADER + np.arange(good, dtype=np.int64)[:, None] * stride + offsets[:-1]
        starts.append(places.ravel())
        lengths.append(np.tile(sizes, good))
        at += good * stride
        total += good
        if good < cycles:
            return at, total


def _next_record(buffer: bytes, at: int) -> tuple[int, bool]:
    """Return the place of the next plausible header, or where to go on looking, and True."""
    window = _FIRST_WINDOW
    last = len(buffer) - HEADER
    while at <= last:
        count = min(window, last + 1 - at)
        lengths = np.ndarray((count,), "<u8", buffer, at, (1,))
        candidates = np.flatnonzero(lengths <= MAX_RECORD)
        if len(candidates):
            said = np.ndarray((count,), "<u4", buffer, at + 8, (1,))[candidates]
            right = _crc32c.masked_array(_crcs_of(lengths[candidates])) == said
            if right.any():
                return at + int(candidates[int(right.argmax())]), False
        at += count
        window *= 2
    return at, True


def _crcs_of(lengths: npt.NDArray[np.uint64]) -> _crc32c.CrcArray:
    """Return the CRC of the 8 bytes of each length."""
    columns = lengths.astype("<u8").view(np.uint8).reshape(-1, 8)
    crcs = np.full(len(lengths), _crc32c.crc32c(bytes(8)), dtype=np.uint32)
    for index in range(8):
        crcs ^= _crc32c.table_at(7 - index)[columns[:, index]]
    return crcs
