"""LevelDB's log framing with a plain CRC-32, as `.wandb` files use it.

A file is cut into 32 KiB blocks, counted from its beginning. A block holds
fragments: CRC-32 of type and data (uint32), length (uint16), type (1 whole,
2 first, 3 middle, 4 last), data; fewer than 7 bytes left in a block are
padding. Damage costs the rest of its block: the next block begins anew.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

BLOCK: Final = 32768
HEADER: Final = 7
MAX_RECORD: Final = 1 << 24
"""A longer record is dropped and counted: history rows are some kilobytes."""

_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_header = struct.Struct("<IHB")


class BlockLogReader:
    """Cuts bytes into records, the same for chunks of any size; memory is bounded."""

    def __init__(self, offset: int) -> None:
        """Read from file offset `offset` on: blocks are counted from the file's beginning."""
        self.bad_records = 0
        self._offset = offset
        self._held = bytearray()
        self._skip = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._open = False
        self._lost = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the records that `data` completes."""
        self._held += data
        buffer = self._held
        end = len(buffer)
        at = 0
        found: list[bytes] = []
        while True:
            if self._skip:
                cut = min(self._skip, end - at)
                self._skip -= cut
                at += cut
                if self._skip:
                    break
            left = BLOCK - (self._offset + at) % BLOCK
            if left < HEADER:
                self._skip = left
                continue
            if end - at < HEADER:
                break
            crc, length, kind = _header.unpack_from(buffer, at)
            if kind == 0 and length == 0 and crc == 0:
                self._skip = left  # preallocated, or a hole that a crash left
                self._drop()
                continue
            if HEADER + length > left or not _FULL <= kind <= _LAST:
                self._damaged(left)
                continue
            if end - at < HEADER + length:
                break
            # The type's byte stands right before the data: one slice for the CRC.
            if zlib.crc32(memoryview(buffer)[at + HEADER - 1 : at + HEADER + length]) != crc:
                self._damaged(left)
                continue
            at += HEADER
            self._fragment(kind, bytes(buffer[at : at + length]), found)
            at += length
        self._offset += at
        self._held = buffer[at:]
        return found

    def _fragment(self, kind: int, data: bytes, found: list[bytes]) -> None:
        if kind in (_FULL, _FIRST):
            if self._open:
                self.bad_records += 1
            self._lost = False
            self._open = False
            if kind == _FULL:
                found.append(data)
                return
            self._parts = [data]
            self._size = len(data)
            self._open = True
            return
        if not self._open:
            # What is left of a record whose beginning was damaged was counted there.
            self.bad_records += not self._lost
            self._lost = True
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size > MAX_RECORD:
            self.bad_records += 1
            self._drop()
        elif kind == _LAST:
            found.append(b"".join(self._parts))
            self._open = False
            self._parts = []

    def _drop(self) -> None:
        self._lost |= self._open
        self._open = False
        self._parts = []

    def _damaged(self, left: int) -> None:
        self.bad_records += 1
        self._skip = left
        self._drop()
        self._lost = True
