"""A named pipe as a source: read without ever waiting for a writer."""

from __future__ import annotations

import os
import select
import stat
import time

from lossmon.sources.base import Read, Tail
from lossmon.sources.rotation import open_regular


class FifoTail(Tail):
    """Reads a FIFO (or `/dev/fd/N` of a process substitution).

    `ended` is said when its last writer has closed it. A writer that comes
    after that begins anew, with `cut="replaced"`.
    """

    streams = True
    local = False
    wakes = False

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._position = 0
        self._ended = False
        self._written = False
        self._modified: float | None = None
        self._failed = False
        self._is_fifo = True

    def changed(self) -> bool:
        if self._descriptor is None:
            return not self._failed
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        events = poll.poll(0)
        if not events:
            return False
        return bool(events[0][1] & select.POLLIN) or (self._written and not self._ended)

    def read(self, limit: int) -> Read:
        try:
            if self._descriptor is None:
                self._descriptor = open_regular(self.path)
                self._is_fifo = stat.S_ISFIFO(os.fstat(self._descriptor).st_mode)
            data = os.read(self._descriptor, max(1, limit))
        except BlockingIOError:
            return Read(position=self._position)
        except OSError as error:
            self._failed = True
            return Read(position=self._position, error=f"{self.path}: {error.strerror or error}")
        if not data:
            # No writer: either none has come yet, or the last one has gone.
            self._ended = self._ended or self._written or not self._is_fifo
            return Read(ended=self._ended, position=self._position)
        anew = self._ended
        if anew:
            self._position = 0
        self._ended, self._written = False, True
        self._position += len(data)
        self._modified = time.time()
        return Read(data, "replaced" if anew else "", more=True, position=self._position)

    @property
    def modified(self) -> float | None:
        return self._modified

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._failed = True
