"""Spikes: points far above the local level, and how long they take to recover.

A point is a spike at a robust z = (x − local median)/σ above 8.5. Where the
noise has a heavy tail, the limit is lifted to what noise alone would pass with
a probability of 1e-5 a point: the tail above z = 2 is taken for a power law
whose index is Hill's estimate (1975) with a prior, as in SPOT (Siffer 2017).
An episode ends after three quiet points (recovered), or after 32: then it is
no spike but a new level.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.curve import Curve
from lossmon.analysis.reduce import total
from lossmon.model.batch import FloatArray

LIMIT: Final = 8.5
"""OLMo-core uses 6 non-robust sd of 128 points; 20 healthy real logs stayed under 5.8."""
FEW: Final = 16.0
MOST: Final = 40.0
TAIL_FROM: Final = 2.0
"""Exceedances of this z tell the tail."""
TAIL_CHANCE: Final = 1e-5
PRIOR_WEIGHT: Final = 4.0
PRIOR_INDEX: Final = 0.18
"""Tail index believed before there is evidence (what Hill's estimate gives for normal noise above
2), worth four exceedances."""
PRIOR_SHARE: Final = 0.0228
"""P(Z > 2) of normal noise, worth a hundred points."""
PRIOR_POINTS: Final = 100.0
_NEIGHBOURS: Final = math.sqrt(1.5)
CORRELATED: Final = 0.6
MIN_POINTS: Final = 24
QUIET: Final = 3
QUIET_Z: Final = 3.0
LONGEST: Final = 32
CLIP: Final = 6.0
"""Winsorised values reach at most so many σ above the local level."""
CLIP_FROM: Final = 64


class SpikeDetector:
    """Holds the limit that the next points are measured with, and the episode in progress."""

    __slots__ = (
        "_beyond", "_logs", "_points", "_previous", "amplitude", "base", "length", "limit",
        "opened_at", "quiet", "sigma", "threshold", "z",
    )  # fmt: skip

    def __init__(self) -> None:
        self.threshold = LIMIT
        self.limit = math.inf
        """Internal value above which a point is a spike."""
        self.base = math.nan
        self.sigma = math.inf
        self._points = 0
        self._beyond = 0
        self._logs = 0.0
        """Sum of log(z/2) over the points beyond 2."""
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
            self.limit = math.inf
            return
        # The scale itself is uncertain while there are few points: 14 σ at 24, 9 at 300.
        least = LIMIT * (1 + FEW / curve.n)
        self.threshold = least
        index = (self._logs + PRIOR_WEIGHT * PRIOR_INDEX) / (self._beyond + PRIOR_WEIGHT)
        share = (self._beyond + PRIOR_POINTS * PRIOR_SHARE) / (self._points + PRIOR_POINTS)
        tail = TAIL_FROM * (share / TAIL_CHANCE) ** index
        self.threshold = min(max(least, tail), MOST)
        self.limit = self.base + self.threshold * self.sigma

    def learn(self, tail: FloatArray, new: int, sigma: float) -> None:
        """Learn the noise's tail from the `new` last values of `tail` (points outside spikes).

        A point minus the mean of its two neighbours, over √1.5 σ: no slope
        enters it, and its upper tail is that of the points.
        """
        part = tail[-(new + 2) :]
        if len(part) < 3 or not math.isfinite(sigma):
            return
        z = (part[1:-1] - 0.5 * (part[2:] + part[:-2])) / (_NEIGHBOURS * sigma)
        beyond = z[z > TAIL_FROM]
        self._points += len(z)
        self._beyond += len(beyond)
        if len(beyond):
            self._logs += float(total(np.log(beyond / TAIL_FROM)))

    def clip(self, values: FloatArray, seen: int) -> FloatArray:
        """Winsorise upwards only: the median lags, and would clip a steep descent to a plateau."""
        if seen < CLIP_FROM and not self.active:
            return values
        if math.isinf(self.limit):
            return values
        return np.minimum(values, self.base + CLIP * self.sigma)

    def open(self, value: float, n: int) -> None:
        """Begin an episode with the point that passed the limit."""
        self.length = 1
        self.quiet = 0
        self._previous = value
        self.opened_at = n
        self.amplitude = value - self.base
        self.z = self.amplitude / self.sigma

    def follow(self, value: float) -> str:
        """Take the next point of an episode; return what it means for the episode.

        `recovered`, `shifted` (a new level), `again` (half recovered, it jumped
        anew: another spike), or an empty string: it goes on.
        """
        self.length += 1
        jump = value - self._previous
        half_way = self._previous < self.base + 0.5 * self.amplitude
        self._previous = value
        if half_way and jump > self.threshold * self.sigma:
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
