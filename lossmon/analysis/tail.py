"""How far noise alone may reach: the tail of a series' own points, by peaks over a threshold.

Exceedances of z = 2 are generalised Pareto, P(z > 2 + y) = s·(1 + ξy/β)^(−1/ξ)
(Pickands 1975; for limits on streams SPOT, Siffer et al. 2017). A point
estimate of ξ from a few dozen exceedances is a guess, and limits that follow
guesses are passed; so the fit is Bayesian, on a grid of ξ and β, and the limit
is where the *predictive* tail, averaged over what the exceedances leave
possible, meets the wanted chance.

That chance is of the run, not of the look. A short run can afford more a point:
at the n-th of the first 800 points it is 2·10⁻⁴/n, then 2.5·10⁻⁷ up to 2,500
points, then it falls as 1/n again: nominally 0.07 % for a run of 600 points, 0.11 %
for 2,500, and 0.04 % more for each doubling. What is measured is larger where the
tail is heavy and has not shown it yet (`benchmarks/VERDICTS.md`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.analysis.reduce import highest, total
from lossmon.model.batch import FloatArray

FROM: Final = 2.0
CHANCE: Final = 2.5e-7
SHORT: Final = 800.0
HORIZON: Final = 2500.0
MOST: Final = 60.0
"""No limit is set beyond: what lies higher is a spike under any noise."""
PRIOR_SHARE: Final = 0.0228
"""P(Z > 2) of normal noise, worth a hundred points."""
PRIOR_POINTS: Final = 100.0
MORE: Final = 1.01
"""The limit is found anew once there are so many times the exceedances that it was found from …"""
FAR: Final = 0.5
"""… or one beyond this share of the farthest: it says the most of the tail."""
_LIGHT: Final = 0.12
"""Prior of ξ: exponential with this mean. Most noise of training is light-tailed; half of the false
alarms were under noise whose tail had not shown yet."""
_NORMAL: Final = 0.4
_SPREAD: Final = 0.5
"""Prior of β: lognormal about that of normal noise beyond 2 (its mean excess is 0.37)."""
_XI, _BETA = (
    grid.ravel()
    for grid in np.meshgrid(np.arange(0, 0.51, 0.05), np.geomspace(0.2, 2.5, 10), indexing="ij")
)
_RATE: Final = _XI / _BETA
_LOG_BETA: Final = np.log(_BETA)
_POWER: Final = 1 / np.maximum(_XI, 1e-9)
_PRIOR: Final = -_XI / _LIGHT - 0.5 * (np.log(_BETA / _NORMAL) / _SPREAD) ** 2
_REACH: Final = np.geomspace(4.0, MOST, 55)


def _log_survival(excess: FloatArray) -> FloatArray:
    """Log of P(exceedance > excess) under each (ξ, β): shape (len(excess), grid)."""
    y = excess[:, None] / _BETA
    tail: FloatArray = np.where(_XI > 0, -_POWER * np.log1p(_XI * y), -y)
    return tail


_KNOTS: Final = np.log(np.concatenate(([FROM], _REACH)))
_SURVIVAL: Final = np.exp(_log_survival(_REACH - FROM))


class Tail:
    """Exceedances of one series, in O(1): their likelihood on the grid, and their number."""

    __slots__ = ("_beyond", "_beyond_then", "_chances", "_computed", "_highest", "_likelihood",
                 "_limit", "_points")  # fmt: skip

    def __init__(self) -> None:
        self._likelihood = np.zeros(len(_XI))
        self._beyond = 0
        self._points = 0
        self._computed = 0
        self._beyond_then = 0
        self._highest = 0.0
        self._limit = 0.0
        self._chances = np.zeros(len(_KNOTS))
        """Logarithm of P(Z > z) at the knots."""

    def learn(self, z: FloatArray) -> None:
        """Take points outside spikes, in units of the noise above their level; shape (n,)."""
        self._points += len(z)
        excess = np.minimum(z[z > FROM], MOST) - FROM
        if len(excess) == 0:
            return
        self._beyond += len(excess)
        # Sums over the points of log(1 + ξy/β): survival and density differ by one of them.
        sums = total(np.log1p(excess[:, None] * _RATE))
        self._likelihood -= np.where(_XI > 0, (_POWER + 1) * sums, float(total(excess)) / _BETA)
        self._likelihood -= len(excess) * _LOG_BETA
        farthest = float(highest(excess))
        if farthest > FAR * self._highest or self._beyond > MORE * self._beyond_then:
            self._highest = max(farthest, self._highest)
            self._computed = 0

    def limit(self, n: int) -> float:
        """Return the z that noise alone passes at the n-th point with the wanted chance."""
        # It moves little otherwise: renewed when a tenth more points were seen.
        if not self._computed or n > 1.1 * self._computed:
            self._computed, self._beyond_then = n, self._beyond
            self._limit = self._solve(n)
        return self._limit

    def unlikely(self, z: float, following: float, n: int) -> bool:
        """Whether two points in a row, the second `following` above what the first lets expect,
        are together as unlikely as one beyond the limit."""
        wanted = self._wanted(n)
        self.limit(n)
        both = np.interp(np.log(np.maximum([z, following], FROM)), _KNOTS, self._chances)
        return following > FROM and float(both.sum()) < wanted

    @staticmethod
    def _wanted(n: int) -> float:
        n = max(n, 24)
        return float(np.log(CHANCE * max(1.0, SHORT / n) * min(1.0, HORIZON / n)))

    def _solve(self, n: int) -> float:
        weight = self._likelihood + _PRIOR
        weight = np.exp(weight - highest(weight))
        weight /= total(weight)
        share = (self._beyond + PRIOR_POINTS * PRIOR_SHARE) / (self._points + PRIOR_POINTS)
        tail = np.concatenate(([1.0], _SURVIVAL @ weight))
        self._chances = np.log(np.maximum(share * tail, 1e-300))
        # Falls from knot to knot, so that its mirror image can be interpolated.
        return float(np.exp(np.interp(-self._wanted(n), -self._chances, _KNOTS)))
