"""`MachineWatch`: looks at this machine on a thread of its own, while someone wants to know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.machine import Machine

PERIOD = 2.0
"""Seconds between looks while the panel is shown."""


class MachineWatch:
    """Hands each look to `tell`, on its own thread; without a wish the thread sleeps."""

    def __init__(self, tell: Callable[[Machine], None]) -> None:
        self._tell = tell
        self._wake = threading.Condition()
        self._steady = False
        self._once = False
        self._ended = False
        self._thread: threading.Thread | None = None

    def steadily(self, wanted: bool) -> None:
        """Look now and every `PERIOD` seconds from now on, or no more."""
        with self._wake:
            self._steady = wanted
        if wanted:
            self.once()

    def once(self) -> None:
        """Look once, soon."""
        with self._wake:
            self._once = True
            self._wake.notify()
        self._begin()

    def stop(self) -> None:
        """End; nothing is told any more."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(2.0)

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="machine", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        from lossmon.machine import Looker

        looker = Looker()
        while True:
            with self._wake:
                if not self._ended and not self._once:
                    # Without a steady wish until asked, else until the next look is due.
                    self._wake.wait_for(
                        lambda: self._ended or self._once, PERIOD if self._steady else 3600.0
                    )
                if self._ended:
                    break
                wanted, self._once = self._once or self._steady, False
            if wanted:
                self._tell(looker.look())
        looker.close()


def is_elsewhere(source: str) -> bool:
    """Whether a run's source lies on another machine: an address, or `host:path` as scp has it."""
    head = source.partition("/")[0]
    return "://" in source or (":" in head and not head.startswith("["))
