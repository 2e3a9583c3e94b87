"""`FreedMemory`: what was freed is given back to the system, now and then.

What is read, drawn and thrown away leaves holes of all sizes in glibc's heaps,
whose pages stay resident though nothing is in them: a watcher that runs for
weeks beside a job would hold several times what its points take. Elsewhere the
allocators do that by themselves, or cannot be asked.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from typing import Final

TRIM_SECONDS: Final = 10.0
"""Between two times: a trim takes some milliseconds, on the thread that has nothing to do."""


class FreedMemory:
    """Gives pages back that hold nothing; to be called by one thread, when it is idle."""

    def __init__(self, trim: Callable[[int], object] | None = None) -> None:
        """`trim` stands for the allocator's own."""
        self._trim = _malloc_trim() if trim is None else trim
        self._due = time.monotonic() + TRIM_SECONDS
        self._version: object = None

    def give_back(self, version: object) -> bool:
        """Do it if it is time, and there was work since the last one (`version` is another)."""
        now = time.monotonic()
        if self._trim is None or now < self._due or version == self._version:
            return False
        self._due, self._version = now + TRIM_SECONDS, version
        self._trim(0)
        return True


def _malloc_trim() -> Callable[[int], object] | None:
    if os.name != "posix":
        return None
    trim: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
