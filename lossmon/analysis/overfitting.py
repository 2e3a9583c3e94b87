"""Overfitting: the evaluation loss turned and rises by more than its noise; training goes on.

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

The test, on at most 64 buckets of evaluations, is the likelihood ratio of two
order-restricted means (`valley`): 'never rises' against 'falls, then rises'.
It asks for no shape of either branch, so that a steep descent, a memorising
run's flat evaluation and a gap that widens are all within the null, and it
uses every evaluation since the turn. The noise is pooled from second
differences over the last two thirds and from what the valley leaves
unexplained (Meyer & Woodroofe 2000: a restricted fit of D levels costs about
1.5 D degrees of freedom), with a weak prior; its uncertainty is paid for by
reading the ratio as a t statistic, autocorrelation as far as the evaluations
can tell it. The test is conditional (Wollan & Dykstra 1986): its limit grows
with the evaluations that 'never rises' had to pool. A flat and noisy run gives
noise as many chances as it has evaluations; one that falls clearly, and then
turns, gives it only those since the turn. A rise under 1 % of the evaluation's own descent means
nothing, and the training level must not have risen since the turn (else the
model diverges). It clears when the last three are back within 2 σ of the best before
them (which is also how a second descent ends it).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.buckets import Buckets
from lossmon.analysis.noise import autocorrelation, block_mean_factor, median
from lossmon.analysis.reduce import highest, lowest, mean
from lossmon.analysis.valley import valley
from lossmon.model.batch import FloatArray
from lossmon.record import record

CAPACITY: Final = 64
MIN_BUCKETS: Final = 6
Z: Final = 3.0
Z_POOLED: Final = 0.34
"""The limit is Z + Z_POOLED · ln(1 + pooled). It covers the looks after each evaluation too: what
a run of 10 or of 100 evaluations needs differs by the pooled ones alone."""
LEAST_RISE: Final = 0.01
"""Share of the evaluation's own descent under which a rise means nothing."""
FELL: Final = 6.0
FELL_MORE: Final = 2.0
"""Standard deviations, autocorrelation counted, that evaluations fall by where they surely fall:
FELL + FELL_MORE · ln(k/10) of k of them. The highest and the lowest level of correlated noise alone
lie five apart, further in many evaluations than in few."""
HARDLY: Final = 6.0
"""So many standard deviations less, and they have not fallen at all; between the two, in part."""
NEVER_FELL: Final = 0.9
"""Times ln(1 + pooled): added to the limit where the evaluations have not fallen before the turn.
Noise about a level that never changed, or that drifts (neighbours alike), turns all the time."""
PRIOR_DOF: Final = 4.0
PRIOR_SHARE: Final = 0.01
"""Noise believed in before there is evidence: 1 % of the descent, worth four dof."""
LEVEL_COST: Final = 1.5
"""Degrees of freedom that one level of an order-restricted fit costs."""
RESIDUAL_SHARE: Final = 0.5
"""Weight of those residuals: they see much of the same noise as the second differences."""
EFFICIENCY: Final = 0.7
"""Degrees of freedom that one second difference is worth (neighbours share two of three values;
their mean square has 18/35 of the precision of n independent squares, and where the mean bends
it errs upwards, on the safe side)."""
OUTLIER: Final = 4.0
"""Second differences count up to so many robust standard deviations: neither one evaluation that
went wrong nor the turn itself, which is a kink, must blind the test for the rest of the run."""
CORRELATION_WEIGHT: Final = 240.0
"""Evaluations' worth of belief in white noise: the autocorrelation of 60 values that fall and rise
is hardly known, and a limit that suits the few that are alike costs all others their power."""
CORRELATION_FLAT: Final = 10.0
"""The same where they have not fallen: nothing but noise moved them before the turn."""
BACK: Final = 2.0
"""It clears when the last three evaluations are back within so many σ of the best earlier one."""
JUMP: Final = 6.0
"""An evaluation may lead the one before by so many σ; what it has beyond that does not count."""
MAX_RECORDS: Final = 64
_ROUNDING: Final = 4 * np.finfo(float).eps


@record
class TrainContext:
    """The training side's scale at the moment of an evaluation, in the training loss's unit."""

    descent: float = 0.0
    """R of the training loss."""
    error: float = 0.0
    """Standard error of a training level over the stretch between two evaluations."""


