"""The layers of the canvas, from the grid below the data to the crosshair above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.charts import labels
from lossmon.charts.layout import Plan
from lossmon.charts.palette import as_ascii, band_style, line_style, part_style
from lossmon.charts.ranges import LIMIT
from lossmon.charts.raster import Canvas, Trace, cells, region, trace
from lossmon.charts.spec import Glyphs, Line
from lossmon.charts.thin import Columns
from lossmon.model.view import BoolArray

_ASCII: Final = {"dimmed": ",", "raw": ".", "other": "+", "ema": "*", "eval": "-"}


def paint(plan: Plan) -> tuple[Canvas, list[Trace]]:
    """Return the canvas of a plan, and the trace of each of its lines."""
    canvas = Canvas(plan.width, plan.layout.canvas)
    view, palette = plan.view, plan.view.palette
    _draw_grid(plan, canvas)
    labels.draw_verticals(canvas, labels.labelled(plan.marks, plan.column), plan.column, view)
    _draw_bands(plan, canvas)
    pixels = plan.width * plan.across
    traces = []
    for line, found in zip(plan.lines, plan.found, strict=True):
        drawn = trace(found, plan.scale, pixels, plan.across)
        if (line.role == "ema" or line.strong) and view.glyphs is Glyphs.BRAILLE:
            # Twice as thick as other lines: the trend stands out of the noise around it.
            _thicken(drawn.dots, plan.down)
        traces.append(drawn)
        canvas.layer(
            cells(drawn.dots, view.glyphs, _ascii_char(line)),
            line_style(palette, line.role, line.color),
        )
    for line, found, drawn in zip(plan.lines, plan.found, traces, strict=True):
        _draw_markers(plan, canvas, line, found, drawn)
    _draw_clipped(plan, canvas, traces)
    _draw_points(plan, canvas)
    _draw_cursor(plan, canvas)
    if plan.empty:
        _say_empty(plan, canvas)
    return canvas, traces


def _thicken(dots: BoolArray, down: int) -> None:
    """Add a dot beside each one within its cell, so that no further cell is covered."""
    grid = dots.reshape(-1, down, dots.shape[1])
    grid[:, :-1] |= grid[:, 1:]
    grid[:, 1] |= grid[:, 0] & ~grid[:, 1:].any(axis=1)


def _ascii_char(line: Line) -> str:
    return as_ascii(line.marker) if line.marker and line.role != "eval" else _ASCII[line.role]


def _draw_grid(plan: Plan, canvas: Canvas) -> None:
    if plan.view.glyphs is Glyphs.ASCII or canvas.height < 8:
        return
    style = part_style(plan.view.palette, "grid")
    cells_ = np.zeros_like(canvas.chars)
    for row, _ in plan.y_ticks:
        cells_[row, 3::4] = ord("·")
    canvas.layer(cells_, style)


def _draw_bands(plan: Plan, canvas: Canvas) -> None:
    if not plan.bands:
        return
    edges = plan.edges()
    middle = (edges[:-1] + edges[1:]) / 2
    for band in plan.bands:
        usable = np.isfinite(band.x) & np.isfinite(band.lo) & np.isfinite(band.hi)
        x, lo, hi = band.x[usable], band.lo[usable], band.hi[usable]
        if len(x) == 0:
            continue
        order = np.argsort(x, kind="stable")
        x = x[order]
        low = plan.scale.rows(np.interp(middle, x, np.clip(lo[order], -LIMIT, LIMIT)))
        high = plan.scale.rows(np.interp(middle, x, np.clip(hi[order], -LIMIT, LIMIT)))
        outside = (edges[1:] <= x[0]) | (edges[:-1] > x[-1])
        low[outside], high[outside] = -2, -1
        dots = region(low, high, plan.scale.pixels)
        canvas.layer(cells(dots, plan.view.glyphs, ":"), band_style(plan.view.palette, band.color))


def _draw_markers(plan: Plan, canvas: Canvas, line: Line, found: Columns, drawn: Trace) -> None:
    """Draw a line's own shape: at its points where there is room, else here and there."""
    ascii_ = plan.view.glyphs is Glyphs.ASCII
    style = line_style(plan.view.palette, line.role, line.color)
    inside = (found.index >= 0) & (found.index < plan.width * plan.across)
    if line.role == "eval":
        at = found.index[inside]
        if len(at) * 3 > plan.width * 2:
            return
        char = line.marker or "◆"
        char = as_ascii(char) if ascii_ and line.marker else ("o" if ascii_ else char)
        rows = plan.scale.rows(found.last[inside])
        for column, row in zip((at // plan.across).tolist(), rows.tolist(), strict=True):
            if 0 <= row < plan.scale.pixels:
                canvas.put(row // plan.down, column, char, style)
        return
    if not line.marker or line.role in ("raw", "dimmed") or not inside.any():
        return
    char = as_ascii(line.marker) if ascii_ else line.marker
    last = int(found.index[inside][-1]) // plan.across
    period = max(16, plan.width // 5)
    start = (line.color * 5 + 3) % period
    columns = list(dict.fromkeys([*range(start, last, period), last]))
    # The middle one of the dots in each of the columns.
    lit = np.cumsum(drawn.dots[:, np.array(columns) * plan.across], axis=0, dtype=np.int32)
    total = lit[-1]
    rows = (lit > total // 2).argmax(axis=0) // plan.down
    for column, row, dots in zip(columns, rows.tolist(), total.tolist(), strict=True):
        if dots:
            canvas.put(row, column, char, style)


def _draw_clipped(plan: Plan, canvas: Canvas, traces: Sequence[Trace]) -> None:
    ascii_ = plan.view.glyphs is Glyphs.ASCII
    for line, drawn in zip(plan.lines, traces, strict=True):
        if line.role == "dimmed":
            continue
        style = line_style(plan.view.palette, "other", line.color)
        for column in drawn.above.tolist():
            canvas.put(0, column, "^" if ascii_ else "▴", style)
        for column in drawn.below.tolist():
            canvas.put(canvas.height - 1, column, "v" if ascii_ else "▾", style)


def _draw_points(plan: Plan, canvas: Canvas) -> None:
    ascii_ = plan.view.glyphs is Glyphs.ASCII
    for mark in plan.marks:
        column = plan.column(mark.x)
        if mark.y is None or column is None:
            continue
        row = plan.row(mark.y) if not plan.view.log_y or mark.y > 0 else None
        if row is None:
            continue
        char = "B" if ascii_ else "★"
        if mark.kind == "checkpoint":
            char = "C" if ascii_ else "⌂"
        style = line_style(plan.view.palette, "eval", mark.color)
        canvas.put(row, column, char, f"bold {style}".strip())


def _draw_cursor(plan: Plan, canvas: Canvas) -> None:
    at = plan.view.cursor_x
    column = plan.column(at) if at is not None else None
    if column is None:
        return
    bar = "|" if plan.view.glyphs is Glyphs.ASCII else "│"
    style = part_style(plan.view.palette, "cursor")
    for row in range(canvas.height):
        canvas.under(row, column, bar, style)
    if plan.view.glyphs is not Glyphs.ASCII:
        for row, _ in plan.y_ticks:
            if canvas.chars[row, column] == ord("·"):
                canvas.put(row, column, bar, style)


def _say_empty(plan: Plan, canvas: Canvas) -> None:
    text = plan.view.empty
    if any(len(found.broken) for found in plan.found):
        text = "only NaN or infinite values here"
    elif plan.view.log_y and any(np.isfinite(y).any() for _, y in plan.data):
        text = "no value above 0 for a log axis"
    elif plan.view.x_range is not None and any(len(x) for x, _ in plan.data):
        text = "no points in this range"
    text = labels.narrow(text)[: canvas.width]
    start = (canvas.width - len(text)) // 2
    canvas.text(canvas.height // 2, start, text, part_style(plan.view.palette, "empty"))
