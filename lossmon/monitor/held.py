"""`HeldTail`: the first bytes of a stream are kept until a format claims them.

A stream (standard input, ssh, an object store) cannot be looked into before it
is read. What was read ahead is given out again, so that no byte is lost to the
looking.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final, Literal

from lossmon.formats.base import HEAD_BYTES
from lossmon.sources.base import Read, Tail

ENOUGH: Final = 4096
"""A claim on fewer bytes than this waits for more, unless it is sure or the stream has ended."""

PATIENCE: Final = 3.0
"""Seconds of silence after which a claim on few bytes is taken: a person wants to see them."""


STEADY: Final = 5.0
"""Seconds after the first byte at which a likely claim is taken though more keeps coming: a line
a second is four kilobytes after a minute only."""


KEPT: Final = 8
"""Generations kept of a log that is rotated before it is known for one."""


class HeldTail(Tail):
    """A tail whose first bytes were read ahead; they are given out first."""

    streams = True
    local = False

    def __init__(self, tail: Tail) -> None:
        self.path = tail.path
        self.wakes = tail.wakes
        self.head = b""
        self.last = Read()
        self._tail = tail
        self._before: list[Read] = []
        """What was read of the generations before the one that `head` is of."""
        self._cut: Literal["", "truncated", "replaced"] = ""
        """Comes before `head`."""
        self._given = 0
        self._received = time.monotonic()
        self._first: float | None = None
        self._claimed_with: tuple[int, bool, bool, bool] | None = None

    def fetch(self) -> bool:
        """Read ahead up to `HEAD_BYTES`; True if something came or the stream ended."""
        if len(self.head) >= HEAD_BYTES or not self._tail.changed():
            return False
        read = self._tail.read(HEAD_BYTES - len(self.head))
        if read.cut:
            if self.head:
                kept = Read(self.head, self._cut, more=True, position=len(self.head))
                self._before = [*self._before[1 - KEPT :], kept]
                self._cut = read.cut
            self.head = b""
        self.head += read.data
        self.last = read
        self._received = time.monotonic()
        if self.head and self._first is None:
            self._first = self._received
        return bool(read.data) or read.ended

    def claimable(self, final: bool) -> bool:
        """Whether a claim may end otherwise than the last one: more bytes, silence, the end."""
        known = (len(self.head), self.quiet, self.steady, self.last.ended or final)
        changed, self._claimed_with = known != self._claimed_with, known
        return changed

    @property
    def full(self) -> bool:
        """Whether as much is held as a format ever looks at."""
        return len(self.head) >= HEAD_BYTES

    @property
    def is_directory(self) -> bool:
        """Whether the far side says that it is no file but a directory."""
        return self._tail.is_directory

    @property
    def quiet(self) -> bool:
        """Whether nothing has come for a while."""
        return time.monotonic() - self._received > PATIENCE

    @property
    def steady(self) -> bool:
        """Whether bytes have been coming for a while."""
        return self._first is not None and time.monotonic() - self._first > STEADY

    @property
    def hopeful(self) -> bool:
        """Whether what comes may yet make it a run."""
        return not (self.last.error or self.last.ended or self.full)

    @property
    def state(self) -> str:
        """Why no format has claimed it yet, in words."""
        if self.last.error:
            return self.last.error
        if not self.head:
            return "nothing received" if self.last.ended else "nothing received yet"
        if self.hopeful and len(self.head) < ENOUGH:
            return f"{len(self.head)} bytes read, too few to be sure of their format"
        return f"{len(self.head)} bytes read, and no known format fits them"

    def changed(self) -> bool:
        return bool(self._before) or self._given < len(self.head) or self._tail.changed()

    def read(self, limit: int) -> Read:
        if self._before:
            kept = self._before.pop(0)
            if len(kept.data) > limit:
                self._before.insert(0, replace(kept, data=kept.data[limit:], cut=""))
            return replace(kept, data=kept.data[:limit])
        if self._given < len(self.head):
            cut = "" if self._given else self._cut
            data = self.head[self._given : self._given + limit]
            self._given += len(data)
            held_back = self._given < len(self.head)
            return Read(
                data,
                cut,
                more=held_back or self._tail.changed(),
                ended=self.last.ended and not held_back,
                position=self._given,
                size=self.last.size,
                error=self.last.error,
            )
        return self._tail.read(limit)

    @property
    def modified(self) -> float | None:
        return self._tail.modified

    def close(self) -> None:
        self._tail.close()
