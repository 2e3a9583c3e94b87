"""Divergence: a rise from the lowest level that was held, confirmed by how it goes on.

A CUSUM (Page 1954) of (x − lowest past level)/long-run σ, increments clipped
at 4, with drift 1, gives the warning at 15; what confirms it is one of

* exploded: more than 3 R above the start, and growing;
* above the start by a tenth of R, and not falling;
* rising: the slope since the warning positive at 3.5 (t with autocorrelation);
* slow: a line over an eighth to a half of the run that surely rises (t of 4.5 on bucket means),
  where noise keeps every single point from telling;
* stuck: high without recovery for about a fifth of the run, less for larger jumps.

A rise under 5 % of R never counts. A rising learning rate explains a rise for
a while, and an epoch's sawtooth must pass the level before the last drop.

The CUSUM runs on integers (increments in 1/1024), so that its closed form over
a whole block (`cumsum` and a running minimum) equals point-by-point recursion
to the last bit.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.buckets import CAPACITY
from lossmon.analysis.curve import CLEAN, RAW, Curve
from lossmon.analysis.noise import median
from lossmon.analysis.outlook import SURE, Lines
from lossmon.analysis.quantiles import student_quantile
from lossmon.analysis.reduce import highest, lowest, mean, total
from lossmon.model.batch import FloatArray, IntArray

DRIFT: Final = 1.0
WARNING: Final = 15.0
CLIP: Final = 4.0
_FIXED: Final = 1024
_LOWEST: Final = -1e6
RISE: Final = 0.05
STUCK: Final = 0.2
EARLY: Final = 48
"""A rise that begins within so many points is usually the warm-up: it must last longer."""
PATIENT: Final = 250
BUMP: Final = 24
"""A bump of the warm-up begins earlier than this."""
BOTTOM: Final = 16
"""Points of descent that must come before an explosion is measured with it."""
EARLY_SHARE: Final = 0.15
SLOPE_Z: Final = 3.5
SLOW: Final = 2.7
SLOW_TIMES: Final = 4.5 / 2.7
"""A slow rise must pass so many times the t of that normal quantile: 4.5 with many buckets."""
EASING: Final = 4.0
"""The newest two points lie lower than the two before by so many σ (twice the error of that)."""
STRAIGHT: Final = 3.0
"""Residuals of a slow rise lie within so many standard deviations of what noise explains (χ²)."""
SLOW_RISE: Final = 1.2
"""In units of `RISE`: what the line rises over its window."""
LEARNED: Final = 3.0
"""A descent is told from noise at so many standard deviations of a bucket's mean."""
LINE: Final = 4.0
"""A line may explain less than the best step by so many variances of a bucket's mean: a step has
its place to choose, which alone gains it about three."""
SLOW_FROM: Final = 128
"""Points before which means over windows, which look like slow rises, cannot be told."""
NOT_FALLING: Final = -1.0
"""What is stuck high does not fall: t of the slope since the rise."""
TIMES_START: Final = 10.0
"""A rise from the very start has no descent to be measured with; a positive loss of ten times its
start is no warm-up bump. (The one test that depends on the loss's zero.)"""
TIMES_LONG: Final = 4.0
LONG: Final = 8
LEARNED_SHARE: Final = 0.2
"""Nor is one of four times its start for eight points in a row, where a fifth of it was gone before
(a generator's loss, or a divergence between distributions, only ever rises)."""
LASTING: Final = 48
TIMES_LASTED: Final = 4
FELL_FOR: Final = 8
FELL: Final = 5.0
"""Nor is what fell for eight points or more, surely, and has risen for four times as long since."""
EXPLODED: Final = 1.5
"""So many times the whole descent above the start is no warm-up any more."""


@lru_cache(maxsize=2 * CAPACITY)
def _centred(n: int) -> FloatArray:
    """Places of n buckets around their middle."""
    places = np.arange(n, dtype=np.float64) - (n - 1) / 2
    places.flags.writeable = False
    return places


