"""Which part of the x axis a live chart shows, so that it neither jumps nor loses the end."""

from __future__ import annotations

import math
from typing import Final

from lossmon.tui.desk import ChartOptions

_SHARE: Final = 10
"""The end stands at a multiple of a tenth of the range's power of ten, so that a growing run
moves the axis a few dozen times in its life instead of at each point."""


def calm_end(low: float, high: float) -> float:
    """Return the axis' end for data from `low` to `high`: the next multiple of a round quantum."""
    size = high - low
    if not math.isfinite(size) or size <= 0:
        return high
    quantum = 10.0 ** math.floor(math.log10(size)) / _SHARE
    return low + math.ceil(size / quantum - 1e-9) * quantum


def shown_range(
    low: float, high: float, options: ChartOptions, live: bool
) -> tuple[float, float] | None:
    """Return the range to draw for data from `low` to `high` (None: all of the data).

    A zoom that follows keeps its width and moves on in quarters of it, counted from where it was
    made, as the live end leaves it.
    """
    wanted = options.x_range
    if wanted is None:
        return (low, calm_end(low, high)) if live and high > low else None
    begin, end = wanted
    if options.follow and high > end:
        quarter = (end - begin) / 4
        if quarter > 0:
            shift = math.ceil((high - end) / quarter) * quarter
            begin, end = begin + shift, end + shift
    return begin, end
