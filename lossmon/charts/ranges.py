"""Which ranges a chart shows: all of the data, what is in view, or the bulk of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from typing import Final, Literal

import numpy as np

from lossmon.charts.spec import Band, Line, XAxis
from lossmon.charts.thin import Columns, quantiles
from lossmon.model.batch import FloatArray

LIMIT: Final = 1e300
"""Larger values are drawn at ±LIMIT: the differences of an axis must not overflow."""

_BULK: Final = (0.02, 0.98)
"""Percentiles that `robust` keeps, widened by `_MARGIN`: a start five times as high as the rest
goes off scale, a noise band does not."""
_MARGIN: Final = 0.15
_SAMPLE: Final = 4096
"""Points looked at for percentiles: every nth, which is exact enough for a range."""
_PAD: Final = 0.02
_MOST: Final = (0.1, 0.9)
"""Percentiles beyond which points may be left out where the rest would be a line."""
_ENDS: Final = 0.01
"""Share of the points that count as the start, and as the end, of what is in view."""
_LONE: Final = 8.0
"""Of a chart that single points make more than so many times as high, the rest is a line."""
_APART: Final = 8.0
"""A line that spans more than so many times what the middle line spans has left their scale."""


def ordered(line: Line) -> tuple[FloatArray, FloatArray]:
    """Return a line's x and y with x finite and non-decreasing."""
    x, y = line.x, line.y
    if line.extent is not None or len(x) == 0:
        return x, y
    finite = np.isfinite(x)
    if not finite.all():
        x, y = x[finite], y[finite]
    if len(x) > 1 and bool((x[1:] < x[:-1]).any()):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return x, y


def x_limits(
    wanted: tuple[float, float] | None,
    axis: XAxis,
    data: Sequence[tuple[FloatArray, FloatArray]],
    bands: Sequence[Band],
) -> tuple[float, float]:
    """Return the x range to draw: the wanted one made sane, or all of the data."""
    if wanted is not None and all(map(math.isfinite, wanted)):
        low, high = sorted(wanted)
    else:
        ends = [(float(x[0]), float(x[-1])) for x, _ in data if len(x)]
        for band in bands:
            known = band.x[np.isfinite(band.x)]
            if len(known):
                ends.append((float(known.min()), float(known.max())))
        if not ends:
            return 0.0, 1.0
        low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    low, high = max(low, -LIMIT), min(high, LIMIT)
    least = max(abs(low), abs(high)) * 1e-12
    if high - low <= least:
        pad = max(30.0 if axis is XAxis.WALL else 0.5, 2 * least)
        return low - pad, high + pad
    return low, high


def y_limits(
    mode: tuple[float, float] | Literal["fit", "calm", "alike", "robust"],
    data: Sequence[tuple[FloatArray, FloatArray]],
    found: Sequence[Columns],
    pixels: int,
    band_values: FloatArray,
    log: bool,
    repeated: Sequence[bool] = (),
) -> tuple[float, float]:
    """Return the y range to draw; positive for a logarithmic axis.

    `found` are the lines' columns for the x range in view; `band_values` the
    bands' finite edges in view. `repeated` says which lines are another one smoothed:
    after a single point they come down slowly, and it alone says whether it is single.
    """
    if isinstance(mode, tuple) and all(map(math.isfinite, mode)):
        low, high = sorted(float(np.clip(end, -LIMIT, LIMIT)) for end in mode)
        if not log or low > 0:
            return _spread(low, high, log)
        if high > 0:
            return _spread(high / 1e3, high, log)
    if mode in ("alike", "robust") and not log:
        kept = _alike(found, pixels)
        data = [one for one, keep in zip(data, kept, strict=True) if keep]
        found = [one for one, keep in zip(found, kept, strict=True) if keep]
    spans = [span for columns in found if (span := _span(columns, pixels)) is not None]
    lows, highs = [low for low, _ in spans], [high for _, high in spans]
    if len(band_values):
        lows.append(float(band_values.min()))
        highs.append(float(band_values.max()))
    if not lows:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = max(min(lows), -LIMIT), min(max(highs), LIMIT)
    if mode == "robust":
        low, high = _bulk(data, found, low, high, log)
    elif mode == "calm" and not log:
        own = [not again for again in repeated] or [True] * len(data)
        low, high = _calm(list(compress(data, own)), list(compress(found, own)), low, high)
    return _padded(low, high, log)


