"""How much one point differs from the trend, and how much neighbours share of that.

The scale is von Neumann's (1941) idea made robust: the median of |first
differences| over 0.6745·√2 is the standard deviation of Gaussian noise, and a
trend, which adds little to the difference of two neighbours, does not show in
it. Autocorrelation is read from second differences at lag 2 over lag 1, which
no linear trend can enter: for AR(1) noise with correlation r the ratio of
their mean squares is (1+r)(3−r²)/(3−r).

Many loggers write the mean of the last w points instead of the point. Then
neighbours share all but one of their points: the scale of their differences is
σ/w where the mean itself scatters by σ/√w, and the long-run scale is σ. The
differences (e_t − e_{t−w})/w of such means betray w: correlation −1/2 at lag w
and none at the lags before, which no autoregressive noise has.

Others log an exponential average, AR(1) noise of r = 0.9 to 0.99: there the
ratio above ends (it is 1.93 at 0.8 and 2 at 1), and second differences at lag
k = 16 or 64 over those at lag 1 tell r: (1−r^k)(3−r^k)/((1−r)(3−r)). The
differences of such an average are by √(1−r) smaller than its scatter about the
trend, and its mean over long sees the σ of the points behind it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.reduce import highest, mean, total
from lossmon.model.batch import FloatArray

WINDOW: Final = 48
"""Points behind the local scale: a median of 47 differences has about 13 % of error."""
MEMORY: Final = 333.0
"""Points over which the autocorrelation forgets at least (it drifts with the phase of training)."""
_MAD_TO_SD: Final = 0.6744897501960817
_STEEP: Final = 1.3
"""Noise that is correlated at up to 0.6 keeps the two scales within this ratio."""
_CLIP: Final = 3.0
"""Second differences count up to so many of their own standard deviations (√6 σ)."""
MOST_RATIO: Final = 0.8
"""Correlation up to which the ratio of second differences tells it."""
_RHO: Final = np.linspace(0.0, MOST_RATIO, 33)
_RATIO: Final = (1 + _RHO) * (3 - _RHO**2) / (3 - _RHO)
_QUIET_RATIO: Final = 1.05
"""Ratios below are taken for white noise: their error over `MEMORY` points is about as large."""

LAGS: Final = 100
"""Longest averaging window that is looked for (mmengine and detectron2 use 10 to 100)."""
BATCH: Final = 32
"""Differences are taken this many at a time for that, at least."""
_WINDOW_LEAST: Final = -0.3
"""Correlation that the differences must pass at lag w; −0.5 is expected …"""
_WINDOW_MOST: Final = -0.75
"""… no stronger than this: a steep descent's differences have more, at some long lag …"""
_WINDOW_BEFORE: Final = 0.1
"""… and at the lags before w none: a descent's differences are alike, at all short lags …"""
_WINDOW_Z: Final = 4.5
"""… and by so many of its standard errors 1/√N: one chance in 3,000 over a hundred lags."""
_SHORT_LAGS: Final = 8
_LAG_ONE: Final = -0.25
"""White noise has −0.5 at lag 1, noise that is correlated at 0.6 −0.2, means over windows 0."""
_ALL_LAGS: Final = np.arange(LAGS + 1)
_SMOOTH_LEAST: Final = 1.7
_SMOOTH_MOST: Final = 2.3
"""Ratios of second differences between which a log may be of exponential averages: AR(1) noise of
0.7 to 1 has 1.84 to 2, with its error; the bend of a descent has up to 16."""
_FAR_LAGS: Final = (64, 16)
"""Lags at which such noise is measured: the farther one once there are points enough …"""
_FAR_POINTS: Final = 4
"""… and that is so many times the lag."""
_SMOOTHED: Final = np.concatenate((np.linspace(0.6, 0.9, 16), 1 - np.geomspace(0.09, 0.004, 40)))
_FAR_RATIO: Final = {
    k: (1 - _SMOOTHED**k) * (3 - _SMOOTHED**k) / ((1 - _SMOOTHED) * (3 - _SMOOTHED))
    for k in _FAR_LAGS
}
_SORTED_MOST: Final = 1024
"""More values are parted at their median, which takes 10 µs for 2,048; fewer are sorted sooner."""
TAIL_KEPT: Final = 64 + WINDOW + LAGS
"""Older values that `Noise.update` wants before the new ones."""


def median(values: FloatArray) -> float:
    """Median of a non-empty 1-D array without NaN."""
    ordered = values.copy()
    half = len(ordered) // 2
    if len(ordered) > _SORTED_MOST:
        ordered.partition(half)
        if len(ordered) % 2:
            return float(ordered[half])
        return float(0.5 * (highest(ordered[:half]) + ordered[half]))
    ordered.sort()
    if len(ordered) % 2:
        return float(ordered[half])
    return float(0.5 * (ordered[half - 1] + ordered[half]))


