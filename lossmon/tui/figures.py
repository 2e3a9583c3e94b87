"""Figures as people read them: significant digits, counts, durations, clock times."""

from __future__ import annotations

import math
import time
from typing import Final

MISSING: Final = "–"
"""What stands where a figure is not known."""


def figure(value: float | None, digits: int = 4) -> str:
    """Return a value with `digits` significant digits, its width steady as it changes.

    Trailing zeros stay, so that a live figure does not jump from 1.21 to 1.2
    and back; very large and small ones get an exponent.
    """
    if value is None:
        return MISSING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-3:
        mantissa, _, exponent = f"{value:.{max(digits - 2, 0)}e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    places = digits - 1 - math.floor(math.log10(size))
    return f"{value:.{max(places, 0)}f}"


def signed(value: float) -> str:
    """Return a difference with its sign and three significant digits: `−2.00`, `+1,021`."""
    if not math.isfinite(value):
        return minus(f"{value:+.3g}")
    return minus(f"{value:+,.0f}" if 100 <= abs(value) < 1e6 else f"{value:+#.3g}")


def count(value: float | None) -> str:
    """Return a whole number with thousands separated (`12,400`), fractions kept if any."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "inf"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def short(value: float | None) -> str:
    """Return a count in at most five characters: `980`, `12.4k`, `3.1M`."""
    if value is None or not math.isfinite(value):
        return MISSING if value is None or math.isnan(value) else "inf"
    size = abs(value)
    if size >= 1e15:
        return f"{value:.0e}"
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            scaled = value / (1e3 if unit == "k" else limit)
            return f"{scaled:.1f}{unit}" if abs(scaled) < 100 else f"{scaled:.0f}{unit}"
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"


def percent(value: float | None, signed: bool = False) -> str:
    """Return a fraction as percent: two significant digits under 10, else whole."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    hundred = value * 100
    return minus(_percent(hundred, signed))


def minus(text: str) -> str:
    """Return a figure with a minus that is as wide as a plus (an exponent keeps its own)."""
    return f"−{text[1:]}" if text.startswith("-") else text


def _percent(hundred: float, signed: bool) -> str:
    if abs(hundred) >= 1e6:
        return f"{figure(hundred, 2)} %"
    if abs(hundred) >= 1e4:
        return f"{'+' if signed and hundred > 0 else ''}{short(hundred)} %"
    places = 1 if abs(hundred) < 10 else 0
    return f"{hundred:{'+' if signed else ''},.{places}f} %"


def duration(seconds: float | None) -> str:
    """Return a length of time in its two largest units: `42 s`, `4 m 10 s`, `3 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(round(seconds), 0)
    if whole > 10_000 * 86400:
        return "years"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def rough(seconds: float | None) -> str:
    """Return a length of time as steady as an estimate is: `4 m`, `2 h 05 m`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 60:
        return "< 1 m"
    if seconds < 3600:
        return f"{round(seconds / 60)} m"
    return duration(round(seconds / 300) * 300)


def clock(seconds: float | None, today: float | None = None) -> str:
    """Return a moment in local time: `14:05`, or `Nov 22 14:05` where it is not of `today`.

    Moments, not ages: an age grows wrong while nothing is drawn. `today` are
    seconds since 1970 (None: now).
    """
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    try:
        moment = time.localtime(seconds)
        now = time.localtime(today)
    except (OverflowError, ValueError, OSError):
        return MISSING
    if moment[:3] == now[:3]:
        return time.strftime("%H:%M", moment)
    if moment[0] == now[0]:
        return time.strftime("%b %d %H:%M", moment)
    return time.strftime("%Y-%m-%d", moment)


def clock_seconds(seconds: float | None) -> str:
    """Return the local time of day with seconds, for events."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    try:
        return time.strftime("%H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return ""
