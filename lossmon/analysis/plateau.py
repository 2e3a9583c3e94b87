"""Plateau and 'never learned', by equivalence: not 'no significant slope' but 'surely little'.

For windows of 1/8 to 1/2 of the run, the OLS slope on bucket means with its
long-run error gives the expected gain of training half as long again,
−slope·n/2, and an interval for it. The curve is flat if the upper bound is
below ε·R (Schuirmann's two one-sided tests, 1987, with the side that matters),
and it is improving if the lower bound is above. Two bucket closes must agree,
and the flat stretch must be longer than 1.2 times the longest wait for an
improvement so far (adaptive patience, Goodfellow et al. 2016, ch. 7.8): that
spares stairs and slow runs. Where neither bound decides, noise forbids an
answer, and the number of points that would give one is said instead.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.curve import CLEAN, Curve
from lossmon.analysis.outlook import SURE, Lines, Outlook, lines
from lossmon.analysis.quantiles import student_quantile
from lossmon.analysis.reduce import highest, total
from lossmon.model.batch import FloatArray

PERSIST: Final = 2
LASTING: Final = 36
"""Closes of buckets that must agree: at least two, and 1/36 of the run."""
RETURN: Final = 4.0
MISFIT: Final = 4.0
"""A bump or a sawtooth in the window is no flat line even where its slope is 0: the residuals'
mean square may pass what noise explains by so many of its standard deviations (χ²)."""
WAIT: Final = 1.2
SMOOTHED: Final = 6.0
"""Time constants of an exponential average that a flat stretch must last."""
MIN_BUCKETS: Final = 16
UNLEARNED: Final = 5.0
"""A descent under so many errors of a bucket's mean is not told from noise."""
SHORT: Final = 0.35
"""Improvement is claimed from windows up to this share: what the run does now."""


