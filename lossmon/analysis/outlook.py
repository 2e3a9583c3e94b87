"""What half as much training again is expected to bring, from lines over windows of the run.

One pass of sums from the newest bucket backwards gives the OLS line over every
window at once. A learning curve slows down, so the slope is carried on as 1/t
from the window's middle (a loss linear in log t): the gain of training half as
long again is then −slope · t_middle · ln 1.5.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.buckets import CAPACITY
from lossmon.model.batch import FloatArray
from lossmon.record import record

WINDOWS: Final = (0.125, 0.15, 0.18, 0.21, 0.25, 0.3, 0.35, 0.42, 0.5)
"""Shares of the run tested: the flat part may be any of these."""
MIN_BUCKETS: Final = 6
MIN_POINTS: Final = 16
SURE: Final = 2.2
"""Bounds of a gain lie so many standard errors from it (Student's t of that normal quantile)."""
_WIDE: Final = -(-MIN_POINTS // MIN_BUCKETS)
"""Buckets of so many points need no more than `MIN_BUCKETS`."""
FIRST: Final = int(MIN_POINTS / max(WINDOWS))
"""Points of a run from which on a line is drawn."""
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


class Lines:
    """Lines over the windows of one moment, the shortest (newest) first: one value a window.

    They are few and looked at one by one: plain numbers cost less than arrays.
    """

    __slots__ = ("counts", "errors", "gains", "levels", "margins", "misfits", "slopes")

    def __init__(
        self,
        counts: tuple[int, ...] = (),
        slopes: Sequence[float] = (),
        errors: Sequence[float] = (),
        gains: Sequence[float] = (),
        margins: Sequence[float] = (),
        levels: Sequence[float] = (),
        misfits: Sequence[float] = (),
    ) -> None:
        self.counts = counts
        """Buckets in each window."""
        self.slopes = slopes
        """Per bucket."""
        self.errors = errors
        self.gains = gains
        self.margins = margins
        """Half of the gain's interval."""
        self.levels = levels
        self.misfits = misfits

    def __len__(self) -> int:
        return len(self.counts)

    def outlook(self, index: int, width: int) -> Outlook:
        """Return one window's line; `width` is the number of points in a bucket."""
        gain, margin = self.gains[index], self.margins[index]
        return Outlook(
            gain, gain - margin, gain + margin, self.slopes[index] / width,
            self.errors[index] / width, self.counts[index] * width, self.levels[index],
            self.misfits[index],
        )  # fmt: skip


@lru_cache(maxsize=300)
def _windows(buckets: int, width: int) -> tuple[int, ...]:
    """Buckets in each window, the shortest first."""
    found = sorted({int(buckets * share) for share in WINDOWS})
    return tuple(c for c in found if c >= MIN_BUCKETS and c * width >= MIN_POINTS)


_PLACES: Final = np.arange(float(CAPACITY))


def lines(
    means: FloatArray, variance: float, quantile: float, run: float, width: int, available: int
) -> Lines:
    """Fit the lines.

    `means`: bucket means, shape (k,). `variance`: long-run variance of one of
    them. `quantile`: of the test. `run`: the run's length in buckets.
    `available`: buckets since the newest resume; longer windows are left out.
    """
    counts = _windows(len(means), min(width, _WIDE))
    if available < len(means):
        counts = counts[: bisect_right(counts, available)]
    if not counts:
        return Lines()
    longest = counts[-1]
    # Newest first, from the newest value: sums of what differs from it, so that little cancels.
    newest = float(means[-1])
    back = means[::-1][:longest] - newest
    sums = back.cumsum().tolist()
    weighted = (_PLACES[:longest] * back).cumsum().tolist()
    squares = (back * back).cumsum().tolist()
    found = []
    for last, n, half, sxx in _shapes(counts):
        s0 = sums[last]
        slope = (half * s0 - weighted[last]) / sxx
        error = math.sqrt(variance / sxx)
        horizon = (run - 0.5 * n) * _HORIZON
        residual = squares[last] - s0 * s0 / n - slope * slope * sxx
        found.append((
            slope,
            error,
            0.0 - slope * horizon,  # never −0
            quantile * error * horizon,
            newest + s0 / n + 0.5 * slope * last,
            (residual if residual > 0 else 0.0) / (n - 2) / variance,
        ))  # fmt: skip
    return Lines(counts, *zip(*found, strict=True))


@lru_cache(maxsize=300)
def _shapes(counts: tuple[int, ...]) -> tuple[tuple[int, int, float, float], ...]:
    """For each window the place of its last sum, its buckets, half of the former, Σ(x − x̄)²."""
    return tuple((n - 1, n, 0.5 * (n - 1), n * (n * n - 1) / 12) for n in counts)
