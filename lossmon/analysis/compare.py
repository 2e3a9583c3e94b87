"""Comparing runs: final losses with their uncertainty, steps to a target, seeds grouped.

Pure functions on arrays (finite values are picked here). The final loss of a
run is the mean of its last 5 % of points (at least 8). Its standard error is
that of a mean of autocorrelated values, σ·√((1+ρ)/(1−ρ)/n) for AR(1), with σ
and ρ from differences over four times as many points, which no trend enters.
It says how well the run's own level is known and nothing of what another seed
would give: runs of several seeds are compared by their scatter (`seeds`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.analysis.noise import autocorrelation, difference_scale
from lossmon.analysis.seeds import critical
from lossmon.model.batch import FloatArray
from lossmon.record import record

FINAL_SHARE: Final = 0.05
MIN_FINAL: Final = 8
NOISE_SPAN: Final = 4
"""The noise is measured over so many times the points that are averaged (at least 64)."""
MIN_CORRELATION: Final = 48
"""Points under which the autocorrelation is anything: it counts as 0 there."""
DOF_SHARE: Final = 0.37
"""Degrees of freedom that one point is worth to a median of absolute differences: its efficiency
for Gaussian values."""
SMOOTH: Final = 1 / 32
"""Share of the points under the window that finds the step to a target."""


@record
class Estimate:
    """A value with its standard error (NaN where it is unknown) and the error's dof."""

    value: float
    error: float
    dof: float = math.inf

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval by Student's t; NaN where the error is unknown."""
        half = self.error * critical(max(self.dof, 1.0)) if self.error > 0 else self.error
        return self.value - half, self.value + half


@record
class Group:
    """Runs of one configuration with different seeds."""

    runs: int
    mean: float
    sd: float
    """Standard deviation over the runs (n − 1); NaN for a single run."""


def final_loss(values: FloatArray) -> Estimate | None:
    """Return the mean of the last points with its error; None where nothing is finite."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if len(finite) == 0:
        return None
    count = _final_count(len(finite))
    last = finite[-count:]
    if len(last) < MIN_FINAL:
        return Estimate(float(last.mean()), math.nan)
    around = finite[-max(NOISE_SPAN * count, 64) :]
    rho = _correlation(around)
    # Differences of neighbours see σ²·2(1 − ρ) of AR(1) noise, a long mean sees σ²(1 + ρ)/(1 − ρ).
    long_run = difference_scale(around) * math.sqrt(1 + rho) / (1 - rho)
    return Estimate(
        float(last.mean()), long_run / math.sqrt(count), max(DOF_SHARE * len(around), 1.0)
    )


def _final_count(n: int) -> int:
    return min(n, max(MIN_FINAL, round(FINAL_SHARE * n)))


def _correlation(values: FloatArray) -> float:
    """AR(1) correlation from second differences, each counted up to three of its deviations."""
    if len(values) < MIN_CORRELATION:
        return 0.0
    one = values[2:] - 2 * values[1:-1] + values[:-2]
    two = values[4:] - 2 * values[2:-2] + values[:-4]
    limit = (3 * math.sqrt(6) * difference_scale(values)) ** 2
    near = float(np.minimum(one * one, limit).mean())
    return autocorrelation(float(np.minimum(two * two, limit).mean()) / near) if near > 0 else 0.0


def difference(first: Estimate, second: Estimate) -> Estimate:
    """first − second, of independent estimates, with Welch and Satterthwaite's dof (1946)."""
    error = math.hypot(first.error, second.error)
    parts = first.error**4 / first.dof + second.error**4 / second.dof
    dof = error**4 / parts if parts > 0 else math.inf
    return Estimate(first.value - second.value, error, dof)


@record(eq=False)
class Descent:
    """How low a loss came, and when: all that the steps to any target need.

    `values` are the smoothed losses lower than all before them, `steps` where
    they were reached (both shape (k,), values falling). `end` is the mean of
    the last points and the step in their middle: a run that ends at a target
    reached it, though the smoothed line may stay just above.
    """

    values: FloatArray
    steps: FloatArray
    end: tuple[float, float] | None = None

    def reaches(self, target: float) -> float | None:
        """First step at or below `target`, None if there is none."""
        index = int(np.searchsorted(-self.values, -target))
        if index < len(self.values):
            return float(self.steps[index])
        return self.end[1] if self.end is not None and self.end[0] <= target else None


def descent(steps: FloatArray, values: FloatArray) -> Descent:
    """Return the descent of a training loss, smoothed by a centred mean over 3 % of the points.

    An average of the past would come late by its own length, which differs
    between runs that log at different intervals.
    """
    usable = np.isfinite(values)
    at, finite = steps[usable], values[usable]
    n = len(finite)
    if n == 0:
        return Descent(finite, at)
    half = round(n * SMOOTH / 2)
    index = np.arange(n - half)
    # Towards the start the window shrinks evenly on both sides: it stays centred.
    reach = np.minimum(index, half)
    origin = float(finite[-1])
    sums = np.concatenate(([0.0], np.cumsum(finite - origin)))
    smooth = origin + (sums[index + reach + 1] - sums[index - reach]) / (2 * reach + 1)
    count = _final_count(n)
    end = (float(finite[-count:].mean()), float(at[n - 1 - count // 2]))
    lowest = raw_descent(at[: len(smooth)], smooth)
    return Descent(lowest.values, lowest.steps, end)


def raw_descent(steps: FloatArray, values: FloatArray) -> Descent:
    """Return the descent of an evaluation loss, which is an average already: not smoothed."""
    filled = np.where(np.isnan(values), np.inf, values)
    lowest = np.minimum.accumulate(filled)
    fresh = np.flatnonzero(filled < np.concatenate(([np.inf], lowest[:-1])))
    return Descent(filled[fresh], steps[fresh])


def steps_to(target: float, steps: FloatArray, values: FloatArray) -> float | None:
    """First step at which the smoothed training loss is at or below `target`, or None."""
    return descent(steps, values).reaches(target)


def common_target(finals: Sequence[float]) -> float | None:
    """A loss that all runs reached: the worst of their final ones."""
    usable = [final for final in finals if math.isfinite(final)]
    return max(usable) if usable else None


def group(finals: Sequence[float]) -> Group | None:
    """Mean and standard deviation over the runs of one configuration."""
    usable = np.array([final for final in finals if math.isfinite(final)])
    if len(usable) == 0:
        return None
    sd = float(usable.std(ddof=1)) if len(usable) > 1 else math.nan
    return Group(len(usable), float(usable.mean()), sd)
