"""Steps for lines that say their epoch alone, in their order (see `_logging_interval`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.formats._logging_interval import Interval, find, rounding
from lossmon.model.batch import FloatArray

_LATE: Final = 1.5
"""Intervals after which lines are taken to be missing."""


MAX_EPOCH: Final = 1e9
"""No run reaches it: a damaged line."""


class EpochSteps:
    """Places training lines at multiples of the interval, evaluations by their epoch."""

    def __init__(self) -> None:
        self.interval: Interval | None = None
        self._step = 0.0
        self._epoch = 0.0
        self._decimals = 0.0
        self._started = False
        self._evaluations = 0

    @property
    def decided(self) -> bool:
        """Whether the interval is known."""
        return self.interval is not None

    def decide(self, epochs: Sequence[float], rates: Sequence[float]) -> None:
        """Work the interval out of the first training lines."""
        self.interval = find(epochs, rates)
        self._decimals = rounding(epochs)

    def training(self, epoch: float) -> float:
        """Return the step of the next training line; an interval must be known."""
        found = self.interval
        assert found is not None
        if not self._started:
            self._started = True
            self._step = found.first
        elif epoch < self._epoch:
            # A resumed run: as many steps as so far came to that epoch.
            lines = round(epoch * self._per_epoch(found) / found.steps)
            self._step = max(lines, 1) * found.steps
        else:
            gap = epoch - self._epoch
            late = gap > _LATE * found.epochs + 2 * self._slack(epoch)
            lines = max(round(gap / found.epochs), 1) if late else 1
            self._step = (self._step // found.steps + lines) * found.steps
        self._epoch = epoch
        return self._step

    def evaluation(self, epoch: float) -> float:
        """Return the step of an evaluation: at the last training line, or as far behind it."""
        found = self.interval
        if found is None or not self._started:
            self._evaluations += epoch > 0
            return float(self._evaluations)
        per_epoch = self._per_epoch(found)
        behind = epoch - self._epoch
        slack = self._slack(epoch)
        if behind <= slack or 2 * slack * per_epoch >= found.steps:
            return self._step
        return self._step + min(float(round(behind * per_epoch)), found.steps)

    def place(self, epochs: FloatArray, is_train: np.ndarray) -> FloatArray | None:
        """Return the steps of many lines, shape (n,); None where one must look at each.

        The same as line by line: training lines without a gap, none of which goes
        back, and evaluations at them.
        """
        found = self.interval
        if found is None or not self._started:
            return None
        of_train = np.concatenate(([self._epoch], epochs[is_train]))
        gaps = np.diff(of_train)
        if (gaps < 0).any():
            return None
        late = _LATE * found.epochs
        if (gaps > late).any() and (gaps > late + 2 * self._slacks(of_train[1:])).any():
            return None
        lines = np.cumsum(is_train)
        if lines[-1] < len(lines):
            behind = epochs - of_train[lines]
            if (~is_train & (behind > 0) & (behind > self._slacks(epochs))).any():
                return None
        count = self._step // found.steps
        steps: FloatArray = (count + lines) * found.steps
        steps[lines == 0] = self._step
        if lines[-1]:
            self._step, self._epoch = float((count + lines[-1]) * found.steps), float(of_train[-1])
        return steps

    def _slack(self, epoch: float) -> float:
        """Return how far printed epochs may lie from what was meant, and more."""
        return max(1e-3 * epoch, self._decimals)

    def _slacks(self, epochs: FloatArray) -> FloatArray:
        return np.maximum(1e-3 * epochs, self._decimals)

    def _per_epoch(self, found: Interval) -> float:
        """Return the steps of an epoch, the better known the longer the run lasts."""
        known = self._epoch > 20 * self._slack(self._epoch) and self._step > 2 * found.steps
        return self._step / self._epoch if known else found.per_epoch
