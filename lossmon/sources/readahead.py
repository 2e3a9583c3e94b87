"""`ReadAhead`: what a thread has read of a slow source, until the tail is asked for it.

Bounded: a producer that waits (`put`) is how a pipe slows its writer down, one
that asks first (`room`) is how a network reader shares its thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lossmon.sources.base import Read

CAPACITY: Final = 8 << 20
"""Bytes held for one source at most."""


class ReadAhead:
    """A queue of `Read`s between one producing and one consuming thread."""

    def __init__(self, on_wake: Callable[[], None] | None = None, capacity: int = CAPACITY) -> None:
        self._on_wake = on_wake
        self._capacity = capacity
        self._state = threading.Condition()
        self._reads: deque[Read] = deque()
        self._held = 0
        self._error: str | None = None
        self._told_error: str | None = None
        self._position = 0
        self._size: int | None = None
        self._closed = False

    @property
    def room(self) -> int:
        """Bytes that can be put without waiting."""
        with self._state:
            return 0 if self._closed else max(0, self._capacity - self._held)

    def put(self, read: Read) -> bool:
        """Add a read, waiting for room; False: the consumer has closed."""
        with self._state:
            while self._held >= self._capacity and not self._closed:
                self._state.wait()
            if self._closed:
                return False
            self._reads.append(read)
            self._held += len(read.data)
            self._error = None
        self._awake()
        return True

    def fail(self, error: str) -> None:
        """Say what is wrong now (once, however often it is repeated); a `put` ends it."""
        with self._state:
            if self._closed or error == self._error:
                return
            self._error = error
        self._awake()

    def recover(self) -> None:
        """Say that nothing is wrong any more."""
        with self._state:
            if self._error is None:
                return
            self._error = None
        self._awake()

    def _awake(self) -> None:
        if self._on_wake is not None:
            self._on_wake()

    def ready(self) -> bool:
        """Whether `take` would bring something new."""
        with self._state:
            return bool(self._reads) or self._error != self._told_error

    def take(self, limit: int) -> Read:
        """Return the next bytes, at most `limit`; never waits."""
        with self._state:
            self._told_error = self._error
            if not self._reads:
                return Read(position=self._position, size=self._size, error=self._error)
            read = self._reads.popleft()
            rest = read.data[limit:]
            if rest:
                self._reads.appendleft(replace(read, data=rest, cut=""))
                read = replace(
                    read,
                    data=read.data[:limit],
                    more=True,
                    ended=False,
                    position=read.position - len(rest),
                )
            self._held -= len(read.data)
            self._position, self._size = read.position, read.size
            more = read.more or bool(self._reads)
            self._state.notify_all()
            return replace(read, more=more, error=self._error or read.error)

    def close(self) -> None:
        """Let a waiting producer go; nothing is handed on any more."""
        with self._state:
            self._closed = True
            self._reads.clear()
            self._held = 0
            self._state.notify_all()

    @property
    def closed(self) -> bool:
        """Whether the consumer has closed."""
        return self._closed
