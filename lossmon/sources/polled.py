"""`PolledTail`: follows a file that is far away, by asking now and then for what is new.

The far side is a `Store`: it says how long a file is and hands out ranges of
it. What the local tails promise holds here too: the bytes before the position
are asked for again together with those after it, and compared, so that no
byte is lost or doubled when the line breaks, the file is cut, or another one
takes its place.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from lossmon.errors import SourceError
from lossmon.record import record
from lossmon.sources.base import Read, Tail
from lossmon.sources.fingerprint import Fingerprint
from lossmon.sources.poller import Polled, Poller
from lossmon.sources.readahead import ReadAhead

PIECE: Final = 1 << 20
BUSY_SECONDS: Final = 0.5
"""Between two looks at a file that grows."""
QUIET_SECONDS: Final = 5.0
"""Between two looks at one that does not; nearer t/20 after t seconds of quiet."""
CROWD: Final = 64
"""Quiet files of one host that are looked at so often; where there are more, less often."""


@record
class Info:
    """What the far side says of a file.

    `token` changes whenever the content may have; `identity` is that of the
    file behind the name (empty where there is none).
    """

    size: int
    token: str
    identity: str = ""
    modified: float | None = None


class IsDirectoryError(SourceError):
    """What was asked for as a file is a directory."""


class Store(ABC):
    """One file on the far side. All calls come from one thread and may block, bounded in time.

    SourceError says in one line what is wrong; it may be over at the next call.
    """

    @abstractmethod
    def info(self) -> Info:
        """Return how the file is now; SourceError if it is not there."""

    @abstractmethod
    def fetch(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start` on; fewer only at the end."""

    def older(self) -> Store | None:
        """Return the file that rotation made of this one, or None if that is not known."""
        return None

    def close(self) -> None:
        """Release what is held for this file."""
        return


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
        self._store = store
        self._poller = poller
        self._follow = follow
        self._ahead = ReadAhead(on_wake)
        self._seen = Fingerprint()
        self._token: str | None = None
        self._identity = ""
        self._cut: Literal["", "truncated", "replaced"] = ""
        self._delivered = False
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
                self._ahead.put(Read(ended=True, error=str(error), position=self._seen.position))
                return False
            self._ahead.fail(str(error))
            raise
        self._ahead.recover()
        return got

    def _fetch_new(self) -> bool:
        info = self._store.info()
        if info.token == self._token:
            return False
        reads: list[Read] = []
        try:
            complete = self._catch_up(info, reads)
        except SourceError:
            # The line broke in the middle: what has come over it is not asked for again.
            for read in reads:
                self._ahead.put(read)
            raise
        if complete:
            self._token, self._identity = info.token, info.identity
        if complete and not self._follow:
            last = reads[-1] if reads else Read(position=info.size, size=info.size)
            reads[-1:] = [replace(last, ended=True, more=False)]
        for read in reads:  # all at once, so that a document is never handed on in halves
            self._ahead.put(read)
        if reads:
            self._modified = time.time() if info.modified is None else info.modified
        return bool(reads) or not complete

    def _catch_up(self, info: Info, reads: list[Read]) -> bool:
        """Read up to the size that `info` gives; False: room has run out, or all has moved."""
        room = self._ahead.room
        anew = bool(self._identity) and info.identity != self._identity
        if anew or info.size < self._seen.position:
            self._begin_anew(reads, "replaced" if anew else "truncated")
        while True:
            wanted = min(PIECE, info.size - self._seen.position, room)
            data = self._verified(self._store, self._seen, wanted)
            if data is None:
                self._begin_anew(reads, "truncated")
                # What `info` said was of the file before: ask again at the next look.
                if reads:
                    return False
                continue
            if data:
                room -= len(data)
                reads.append(self._read_of(data, info.size))
            if self._seen.position >= info.size:
                return True
            if len(data) < wanted or room <= 0:
                return False

    def _read_of(self, data: bytes, size: int) -> Read:
        cut, self._cut = self._cut if self._delivered else "", ""
        self._delivered = True
        position = self._seen.position
        return Read(data, cut, more=position < size, position=position, size=size)

    def _begin_anew(self, reads: list[Read], cut: Literal["truncated", "replaced"]) -> None:
        """Hand on what rotation left of the old file, and go back to offset 0."""
        older = self._store.older() if self._seen.position else None
        while older is not None and self._ahead.room > sum(len(read.data) for read in reads):
            try:
                rest = self._verified(older, self._seen, PIECE)
            except SourceError:
                break
            if not rest:
                break
            reads.append(replace(self._read_of(rest, self._seen.position), more=True))
        self._seen = Fingerprint()
        self._identity = ""
        self._cut = cut

    def _verified(self, store: Store, seen: Fingerprint, wanted: int) -> bytes | None:
        """Return the bytes that follow what was seen; None: what was seen is not there."""
        before = len(seen.sample)
        data = store.fetch(seen.position - before, before + max(0, wanted))
        if data[:before] != seen.sample:
            return None
        if seen.head and store.fetch(0, len(seen.head)) != seen.head:
            return None
        seen.advance(data[before:])
        return data[before:]

    def fail(self, error: str) -> None:
        self._ahead.fail(f"{self.path}: {error}")

    def pause(self, quiet: float, took: float, among: int) -> float:
        most = QUIET_SECONDS * max(1.0, among / CROWD)
        return min(most, max(BUSY_SECONDS, quiet / 20))

    def release(self) -> None:
        self._store.close()