def slope_test(means: FloatArray) -> tuple[float, float, float]:
    """OLS slope per bucket, its error with lag-1 autocorrelation, degrees of freedom; n ≥ 4."""
    n = len(means)
    x = _centred(n)
    sxx = n * (n * n - 1) / 12
    slope = float(total(x * means)) / sxx
    residual = means - mean(means) - slope * x
    squares = float(total(residual * residual)) + 1e-300
    r = float(total(residual[1:] * residual[:-1])) / squares + 2.0 / n
    r = min(max(r, 0.0), 0.8)
    variance = squares / (n - 2) * (1 + r) / (1 - r)
    return slope, math.sqrt(variance / sxx), n * (1 - r) / (1 + r) - 2


def _line_beats_step(means: FloatArray, margin: float) -> bool:
    """Whether a line explains more than the best single step does, by `margin` (may be negative).

    A jump to another level lifts a line through both levels, but is no rise
    that goes on. Both explain the mean; what they explain beside it is compared.
    """
    n = len(means)
    centred = means - means.mean()
    x = np.arange(n) - (n - 1) / 2
    line = float((x * centred).sum()) ** 2 / (n * (n * n - 1) / 12)
    left = np.arange(2, n - 1)
    step = centred.cumsum()[left - 1] ** 2 * n / (left * (n - left))
    return line > float(step.max()) + margin


def _grouped(values: FloatArray, size: int) -> FloatArray:
    """Means of `size` neighbours, the oldest rest left out: those of one window are one value."""
    if size <= 1:
        return values
    groups = len(values) // size
    means: FloatArray = values[len(values) - groups * size :].reshape(groups, size).mean(axis=1)
    return means


