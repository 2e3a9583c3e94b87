"""How large the gradients are now against their usual size, for advice; never an event.

Kept are the newest 16 norms and every 2^k-th of all (64 to 128 of them), by
their place in the series: the same however the rows are cut.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.analysis.noise import median
from lossmon.model.batch import FloatArray

NEWEST: Final = 16
KEPT: Final = 128
FEWEST: Final = 48
"""Norms before which nothing is said."""


class GradientNorms:
    """A bounded sample of one series of gradient norms."""

    __slots__ = ("_count", "_kept", "_newest", "_stride")

    def __init__(self) -> None:
        self._count = 0
        self._stride = 1
        self._kept = np.empty(0)
        self._newest = np.empty(0)

    def extend(self, values: FloatArray) -> None:
        """Take finite norms, shape (n,)."""
        first = -self._count % self._stride
        self._kept = np.concatenate((self._kept, values[first :: self._stride]))
        self._count += len(values)
        while len(self._kept) > KEPT:
            self._kept = self._kept[::2].copy()
            self._stride *= 2
        self._newest = np.concatenate((self._newest, values[-NEWEST:]))[-NEWEST:]

    @property
    def growth(self) -> float | None:
        """Median of the newest norms over the median of all; None where it means nothing."""
        if self._count < FEWEST:
            return None
        usual = median(self._kept)
        return median(self._newest) / usual if usual > 0 else None
