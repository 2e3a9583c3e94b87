"""`SecondLook`: whether what was read may have been written again without a trace.

Two writes within one tick of a file system's clock leave the same time behind,
and, where both have one length, the same stat: whoever looked between them
would never learn of the second. So what was read right after it was written is
read once more when the tick is surely over.

"Right after" cannot be told from one clock alone. A file server's may go ahead
of ours or behind it, and ours may be set. So a time in our future is not
trusted, nor one before an earlier look at which the file was not so yet; and
the wait is measured by a clock that nobody sets. Whichever clock is wrong, each
state is read twice at most.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable
from typing import Final

GRAIN_SECONDS: Final = 0.1
"""Longest tick of a clock that stamps fractions of seconds: ten times that of Linux at 100 Hz."""

COARSE_GRAIN_SECONDS: Final = 2.0
"""Where a stamp is of whole seconds: FAT counts in twos, others in ones."""


class SecondLook:
    """Says of one thing that is read whole when it is to be read: once a state, or twice."""

    def __init__(self) -> None:
        self.signature: Hashable = None
        """What told the state that was read last from others; None: it is to be read anyway."""
        self._met = 0.0
        """When that state was met first (monotonic seconds)."""
        self._oldest = math.inf
        """Seconds before then at which it was surely not there yet."""
        self._looked: float | None = None
        self._due: float | None = None

    def wanted(self, signature: Hashable) -> bool:
        """Say whether what has this signature now is to be read."""
        if signature != self.signature:
            return True
        return self._due is not None and time.monotonic() >= self._due

    def reading(self, signature: Hashable, stamp_ns: int) -> None:
        """Note that it is about to be read: before the first byte is.

        `stamp_ns` is when it was written, as its file system says (nanoseconds since 1970).
        """
        now = time.monotonic()
        if signature != self.signature:
            self.signature, self._met = signature, now
            self._oldest = math.inf if self._looked is None else now - self._looked
        self._looked = now
        grain = GRAIN_SECONDS if stamp_ns % 1_000_000_000 else COARSE_GRAIN_SECONDS
        waited = now - self._met
        age = time.time() - stamp_ns / 1e9
        settled = waited >= grain or grain <= age <= self._oldest + waited + grain
        self._due = None if settled else self._met + grain

    @property
    def settled(self) -> bool:
        """Whether what was read is surely what its signature stands for; no second look is due."""
        return self.signature is not None and self._due is None

    def forget(self) -> None:
        """Take no state for read: the reading failed, or what was read is gone."""
        self.signature = self._looked = self._due = None
