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
    fall: float
    """From the first fitted level to the lowest one."""
    residual: float
    """Residual sum of squares of the best valley."""
    levels: int
    """Different levels of the best valley: what it costs of the n degrees of freedom."""
    pooled: int
    """n less the levels of the best non-increasing fit: values that it had to give up telling
    apart, 0 where they fall one after the other."""


@record
class _Prefixes:
    """The non-increasing fits of all prefixes; the last level of each is its lowest one."""

    residuals: list[float]
    lasts: list[float]
    firsts: list[float]
    levels: list[int]


def _pool(values: list[float]) -> _Prefixes:
    levels: list[float] = []
    counts: list[int] = []
    residuals: list[float] = []
    lasts: list[float] = []
    firsts: list[float] = []
    numbers: list[int] = []
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
        numbers.append(len(levels))
    return _Prefixes(residuals, lasts, firsts, numbers)


def valley(values: FloatArray) -> Valley:
    """Compare the two fits; `values` are finite, shape (n,), n ≥ 1, of equal variance. O(n)."""
    sequence: list[float] = values.tolist()
    falling = _pool(sequence)
    # Seen from the end, the rising branch falls: its first level is the newest one.
    rising = _pool(sequence[::-1])
    n = len(sequence)
    together = [falling.residuals[i] + rising.residuals[n - 2 - i] for i in range(n - 1)]
    together.append(falling.residuals[-1])
    bottom = min(range(n), key=together.__getitem__)
    pooled = n - falling.levels[-1]
    if bottom == n - 1:
        fall = falling.firsts[-1] - falling.lasts[-1]
        return Valley(0.0, bottom, 0.0, fall, together[bottom], falling.levels[-1], pooled)
    after = n - 2 - bottom
    lowest, begins = falling.lasts[bottom], rising.lasts[after]
    return Valley(
        ratio=max(falling.residuals[-1] - together[bottom], 0.0),
        bottom=bottom + (begins < lowest),
        rise=max(rising.firsts[after] - min(lowest, begins), 0.0),
        fall=falling.firsts[bottom] - lowest,
        residual=together[bottom],
        levels=falling.levels[bottom] + rising.levels[after],
        pooled=pooled,
    )