def difference_scale(values: FloatArray) -> float:
    """Standard deviation of the noise in `values` (finite, n ≥ 2), blind to a trend.

    From first differences; where second ones, which no slope enters, say much
    less (a steep descent of little noise), they bound it.
    """
    first = values[1:] - values[:-1]
    scale = median(np.abs(first)) / (_MAD_TO_SD * math.sqrt(2.0))
    if len(first) < 8:
        return scale
    second = median(np.abs(first[1:] - first[:-1])) / (_MAD_TO_SD * math.sqrt(6.0))
    return min(scale, _STEEP * second) if second > 0 else scale


def autocorrelation(ratio: float) -> float:
    """AR(1) correlation in [0, 0.8] for a ratio of second differences at lag 2 over lag 1."""
    return 0.0 if ratio < _QUIET_RATIO else float(np.interp(ratio, _RATIO, _RHO))


def block_mean_factor(width: int, rho: float) -> float:
    """Correct the variance of block means that was estimated from their second differences.

    For AR(1) noise means over `width` points stay correlated; the factor turns
    the second-difference estimate of one mean's variance into its long-run
    variance (what the mean of many blocks sees). 1 for white noise.
    """
    if rho <= 0:
        return 1.0
    power = rho**width
    long_run = (1 + rho) / (1 - rho) / width
    spill = rho / (width * width * (1 - rho) ** 2)
    g0 = long_run - 2 * spill * (1 - power)
    g1 = spill * (1 - power) ** 2
    return long_run * 6 / (6 * g0 - 8 * g1 + 2 * g1 * power)


@lru_cache(maxsize=512)
def window_mean_factor(width: int, window: int) -> float:
    """As `block_mean_factor`, for points that are means over the last `window` ones.

    Their autocovariance is a triangle, (w − |j|)/w of the variance; it is summed
    over the blocks.
    """
    lags = np.arange(-(3 * width), 3 * width + 1)
    covariance = np.maximum(window - np.abs(lags), 0) / window
    weights = width - np.abs(np.arange(-(width - 1), width))
    middle = 3 * width

    def between(blocks: int) -> float:
        at = middle + blocks * width
        part = covariance[at - (width - 1) : at + width]
        return float((weights * part).sum()) / width**2

    g0, g1, g2 = between(0), between(1), between(2)
    return window / width * 6 / (6 * g0 - 8 * g1 + 2 * g2)


def _squares(fresh: FloatArray, limit: float) -> tuple[float, float]:
    """Sums of squared second differences at lags 1 and 2, each at most `limit`.

    `fresh`: the values, after four older ones; n ≥ 5.
    """
    if len(fresh) == 5:  # one value: plain numbers cost a fifth of what arrays do
        e, _, c, b, a = fresh.tolist()
        one, two = a - 2 * b + c, a - 2 * c + e
        return min(one * one, limit), min(two * two, limit)
    now = fresh[4:]
    lag1 = now - 2 * fresh[3:-1] + fresh[2:-2]
    lag2 = now - 2 * fresh[2:-2] + fresh[:-4]
    return (
        float(total(np.minimum(lag1 * lag1, limit))),
        float(total(np.minimum(lag2 * lag2, limit))),
    )


