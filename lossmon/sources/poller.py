"""`Poller`: one thread that looks at things far away, each in its own rhythm."""

from __future__ import annotations

import heapq
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from lossmon.crash import write_trace
from lossmon.errors import SourceError

BACK_OFF_FROM: Final = 1.0
"""Seconds until a look that failed is tried again; twice as many after each further failure."""
BACK_OFF_TO: Final = 60.0


class Polled(ABC):
    """Something far away that is looked at now and then. All calls come on the poller's thread."""

    @abstractmethod
    def poll(self) -> bool:
        """Look once; True if there was something new. SourceError: to be tried again later."""

    @abstractmethod
    def fail(self, error: str) -> None:
        """Take note of an error that nobody foresaw: a look ended with it."""

    @abstractmethod
    def pause(self, quiet: float, took: float, among: int) -> float:
        """Return the seconds until the next look.

        `quiet`: seconds since the last one that brought something; `took`: how
        long this one was; `among`: how many things this poller looks at.
        """

    @abstractmethod
    def release(self) -> None:
        """Release what is held (called once, after it was removed)."""


class Poller:
    """One thread that polls the files, or the listings, of one host."""

    def __init__(self, name: str, on_idle: Callable[[], None] | None = None) -> None:
        self._name = name
        self._on_idle = on_idle
        """Called on the thread when nothing is left to look at."""
        self._state = threading.Condition()
        self._polled: set[Polled] = set()
        self._due: list[tuple[float, int, Polled]] = []
        self._brought: dict[Polled, float] = {}
        """When each one last brought something."""
        self._failures: dict[Polled, int] = {}
        self._count = 0
        self._thread: threading.Thread | None = None

    def add(self, polled: Polled) -> None:
        """Look at something from now on."""
        with self._state:
            self._polled.add(polled)
            self._push(polled, 0.0)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"lossmon-{self._name}", daemon=True
                )
                self._thread.start()
            self._state.notify_all()

    def remove(self, polled: Polled) -> None:
        """Look at something no longer. Does not wait for a look that is under way."""
        with self._state:
            self._polled.discard(polled)
            self._brought.pop(polled, None)
            self._failures.pop(polled, None)
            self._state.notify_all()

    def _push(self, polled: Polled, pause: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (time.monotonic() + pause, self._count, polled))

    def _run(self) -> None:
        while True:
            polled = self._next()
            if polled is None:
                return
            began = time.monotonic()
            try:
                brought, failed = polled.poll(), False
            except SourceError:
                brought, failed = False, True
            except Exception as error:  # noqa: BLE001 - the other files of this host go on
                polled.fail(f"an unforeseen error ({error}); the trace is in {write_trace(error)}")
                brought, failed = False, True
            with self._state:
                if polled in self._polled:
                    took = time.monotonic() - began
                    self._push(polled, self._pause(polled, brought, failed, took))
                    continue
            polled.release()

    def _pause(self, polled: Polled, brought: bool, failed: bool, took: float) -> float:
        now = time.monotonic()
        if failed:
            times = self._failures[polled] = self._failures.get(polled, 0) + 1
            pause = min(BACK_OFF_TO, BACK_OFF_FROM * float(1 << min(times - 1, 10)))
            # Many watchers of one host must not come back all at once.
            import random

            return pause * random.uniform(0.8, 1.0)
        self._failures.pop(polled, None)
        if brought or polled not in self._brought:
            self._brought[polled] = now
        return polled.pause(now - self._brought[polled], took, len(self._polled))

    def _next(self) -> Polled | None:
        """Wait for the next turn; None: there is nothing left, and the thread ends."""
        with self._state:
            while self._polled:
                while self._due and self._due[0][2] not in self._polled:
                    heapq.heappop(self._due)[2].release()
                if not self._due:
                    self._state.wait()
                    continue
                pause = self._due[0][0] - time.monotonic()
                if pause <= 0:
                    return heapq.heappop(self._due)[2]
                self._state.wait(pause)
            for _, _, polled in self._due:
                polled.release()
            self._due.clear()
            self._thread = None
            if self._on_idle is not None:
                self._on_idle()
            return None
