"""Spikes: points far above the local level, and how long they take to recover.

A point is a spike at a robust z = (x − median of the last 48)/σ above 8. Where
past exceedances show a heavy tail, the limit is lifted to the level that noise
alone would pass less than once in a hundred runs (Hill 1975 on the ten largest
z so far, as in SPOT, Siffer 2017). An episode ends after three quiet points
(recovered), or after 32: then it is no spike but a new level.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.curve import Curve
from lossmon.model.batch import FloatArray

LIMIT: Final = 8.0
"""OLMo-core uses 6 non-robust sd of 128 points; 20 healthy real logs stayed under 5.8."""
FEW: Final = 16.0
MOST: Final = 40.0
TAIL_FACTOR: Final = 1000.0
"""The limit is where the fitted tail holds 1/1000 of the exceedances of the tenth largest."""
TOP: Final = 10
PRIOR_WEIGHT: Final = 10.0
PRIOR_INDEX: Final = 0.25
"""Tail index believed before there is evidence (Student t with 4 dof), worth ten points."""
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
        "_previous", "_top", "amplitude", "base", "length", "limit", "opened_at", "quiet",
        "sigma", "threshold", "z",
    )  # fmt: skip

    def __init__(self) -> None:
        self.threshold = LIMIT
        self.limit = math.inf
        """Internal value above which a point is a spike."""
        self.base = math.nan
        self.sigma = math.inf
        self._top = np.empty(0)
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
        self.sigma = max(curve.sigma, curve.floor)
        if curve.quiet_points < MIN_POINTS or not math.isfinite(self.sigma):
            self.limit = math.inf
            return
        # The scale itself is uncertain while there are few points: 13 σ at 24, 8.4 at 300.
        least = LIMIT * (1 + FEW / curve.n)
        self.threshold = least
        if len(self._top) >= TOP:
            low = max(float(self._top[0]), 1.0)
            hill = float(np.log(np.maximum(self._top, low) / low).sum())
            index = (hill + PRIOR_WEIGHT * PRIOR_INDEX) / (len(self._top) + PRIOR_WEIGHT)
            self.threshold = min(max(least, low * TAIL_FACTOR**index), MOST)
        self.limit = self.base + self.threshold * self.sigma

    def observe(self, values: FloatArray) -> None:
        """Remember the largest z of quiet points (order does not matter)."""
        if math.isinf(self.limit):
            return
        z = (values - self.base) / self.sigma
        low = max(1.0, float(self._top[0]) if len(self._top) >= TOP else 1.0)
        above = z[z > low]
        if len(above):
            self._top = np.sort(np.concatenate((self._top, above)))[-TOP:]

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
