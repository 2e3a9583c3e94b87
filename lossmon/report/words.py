"""Numbers in words: how steps, losses, shares and durations are written for people."""

from __future__ import annotations

import math


def loss(value: float | None) -> str:
    """Four significant digits: `1.021`, `0.003141`, `3.933e+13`, `nan`."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-4:
        return f"{value:.3e}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(size)))}f}"


def step(value: float | None) -> str:
    """With thousands marked: `12,400`; a fractional one keeps its digits."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{int(value):,}" if value == int(value) else f"{value:,.2f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A fraction as percent: `36.8 %`."""
    if share is None or not math.isfinite(share):
        return "–"
    if abs(share) >= 1e6:
        return f"{share:.1e}×"
    if abs(share) >= 100:
        return f"{share:,.0f}×"
    return f"{100 * share:.{digits}f} %"


def duration(seconds: float | None) -> str:
    """`8 s`, `3 min`, `2 h 05`, `3 d 04 h`."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d}"
    return f"{int(seconds // 86_400)} d {int(seconds % 86_400 // 3600):02d} h"
