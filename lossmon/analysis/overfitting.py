"""Overfitting: the evaluation loss significantly above an earlier level, while training goes on.

Interface (kept small on purpose, `eval_track` calls nothing else):

* `OverfittingDetector.room` evaluations can be taken before the next judgement;
  `extend(steps, values, train_level, context)` takes at most so many finite
  ones, in order; `train_level` is the training loss's level (NaN where none is
  logged) and `context` its scale, both at the moment of the last of them, and
  they matter only if the call fills `room`. Values of either side may be in
  any unit, but each in one unit throughout.
* `stands`, `onset_step`, `best`, `evidence` say what holds after it.
* `rewind(step)` forgets the evaluations at `step` and beyond.

Any way of cutting the evaluations up gives the same result to the last bit.

The test, on at most 64 buckets of evaluations: the mean of the last K (K = 1 …
16) against the best earlier mean of K, against t(3 + 0.45·ln n; dof)·σ·√(2/K),
σ from second differences with a weak prior; the rise must pass 1 % of the
evaluation's own descent, and the training level must not have risen since
(else the model diverges). For few evaluations, u+1 in increasing order have
probability 1/(u+1)! without a trend: an exact permutation test. It clears when
the last three are back within 2 σ of the best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from lossmon.analysis.buckets import Buckets
from lossmon.analysis.divergence import slope_test
from lossmon.analysis.noise import autocorrelation, block_mean_factor, median
from lossmon.analysis.quantiles import student_quantile
from lossmon.model.batch import FloatArray

CAPACITY: Final = 64
SPANS: Final = (1, 2, 3, 4, 6, 8, 12, 16)
Z: Final = 3.0
Z_PEEKING: Final = 0.45
"""The limit grows with ln(evaluations): the test is made after each of them."""
LEAST_RISE: Final = 0.01
"""Share of the evaluation's own descent under which a rise means nothing."""
PRIOR_DOF: Final = 3.0
PRIOR_SHARE: Final = 0.03
"""Noise believed in before there is evidence: 3 % of the descent, worth three dof."""
FALLING: Final = -4.0
MAX_RECORDS: Final = 64
_ROUNDING: Final = 4 * np.finfo(float).eps


@dataclass(frozen=True, slots=True)
class TrainContext:
    """The training side's scale at the moment of an evaluation, in the training loss's unit."""

    descent: float = 0.0
    """R of the training loss."""
    error: float = 0.0
    """Standard error of a training level over the stretch between two evaluations."""


@dataclass(frozen=True, slots=True)
class Rise:
    """The evidence: how much the evaluation rose above its best, and how sure that is."""

    difference: float
    limit: float
    span: int
    best_step: float
    best_value: float


