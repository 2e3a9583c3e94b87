"""Where a loss will be at a later step, with an 80 % interval, or nothing.

Interface: `extrapolate(steps, means, variance, end_step)` takes the bucket
means of a loss (n,), the steps at which the buckets end and the long-run
variance of one mean; it returns an `Extrapolation` or None where a condition
does not hold. It keeps no state; 5 ms. `forecast(track, journal, end_step)` hands it what came
since the newest sudden and lasting rise (`last_jump`): other data or settings make another curve.

No single family holds over a run, and the best-fitting one is too sure of
itself (Hoffmann's intervals, refitted by Besiroglu et al. 2024, were ten times
too narrow for that reason), so the answer is an average: exponentials, shifted
power laws, the logarithm and the straight line, each linear in its level and
amplitude for a fixed rate (variable projection over a grid), weighted by how
well they explain the run so far (Bayesian model averaging, Hoeting et al.
1999; one share of prior belief a family). Each brings the error of its two
coefficients. On top stands what no family knows: schedules that end, epochs,
changes of data. It is taken to be a share of the change that is predicted and
of the curve's own wanderings about its best fit.

How far that is to be believed, the run itself says: its own newest level is
predicted from four earlier origins (rolling-origin evaluation, Tashman 2000),
and the interval is scaled by the errors made there, a little like a conformal
one (Lei et al. 2018) with four scores that hang together. The shares were
fitted on simulated runs (seeds below 100,000) and checked on others and on
real logs: `python -m benchmarks.extrapolation`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.curve import CLEAN
from lossmon.analysis.journal import Journal
from lossmon.analysis.track import Track
from lossmon.model import EventKind, Forecast
from lossmon.model.batch import FloatArray, IntArray
from lossmon.record import record

MIN_BUCKETS: Final = 24
"""Fewer means leave level, amplitude and rate free to do anything."""
LONGEST: Final = 2.0
"""The end may be so many times as far as what was seen: 80 % intervals were checked to there."""
SKIP: Final = 0.4
"""Share of the run at its beginning that is not explained: what the curve did there (warm-up, the
first drop, a fast exponential) binds a family to it that is wrong about what comes."""
COVERAGE: Final = 0.8
PATH: Final = 24
"""Points of the path from the last step to the end."""
OF_CHANGE: Final = 0.22
"""Standard deviation of the unforeseen, as a share of the predicted change."""
OF_MISFIT: Final = 0.9
"""… and as a multiple of the residuals' structure: √(mean square − what noise explains)."""
ORIGINS: Final = (0.5, 0.6, 0.7, 0.8)
"""Shares of the past from which its own end is predicted, as a test of the method on this run."""
BELIEF: Final = 1.0
CALM: Final = 0.1
EVIDENCE: Final = 2.0
"""The variance is scaled by (BELIEF·CALM + EVIDENCE·r)/(BELIEF + EVIDENCE), where r is the worst
square of a back-test's error over what was expected of it: the mean of an inverse-gamma belief
that is worth one error, against four tests of one past, which are worth about two."""
OF_ERRORS: Final = 0.4
"""Standard deviation added, as a share of the root mean square of those errors themselves."""
JUMP_Z: Final = 5.0
JUMP_TIMES: Final = 1.5
JUMP_LEFT: Final = 0.4
JUMP_BEFORE: Final = 3
JUMP_AFTER: Final = 6
"""What makes a jump, in buckets and standard errors (see `last_jump`)."""
_TIME_CONSTANTS: Final = np.geomspace(0.06, 3.0, 12)
_SHIFTS: Final = (0.0, 0.03, 0.1, 0.3, 1.0)
_EXPONENTS: Final = (0.15, 0.3, 0.5, 0.75, 1.0, 1.5)
_Z: Final = 1.2815515655446004
"""Normal quantile of 90 %: an interval of 80 %."""
_NONE_AFTER: Final[frozenset[EventKind]] = frozenset({"divergence", "nonfinite", "not_learning"})
"""While one of these stands, the past says nothing of the future."""


