"""Is the difference between configurations larger than that between seeds?

Welch's t test (Welch 1947) on the final losses of the seeds: variances need
not be equal, and the noise inside a run plays no part, since two runs that
differ by their seed alone end further apart than it says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from lossmon.record import record

Answer = Literal["yes", "no", "unknown"]

LEVEL: Final = 0.05
"""Two-sided p under which a difference is called larger than the seeds'."""


@record
class Welch:
    """Outcome of the test; `reason` says why the answer is unknown ("" otherwise)."""

    difference: float
    """Mean of the first less mean of the second."""
    low: float
    high: float
    """95 % interval of the difference (NaN where unknown)."""
    t: float
    dof: float
    p: float
    larger: Answer
    reason: str = ""


def welch(first: Sequence[float], second: Sequence[float]) -> Welch:
    """Compare two groups of final losses; `unknown` for fewer than two finite values in one."""
    a, b = (np.array([x for x in group if math.isfinite(x)], float) for group in (first, second))
    if len(a) == 0 or len(b) == 0:
        return _unknown(math.nan, "no final loss to compare")
    difference = float(a.mean() - b.mean())
    if len(a) < 2 or len(b) < 2:
        return _unknown(difference, "one seed says nothing of the scatter between seeds")
    variances = (float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b))
    total = sum(variances)
    scale = max(float(np.abs(a).max()), float(np.abs(b).max()))
    if total <= (1e-12 * scale) ** 2:
        return _unknown(difference, "the seeds gave exactly the same loss: are they seeds?")
    error = math.sqrt(total)
    dof = total**2 / (variances[0] ** 2 / (len(a) - 1) + variances[1] ** 2 / (len(b) - 1))
    t = difference / error
    p = two_sided(t, dof)
    margin = error * critical(dof)
    return Welch(
        difference, difference - margin, difference + margin, t, dof, p,
        "yes" if p < LEVEL else "no",
    )  # fmt: skip


def _unknown(difference: float, reason: str) -> Welch:
    nan = math.nan
    return Welch(difference, nan, nan, nan, nan, nan, "unknown", reason)


def two_sided(t: float, dof: float) -> float:
    """Two-sided p of Student's t: I_x(dof/2, 1/2) at x = dof/(dof + t²)."""
    if not (math.isfinite(t) and dof > 0):
        return math.nan
    return incomplete_beta(dof / 2, 0.5, dof / (dof + t * t))


def critical(dof: float, level: float = LEVEL) -> float:
    """|t| with a two-sided p of `level` (bisection)."""
    low, high = 0.0, 1.0
    while two_sided(high, dof) > level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, dof) > level else (low, middle)
    return high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b), to about 1e-12.

    By Lentz's continued fraction (Numerical Recipes, 6.4); scipy has it too,
    but costs a second to import.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    tiny = 1e-300
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0), tiny)
    fraction = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = fraction
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d, tiny)
            c = _away(1.0 + term / c, tiny)
            fraction *= c * d
        if abs(fraction - before) < 1e-15 * abs(fraction):
            break
    return front * fraction / a


def _away(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
