"""Spikes: points far above the local level, and how long they take to recover.

A point is a spike at a robust z = (x − local median)/σ above 9. Where the
noise has a heavy tail, the limit is lifted to what noise alone would pass in
less than one run in two hundred (`tail`). A point between 9 and that limit is
held until the next one: two high points in a row are together less likely under
any noise than one of them, and most spikes outlast a point. An episode ends
after three quiet points (recovered), or after 32: then it is no spike but a new
level.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.curve import Curve
from lossmon.analysis.tail import Tail
from lossmon.model.batch import FloatArray

LIMIT: Final = 9.0
"""OLMo-core uses 6 non-robust sd of 128 points; 20 healthy real logs stayed under 5.8."""
FEW: Final = 16.0
CORRELATED: Final = 0.6
MIN_POINTS: Final = 24
QUIET: Final = 3
QUIET_Z: Final = 3.0
LONGEST: Final = 32
AGAIN: Final = 0.75
"""A jump is another spike once the one before has come down to this share of its height."""
CLIP: Final = 6.0
"""Winsorised values reach at most so many σ above the local level."""
CLIP_FROM: Final = 64


class SpikeDetector:
    """Holds the limit that the next points are measured with, and the episode in progress."""

    __slots__ = (
        "_previous", "_rho", "amplitude", "base", "held", "length", "limit", "opened_at", "quiet",
        "screen", "sigma", "tail", "threshold", "z",
    )  # fmt: skip

    def __init__(self) -> None:
        self.threshold = LIMIT
        self.limit = math.inf
        """Internal value above which a point alone is a spike."""
        self.screen = math.inf
        """Internal value above which a point is looked at."""
        self.held = 0.0
        """z of the last point if it waits for the next one; 0: it does not."""
        self._rho = 0.0
        self.base = math.nan
        self.sigma = math.inf
        self.tail = Tail()
        self.length = 0
        """Points of the episode in progress; 0: none."""
        self.quiet = 0
        self.z = 0.0
        self.amplitude = 0.0
        self._previous = 0.0
        self.opened_at = 0

    @property
    def active(self) -> bool:
        """Whether an episode is in progress."""
        return self.length > 0

    def renew(self, curve: Curve) -> None:
        """Take level and noise for the points to come (between episodes only)."""
        if self.active:
            return
        self.base = curve.local
        # Points are measured against a level, not against their neighbours: the innovations'
        # σ is too small a measure where noise is strongly correlated (means over windows).
        excess = (1 - CORRELATED) / (1 - max(curve.noise.rho, CORRELATED))
        self.sigma = max(curve.sigma * math.sqrt(excess), curve.floor)
        if curve.quiet_points < MIN_POINTS or not math.isfinite(self.sigma):
            self.limit = self.screen = math.inf
            return
        # The scale itself is uncertain while there are few points: 15 σ at 24, 9.5 at 300.
        least = LIMIT * (1 + FEW / curve.n)
        self.threshold = max(least, self.tail.limit(curve.n))
        self.screen = self.base + least * self.sigma
        # What of a point's height the noise itself carries over to the next one.
        self._rho = max(curve.noise.rho, 1 - 1 / curve.noise.window)
        self.limit = self.base + self.threshold * self.sigma

    def learn(self, quiet: FloatArray) -> None:
        """Learn the noise's tail from points outside spikes, as they were measured: shape (n,)."""
        if math.isfinite(self.limit) and len(quiet):
            self.tail.learn((quiet - self.base) / self.sigma)

    def hold(self, value: float) -> None:
        """Let a point beyond the screen wait for the next one."""
        self.held = (value - self.base) / self.sigma

    def release(self) -> None:
        """The point that waited was noise: it is learned from."""
        if self.held:
            self.tail.learn(np.array([self.held]))
            self.held = 0.0

    def confirmed(self, value: float, n: int) -> bool:
        """Whether the next point, the n-th, makes a spike of the one that waits."""
        following = (value - self.base) / self.sigma - self._rho * self.held
        return self.tail.unlikely(self.held, following, n)

    def ceiling(self, seen: int) -> float:
        """Return what higher values are winsorised to after `seen` points; infinite: none is.

        Upwards only: the median lags, and would clip a steep descent to a plateau.
        """
        if (seen < CLIP_FROM and not self.active) or math.isinf(self.limit):
            return math.inf
        return self.base + CLIP * self.sigma

    def open(self, value: float, n: int) -> None:
        """Begin an episode with the point that passed the limit."""
        self.length = 1
        self.quiet = 0
        self._previous = value
        self.opened_at = n
        self.amplitude = value - self.base
        self.z = self.amplitude / self.sigma
        self.held = 0.0

    def follow(self, value: float) -> str:
        """Take the next point of an episode; return what it means for the episode.

        `recovered`, `shifted` (a new level), `again` (partly recovered, it jumped
        anew: another spike), or an empty string: it goes on.
        """
        self.length += 1
        jump = value - self._previous
        fallen = self._previous < self.base + AGAIN * self.amplitude
        self._previous = value
        if fallen and jump > self.threshold * self.sigma:
            return "again"
        self.amplitude = max(self.amplitude, value - self.base)
        z = (value - self.base) / self.sigma
        self.quiet = self.quiet + 1 if z < QUIET_Z else 0
        if self.quiet >= QUIET:
            return "recovered"
        return "shifted" if self.length >= LONGEST else ""

    def close(self) -> int:
        """End the episode; return the number of points that it lasted."""
        lasted = self.length - self.quiet
        self.length = 0
        return lasted