class OverfittingDetector:
    """One evaluation series against the training level beside it."""

    __slots__ = ("_buckets", "_fresh_record", "_largest", "_last", "_records", "_sum", "_ups",
                 "evaluations", "evidence", "falls", "sigma", "stands")  # fmt: skip

    def __init__(self) -> None:
        self._buckets = Buckets(columns=2, capacity=CAPACITY)
        self._records: list[tuple[float, float]] = []
        """Step and value of each new best, oldest first (the newest 64 of them)."""
        self._fresh_record = True
        self._sum = 0.0
        self._last = math.inf
        self._ups = 0
        self._largest = 0.0
        self.evaluations = 0
        self.stands = False
        self.falls = False
        """Whether the newest third of the evaluations falls significantly (slope's t < −4)."""
        self.sigma = math.nan
        """Noise of one bucket of evaluations (one evaluation while there are few)."""
        self.evidence: Rise | None = None

    @property
    def onset_step(self) -> float | None:
        """Step of the best evaluation: after it things went worse."""
        return self._records[-1][0] if self._records else None

    @property
    def best(self) -> tuple[float, float] | None:
        """Step and value of the best evaluation."""
        return self._records[-1] if self._records else None

    @property
    def room(self) -> int:
        """Evaluations that can be taken before the next judgement, that one included."""
        return self._buckets.width - self._buckets.filled

    def extend(
        self, steps: FloatArray, values: FloatArray, train_level: float, context: TrainContext
    ) -> None:
        """Take finite evaluations, shape (n,), 0 < n ≤ `room`; judge if that fills it."""
        if self._buckets.filled == 0:
            self._fresh_record = True
        self.evaluations += len(values)
        self._largest = max(self._largest, float(np.abs(values).max()))
        lowest = int(values.argmin())
        if not self._records or values[lowest] < self._records[-1][1]:
            # One record a bucket: which of several are kept must not depend on the cutting.
            if self._records and not self._fresh_record:
                self._records.pop()
            self._records.append((float(steps[lowest]), float(values[lowest])))
            self._fresh_record = False
            del self._records[:-MAX_RECORDS]
        value = float(values[-1])
        self._ups = self._ups + 1 if value > self._last else 0
        self._last = value
        # Without a training loss its course can neither excuse nor accuse.
        level = 0.0 if math.isnan(train_level) else train_level
        # `cumsum` adds one after the other, not pairwise: the same however the values are cut.
        self._sum = float(np.cumsum(np.concatenate(([self._sum], values)))[-1])
        filled = len(values) == self.room
        sums = (self._sum, level * self._buckets.width) if filled else (0.0, 0.0)
        if self._buckets.add(len(values), sums, float(steps[0]), float(steps[-1])):
            self._sum = 0.0
            self._judge(value, context)

    def _judge(self, value: float, context: TrainContext) -> None:
        means, trains = self._buckets.means(0), self._buckets.means(1)
        self.falls = self._falling(means)
        k = len(means)
        if k < 5:
            return
        descent = max(float(means[:3].max() - means.min()), _ROUNDING * self._largest, 1e-290)
        second = means[:-2] - 2 * means[1:-1] + means[2:]
        second = second[-max(6, 2 * k // 3) :]
        squares = np.sort(second * second)
        robust = median(np.abs(second)) / (0.6745 * math.sqrt(6.0))
        trimmed = math.sqrt(float(squares[: max(3, len(second) * 3 // 4)].mean()) / 6)
        scale = max(robust, trimmed)
        weight = 0.55 * len(second)
        variance = (PRIOR_DOF * (PRIOR_SHARE * descent) ** 2 + weight * scale**2) / (
            PRIOR_DOF + weight
        )
        self.sigma = sigma = math.sqrt(variance)

        def train_fell(since: int) -> bool:
            allowed = 0.02 * context.descent + 2 * context.error
            return float(trains[k - 1]) <= float(trains[since]) + allowed

        ups = self._ups
        needed = 4 if self.evaluations <= 6 else 5 if self.evaluations <= 15 else 7
        if self._buckets.width == 1 and ups >= needed:
            rise = value - float(means[k - 1 - ups])
            if rise > max(LEAST_RISE * descent, 3 * sigma) and train_fell(k - 1 - ups):
                self._raise(rise, 3 * sigma, ups)
        if k < 6:
            return
        correlated = self._correlation(means, second, variance)
        quantile = student_quantile(Z + Z_PEEKING * math.log(self.evaluations), weight + PRIOR_DOF)
        sums = np.cumsum(np.concatenate(([0.0], means)))
        hit: tuple[float, float, int] | None = None
        for span in SPANS:
            if 2 * span > k:
                break
            levels = (sums[span:] - sums[:-span]) / span
            earlier = levels[:-span]
            best = int(earlier.argmin())
            rise = float(levels[-1] - earlier[best])
            spread = correlated if span > 1 else 1.0
            limit = quantile * sigma * spread * math.sqrt(2 / span)
            lasting = span > 1 or float(means[-2]) > float(earlier[best])
            if rise > max(limit, LEAST_RISE * descent) and lasting and train_fell(best + span - 1):
                hit = (rise, limit, span)
        if hit:
            self._raise(*hit)
        elif float(means[-3:].mean()) <= float(means.min()) + 2 * sigma:
            self.stands = False
            self.evidence = None

    @staticmethod
    def _correlation(means: FloatArray, second: FloatArray, variance: float) -> float:
        fourth = (means[:-4] - 2 * means[2:-2] + means[4:])[-len(second) :]
        cap = 36 * variance
        one = float(np.minimum(second * second, cap).mean())
        two = float(np.minimum(fourth * fourth, cap).mean())
        weight = 12 * 6 * variance
        ratio = (two * len(second) + 1.25 * weight) / (one * len(second) + weight)
        return math.sqrt(block_mean_factor(1, min(autocorrelation(ratio), 0.6)))

    def _raise(self, rise: float, limit: float, span: int) -> None:
        step, value = self._records[-1]
        self.evidence = Rise(rise, limit, span, step, value)
        self.stands = True

    @staticmethod
    def _falling(means: FloatArray) -> bool:
        part = means[-max(6, len(means) // 3) :]
        if len(part) < 6:
            return False
        slope, error, _ = slope_test(part)
        return slope < FALLING * error

    def rewind(self, step: float) -> None:
        """Forget the evaluations at `step` and beyond: the run was resumed from before."""
        self._buckets.truncate(step)
        self._records = [record for record in self._records if record[0] < step]
        self.evaluations = self._buckets.points
        self._sum = 0.0
        self._ups = 0
        self._last = math.inf
        self.stands = False
        self.evidence = None
