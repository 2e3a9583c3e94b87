"""`Listing`: the logs that a far directory or glob stands for, now and as they appear.

Asking another host takes as long as it takes, so it is done on a thread of
its own: the start does not wait for it, and what is found is handed on as it
comes. Later looks find runs that were begun meanwhile.
"""

from __future__ import annotations

import posixpath
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Final

from lossmon.errors import SourceError
from lossmon.sources.base import Tail
from lossmon.sources.poller import Polled, Poller
from lossmon.sources.search import is_rotated_part, may_be_log

LIST_SECONDS: Final = 10.0
"""Between two looks at a far directory; a run is seen so long after its log was begun."""
LIST_SHARE: Final = 20
"""A look that takes t seconds is repeated after 20 t: at most a twentieth of the host's time."""
LIST_TO: Final = 300.0
MAX_FILES: Final = 64
"""Logs taken from one look: the newest. Each costs its host a look, or a request, now and then."""
MAX_DEPTH: Final = 8
"""Folders below the one that was named which are looked into."""
MAX_FOLLOWED: Final = 512
"""Logs of one directory that are followed in the end: each listing may add its newest ones."""


class Listing(Polled, ABC):
    """What one far directory or glob holds.

    `find` works on the poller's thread, everything else is called from one
    thread. Without `follow` it is looked at once.
    """

    def __init__(
        self,
        source: str,
        poller: Poller,
        *,
        follow: bool = True,
        on_wake: Callable[[], None] | None = None,
    ) -> None:
        self.source = source
        """In the words of the user."""
        self.follow = follow
        self.on_wake = on_wake
        self._poller = poller
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._new: list[str] = []
        self._left_out = 0
        self._listed = False
        self._error: str | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to look."""
        self._poller.add(self)

    @abstractmethod
    def find(self) -> list[str]:
        """Return the paths that are logs by their names, the newest first; SourceError."""

    @abstractmethod
    def open(self, path: str) -> Tail:
        """Return the tail of a path that was found; does not wait for the far side."""

    # ---- for the one who asks

    def take(self) -> list[str]:
        """Return the paths that were found since the last call, the newest first."""
        with self._lock:
            new, self._new = self._new, []
        return new

    @property
    def pending(self) -> bool:
        """Whether the first look is not over yet, or what it found was not taken."""
        with self._lock:
            return bool(self._new) or (not self._listed and (self._error is None or self.follow))

    @property
    def found(self) -> bool:
        """Whether anything was found so far."""
        return bool(self._known)

    @property
    def error(self) -> str | None:
        """Why the last look failed, in one line."""
        return self._error

    @property
    def state(self) -> str:
        """What there is to say of it while nothing was found, in words."""
        if self._error is not None:
            return self._error
        if not self._listed:
            return "listing…"
        return "no log found there yet; looked at again and again"

    @property
    def left_out(self) -> int:
        """How many logs the last look found that are not followed."""
        return self._left_out

    def close(self) -> None:
        """Look no more. A look that is under way is not waited for."""
        self._closed = True
        self._poller.remove(self)

    # ---- on the poller's thread

    def poll(self) -> bool:
        try:
            paths = self.find()
        except SourceError as error:
            self.fail(str(error))
            if not self.follow:
                self._poller.remove(self)
            raise
        fresh = [
            path
            for path in paths[:MAX_FILES]
            # What was moved away while it was followed is read out by its tail.
            if path not in self._known and not is_rotated_part(path, self._known)
        ]
        fresh = fresh[: MAX_FOLLOWED - len(self._known)]
        with self._lock:
            self._new += fresh
            self._known.update(fresh)
        told = (self._listed, self._error, self._left_out)
        self._left_out = sum(path not in self._known for path in paths)
        self._error, self._listed = None, True
        if not self.follow:
            self._poller.remove(self)
        if fresh or told != (self._listed, self._error, self._left_out):
            self._awake()
        return bool(fresh)

    def fail(self, error: str) -> None:
        changed, self._error = error != self._error, error
        if changed:
            self._awake()

    def _awake(self) -> None:
        if self.on_wake is not None and not self._closed:
            self.on_wake()

    def pause(self, quiet: float, took: float, among: int) -> float:
        return min(LIST_TO, max(LIST_SECONDS, LIST_SHARE * took))

    def release(self) -> None:
        return


def newest_logs(found: Iterable[tuple[str, float]]) -> list[str]:
    """Return of all paths (with when they were written) those that may be logs, newest first.

    What rotation has moved away is read with the log that it was part of.
    """
    logs = [(path, when) for path, when in found if may_be_log(posixpath.basename(path))]
    names = {path for path, _ in logs}
    logs = [(path, when) for path, when in logs if not is_rotated_part(path, names)]
    logs.sort(key=lambda log: -log[1])
    return [path for path, _ in logs]