def _columns(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Curves of all families at positions `x` (share of the run seen), and their prior weights."""
    curves: list[FloatArray] = [x]
    weights = [1.0]
    for tau in _TIME_CONSTANTS:
        curves.append(np.exp(-x / tau))
        weights.append(1.0 / len(_TIME_CONSTANTS))
    for shift in _SHIFTS:
        curves.append(np.log(x + shift))
        weights.append(1.0 / len(_SHIFTS))
        for exponent in _EXPONENTS:
            curves.append((x + shift) ** -exponent)
            weights.append(1.0 / (len(_SHIFTS) * len(_EXPONENTS)))
    return np.stack(curves), np.array(weights)


def extrapolate(
    steps: FloatArray,
    means: FloatArray,
    variance: float,
    end_step: float,
    series: str = "loss",
) -> Forecast | None:
    """Predict up to `end_step`; None under 24 means, at no distance, or at more than twice it.

    `steps` (n,) increase; `means` (n,) are of equal variance `variance`, the
    long-run one, in the square of their unit.
    """
    n = len(means)
    if n < MIN_BUCKETS or not (math.isfinite(end_step) and math.isfinite(variance)):
        return None
    now, origin = float(steps[-1]), float(steps[0] - (steps[1] - steps[0]))
    seen = now - origin
    if not (seen > 0 and now < end_step <= origin + LONGEST * seen):
        return None
    path = np.linspace(now, end_step, PATH)
    found = _average(steps, means, variance, path)
    if found is None:
        return None
    level, unforeseen = found.mean, found.variance
    tests = _back_tests(steps, means, variance)
    if tests:
        errors = np.array([error for error, _ in tests])
        expected = np.array([spread for _, spread in tests])
        ratio = float(np.max(errors**2 / expected))
        unforeseen = unforeseen * (BELIEF * CALM + EVIDENCE * ratio) / (BELIEF + EVIDENCE)
        reach = (path - now) / (end_step - now)
        unforeseen = unforeseen + OF_ERRORS**2 * float(np.mean(errors**2)) * reach
    half = _Z * np.sqrt(unforeseen)
    return Forecast(series, path, level, level - half, level + half, COVERAGE)


@record
class _Prediction:
    """Mean and variance (of what may come, level and unforeseen) at later steps, shape (m,)."""

    mean: FloatArray
    variance: FloatArray


def _average(
    steps: FloatArray, means: FloatArray, variance: float, ahead_steps: FloatArray
) -> _Prediction | None:
    """Average the families over what was seen; None where nothing varies or steps repeat."""
    n = len(means)
    now, origin = float(steps[-1]), float(steps[0] - (steps[1] - steps[0]))
    seen = now - origin
    first = int(SKIP * n)
    x = (steps[first:] - origin) / seen
    if not np.all(np.diff(x) > 0):
        return None
    centre = float(means[first:].mean())
    y = means[first:] - centre
    scale = float(np.abs(y).max())
    if scale == 0:
        return None
    y = y / scale
    noise = max(variance / scale**2, 1e-12)
    columns, prior = _columns(np.concatenate((x, (ahead_steps - origin) / seen)))
    fitted, ahead = columns[:, : len(x)], columns[:, len(x) :]
    middle = fitted.mean(axis=1, keepdims=True)
    fitted, ahead = fitted - middle, ahead - middle
    xx = (fitted * fitted).sum(axis=1)
    amplitude = (fitted @ y) / xx
    residual = np.maximum(float((y * y).sum()) - amplitude**2 * xx, 0.0)
    dof = len(x) - 3
    misfit = max(float(residual.min()) / dof - noise, 0.0)
    # Where the best family leaves more than noise, all weigh less against each other.
    weight = prior * np.exp(-0.5 * (residual - residual.min()) / (noise + misfit))
    weight /= weight.sum()
    predicted = amplitude[:, None] * ahead
    spread = (noise + misfit) * (1 / len(x) + ahead * ahead / xx[:, None])
    mean = weight @ predicted
    variance_ahead = weight @ (spread + (predicted - mean) ** 2)
    change = mean - mean[0]
    reach = (ahead_steps - now) / max(float(ahead_steps[-1] - now), 1e-300)
    total = (
        variance_ahead + noise + (OF_CHANGE * change) ** 2
        + (OF_MISFIT**2 * misfit) * np.sqrt(reach)
    )  # fmt: skip
    return _Prediction(mean * scale + centre, total * scale**2)


def _back_tests(steps: FloatArray, means: FloatArray, variance: float) -> list[tuple[float, float]]:
    """Predict the newest level from earlier origins: the errors made, the variances expected."""
    n = len(means)
    level = float(means[-max(1, n // 32) :].mean())
    tests = []
    for share in ORIGINS:
        seen = int(share * n)
        ends = np.array([steps[seen - 1], steps[-1]])
        found = _average(steps[:seen], means[:seen], variance, ends)
        if found is not None and found.variance[-1] > 0:
            tests.append((level - float(found.mean[-1]), float(found.variance[-1])))
    return tests


def last_jump(means: FloatArray, variance: float) -> int:
    """Bucket with which the newest sudden and lasting rise began; 0: there was none.

    The mean of six buckets lies above that of the three before by 5 standard
    errors, and by half as much again as the curve rises just before and
    after; 0.4 of it is left in each of the last three of the six, and in the
    mean of the six after them.
    """
    n = len(means)
    if n < 2 * (JUMP_BEFORE + JUMP_AFTER):
        return 0
    sums = np.concatenate(([0.0], np.cumsum(means - means[0])))

    def level(starts: IntArray, length: int) -> FloatArray:
        found: FloatArray = (sums[starts + length] - sums[starts]) / length
        return found

    at = np.arange(JUMP_BEFORE + JUMP_AFTER, n - JUMP_AFTER + 1)
    before, after = level(at - JUMP_BEFORE, JUMP_BEFORE), level(at, JUMP_AFTER)
    rise = after - before
    late = np.minimum(np.minimum(means[at + 3], means[at + 4]), means[at + 5]) - before
    # What rises slowly (a tooth of a sawtooth, a bump) rises before and after, too.
    beside = np.maximum(before - level(at - JUMP_BEFORE - JUMP_AFTER, JUMP_AFTER), 0.0)
    more = at + 2 * JUMP_AFTER <= n
    then = level(at[more] + JUMP_AFTER, JUMP_AFTER) - after[more]
    beside[more] = np.maximum(beside[more], then)
    late[more] = np.minimum(late[more], rise[more] + then)
    error = math.sqrt(variance * (1 / JUMP_BEFORE + 1 / JUMP_AFTER))
    sudden = (rise > JUMP_Z * error + JUMP_TIMES * beside) & (late > JUMP_LEFT * rise)
    if not sudden.any():
        return 0
    newest = int(np.flatnonzero(sudden)[-1])
    first = max(0, newest - JUMP_AFTER)
    return int(at[first + int(np.argmax(rise[first : newest + 1]))])


def forecast(track: Track, journal: Journal, end_step: float) -> Forecast | None:
    """Predict the loss of a track at `end_step`, in the loss's unit; None as `extrapolate`."""
    if any(event.kind in _NONE_AFTER and event.stands for event in journal.events):
        return None
    if track.spike.active:
        return None  # a jump that is not judged yet: it comes back, or is a change of level
    curve = track.curve
    buckets = curve.buckets
    if buckets.count < MIN_BUCKETS or not curve.unit:
        return None
    variance, _ = curve.bucket_variance(max(16, buckets.count // 2))
    means = buckets.means(CLEAN)
    # What came before other data or settings tells nothing of what comes after them.
    since = max(last_jump(means, variance), track.shift_at // buckets.width)
    found = extrapolate(buckets.steps_last[since:], means[since:], variance, end_step, track.name)
    if found is None:
        return None
    low, mean, high = (array / curve.unit for array in (found.low, found.mean, found.high))
    return Forecast(track.name, found.steps, mean, low, high, COVERAGE)