class Noise:
    """Local noise of a series: `sigma` of one point, `rho` of neighbours, the averaging window."""

    __slots__ = ("_counts", "_far", "_lag1", "_lag2", "_pending", "_products", "innovation",
                 "rho", "smoothing", "window")  # fmt: skip

    def __init__(self) -> None:
        self.innovation = math.inf
        """Scale of what is new in one point: of white noise the standard deviation."""
        self.rho = 0.0
        self.window = 1
        """Points that each value is the mean of; 1: none was found."""
        self.smoothing = 0.0
        """Correlation of an exponential average; 0: the values are none, as far as is known."""
        self._far = np.zeros((len(_FAR_LAGS), 3))
        """Sums of squared second differences at a far lag and at lag 1, and their number."""
        self._lag1 = 0.0
        self._lag2 = 0.0
        self._products = np.zeros(LAGS + 1)
        """Sums of products of (clipped) differences, by lag."""
        self._counts = np.zeros(LAGS + 1)
        self._pending = 0

    def update(self, tail: FloatArray, new: int, seen: int) -> None:
        """Take the newest values: `tail` ends with the `new` ones, older ones before them.

        `seen` is the number of points so far: the memory of the
        autocorrelation grows with the run.
        """
        window = tail[-max(WINDOW, new) - 1 :]
        if len(window) <= 8:
            return
        self.innovation = difference_scale(window)
        fresh = tail[-(new + 4) :]
        if len(fresh) < 5:
            return
        limit = (_CLIP * math.sqrt(6.0) * self.innovation) ** 2
        memory = max(MEMORY, seen / 8)
        keep = math.exp((4 - len(fresh)) / memory)
        near, far = _squares(fresh, limit)
        self._lag1 = keep * self._lag1 + near
        self._lag2 = keep * self._lag2 + far
        ratio = self._lag2 / self._lag1 if self._lag1 > 0 else 0.0
        self._pending += new
        if self._pending >= BATCH:
            pending = min(self._pending, len(tail) - 1)
            self._correlate(tail, pending, memory)
            if _SMOOTH_LEAST < ratio < _SMOOTH_MOST:
                self._look_far(tail, pending, seen)
            else:
                self.smoothing = 0.0
            self._pending = 0
        self.rho = max(autocorrelation(ratio), self.smoothing)

    def _correlate(self, tail: FloatArray, new: int, memory: float) -> None:
        """Add the products of the newest differences with those up to `LAGS` before them."""
        limit = _CLIP * math.sqrt(2.0) * self.innovation
        newest = tail[-(new + LAGS + 1) :]
        steps = np.minimum(np.maximum(newest[1:] - newest[:-1], -limit), limit)
        steps -= mean(steps)  # a slope is common to all, and correlated with itself at every lag
        older = len(steps) - new
        padded = np.concatenate((np.zeros(LAGS - older), steps)) if older < LAGS else steps
        keep = math.exp(-new / memory)
        self._products *= keep
        self._products += np.correlate(padded, steps[-new:])[::-1]
        self._counts *= keep
        self._counts += new if older >= LAGS else np.clip(older + new - _ALL_LAGS, 0, new)
        self.window = self._find_window()

    def _look_far(self, tail: FloatArray, new: int, seen: int) -> None:
        """Measure how slowly neighbours lose what they share, over the newest `new` points."""
        near = tail[-(new + 2) :]
        one = near[2:] - 2 * near[1:-1] + near[:-2]
        square = float(total(one * one)) / max(len(one), 1)
        keep = math.exp(-new / max(MEMORY, seen / 4))
        self._far *= keep
        for row, lag in zip(self._far, _FAR_LAGS, strict=True):
            old = tail[-(new + 2 * lag) :]
            if len(old) <= 2 * lag:
                continue
            far = old[2 * lag :] - 2 * old[lag:-lag] + old[: -2 * lag]
            # Random walks, the most correlated noise, reach lag times the square at lag 1.
            far = np.minimum(far * far, _CLIP**2 * lag * square)
            row += (float(total(far)), square * len(far), len(far))
        for lag, (far_sum, near_sum, count) in zip(_FAR_LAGS, self._far, strict=True):
            if count >= _FAR_POINTS * lag and near_sum > 0:
                found = float(np.interp(far_sum / near_sum, _FAR_RATIO[lag], _SMOOTHED))
                self.smoothing = found if found > MOST_RATIO else 0.0
                return

    def _find_window(self) -> int:
        if not self._products[0] > 0:
            return 1
        variance = float(self._products[0]) / max(float(self._counts[0]), 1.0)
        at_one = max(float(self._counts[1]), 1.0)
        if float(self._products[1]) / at_one < variance * (_LAG_ONE + 1 / math.sqrt(at_one + 1)):
            return 1
        found = self._products / self._products[0]
        found *= self._counts[0] / np.maximum(self._counts, 1.0)
        at = 2 + int(found[2:].argmin())
        needed = min(_WINDOW_LEAST, -_WINDOW_Z / math.sqrt(self._counts[at] + 1))
        if not _WINDOW_MOST < found[at] < needed:
            return 1
        before = found[1 : min(at, _SHORT_LAGS + 1)]
        chance = 2 / math.sqrt(len(before) * (self._counts[1] + 1))
        return at if abs(float(total(before))) / len(before) < _WINDOW_BEFORE + chance else 1

    @property
    def sigma(self) -> float:
        """Standard deviation of one point about the trend."""
        return self.innovation * math.sqrt(self.window)

    @property
    def long_run(self) -> float:
        """What the mean of many neighbouring points sees of the noise, times √n.

        σ·√((1+ρ)/(1−ρ)) of AR(1) noise; for means over w points, and for exponential averages,
        the σ of the points themselves.
        """
        if self.window > 1:
            return self.innovation * self.window
        if self.smoothing:
            return self.innovation * math.sqrt(1 + self.smoothing) / (1 - self.smoothing)
        return self.innovation * math.sqrt((1 + self.rho) / (1 - self.rho))

    def mean_factor(self, width: int) -> float:
        """Factor from second differences of means over `width` points to long-run variance."""
        if self.window > 1:
            return window_mean_factor(min(width, 8 * LAGS), self.window)
        return block_mean_factor(width, self.rho)
