"""How much one point differs from the trend, and how much neighbours share of that.

The scale is von Neumann's (1941) idea made robust: the median of |first
differences| over 0.6745·√2 is the standard deviation of Gaussian noise, and a
trend, which adds little to the difference of two neighbours, does not show in
it. Autocorrelation is read from second differences at lag 2 over lag 1, which
no linear trend can enter: for AR(1) noise with correlation r the ratio of
their mean squares is (1+r)(3−r²)/(3−r).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.reduce import total
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
_RHO: Final = np.linspace(0.0, 0.8, 33)
_RATIO: Final = (1 + _RHO) * (3 - _RHO**2) / (3 - _RHO)
_QUIET_RATIO: Final = 1.05
"""Ratios below are taken for white noise: their error over `MEMORY` points is about as large."""


def median(values: FloatArray) -> float:
    """Median of a non-empty 1-D array without NaN."""
    ordered = values.copy()
    ordered.sort()
    half = len(ordered) // 2
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


class Noise:
    """Local noise of a series: `sigma` of one point, `rho` of neighbours."""

    __slots__ = ("_lag1", "_lag2", "rho", "sigma")

    def __init__(self) -> None:
        self.sigma = math.inf
        self.rho = 0.0
        self._lag1 = 0.0
        self._lag2 = 0.0

    def update(self, tail: FloatArray, new: int, seen: int) -> None:
        """Take the newest values: `tail` ends with the `new` ones, older ones before them.

        `seen` is the number of points so far: the memory of the
        autocorrelation grows with the run.
        """
        window = tail[-max(WINDOW, new) - 1 :]
        if len(window) <= 8:
            return
        self.sigma = difference_scale(window)
        fresh = tail[-(new + 4) :]
        if len(fresh) < 5:
            return
        now = fresh[4:]
        lag1 = now - 2 * fresh[3:-1] + fresh[2:-2]
        lag2 = now - 2 * fresh[2:-2] + fresh[:-4]
        limit = (_CLIP * math.sqrt(6.0) * self.sigma) ** 2
        keep = math.exp(-len(now) / max(MEMORY, seen / 8))
        self._lag1 = keep * self._lag1 + float(total(np.minimum(lag1 * lag1, limit)))
        self._lag2 = keep * self._lag2 + float(total(np.minimum(lag2 * lag2, limit)))
        self.rho = autocorrelation(self._lag2 / self._lag1) if self._lag1 > 0 else 0.0

    @property
    def long_run(self) -> float:
        """σ·√((1+ρ)/(1−ρ)): what the mean of many neighbouring points sees of the noise."""
        return self.sigma * math.sqrt((1 + self.rho) / (1 - self.rho))
