"""What rotation has zipped (`log.1.gz`, `log-20260131.gz`), read from where one was.

Up to some bounds, since anybody may have put a file of that name there; what
is no gzip, or half of one, is read as far as it goes.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Final

MAX_PASSED: Final = 1 << 28
"""Bytes unzipped to come to a position: a second of work. What lies behind is not read."""
MAX_UNREAD: Final = 1 << 26
"""Bytes taken of one part at once: what was written between two looks is some kilobytes."""

_DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What reading a file that is no gzip, or half of one, can raise."""


def unzipped(raw: BinaryIO, start: int, length: int) -> bytes:
    """Return up to `length` bytes of the text of an open zipped file, from `start` on."""
    import gzip  # some milliseconds, for what most logs never meet

    if start > MAX_PASSED:
        return b""
    pieces = []
    with gzip.GzipFile(fileobj=raw) as file:
        try:
            file.seek(start)
            while length > 0 and (piece := file.read1(min(length, 1 << 20))):
                pieces.append(piece)
                length -= len(piece)
        except _DAMAGE:
            pass  # what came before the damage is the log's
    return b"".join(pieces)
