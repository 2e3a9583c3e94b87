"""Where ticks stand and what they say: round numbers, durations, local times of day.

A tick's label is as short as it can be while all labels of an axis differ:
1.2k, 35m, 14:05. Positions are chosen in data units, labels thinned in cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from lossmon.charts.spec import XAxis
from lossmon.record import record

MAX_TICKS: Final = 40
"""More never fit a terminal; bounds the work whatever the range."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
# Steps that people count time in.
_DURATIONS: Final = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(k * _MINUTE for k in (1, 2, 5, 10, 15, 30)),
    *(k * _HOUR for k in (1, 2, 3, 6, 12)),
    *(k * _DAY for k in (1, 2, 7, 14, 30, 60, 90, 180, 365)),
)
_PREFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@record
class Tick:
    """A position in data units and its label."""

    at: float
    label: str


def number(value: float, digits: int = 4) -> str:
    """Return a number for people: `digits` significant ones, 12.3k, 1.2e-05 as 1.2e-5."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if 1e-3 <= size < 1e4:
        text = f"{value:.{digits}g}"
        if "e" not in text:
            return text
        return f"{value:.0f}"
    if 1e4 <= size < 1e15:
        for factor, prefix in _PREFIXES:
            if size >= factor:
                return f"{value / factor:.{digits}g}{prefix}"
    return _exponent(f"{value:.{max(digits - 1, 0)}e}")


def count(value: float) -> str:
    """Return a step for people, exact: 12,340 (fractions only where there are some)."""
    if not math.isfinite(value) or abs(value) >= 1e15:
        return number(value)
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}"


def duration(seconds: float) -> str:
    """Return a duration in at most two units: 45s, 12m30s, 3h05, 2d4h."""
    if not math.isfinite(seconds) or abs(seconds) >= 1e12:
        return number(seconds)
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    if rest < 10 and rest != round(rest):
        return f"{sign}{rest:.2g}s"
    whole = round(rest)
    if whole < _MINUTE:
        return f"{sign}{whole}s"
    if whole < _HOUR:
        minutes, left = divmod(whole, 60)
        return f"{sign}{minutes}m{left:02d}s" if left else f"{sign}{minutes}m"
    if whole < _DAY:
        hours, left = divmod(whole, 3600)
        return f"{sign}{hours}h{left // 60:02d}" if left >= 60 else f"{sign}{hours}h"
    days, left = divmod(whole, 86400)
    return f"{sign}{days}d{left // 3600}h" if left >= 3600 else f"{sign}{days}d"


def wall(seconds: float, zone: tzinfo | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time in seconds since 1970 as local time (number where no calendar holds it)."""
    try:
        return _local(seconds, zone).strftime(form)
    except (OverflowError, ValueError, OSError):
        return number(seconds)


def on_axis(value: float, axis: XAxis, zone: tzinfo | None = None) -> str:
    """Return one exact x for a read-out, in the axis' own terms."""
    if axis is XAxis.WALL:
        return wall(value, zone)
    if axis is XAxis.ELAPSED:
        return duration(value)
    if axis is XAxis.EPOCH:
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else number(value)
    return count(value)


def linear_ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """Return about `wanted` round ticks in [low, high] (at least one that fits, or none)."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or wanted < 1:
        return []
    step = _round_step(span / wanted)
    return _labelled(_multiples(low, high, step), step)


def log_ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """Return ticks of a logarithmic axis: decades, with 2 and 5 between where room allows."""
    if not 0 < low < high:
        return []
    first, last = math.log10(low), math.log10(high)
    decades = last - first
    if decades < 1:
        return [tick for tick in linear_ticks(low, high, wanted) if tick.at > 0]
    if decades <= wanted / 3:
        factors: tuple[float, ...] = (1.0, 2.0, 5.0)
    elif decades <= wanted / 2:
        factors = (1.0, 3.0)
    else:
        factors = (1.0,)
    every = max(1, math.ceil(decades / max(wanted, 1)))
    ticks = []
    for power in range(math.floor(first), math.ceil(last) + 1):
        if power % every:
            continue
        for factor in factors:
            at = factor * 10.0**power if -300 < power < 300 else 0.0
            if low <= at <= high:
                ticks.append(Tick(at, number(at, 3)))
    return ticks[:MAX_TICKS]


def whole_ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """Return round ticks that are whole numbers (steps)."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or wanted < 1:
        return []
    step = max(_round_step(span / wanted), 1.0)
    if step != round(step):
        step = 5.0 if step == 2.5 else math.ceil(step)
    return _labelled(_multiples(low, high, step), step)


def duration_ticks(low: float, high: float, wanted: int) -> list[Tick]:
    """Return ticks at round durations (1s … 365d; below a second, plain numbers)."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or wanted < 1:
        return []
    raw = span / wanted
    if raw < 1:
        return [Tick(t.at, t.label + "s") for t in linear_ticks(low, high, wanted)]
    step = next((s for s in _DURATIONS if s >= raw), None)
    if step is None:
        step = _round_step(raw / _DAY) * _DAY
    return [Tick(at, duration(at)) for at in _multiples(low, high, step)]


def wall_ticks(low: float, high: float, wanted: int, zone: tzinfo | None) -> list[Tick]:
    """Return ticks at round local times; midnights carry the date where days are crossed."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or wanted < 1:
        return []
    raw = span / wanted
    step = next((s for s in _DURATIONS if s >= max(raw, 1.0)), None)
    try:
        offset = _offset(_local((low + high) / 2, zone))
        _local(low, zone), _local(high, zone)
    except (OverflowError, ValueError, OSError):
        return linear_ticks(low, high, wanted)
    if step is None:
        step = _round_step(raw / _DAY) * _DAY
    ticks = []
    for local in _multiples(low + offset, high + offset, step):
        at = local - offset
        when = _local(at, zone)
        # A change to or from summer time inside the view moves a tick off its round hour.
        shift = _offset(when) - offset
        if shift and step >= _HOUR:
            at -= shift
            when = _local(at, zone)
        ticks.append(Tick(at, _clock(when, step, span)))
    return ticks


