"""A gzipped log: the compressed file is followed, its text is handed on."""

from __future__ import annotations

import zlib
from typing import Final

from lossmon.sources.base import Read, Tail
from lossmon.sources.files import FileTail

MAX_RATIO: Final = 300
"""Text logs shrink 5 to 30 times, a progress bar's redraws 100 times; deflate reaches 1,032."""
RATIO_FROM: Final = 64 << 20
"""Below this size a high ratio is no danger."""
_GZIP: Final = 31  # window bits of a gzip member (zlib's manual, inflateInit2)


class GzipTail(Tail):
    """Decompresses in bounded pieces; `position` and `size` count compressed bytes."""

    def __init__(self, inner: Tail) -> None:
        self.path = inner.path
        self._inner = inner
        self._reset()

    def _reset(self) -> None:
        self._engine = zlib.decompressobj(_GZIP)
        self._waiting = b""
        self._given = 0
        self._taken = 0
        self._problem: str | None = None

    def changed(self) -> bool:
        return bool(self._waiting) or self._inner.changed()

    def read(self, limit: int) -> Read:
        limit = max(1, limit)
        raw = Read() if self._waiting else self._inner.read(limit)
        if raw.cut:
            self._reset()
        if not self._waiting:
            self._position, self._size = raw.position, raw.size
            self._inner_more = raw.more
        data = b"" if self._problem else self._decompress(self._waiting + raw.data, limit)
        return Read(
            data,
            raw.cut,
            bool(self._waiting) or self._inner_more,
            position=self._position - len(self._waiting),
            size=self._size,
            error=raw.error or self._problem,
        )

    def _decompress(self, raw: bytes, limit: int) -> bytes:
        pieces: list[bytes] = []
        room = limit
        self._taken += len(raw) - len(self._waiting)
        while raw and room > 0:
            try:
                piece = self._engine.decompress(raw, room)
            except zlib.error as error:
                self._problem = f"{self.path}: damaged gzip data: {error}"
                raw = b""
                break
            pieces.append(piece)
            room -= len(piece)
            if self._engine.eof:
                # Members may follow one another; zeros that pad the last one are none.
                raw = self._engine.unused_data.lstrip(b"\0")
                self._engine = zlib.decompressobj(_GZIP)
            else:
                raw = self._engine.unconsumed_tail
                if not piece and raw:
                    break
        self._waiting = raw
        self._given += limit - room
        if self._given > RATIO_FROM and self._given > MAX_RATIO * max(1, self._taken):
            self._problem = f"{self.path}: expands more than {MAX_RATIO} times: not read further"
            self._waiting = b""
        return b"".join(pieces)

    @property
    def modified(self) -> float | None:
        return self._inner.modified

    def close(self) -> None:
        self._inner.close()


def gzip_head(raw: bytes, limit: int) -> bytes:
    """Return the first bytes of the text that `raw`, a beginning of gzip data, holds."""
    try:
        return zlib.decompressobj(_GZIP).decompress(raw, limit)
    except zlib.error:
        return b""


def open_gzip(path: str) -> GzipTail:
    """Return the tail of a gzipped local file."""
    return GzipTail(FileTail(path))
