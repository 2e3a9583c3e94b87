"""Steps of which only three digits are printed: `1.24e+05` for each of a hundred steps.

Loggers that print every number with `%.3g` (Spinning Up, Baselines, guided-diffusion)
print the step so too. What they log comes at equal intervals: the interval is narrowed
down by each number printed, and the steps are counted on by it.
"""

from __future__ import annotations

import math
from typing import Final

_DIGITS: Final = 3
"""Digits printed at least; `4e+03` is 4.00e+03 with its zeros cut off."""

_ROUND: Final = (1000, 500, 256, 200, 128, 100, 64, 50, 32, 25, 20, 16, 10, 8, 5, 4, 2, 1)
"""Of the intervals that are possible the roundest is taken: a multiple of the first of these."""


def _half_unit(printed: str, value: float) -> float:
    """Return by how much a printed number may differ from what was logged, 0 if it has no `e`."""
    mantissa, e, _ = printed.lower().partition("e")
    if not e or value <= 0:
        return 0.0
    digits = max(_DIGITS, sum(map(str.isdigit, mantissa)))
    return 0.5 * 10.0 ** (math.floor(math.log10(value)) + 1 - digits)


class RoundedSteps:
    """Turns printed counters into steps, one after another; exact ones stay as they are."""

    def __init__(self) -> None:
        self.estimated = False
        self._count = 1
        self._start = 0.0
        self._slack = 0.0
        """By how much the number at the start may differ from what was logged."""
        self._printed = -math.inf
        self._last = -math.inf
        self._least = 0.0
        self._most = math.inf
        """Between these the interval lies."""

    def step(self, printed: str, value: float) -> float:
        """Return the step of the next printed counter, whose number is `value`."""
        half = _half_unit(printed, value)
        if value < self._printed:
            self._begin_at_zero()
        self._printed = value
        if not self._narrow(value, half):
            self._count, self._start, self._slack = 0, value, half
            self._least, self._most = 0.0, math.inf
        found = value
        if half:
            guess = self._start + self._count * self._interval()
            found = min(max(guess, value - half, self._last + 1), value + half)
            self.estimated = self.estimated or self._most > self._least
        self._count += 1
        self._last = found
        return found

    def _begin_at_zero(self) -> None:
        """The first step logged is taken for the interval, until the second says otherwise."""
        self._count, self._start, self._slack = 1, 0.0, 0.0
        self._last = -math.inf
        self._least, self._most = 0.0, math.inf

    def _narrow(self, value: float, half: float) -> bool:
        """Keep the intervals that also this number allows; say whether there are any."""
        n = self._count
        if value + half <= 0:
            return False
        least = max(self._least, (value - half - self._start - self._slack) / n)
        most = min(self._most, (value + half - self._start + self._slack) / n)
        # Exact numbers differ by the rounding of a division alone.
        if least > most + 1e-9 * max(1.0, most):
            return False
        self._least, self._most = min(least, most), max(least, most)
        return True

    def _interval(self) -> float:
        if self._least <= 0 or self._most == math.inf:
            return 1.0  # nothing is known of it yet, but that it rises
        for unit in _ROUND:
            multiple = math.ceil(self._least / unit - 1e-9) * unit
            if 0 < multiple <= self._most + 1e-9:
                return float(multiple)
        return 0.5 * (self._least + self._most)