def _clock(when: datetime, step: float, span: float) -> str:
    if step >= 365 * _DAY or (step >= 30 * _DAY and span > 300 * _DAY):
        return when.strftime("%Y-%m")
    midnight = when.hour == when.minute == when.second == 0
    if step >= _DAY or midnight:
        return when.strftime("%b %-d") if _HAS_DASH else when.strftime("%b %d")
    return when.strftime("%H:%M" if step >= _MINUTE else "%H:%M:%S")


# glibc and macOS know "%-d"; elsewhere the day keeps its zero.
_HAS_DASH: Final = datetime(2026, 1, 2, tzinfo=UTC).strftime("%-d") == "2"


def _local(seconds: float, zone: tzinfo | None) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.astimezone(zone)


def _offset(when: datetime) -> float:
    offset = when.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def x_ticks(axis: XAxis, low: float, high: float, wanted: int, zone: tzinfo | None) -> list[Tick]:
    """Return the ticks of an x axis."""
    if axis is XAxis.WALL:
        return wall_ticks(low, high, wanted, zone)
    if axis is XAxis.ELAPSED:
        return duration_ticks(low, high, wanted)
    if axis is XAxis.EPOCH:
        return linear_ticks(low, high, wanted)
    return whole_ticks(low, high, wanted)


def fit_columns(
    make: Callable[[int], Sequence[Tick]],
    to_column: Callable[[float], int],
    width: int,
    room: int,
) -> list[tuple[int, str]]:
    """Return as many (column, label) as fit without touching, centred, inside `room` columns.

    `make(n)` returns about n ticks; fewer are asked for until labels keep a
    gap of two cells. Columns are those of a canvas `width` cells wide.
    """
    for wanted in range(min(max(width // 7, 1), MAX_TICKS), 0, -1):
        placed = _place(make(wanted), to_column, width, room)
        if placed is not None:
            return placed
    return []


def _place(
    ticks: Sequence[Tick], to_column: Callable[[float], int], width: int, room: int
) -> list[tuple[int, str]] | None:
    placed: list[tuple[int, str]] = []
    end = -2
    for tick in ticks:
        column = to_column(tick.at)
        start = column - len(tick.label) // 2
        if start < 0:
            start = 0
        if start + len(tick.label) > room:
            if room < width or len(tick.label) > room:
                # The last label has no room beside the axis' name: the axis does without it.
                break
            start = room - len(tick.label)
        if start < end + 2:
            return None
        end = start + len(tick.label)
        placed.append((column, tick.label))
    return placed or None


def _round_step(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    if power == 0 or not math.isfinite(power):
        return raw or 1.0
    for factor in (1.0, 2.0, 2.5, 5.0):
        if raw <= factor * power * (1 + 1e-9):
            return factor * power
    return 10.0 * power


def _multiples(low: float, high: float, step: float) -> list[float]:
    if step <= 0 or not math.isfinite(step):
        return []
    first = math.ceil(low / step - 1e-9)
    found = []
    for index in range(MAX_TICKS):
        at = (first + index) * step
        if at > high + step * 1e-9:
            break
        if at < low - step * 1e-6:
            continue  # a step near the floats' own spacing is rounded out of the range
        found.append(at if abs(at) > step * 1e-9 else 0.0)
    # A step below the floats' own spacing would repeat one value.
    return found if len(set(found)) == len(found) else found[:1]


def _labelled(values: Sequence[float], step: float) -> list[Tick]:
    if not values:
        return []
    size = max(abs(value) for value in values)
    if size >= 1e4 and size < 1e15:
        # The prefix of the smallest tick, so that 8k and 12k stand beside each other.
        factor, prefix = next(pair for pair in _PREFIXES if size >= pair[0])
        return _distinct(values, step / factor, factor, prefix)
    if size >= 1e15 or (size < 1e-2 and size > 0):
        digits = max(0, math.floor(math.log10(size)) - math.floor(math.log10(step) + 1e-9))
        extra = 1 if _needs_half(step) else 0
        return [
            Tick(v, "0" if v == 0 else _exponent(f"{v:.{min(digits + extra, 12)}e}"))
            for v in values
        ]
    return _distinct(values, step, 1.0, "")


def _needs_half(step: float) -> bool:
    mantissa = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
    return abs(mantissa - round(mantissa)) > 1e-6


def _distinct(values: Sequence[float], step: float, factor: float, prefix: str) -> list[Tick]:
    power = math.floor(math.log10(step) + 1e-9) if step > 0 else 0
    places = min(max(0, (1 if _needs_half(step) else 0) - power), 12)
    return [
        Tick(value, "0" if value == 0 else f"{value / factor:.{places}f}{prefix}")
        for value in values
    ]


def _exponent(text: str) -> str:
    mantissa, _, power = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(power)}"
