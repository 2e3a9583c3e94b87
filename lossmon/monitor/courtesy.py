"""`Courtesy`: what the thread that reads leaves to who looks at the screen.

All of Python's threads share one lock: a piece of reading that is begun while a
key is on its way is what the key then waits for. And where no picture is drawn
for a while, what comes meanwhile is read together: three points cost hardly
more than one.
"""

from __future__ import annotations

import threading
import time


class Courtesy:
    """Told by any thread, asked by the one that works. Times are monotonic seconds."""

    def __init__(self, stop: threading.Event) -> None:
        """`stop` ends every wait."""
        self._stop = stop
        self._rest_until = 0.0
        """Nobody looks at a snapshot before."""
        self._way_until = 0.0
        """A key is answered before; …"""
        self._way_paid = 0.0
        """… for the next one it is waited from here on."""

    def rest(self, seconds: float) -> None:
        """Hear that nobody looks for so long."""
        self._rest_until = time.monotonic() + seconds

    def give_way(self, seconds: float) -> None:
        """Hear that a key is to be answered within so long."""
        self._way_until = time.monotonic() + seconds

    def make_way(self) -> None:
        """Between two pieces of work: wait for the answer to a key; half the time at most."""
        now = time.monotonic()
        wait = self._way_until - now
        if wait > 0 and now >= self._way_paid:
            self._stop.wait(wait)
            self._way_paid = time.monotonic() + wait

    def wait_for_eyes(self) -> None:
        """Where there is nothing to do at once: wait until somebody looks again."""
        rest = self._rest_until - time.monotonic()
        if rest > 0:
            self._stop.wait(rest)
