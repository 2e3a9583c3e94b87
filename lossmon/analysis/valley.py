"""`valley`: how much better 'falls, then rises' explains a sequence than 'never rises' does.

Both are least-squares fits under an order restriction, by pooling adjacent
violators (Ayer et al. 1955; Barlow, Bartholomew, Bremner & Brunk 1972). For
known noise the difference of their residual sums of squares over the variance
is the likelihood-ratio statistic of Bartholomew (1959) for an umbrella
alternative whose turning point is unknown.
"""

from __future__ import annotations

from lossmon.model.batch import FloatArray
from lossmon.record import record


@record
class Valley:
    """The turn of a sequence; sums of squares are in the square of its unit."""

    ratio: float
    """Residual sum of squares of the best non-increasing fit minus that of the best valley."""
    bottom: int
    """Index of the last value before the rise: the lowest, but for noise."""
    rise: float
    """From the lowest fitted level to the last one; 0 where nothing rises."""


def _pool(values: list[float]) -> tuple[list[float], list[float], list[float]]:
    """Non-increasing fits of all prefixes: their residual sums, last levels and lowest levels.

    The last level of a non-increasing fit is its lowest one.
    """
    levels: list[float] = []
    counts: list[int] = []
    residuals: list[float] = []
    lasts: list[float] = []
    firsts: list[float] = []
    residual = 0.0
    for value in values:
        level, count = value, 1
        while levels and levels[-1] < level:
            other, n = levels.pop(), counts.pop()
            residual += n * count / (n + count) * (other - level) ** 2
            level = other + (level - other) * (count / (n + count))
            count += n
        levels.append(level)
        counts.append(count)
        residuals.append(residual)
        lasts.append(level)
        firsts.append(levels[0])
    return residuals, lasts, firsts


def valley(values: FloatArray) -> Valley:
    """Compare the two fits; `values` are finite, shape (n,), n ≥ 1, of equal variance. O(n)."""
    sequence = [float(value) for value in values]
    falling, lows, _ = _pool(sequence)
    rising, starts, ends = _pool(sequence[::-1])
    rising.reverse()
    starts.reverse()
    ends.reverse()
    n = len(sequence)
    together = [falling[i] + rising[i + 1] for i in range(n - 1)] + [falling[-1]]
    bottom = min(range(n), key=together.__getitem__)
    if bottom == n - 1:
        return Valley(0.0, bottom, 0.0)
    # Seen from the end, the rising branch falls: its first level is the newest one.
    rise = ends[bottom + 1] - min(lows[bottom], starts[bottom + 1])
    gain = max(falling[-1] - together[bottom], 0.0)
    return Valley(gain, bottom + (starts[bottom + 1] < lows[bottom]), max(rise, 0.0))
