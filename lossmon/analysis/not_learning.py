"""Never learned: a loss that surely has not left its start by more than noise.

Equivalence again, not absence of evidence: the level of the first eighth of
the run minus that of the last quarter is the descent; its upper bound at 3
standard errors must be under half the scatter of a single point. A slow run is
therefore not accused before its noise allows it (about 450 points of white
noise), and one under warm-up not at all.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.analysis.curve import CLEAN, Curve
from lossmon.analysis.reduce import total

Z: Final = 3.0
SHARE: Final = 0.5
MIN_BUCKETS: Final = 64
WARMUP: Final = 2.0
"""Nothing is said before twice the length of the learning rate's warm-up."""


class NotLearningDetector:
    """Says whether the loss never left its start; judged at each close of a bucket."""

    __slots__ = ("descent", "error", "stands")

    def __init__(self) -> None:
        self.stands = False
        self.descent = 0.0
        """First level minus present level, in internal units."""
        self.error = math.inf

    def update(self, curve: Curve) -> None:
        """Judge the curve as it is now."""
        means = curve.buckets.means(CLEAN)
        k = len(means)
        if k < MIN_BUCKETS or curve.n < WARMUP * curve.warmup_end:
            return
        early, late = k // 8, k // 4
        variance, _ = curve.bucket_variance(k // 2)
        self.descent = float(total(means[:early]) / early - total(means[-late:]) / late)
        self.error = math.sqrt(variance * (1 / early + 1 / late))
        scatter = SHARE * curve.sigma
        if abs(self.descent) + Z * self.error < scatter:
            self.stands = True
        elif self.descent - Z * self.error > scatter:
            self.stands = False
