"""`PolledTail`: follows a file that is far away, by asking now and then for what is new.

When it is looked at, and what the reader has not taken yet, is decided here;
what is new, and where it is, by `FarLog`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lossmon.errors import SourceError
from lossmon.sources.base import Read, Tail
from lossmon.sources.far_log import FarLog
from lossmon.sources.poller import Polled, Poller
from lossmon.sources.readahead import ReadAhead
from lossmon.sources.store import IsDirectoryError, Store

BUSY_SECONDS: Final = 0.5
"""Between two looks at a file that grows."""
QUIET_SECONDS: Final = 5.0
"""Between two looks at one that does not; nearer t/20 after t seconds of quiet."""
CROWD: Final = 64
"""Quiet files of one host that are looked at so often; where there are more, less often."""


class PolledTail(Tail, Polled):
    """One far file, read ahead by its poller's thread.

    Without `follow` it ends at what is there at the first look.
    """

    streams = True
    local = False

    def __init__(
        self,
        path: str,
        store: Store,
        poller: Poller,
        *,
        follow: bool = True,
        on_wake: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._log = FarLog(store)
        self._poller = poller
        self._follow = follow
        self._ahead = ReadAhead(on_wake)
        self._modified: float | None = None
        self._directory = False
        poller.add(self)

    # ---- the contract

    def changed(self) -> bool:
        return self._ahead.ready()

    def read(self, limit: int) -> Read:
        return self._ahead.take(max(1, limit))

    @property
    def modified(self) -> float | None:
        return self._modified

    @property
    def is_directory(self) -> bool:
        return self._directory

    def close(self) -> None:
        if not self._ahead.closed:
            self._ahead.close()
            self._poller.remove(self)

    # ---- on the poller's thread

    def poll(self) -> bool:
        """Fetch what is new, as far as there is room; True if there was something.

        SourceError as the store raises it; it is told to the reader, too.
        """
        if not self._ahead.room:
            return True
        try:
            got = self._fetch_new()
        except SourceError as error:
            self._directory = isinstance(error, IsDirectoryError)
            if not self._follow:
                self._ahead.put(Read(ended=True, error=str(error), position=self._log.position))
                return False
            self._ahead.fail(str(error))
            raise
        self._ahead.recover()
        return got

    def _fetch_new(self) -> bool:
        reads: list[Read] = []
        try:
            more = self._log.look(self._ahead.room, reads)
        except SourceError:
            # The line broke in the middle: what has come over it is not asked for again.
            self._hand_on(reads)
            raise
        if not more and not self._follow:
            position = self._log.position
            last = reads[-1] if reads else Read(position=position, size=position)
            reads[-1:] = [replace(last, ended=True, more=False)]
        self._hand_on(reads)
        return bool(reads) or more

    def _hand_on(self, reads: list[Read]) -> None:
        if reads:
            modified = self._log.modified
            self._modified = time.time() if modified is None else modified
        for read in reads:  # all at once, so that a document is never handed on in halves
            self._ahead.put(read)

    def fail(self, error: str) -> None:
        self._ahead.fail(f"{self.path}: {error}")

    def pause(self, quiet: float, took: float, among: int) -> float:
        most = QUIET_SECONDS * max(1.0, among / CROWD)
        return min(most, max(BUSY_SECONDS, quiet / 20))

    def release(self) -> None:
        self._log.close()