@record
class Rise:
    """The evidence: how much the evaluation rose above its best, and how sure that is."""

    difference: float
    """From the bottom of the valley to the level of the newest evaluations."""
    noise: float
    """Standard deviation of one evaluation (of one bucket of them in a long run)."""
    z: float
    """Standard normal equivalent of the likelihood ratio."""
    limit: float
    """What `z` had to pass."""
    span: int
    """Evaluations since the best one."""
    best_step: float
    best_value: float
    band: tuple[float, float]
    """Steps around the best between which no evaluation is told from it by more than 2 σ."""


class OverfittingDetector:
    """One evaluation series against the training level beside it."""

    __slots__ = ("_buckets", "_fresh_record", "_largest", "_last", "_previous", "_records", "_sum",
                 "evaluations", "evidence", "sets", "sigma", "stands")  # fmt: skip

    def __init__(self) -> None:
        self._buckets = Buckets(columns=2, capacity=CAPACITY)
        self._records: list[tuple[float, float]] = []
        """Step and value of each new best, oldest first (the newest 64 of them)."""
        self._fresh_record = True
        self._sum = 0.0
        self._largest = 0.0
        self._last = math.inf
        self._previous = math.nan
        self.evaluations = 0
        self.sets = 1
        """Evaluation sets looked at beside the judged one, this one included: Bonferroni's m."""
        self.stands = False
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
    def means(self) -> FloatArray:
        """Evaluations (means of equal counts of them in a long run), oldest first, at most 64."""
        return self._buckets.means(0)

    @property
    def room(self) -> int:
        """Evaluations that can be taken before the next judgement, that one included."""
        return self._buckets.width - self._buckets.filled

    def extend(
        self, steps: FloatArray, values: FloatArray, train_level: float, context: TrainContext
    ) -> None:
        """Take finite evaluations, shape (n,), 0 < n ≤ `room`; judge if that fills it."""
        self.evaluations += len(values)
        # A logger that writes its newest evaluation with every row repeats it to the last digit:
        # that is one evaluation, and its repetitions would count for noise of zero.
        if len(values) == 1:
            if values[0] == self._previous:
                return
        else:
            fresh = values != np.concatenate(([self._previous], values[:-1]))
            if not fresh.all():
                self._previous = float(values[-1])
                steps, values = steps[fresh], values[fresh]
                if len(values) == 0:
                    return
        self._previous = float(values[-1])
        if self._buckets.filled == 0:
            self._fresh_record = True
        self._largest = max(self._largest, float(highest(np.abs(values))))
        best = int(values.argmin())
        if not self._records or values[best] < self._records[-1][1]:
            # One record a bucket: which of several are kept must not depend on the cutting.
            if self._records and not self._fresh_record:
                self._records.pop()
            self._records.append((float(steps[best]), float(values[best])))
            self._fresh_record = False
            del self._records[:-MAX_RECORDS]
        self._sum = self._added(values)
        filled = len(values) == self.room
        sums = (self._sum, train_level * self._buckets.width) if filled else (0.0, 0.0)
        if self._buckets.add(len(values), sums, float(steps[0]), float(steps[-1])):
            self._sum = 0.0
            self._judge(context)

    def _added(self, values: FloatArray) -> float:
        """The sum with the values, without single ones far above the one before.

        A lasting rise is followed. One is added after the other, not pairwise: the sum is the
        same however the values are cut.
        """
        last = self._last
        self._last = float(values[-1])
        jump = JUMP * self.sigma * math.sqrt(self._buckets.width)
        if len(values) == 1:
            value = self._last
            return self._sum + (value if math.isnan(jump) else min(value, last + jump))
        if not math.isnan(jump):
            values = np.minimum(values, np.concatenate(([last], values[:-1])) + jump)
        return float(np.cumsum(np.concatenate(([self._sum], values)))[-1])

    def _judge(self, context: TrainContext) -> None:
        means, trains = self._buckets.means(0), self._buckets.means(1)
        k = len(means)
        if k < MIN_BUCKETS:
            return
        descent = float(highest(means[:3]) - lowest(means))
        descent = max(descent, _ROUNDING * self._largest, 1e-290)
        second = (means[:-2] - 2 * means[1:-1] + means[2:])[-max(6, 2 * k // 3) :]
        squares = second * second
        limit = (OUTLIER * median(np.abs(second)) / 0.6745) ** 2
        if limit > 0:
            squares = np.minimum(squares, limit)
        weight = EFFICIENCY * len(second)
        dof = PRIOR_DOF + weight
        square = mean(squares)
        total = PRIOR_DOF * (PRIOR_SHARE * descent) ** 2 + weight * square / 6
        # The floor is for evaluations that are all the same: a ratio of zeros is no evidence.
        variance = max(total / dof, 1e-200)
        self.sigma = math.sqrt(variance)
        # Back at what was the best before: a second descent, or it never was a rise.
        if mean(means[-3:]) <= float(lowest(means[:-3])) + BACK * self.sigma:
            self.stands = False
            self.evidence = None
            return
        # One evaluation far off is no rise: the newest may lead the one before by 3 σ.
        held = means.copy()
        held[-1] = min(held[-1], held[-2] + 3 * self.sigma)
        found = valley(held)
        left = RESIDUAL_SHARE * max(k - LEVEL_COST * found.levels, 0.0)
        if left > 0:
            residual = RESIDUAL_SHARE * found.residual
            pooled_variance = max((total + residual) / (dof + left), 1e-200)
        else:
            pooled_variance = variance
        factor = self._correlation(means, square, variance, CORRELATION_WEIGHT)
        short = FELL + FELL_MORE * math.log(k / 10)
        short -= found.fall / math.sqrt(pooled_variance * factor)
        flat = min(max(short / HARDLY, 0.0), 1.0)
        if flat:
            alone = self._correlation(means, square, variance, CORRELATION_FLAT)
            factor += flat * (alone - factor)
        noise = pooled_variance * factor
        # Both see the same noise: together they are worth no more than the better of them.
        z = _normal_equivalent(found.ratio / noise, PRIOR_DOF + max(weight, left))
        needed = Z + (Z_POOLED + flat * NEVER_FELL) * math.log1p(found.pooled)
        # A normal tail m times smaller begins at about √(z² + 2 ln m).
        needed = math.sqrt(needed * needed + 2 * math.log(self.sets))
        since = k - 1 - found.bottom
        risen = found.rise > LEAST_RISE * descent and since >= 2
        allowed = 0.02 * context.descent + 2 * context.error
        # Without a training loss (NaN) its course can neither excuse nor accuse.
        train_rose = float(trains[-1]) > float(trains[found.bottom]) + allowed
        if z > needed and risen and not train_rose:
            step, value = self._records[-1]
            self.evidence = Rise(
                found.rise, self.sigma, z, needed, since * self._buckets.width, step, value,
                self._band(means),
            )  # fmt: skip
            self.stands = True

    def _band(self, means: FloatArray) -> tuple[float, float]:
        """Steps of the stretch around the best bucket that noise cannot tell from it."""
        best = int(means.argmin())
        worse = means > means[best] + BACK * self.sigma
        before, after = np.flatnonzero(worse[:best]), np.flatnonzero(worse[best:])
        low = int(before[-1]) + 1 if len(before) else 0
        high = best + int(after[0]) - 1 if len(after) else len(means) - 1
        first, last = self._buckets.steps_first[low], self._buckets.steps_last[high]
        at = self._records[-1][0]
        return min(float(first), at), max(float(last), at)

    @staticmethod
    def _correlation(means: FloatArray, square: float, variance: float, white: float) -> float:
        """Factor from the variance of one evaluation to that of a mean of many, 1 for white.

        `white`: evaluations' worth of belief in white noise.
        """
        n = len(means) - 2
        fourth = means[:-4] - 2 * means[2:-2] + means[4:]
        fourth = fourth[-max(6, 2 * len(means) // 3) :]
        if len(fourth) < 6:
            return 1.0
        two = mean(np.minimum(fourth * fourth, OUTLIER**2 * 6 * variance))
        belief = white * 6 * variance
        n = min(n, len(fourth))
        return block_mean_factor(
            1, min(autocorrelation((two * n + belief) / (square * n + belief)), 0.6)
        )

    def rewind(self, step: float) -> None:
        """Forget the evaluations at `step` and beyond: the run was resumed from before."""
        self._buckets.truncate(step)
        self._records = [record for record in self._records if record[0] < step]
        self.evaluations = self._buckets.points
        self._sum = 0.0
        self._last = math.inf
        self._previous = math.nan
        self.stands = False
        self.evidence = None


def _normal_equivalent(square: float, dof: float) -> float:
    """Normal quantile with about the tail probability of a t of that square (Wallace 1959)."""
    return math.sqrt(dof * math.log1p(square / dof)) * (1 - 0.75 / dof)
