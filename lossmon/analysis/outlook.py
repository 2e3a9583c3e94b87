"""What half as much training again is expected to bring, from lines over windows of the run.

One pass of sums from the newest bucket backwards gives the OLS line over every
window at once. A learning curve slows down, so the slope is carried on as 1/t
from the window's middle (a loss linear in log t): the gain of training half as
long again is then −slope · t_middle · ln 1.5.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.buckets import CAPACITY
from lossmon.model.batch import FloatArray, IntArray
from lossmon.record import record

WINDOWS: Final = (0.125, 0.15, 0.18, 0.21, 0.25, 0.3, 0.35, 0.42, 0.5)
"""Shares of the run tested: the flat part may be any of these."""
MIN_BUCKETS: Final = 6
MIN_POINTS: Final = 16
_HORIZON: Final = math.log(1.5)


@record
class Outlook:
    """The line over one window, in internal units."""

    gain: float
    low: float
    high: float
    """Bounds of the gain at the test's level."""
    slope: float
    """Per point."""
    slope_error: float
    window: int
    """Points behind it."""
    level: float
    """Level at the end of the window's line."""
    misfit: float
    """Mean square of the residuals over the variance that noise explains: 1 for a straight line."""


@record
class Lines:
    """Lines over the windows of one moment, the shortest (newest) first; shapes (windows,)."""

    counts: IntArray
    """Buckets in each window."""
    slopes: FloatArray
    """Per bucket."""
    errors: FloatArray
    gains: FloatArray
    margins: FloatArray
    """Half of the gain's interval."""
    levels: FloatArray
    misfits: FloatArray

    def __len__(self) -> int:
        return len(self.counts)

    def outlook(self, index: int, width: int) -> Outlook:
        """Return one window's line; `width` is the number of points in a bucket."""
        gain, margin = float(self.gains[index]), float(self.margins[index])
        return Outlook(
            gain=gain,
            low=gain - margin,
            high=gain + margin,
            slope=float(self.slopes[index]) / width,
            slope_error=float(self.errors[index]) / width,
            window=int(self.counts[index]) * width,
            level=float(self.levels[index]),
            misfit=float(self.misfits[index]),
        )


@lru_cache(maxsize=512)
def _windows(buckets: int, width: int, available: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Buckets in each window, the same as floats, and the sums of squares of their places."""
    found = sorted({int(buckets * share) for share in WINDOWS})
    counts = np.array(
        [c for c in found if MIN_BUCKETS <= c <= available and c * width >= MIN_POINTS],
        dtype=np.int64,
    )
    n = counts.astype(np.float64)
    sxx = n * (n * n - 1) / 12
    for array in (counts, n, sxx):
        array.flags.writeable = False
    return counts, n, sxx


_PLACES: Final = np.arange(CAPACITY)


def lines(
    means: FloatArray, variance: float, quantile: float, run: float, width: int, available: int
) -> Lines:
    """Fit the lines.

    `means`: bucket means, shape (k,). `variance`: long-run variance of one of
    them. `quantile`: of the test. `run`: the run's length in buckets.
    `available`: buckets since the newest resume; longer windows are left out.
    """
    k = len(means)
    counts, n, sxx = _windows(k, min(width, MIN_POINTS), min(available, k))
    if len(counts) == 0:
        empty = np.empty(0)
        return Lines(counts, empty, empty, empty, empty, empty, empty)
    longest = int(counts[-1])
    # Newest first, from the newest value: sums of what differs from it, so that little cancels.
    newest = float(means[-1])
    back = means[::-1][:longest] - newest
    last = counts - 1
    s0 = back.cumsum()[last]
    s1 = (_PLACES[:longest] * back).cumsum()[last]
    s2 = (back * back).cumsum()[last]
    slopes = -(s1 - 0.5 * (n - 1) * s0) / sxx
    errors = np.sqrt(variance / sxx)
    residual = np.maximum(s2 - s0 * s0 / n - slopes * slopes * sxx, 0.0)
    horizon = (run - 0.5 * n) * _HORIZON
    return Lines(
        counts=counts,
        slopes=slopes,
        errors=errors,
        gains=-slopes * horizon,
        margins=quantile * errors * horizon,
        levels=newest + s0 / n + 0.5 * slopes * (n - 1),
        misfits=residual / (n - 2) / variance,
    )
