"""Which curve a loss follows: flat, linear, exponential or power law, by BIC on bucket means.

Interface: `fit_shape(positions, means, variance)` takes bucket means (n,),
their positions on any increasing axis and the long-run variance of one mean,
and returns a `Fit`; `shape_of` is the word for it; `settled(means, variance)`
says which share of the run was spent at its last level. Nothing keeps a state.

L∞ + A·e^(−t/τ) and the shifted power law L∞ + A·(1 + t/t₀)^(−b) (Hestness
2017; Kaplan 2020) are linear in L∞ and A for a fixed rate: variable projection
over a grid of rates, fine enough that the next rate is told from its neighbour
only where noise is under 0.5 % of the descent. A difference of BIC under 6 is
'unsure' (Kass & Raftery 1995).
"""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np

from lossmon.model import Shape
from lossmon.model.batch import FloatArray
from lossmon.record import record

Family = Literal["flat", "linear", "exponential", "power"]
MIN_BUCKETS: Final = 8
SURE: Final = 6.0
SETTLED: Final = 0.9
"""A run that spent so much of its length at its last level is a plateau, whatever came before;
a learning curve that ends flat is not (that is the plateau event's to say)."""
LEVEL_SHARE: Final = 0.05
"""The last level is reached where this share of the descent after the first tenth is left."""
VISIBLE: Final = 0.005
"""A share of the whole descent that no eye sees: half a dot of a chart that shows all of it."""
_TIME_CONSTANTS: Final = np.geomspace(0.02, 2.0, 44)
_SHIFTS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_EXPONENTS: Final = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)


@record
class Fit:
    """The best family; `margin` is its lead in BIC over the next one."""

    family: Family
    margin: float
    limit: float
    """L∞ (the mean for flat, NaN for linear)."""
    rate: float
    """τ, or the exponent b, as a share of the span seen; the slope for linear."""

    bends: float
    """Lead in BIC of the best curved family over flat and linear (negative: a line is better)."""

    @property
    def sure(self) -> bool:
        """Whether the lead is decisive."""
        return self.margin >= SURE

    @property
    def decays(self) -> bool:
        """Whether it surely is a decay that slows down, of whichever of the two families."""
        return self.bends >= SURE


def fit_shape(positions: FloatArray, means: FloatArray, variance: float) -> Fit | None:
    """Return the family that explains `means` best, None under 8 of them."""
    n = len(means)
    if n < MIN_BUCKETS:
        return None
    t = np.asarray(positions, dtype=np.float64)
    span = float(t[-1] - t[0])
    if not span > 0:
        return None
    t = (t - t[0]) / span
    centred = means - means.mean()
    total = float((centred * centred).sum())
    floor = max(variance, 1e-12 * total / n, 1e-290)
    fits: list[tuple[float, Family, float, float]] = [
        (total / floor + math.log(n), "flat", float(means.mean()), 0.0)
    ]
    for family, parameters, rates, columns in (
        ("linear", 2, (1.0,), t[None, :]),
        ("exponential", 3, tuple(_TIME_CONSTANTS), np.exp(-t / _TIME_CONSTANTS[:, None])),
        (
            "power", 4, tuple(b for _ in _SHIFTS for b in _EXPONENTS),
            np.stack([(1 + t / shift) ** -b for shift in _SHIFTS for b in _EXPONENTS]),
        ),
    ):  # fmt: skip
        x = columns - columns.mean(axis=1, keepdims=True)
        xx = (x * x).sum(axis=1)
        xy = (x * centred).sum(axis=1)
        residual = total - xy * xy / xx
        best = int(residual.argmin())
        amplitude = float(xy[best] / xx[best])
        limit = float(means.mean() - amplitude * columns[best].mean())
        score = max(float(residual[best]), 0.0) / floor + parameters * math.log(n)
        if family == "linear":
            fits.append((score, "linear", math.nan, amplitude))
        else:
            name: Family = "exponential" if family == "exponential" else "power"
            # A rising branch is no learning curve: it would be called a decay.
            if amplitude > 0:
                fits.append((score, name, limit, float(rates[best])))
    fits.sort(key=lambda fit: fit[0])
    straight = min(fit[0] for fit in fits if fit[1] in ("flat", "linear"))
    curved = min((fit[0] for fit in fits if fit[1] in ("exponential", "power")), default=math.inf)
    return Fit(fits[0][1], fits[1][0] - fits[0][0], fits[0][2], fits[0][3], straight - curved)


def shape_of(fit: Fit | None, means: FloatArray, variance: float) -> Shape:
    """Word for a fit: `unknown` unless a lead is decisive.

    Where it surely is a decay, and only exponential or power law is open, the
    better one is named. A curve that spent nine tenths of the run at its last
    level is a plateau to everybody who looks at it.
    """
    if fit is None:
        return "unknown"
    if fit.family == "flat" or (
        (fit.decays or not fit.sure) and settled(means, variance) >= SETTLED
    ):
        return "plateau"
    if fit.sure or (fit.decays and fit.family != "linear"):
        return fit.family
    return "unknown"


def settled(means: FloatArray, variance: float) -> float:
    """Share of the run after which no mean is told from the last level any more.

    The level is that of the last eighth; a mean is told from it by 5 % of the
    descent after the first tenth (half a percent of the whole one, where the
    first points held nearly all of it) and two of its standard errors.
    """
    n = len(means)
    if n < MIN_BUCKETS:
        return 0.0
    level = float(means[-max(2, n // 8) :].mean())
    descent = max(float(means[n // 10]) - level, 0.0)
    told = max(LEVEL_SHARE * descent, VISIBLE * (float(means.max()) - level))
    above = np.flatnonzero(means - level > told + 2 * math.sqrt(variance))
    return 1 - (int(above[-1]) + 1) / n if len(above) else 1.0