class DivergenceDetector:
    """CUSUM in calm times; a schedule of checks while a rise is under suspicion."""

    __slots__ = (
        "_deepest",
        "_reference",
        "_scale",
        "_sigma",
        "_sigma_then",
        "check_at",
        "cusum",
        "hot",
        "rising",
        "since",
        "slow",
    )

    def __init__(self) -> None:
        self.cusum = 0
        self.hot = False
        """Whether a rise is under suspicion."""
        self.slow = False
        """Whether the rise shows in means alone, not in single points."""
        self.rising = False
        """Whether the last check found it high enough to count."""
        self.since = 0
        """n at which the present rise began (where the CUSUM left zero)."""
        self.check_at = 0
        self._reference: float | None = None
        self._deepest = 0.0
        self._sigma_then = math.inf
        """Noise at the moment of the warning: what diverges also scatters more."""
        self._scale = 0.0
        """Descent at the moment of the warning, before the rise itself could hide it."""
        self._sigma = math.inf

    def renew(self, curve: Curve) -> None:
        """Take reference and noise for the points to come."""
        if curve.reference is not None or not self.hot:
            self._reference = curve.reference
        self._sigma = curve.long_run_sigma
        self._deepest = curve.deepest

    def reset(self, n: int) -> None:
        """Forget the rise so far (a recovered spike, a resumed run)."""
        self.cusum = 0
        self.hot = False
        self.rising = self.slow = False
        self.since = n

    def increments(self, values: FloatArray) -> IntArray | None:
        """CUSUM increments of the values, None where there is nothing to measure with yet."""
        if self._reference is None or not math.isfinite(self._sigma):
            return None
        z = (values - self._reference) / self._sigma
        z = np.minimum(np.maximum(z, _LOWEST), CLIP) - DRIFT
        return np.rint(z * _FIXED).astype(np.int64)

    def advance(self, values: FloatArray, n: int) -> int | None:
        """Take calm points n+1 …; return the index at which the warning is raised, or None.

        With an index, the points up to it (inclusive) have been taken and no
        more.
        """
        if len(values) == 1:
            return self._advance_one(float(values[0]), n)
        steps = self.increments(values)
        if steps is None:
            return None
        total = steps.cumsum() + self.cusum
        lowest = np.minimum(np.minimum.accumulate(total), 0)
        height = total - lowest
        over = height > int(WARNING * _FIXED)
        index = int(over.argmax())
        crossed = bool(over[index])
        last = index if crossed else len(values) - 1
        zeros = (height[: last + 1] == 0).nonzero()[0]
        if len(zeros):
            self.since = n + int(zeros[-1]) + 1
        self.cusum = int(height[last])
        if crossed:
            self._warn(n + index + 1)
            return index
        return None

    def _advance_one(self, value: float, n: int) -> int | None:
        """As `advance` for one point, to the last bit: most come alone while a run is watched."""
        if self._reference is None or not math.isfinite(self._sigma):
            return None
        z = min(max((value - self._reference) / self._sigma, _LOWEST), CLIP) - DRIFT
        self.cusum = max(self.cusum + round(z * _FIXED), 0)
        if self.cusum == 0:
            self.since = n + 1
        if self.cusum <= int(WARNING * _FIXED):
            return None
        self._warn(n + 1)
        return 0

    def _warn(self, n: int) -> None:
        self.hot = True
        self._scale, self._sigma_then = self._deepest, self._sigma
        self.check_at = n

    def look_early(self, curve: Curve) -> None:
        """Put a short log under suspicion whose newest three points are far beyond its start."""
        newest = curve.raw_tail[-3:]
        if curve.n < 8 or not 0 < TIMES_START * curve.first_level < float(lowest(newest)):
            return
        if self._reference is None:
            self._reference = float(lowest(curve.buckets.means(RAW)))
        self._warn(curve.n)
        self.since = curve.n - 3

    def look_slow(self, curve: Curve, found: Lines, stair: int) -> bool:
        """Look for a slow rise at a bucket's close; return whether there is one.

        `found`: lines over the newest windows. `stair`: bucket of the newest
        sudden drop (0: none); up to the level before it, a rise may be an
        epoch's sawtooth.
        """
        reference, n = curve.reference, curve.n
        if reference is None or len(found) == 0 or n < SLOW_FROM or curve.deepest <= 0:
            return False
        if curve.level < reference + RISE * curve.deepest or self._held(curve, n):
            return False
        # A spike at the window's end or a jump that decays also lifts a line, but is none.
        # What begins near the start may be a warm-up bump.
        oldest = n - max(EARLY, EARLY_SHARE * n)
        least = SLOW_RISE * RISE * curve.deepest
        _, dof = curve.bucket_variance(max(16, curve.buckets.count // 2))
        times = SLOW_TIMES * student_quantile(SLOW, dof) / student_quantile(SURE, dof)
        for count, slope, gain, margin, misfit in zip(
            found.counts, found.slopes, found.gains, found.margins, found.misfits, strict=True
        ):
            rise = slope * (count - 1)
            if (
                gain + times * margin < 0
                and rise > least
                and count * curve.buckets.width < oldest
                and misfit < 1 + STRAIGHT * math.sqrt(2 / count)
            ):
                break
        else:
            return False
        if self._sawtooth(curve, curve.level, n):
            return False
        means = curve.buckets.means(CLEAN)
        # A jump that comes down slowly is a line too, as far as noise tells; its newest half falls.
        newest = means[-max(4, count // 2) :]
        if slope_test(newest)[0] <= 0:
            return False
        if stair and curve.level <= float(highest(means[max(0, stair - 4) : stair])):
            return False
        variance, _ = curve.bucket_variance(max(16, len(means) // 2))
        # Where nothing was learned yet, R is noise and no unit for a rise.
        learned = curve.deepest > LEARNED * math.sqrt(variance)
        if not learned and rise < 2 * LEARNED * math.sqrt(variance):
            return False
        if not _line_beats_step(means[-count:], -LINE * variance):
            return False
        self.hot = self.rising = self.slow = True
        self._scale, self._sigma_then = curve.deepest, self._sigma
        self._reference = reference
        self.since = n - count * curve.buckets.width
        self.schedule(n)
        return True

    def schedule(self, n: int) -> None:
        """Set the next check: every 4 points at first, then at ever longer distances (5 %)."""
        lasted = n - self.since
        self.check_at = n + max(4, lasted // 20 if lasted > 64 else 4)

    def assess(self, curve: Curve, recent: FloatArray, n: int) -> tuple[str, float]:
        """Judge the suspected rise at its check.

        `recent` are the newest raw values (up to 64 and more). Returns a word
        (`""`: nothing certain, `over`: back down, else the reason for alarm)
        and the height of the rise in internal units.
        """
        reference = self._reference
        assert reference is not None
        now = curve.level if self.slow else median(recent[-8:])
        height = now - reference
        early = self.since < EARLY
        fallen = curve.first_level - reference
        scale = max(self._scale, 10 * self._sigma if self.since < 64 else 0.0, curve.floor)
        self.rising = False
        if height < 0.5 * RISE * scale or (height < self._sigma and not self.slow):
            return "over", height
        # Far beyond the start, neither warm-up nor a restart explains it.
        half = recent[-8:]
        growing = float(total(half[4:])) >= float(total(half[:4]))
        # A high spike that comes down again still lifts the newest four points over those before.
        easing = float(total(half[-4:-2]) - total(half[-2:])) > EASING * self._sigma_then
        growing = growing and not easing
        beyond = now - curve.first_level > EXPLODED * max(fallen, scale)
        # A small part of a small start is learned by chance: it must lie beyond noise as well.
        learned = beyond and LEARNED_SHARE * curve.first_level < fallen < curve.first_level
        if early and growing and self._far_above(curve.first_level, learned, recent):
            self.rising = True
            return "exploded", height
        descended = self.since >= BOTTOM and fallen > 10 * self._sigma_then
        if beyond and growing and descended and n - self.since >= 6:
            self.rising = True
            return "exploded", height
        if height <= max(RISE * scale, 2 * self._sigma) or self._held(curve, n):
            return "", height
        if self._sawtooth(curve, now, n):
            return "", height
        self.rising = True
        if not early and now > curve.start + 3 * scale and growing:
            return "exploded", height
        lasted = n - self.since
        fell = self.since >= FELL_FOR and fallen > FELL * self._sigma_then
        if fell and beyond and growing and lasted >= max(LASTING, TIMES_LASTED * self.since):
            return "above start", height
        if lasted < (self._patience() if early else 16):
            return "", height
        part = self._part(curve, recent, lasted)
        if len(part) < 8:
            return "", height
        slope, error, dof = slope_test(part)
        late, late_error, _ = slope_test(part[-max(6, len(part) // 2) :])
        t, t_late = slope / error, late / late_error
        if now > curve.start + 0.1 * scale and min(t, t_late) > -2 and lasted > max(16, 0.04 * n):
            return "above start", height
        rising = t > student_quantile(SLOPE_Z, dof) and t_late > 0
        if rising and height > 1.5 * RISE * scale and lasted > max(16, 0.02 * n):
            return "rising", height
        needed = max(24.0, STUCK * n * max(0.4, 1 - 0.5 * height / scale))
        if lasted > needed and min(t, t_late) > NOT_FALLING:
            return "stuck", height
        return "", height

    @staticmethod
    def _far_above(start: float, learned: bool, recent: FloatArray) -> bool:
        """Whether a positive loss lies so far above its start that no warm-up explains it."""
        if 0 < TIMES_START * start < float(lowest(recent[-3:])):
            return True
        newest = recent[-LONG:]
        return learned and len(newest) == LONG and TIMES_LONG * start < float(lowest(newest))

    def _patience(self) -> int:
        """Points that an early rise must last: a warm-up's bump begins within the first few."""
        return PATIENT if self.since < BUMP else min(PATIENT, max(64, 2 * self.since))

    def _part(self, curve: Curve, recent: FloatArray, lasted: int) -> FloatArray:
        width, window = curve.buckets.width, curve.noise.window
        if lasted <= len(recent) and (lasted <= 64 or lasted < 8 * width):
            return _grouped(recent[-lasted:], window)
        means = curve.buckets.means(RAW)
        return _grouped(means[-max(8, min(lasted // width, len(means))) :], window // width)

    def _held(self, curve: Curve, n: int) -> bool:
        """Whether the learning rate explains a rise: warming up, or just raised."""
        if n < 2.2 * curve.warmup_end and self.since < max(EARLY, 0.1 * n):
            return True
        return n - curve.rate_rise < max(30, 0.1 * n) and n - self.since < max(60, 0.15 * n)

    @staticmethod
    def _sawtooth(curve: Curve, now: float, n: int) -> bool:
        """Whether the rise may be an epoch's sawtooth: not above the level before the last drop."""
        if not curve.epoch_marks or curve.epoch_marks[-1] >= n:
            return False
        bucket = curve.epoch_marks[-1] // curve.buckets.width
        if bucket < 4:
            return True
        means = curve.buckets.means(CLEAN)
        before = means[max(0, bucket - max(2, bucket // 10)) : bucket]
        return len(before) > 0 and now <= mean(before)
