"""Charts of a table cell and of a grid: one row of bars, and a chart with the least frame."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from lossmon.charts.cache import LineCache
from lossmon.charts.draw import draw
from lossmon.charts.lines import run_lines
from lossmon.charts.palette import line_style, severity_style
from lossmon.charts.spec import Glyphs, Palette, Picture, Row, Span, Viewport
from lossmon.charts.thin import quantiles
from lossmon.charts.ticks import number
from lossmon.model import RunView
from lossmon.model.batch import FloatArray

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = "_.-=+*#@"
_SAMPLE: Final = 256
"""Points looked at for one bar of a long series: its mean needs no more."""
_OUTLIERS: Final = (0.02, 0.98)
"""Bars beyond these percentiles are drawn at the ends, or one spike would flatten the rest."""


def sparkline(
    values: FloatArray,
    width: int,
    glyphs: Glyphs = Glyphs.BRAILLE,
    palette: Palette = Palette.DARK,
    color: int = 0,
) -> Row:
    """Return a row of `width` cells: means of consecutive stretches of `values`, shape (n,).

    Stretches without a finite value are a cross (a blank where the series is
    shorter than the row); a constant is a line of low bars.
    """
    if width <= 0:
        return ()
    values = np.asarray(values, dtype=np.float64)
    count = min(width, len(values))
    if count == 0:
        return (Span(" " * width),)
    bars = _ASCII_BARS if glyphs is Glyphs.ASCII else _BARS
    cross = "x" if glyphs is Glyphs.ASCII else "×"
    means = _means(values, count)
    finite = np.isfinite(means)
    style = line_style(palette, "other", color)
    broken = severity_style(palette, "critical")
    levels = np.zeros(count, np.int64)
    if finite.any():
        low, high = quantiles(means[finite], _OUTLIERS)
        if high - low > max(abs(low), abs(high)) * 1e-9:
            share = np.clip((means[finite] - low) / (high - low), 0, 1)
            levels[finite] = np.rint(share * (len(bars) - 1)).astype(np.int64)
    spans: list[Span] = []
    edges = [0, *(np.flatnonzero(finite[1:] != finite[:-1]) + 1).tolist(), count]
    for start, stop in pairwise(edges):
        if finite[start]:
            spans.append(Span("".join(bars[level] for level in levels[start:stop]), style))
        else:
            spans.append(Span(cross * (stop - start), broken))
    if count < width:
        spans.append(Span(" " * (width - count)))
    return tuple(spans)


def _means(values: FloatArray, count: int) -> FloatArray:
    # Values near the floats' end would overflow their sum.
    stride = max(1, len(values) // (count * _SAMPLE))
    sampled = values[::stride]
    if stride > 1 and not np.isfinite(values[-1]):
        # The end matters most: a run that has just turned NaN says so.
        sampled = np.append(sampled, values[-1])
    usable = np.isfinite(sampled)
    clean = np.where(usable, np.clip(sampled, -1e290, 1e290), 0.0)
    starts = (np.arange(count) * len(sampled)) // count
    sums = np.add.reduceat(clean, starts)
    known = np.add.reduceat(usable.astype(np.float64), starts)
    means = np.full(count, np.nan)
    np.divide(sums, known, out=means, where=known > 0)
    if not usable[-1]:
        means[-1] = np.nan
    return means


def small(
    view: RunView,
    name: str,
    viewport: Viewport,
    *,
    smoothing: float | None = 0.0,
    color: int = 0,
    cache: LineCache | None = None,
    marks: bool = False,
) -> Picture:
    """Return the chart of one series of a run for a grid: its name and last value on top."""
    lines, found = run_lines(
        view,
        x_axis=viewport.x_axis,
        smoothing=smoothing,
        names=[name],
        color=color,
        cache=cache,
        events=marks,
    )
    series = view.get(name)
    last = number(float(series.values[-1])) if series is not None and len(series) else ""
    # The last value is kept whatever the width: the name gives way.
    room = viewport.width - len(last) - 2
    title = name if len(name) <= room else name[: max(room - 1, 1)] + "…"
    return draw(
        lines, found, (), replace(viewport, title=f"{title}  {last}".rstrip(), legend=False)
    )
