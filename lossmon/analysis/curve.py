"""`Curve`: what is known of one loss series, in O(1) memory, for the detectors to read.

Values are kept in *internal units*: the loss times a power of two (exact) that
brings the first value near one, so that losses of 1e±300 can be squared. The
unit of amplitude is R, what the last 90 % of the run bought: the level at 10 %
of the run minus the present one. The first steep drop would hide everything
after it; and R is unchanged by a·loss + c up to the factor a.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.buckets import Buckets
from lossmon.analysis.noise import TAIL_KEPT, WINDOW, Noise, median
from lossmon.analysis.reduce import highest, lowest, total
from lossmon.model.batch import FloatArray

BLOCK: Final = 2048
"""Points after which local quantities are renewed at the latest: a 64th of a run or less, once it
is so long that this counts."""
RAW_KEPT: Final = 1088
"""Newest values kept as they came, at the latest renewal."""
FLOOR: Final = 0.0025
"""Noise below this share of R counts as this much: printed digits end somewhere."""
_ROUNDING: Final = 4 * np.finfo(float).eps
CLEAN: Final = 0
RAW: Final = 1
_START_POINTS: Final = 64
"""The initial level is the highest median of three within so many points."""


class Curve:
    """Level, noise, descent and the whole-run means of one series."""

    __slots__ = (
        "_largest", "_quiet", "_raw", "_variances", "buckets", "deepest", "descent", "epoch_marks",
        "first_level", "level", "local", "n", "noise", "rate_rise", "reference", "renewals",
        "segment_start",
        "start", "unit", "warmup_end",
    )  # fmt: skip

    def __init__(self) -> None:
        self.unit = 0.0
        """Factor from loss to internal units, a power of two; 0 until a value ≠ 0 was seen."""
        self.n = 0
        """Finite points that count, those of the open block included."""
        self.buckets = Buckets(columns=2)
        self.noise = Noise()
        self.level = math.nan
        """Mean of the last 1/16 of the run (winsorised)."""
        self.local = math.nan
        """Median of the newest quiet points (up to 32)."""
        self.descent = 0.0
        """R."""
        self.deepest = 0.0
        """As R, down to the lowest level held: what a rise is measured with."""
        self.reference: float | None = None
        """Lowest level that the run held before the newest buckets."""
        self.start = -math.inf
        """Initial level."""
        self.first_level = math.nan
        """Highest of the first eight points."""
        self.segment_start = 0
        self.epoch_marks: list[int] = []
        """n at the starts of the newest epochs (at most 4)."""
        self.rate_rise = -(1 << 40)
        """n at the newest rise of the learning rate."""
        self.warmup_end = 0
        """n at the end of the initial warm-up of the learning rate."""
        self.renewals = 0
        """Grows with every change but of `n`: until then what was worked out holds."""
        self._quiet = np.empty(0)
        self._raw = np.empty(0)
        self._largest = 0.0
        self._variances: dict[int, tuple[float, float]] = {}
        """What `bucket_variance` found since the last change: several detectors ask alike."""

    @property
    def block(self) -> int:
        """Points from one renewal to the next; always divides the bucket width."""
        return min(self.buckets.width, BLOCK)

    @property
    def sigma(self) -> float:
        """Standard deviation of one point, never below the floor of printed digits."""
        return max(self.noise.sigma, self.floor)

    @property
    def floor(self) -> float:
        """Smallest noise believed in."""
        return max(FLOOR * self.descent, _ROUNDING * self._largest, 1e-290)

    @property
    def long_run_sigma(self) -> float:
        """As `sigma`, for the mean of many neighbouring points."""
        return max(self.noise.long_run, self.floor)

    @property
    def raw_tail(self) -> FloatArray:
        """The newest values, spikes included, from 64 once there are so many to `RAW_KEPT`."""
        return self._raw

    @property
    def quiet_points(self) -> int:
        """Points behind `local`."""
        return min(len(self._quiet), WINDOW)

    def loss(self, value: float) -> float:
        """Convert internal units to the loss's own."""
        return value / self.unit if self.unit else value

    def renew_block(
        self, raw: FloatArray, clean: FloatArray, quiet: FloatArray, first: float, last: float
    ) -> bool:
        """Take one full block of points; return whether a bucket closed.

        `raw` and `clean` (winsorised) have shape (block,); `quiet` are those of
        `raw` outside spikes. `first` and `last` are steps.
        """
        self._variances.clear()
        self.renewals += 1
        tail = np.concatenate((self._quiet[-TAIL_KEPT:], quiet))
        # A copy: what is let go of must not be held by a view of the rest.
        self._quiet = tail[-TAIL_KEPT:].copy()
        self._raw = np.concatenate((self._raw[-64:], raw[-(RAW_KEPT - 64) :]))
        self._largest = max(self._largest, float(highest(np.abs(raw))))
        if len(quiet):
            self.noise.update(tail, len(quiet), self.n)
            # A tenth of the run, at most 32 points: more would lag behind a steep descent.
            self.local = median(self._quiet[-min(max(self.n // 10, 10), 32) :])
        if self.n <= 8:
            self.first_level = float(highest(self._raw[: self.n]))
        if self.n <= _START_POINTS and len(self._raw) >= 3:
            self.start = max(self.start, float(np.sort(self._raw[-3:])[1]))
        closed = self.buckets.add(len(raw), (float(total(clean)), float(total(raw))), first, last)
        if closed:
            self._renew_levels()
        return closed

    def _renew_levels(self) -> None:
        means = self.buckets.means(CLEAN)
        k = len(means)
        edge = max(2, k // 16)
        self.level = float(total(means[-edge:])) / min(edge, k)
        if k >= 8:
            left = self._left_start(means)
            tenth = left + (k - left) // 10
            around = means[max(0, tenth - 1) : tenth + 2]
            before = float(total(around)) / len(around)
            self.descent = max(before - self.level, 0.0)
            self.deepest = max(before - min(self.level, self.reference or self.level), 0.0)
        # The level held over 16 points (8 in short logs), the newest ones excluded.
        span = max(1, 16 // self.buckets.width) if self.n >= _START_POINTS else 8
        if span == 1 and k > 2:
            self.reference = float(lowest(means[:-1]))
        elif k > 2 * span:
            held = np.zeros(k + 1)
            means.cumsum(out=held[1:])
            levels = (held[span:-span] - held[: -2 * span]) / span
            self.reference = float(lowest(levels))

    def _left_start(self, means: FloatArray) -> int:
        """Bucket at which learning began: 0 unless the run waited at its start for a while.

        The first steps of large runs are often flat (warm-up from a rate of 0);
        R must not hold the whole first drop only because it came late.
        """
        head = 0.5 * float(means[0] + means[1])
        least = max(0.1 * (head - self.level), 6 * self.floor)
        if head - float(lowest(means[:3])) > least:
            return 0  # it fell at once, as most runs do
        falls = head - means > least
        first = int(falls.argmax())
        return first if falls[first] and first > 2 else 0

    def forget_quiet(self, keep: FloatArray) -> None:
        """Begin the local level anew from `keep` (the newest points): a new level was reached."""
        self._quiet = keep.copy()
        self.local = median(keep)

    def truncate(self, step: float) -> None:
        """Forget what reaches `step` or beyond; the level is what it was before it."""
        self._variances.clear()
        self.renewals += 1
        self.buckets.truncate(step)
        self.n = self.buckets.points
        self.segment_start = self.n
        self.epoch_marks = [mark for mark in self.epoch_marks if mark <= self.n]
        self._raw = np.empty(0)
        self._quiet = np.empty(0)
        self.rate_rise = min(self.rate_rise, self.n)
        if self.buckets.count:
            self._renew_levels()
            self.local = self.level
        else:
            self._restart()

    def _restart(self) -> None:
        self.noise = Noise()
        self.level = self.local = math.nan
        self.descent = self.deepest = 0.0
        self.reference = None
        self.start = -math.inf
        self.epoch_marks = []
        self.rate_rise = -(1 << 40)
        self.warmup_end = 0

    def bucket_variance(self, window: int) -> tuple[float, float]:
        """Long-run variance of one bucket mean and its degrees of freedom.

        From the trimmed squares of second differences over the last `window`
        buckets (a curve's slope and bends hardly enter them), times 1.35 for
        the trimming of the top tenth, times the AR(1) factor.
        """
        known = self._variances.get(window)
        if known is not None:
            return known
        means = self.buckets.means(CLEAN)[-(window + 2) :]
        second = means[:-2] - 2 * means[1:-1] + means[2:]
        squares = second * second
        squares.sort()
        kept = max(4, int(0.9 * len(squares)))
        variance = float(total(squares[:kept])) / kept / 6 * 1.35
        variance *= self.noise.mean_factor(self.buckets.width)
        variance += (_ROUNDING * self._largest) ** 2 + 1e-300
        self._variances[window] = variance, 0.5 * len(squares)
        return self._variances[window]
