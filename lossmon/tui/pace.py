"""How often the screen follows its news: as often as its share of a core allows.

A picture costs some milliseconds, here more and there less. Nobody sees the
difference between five pictures a second and three, but everybody who shares
the machine pays for it. So each picture is paid for out of a budget that fills
at a fixed share of a core: what comes now and then is drawn at once, a steady
stream as often as it can be afforded. Meanwhile the feed rests: what comes is
read together. And where the budget is spent, the figures come first: they cost
less than a chart, which follows within a second and a half.
"""

from __future__ import annotations

from typing import Final

SHARE: Final = 0.006
"""Of a core, for following what a run writes; keys are answered beside it, and reading it
costs something too."""
SAVED: Final = 0.05
"""CPU seconds that a quiet time saves up: some pictures in quick succession."""
BEGINNING: Final = 0.3
"""CPU seconds to begin with: whoever opens a screen looks at it, and sees each run judged as soon
as it is …"""
OPENING: Final = 3.0
"""… within so many seconds: what is left of it then is not for later."""
LONGEST: Final = 0.75
"""Seconds that a picture waits at most after the one before, whatever that cost."""

DEBT: Final = 2.0
"""Seconds of the share that may be owed."""


class Pace:
    """The budget. Times are seconds of one monotonic clock, costs CPU seconds of the screen."""

    __slots__ = ("_at", "_balance", "_began", "_paid", "share")

    def __init__(self, share: float = SHARE) -> None:
        """Make a budget for the beginning; a `share` of 0 is no limit."""
        self.share = share
        self._balance = BEGINNING
        self._at: float | None = None
        self._began = 0.0
        self._paid = -LONGEST
        """When the last picture was drawn."""

    def wait(self, now: float) -> float:
        """Return the seconds until the next picture is due, 0 where it is."""
        self._fill(now)
        if not self.share or self._balance >= 0:
            return 0.0
        left = min(self._paid + LONGEST - now, LONGEST)  # rounding may exceed it
        return max(0.0, min(-self._balance / self.share, left))

    def saved(self, now: float) -> bool:
        """Return whether a picture is paid for already."""
        self._fill(now)
        return not self.share or self._balance >= 0

    def spend(self, cost: float, now: float) -> None:
        """Pay for a picture."""
        self._fill(now)
        self._paid = now
        # Debts end somewhere: one dear picture must not spare the next ones for long.
        self._balance = max(self._balance - cost, -DEBT * self.share)

    def _fill(self, now: float) -> None:
        if self._at is not None:
            most = BEGINNING if now - self._began < OPENING else SAVED
            self._balance = min(self._balance + self.share * max(now - self._at, 0.0), most)
        else:
            self._began = now
        self._at = now