def _span(columns: Columns, pixels: int) -> tuple[float, float] | None:
    """Return the lowest and highest value of a line in view, None where it is not."""
    inside = (columns.index >= 0) & (columns.index < pixels)
    if not inside.any():
        return None
    return float(columns.low[inside].min()), float(columns.high[inside].max())


def _alike(found: Sequence[Columns], pixels: int) -> list[bool]:
    """Tell which lines share a scale: of three and more, those not far above the middle one.

    One run that exploded would press all others into a line; a logarithmic
    axis shows both, so it is for linear axes alone.
    """
    spans = [_span(columns, pixels) for columns in found]
    widths = sorted(high - low for low, high in filter(None, spans))
    if len(widths) < 3:
        return [True] * len(found)
    limit = _APART * widths[(len(widths) - 1) // 2]
    return [span is None or limit <= 0 or span[1] - span[0] <= limit for span in spans]


def _bulk(
    data: Sequence[tuple[FloatArray, FloatArray]],
    found: Sequence[Columns],
    low: float,
    high: float,
    log: bool,
    shares: tuple[float, float] = _BULK,
) -> tuple[float, float]:
    parts = []
    for (_, y), columns in zip(data, found, strict=True):
        view = y[columns.start : columns.stop]
        view = view[:: max(1, len(view) // _SAMPLE)]
        view = view[np.isfinite(view) & (view > 0 if log else True)]
        if len(view):
            # Lines weigh alike, whatever their number of points.
            ends = quantiles(np.clip(np.log10(view) if log else view, -LIMIT, LIMIT), shares)
            parts.append((ends[0], ends[1]))
    if not parts:
        return low, high
    bottom, top = min(p[0] for p in parts), max(p[1] for p in parts)
    margin = (top - bottom) * _MARGIN
    bottom, top = bottom - margin, top + margin
    if log:
        bottom, top = 10 ** min(max(bottom, -300.0), 300.0), 10 ** min(max(top, -300.0), 300.0)
    bottom, top = max(bottom, low), min(top, high)
    return (bottom, top) if top > bottom else (low, high)


def _calm(
    data: Sequence[tuple[FloatArray, FloatArray]],
    found: Sequence[Columns],
    low: float,
    high: float,
) -> tuple[float, float]:
    """Leave out single points that would press all others into a line.

    The start stays, since it shows how far a run has come, and the end, where it is now.
    """
    bottom, top = _bulk(data, found, low, high, False, _MOST)
    for (_, y), columns in zip(data, found, strict=True):
        view = y[columns.start : columns.stop]
        few = math.ceil(len(view) * _ENDS)
        ends = np.concatenate((view[:few], view[len(view) - few :]))
        ends = np.clip(ends[np.isfinite(ends)], low, high)
        if len(ends):
            bottom, top = min(bottom, float(ends.min())), max(top, float(ends.max()))
    return (low, high) if high - low <= _LONE * (top - bottom) else (bottom, top)


def _padded(low: float, high: float, log: bool) -> tuple[float, float]:
    low, high = _spread(low, high, log)
    if log:
        first, last = math.log10(low), math.log10(high)
        pad = (last - first) * _PAD
        return 10 ** max(first - pad, -307.0), 10 ** min(last + pad, 307.0)
    pad = (high - low) * _PAD
    # A loss that never goes below zero gets no axis below zero.
    return (low if low >= 0 and low - pad < 0 else low - pad), high + pad


def _spread(low: float, high: float, log: bool) -> tuple[float, float]:
    """Return a range with room in it: constants get some around them."""
    if log:
        low, high = max(low, 1e-300), max(high, 1e-300)
        if high / low < 1 + 1e-9:
            return low / 1.2, high * 1.2
        return low, high
    least = max(abs(low), abs(high)) * 1e-9
    if high - low > least:
        return low, high
    pad = max(abs(low), abs(high)) * 0.05 or 1.0
    return low - pad, high + pad