class PlateauDetector:
    """Keeps the best level, the waits for improvements, and the present answer."""

    __slots__ = ("_best", "_best_at", "_longest_wait", "_runs", "drop_at", "epsilon", "flat",
                 "improving", "lines", "outlook", "points_needed", "since", "stair", "stands",
                 "unlearned")  # fmt: skip

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon
        self.stands = False
        self.improving = False
        self.flat = False
        self.unlearned = False
        self.outlook: Outlook | None = None
        self.lines: Lines | None = None
        """Lines over the newest windows, for other detectors."""
        self.stair = 0
        """Buckets between the newest sudden drops: the length of an epoch, it may be."""
        self.drop_at = 0
        """Bucket of the newest sudden drop."""
        self.points_needed: int | None = None
        self.since = 0
        """n of the last improvement: when the flat stretch began."""
        self._best: float | None = None
        self._best_at = 0
        self._longest_wait = 0
        self._runs = 0

    def update(self, curve: Curve, rising: bool, eval_falls: bool = False) -> None:
        """Judge at the close of a bucket.

        `rising`: a divergence is under suspicion. `eval_falls`: the evaluation
        loss still falls, so that a training loss near its floor is no plateau.
        """
        means = curve.buckets.means(CLEAN)
        k, width = len(means), curve.buckets.width
        self.outlook = None
        self.lines = None
        self.points_needed = None
        if k < MIN_BUCKETS:
            return
        unit = curve.descent
        variance, dof = curve.bucket_variance(max(16, k // 2))
        quantile = student_quantile(SURE, dof)
        available = (curve.n - curve.segment_start) // width
        found = lines(means, variance, quantile, curve.n / width, width, available)
        self.lines = found
        self.stair, self.drop_at = _last_stair(means, variance)
        flat = improving = False
        if len(found):
            # An exponential average wanders: a flat stretch of a few of its time constants is none.
            long = SMOOTHED / (1 - curve.noise.smoothing) / width if curve.noise.smoothing else 0.0
            flat, improving, chosen = self._decide(found, self.epsilon * unit, SHORT * k, long)
            self.outlook = found.outlook(chosen, width)
        edge = max(1, k // 16)
        now = float(total(means[-edge:])) / edge
        margin = max(0.5 * self.epsilon * unit, 4 * math.sqrt(variance / edge))
        if self._best is None or now < self._best - margin:
            if self._best_at and not self.stands:
                self._longest_wait = max(self._longest_wait, curve.n - self._best_at)
            self._best, self._best_at = now, curve.n
        waited = curve.n - self._best_at
        needed = WAIT * self._longest_wait
        marks = curve.epoch_marks
        if marks:
            needed = max(needed, 1.25 * (marks[-1] - (marks[-2] if len(marks) > 1 else 0)))
        needed = max(needed, 1.25 * self.stair * width)
        # What came down from a bump and is not yet where it was is on its way, not flat.
        back = curve.reference is None or (
            now <= curve.reference + self.epsilon * unit + RETURN * math.sqrt(variance)
        )
        self.unlearned = curve.start - now < UNLEARNED * math.sqrt(variance)
        self.improving = improving and not self.unlearned
        self.flat = flat and not self.unlearned
        ready = self.flat and back and waited >= needed and not rising and not eval_falls
        self._runs = self._runs + 1 if ready else 0
        if self._runs >= max(PERSIST, k // LASTING):
            if not self.stands:
                self.since = self._best_at
            self.stands = True
        elif self.improving:
            self.stands = False
        if not self.flat and not self.improving and self.outlook is not None and unit > 0:
            self._estimate_need(curve, unit)

    @staticmethod
    def _decide(found: Lines, least: float, short: float, long: float) -> tuple[bool, bool, int]:
        """Whether the curve is flat, whether it improves, and the window that says so.

        From the newest window to ever longer ones, the first that is sure
        decides; `least` is the gain that counts, `long` the fewest buckets of a flat stretch.
        """
        for index, (count, gain, margin, misfit) in enumerate(
            zip(found.counts, found.gains, found.margins, found.misfits, strict=True)
        ):
            low = gain - margin
            straight = count >= long and misfit < 1 + MISFIT * math.sqrt(2 / count)
            if straight and gain + margin < least and abs(gain) < least and low > -2 * least:
                return True, low > least and count <= short, index
            if low > least and count <= short:
                return False, True, index
        return False, False, len(found) - 1

    def _estimate_need(self, curve: Curve, unit: float) -> None:
        """Points until the interval of the gain is narrower than ε·R (its width falls as n^-1/2:
        the error of a slope over a fixed share of the run falls as n^-3/2, the horizon grows)."""
        outlook = self.outlook
        assert outlook is not None
        half = 0.5 * (outlook.high - outlook.low)
        ratio = (half / (0.5 * self.epsilon * unit)) ** 2
        self.points_needed = int(min(curve.n * (ratio - 1), 1e12)) if ratio > 1 else None

    def rewind(self, n: int) -> None:
        """The run went back to its n-th point: what was found since does not hold."""
        self._best = None
        self._best_at = min(self._best_at, n)
        self._runs = 0
        self.stands = self.flat = self.improving = False
        self.outlook = None
        self.points_needed = None


def _last_stair(means: FloatArray, variance: float) -> tuple[int, int]:
    """Buckets between the two newest sudden drops (or from the start to the only one), and the
    bucket of the newest; (0, 0): none.

    Epochs show as stairs in the training loss even where the log has no epoch
    column: after one stair, the next is due when as long again has passed.
    """
    across = means[:-2] - means[2:]
    least = 5 * math.sqrt(2 * variance)
    if len(across) < 7 or float(highest(across[3:-3])) <= least:
        return 0, 0
    beside = np.maximum(np.abs(across[:-6]), np.abs(across[6:]))
    sudden = across[3:-3] > least + 3 * beside
    if not sudden.any():
        return 0, 0
    at = np.flatnonzero(sudden) + 4
    before = at[at < at[-1] - 3]
    return int(at[-1] - (before[-1] if len(before) else 0)), int(at[-1])
