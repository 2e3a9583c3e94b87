"""Comparing runs: final losses with their uncertainty, steps to a target, seeds grouped.

Pure functions on arrays (finite values are picked here). The final loss of a
run is the mean of its last 5 % of points (at least 8), with a standard error
from the difference-based noise, which no trend enters; runs of several seeds
are compared by their scatter, not by the noise inside one run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lossmon.analysis.ema import debiased_ema
from lossmon.analysis.noise import difference_scale
from lossmon.model.batch import FloatArray

FINAL_SHARE: Final = 0.05
MIN_FINAL: Final = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error (NaN where it is unknown)."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
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
    count = min(len(finite), max(MIN_FINAL, round(FINAL_SHARE * len(finite))))
    last = finite[-count:]
    if len(last) < MIN_FINAL:
        return Estimate(float(last.mean()), math.nan)
    return Estimate(float(last.mean()), difference_scale(last) / math.sqrt(count))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """first − second, with the error of the difference of independent estimates."""
    return Estimate(first.value - second.value, math.hypot(first.error, second.error))


def steps_to(target: float, steps: FloatArray, values: FloatArray) -> float | None:
    """First step at which the smoothed loss is at or below `target`, None if it never is."""
    smooth = debiased_ema(values)
    reached = np.flatnonzero(smooth <= target)
    return float(steps[reached[0]]) if len(reached) else None


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
