"""`draw`: lines, marks and bands into rows of cells.

The order of the work: ranges (x, then y over what is in view), the frame with
its ticks (plotext), the layers of the canvas from the lowest to the highest,
and the rows above and below it. Lines cost the same whatever their length,
since only pixel columns reach the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.charts import frame, header, labels, ticks
from lossmon.charts.cells import cell_len
from lossmon.charts.layers import paint
from lossmon.charts.layout import Plan
from lossmon.charts.palette import part_style, severity_style
from lossmon.charts.raster import Canvas, Trace
from lossmon.charts.spec import (
    Band,
    CursorValue,
    Glyphs,
    Line,
    Mark,
    Picture,
    PlotArea,
    Row,
    Span,
    Viewport,
)
from lossmon.model.batch import FloatArray

_READ: Final = {"ema": 0, "other": 1, "raw": 2, "eval": 3, "dimmed": 4}
"""The order of the crosshair's values."""


def draw(
    lines: Sequence[Line],
    marks: Sequence[Mark] = (),
    bands: Sequence[Band] = (),
    viewport: Viewport | None = None,
) -> Picture:
    """Return the picture of a chart: `viewport.height` rows of `viewport.width` cells.

    Never raises on values: NaN and infinite ones break the line and are marked
    in a row under the canvas, values ≤ 0 are left out of a logarithmic axis
    and counted, an empty chart says so.
    """
    view = viewport or Viewport(80, 24)
    if view.width <= 0 or view.height <= 0:
        return Picture((), PlotArea(0, 0, 0, 0), (0.0, 1.0), (0.0, 1.0), empty=True)
    with np.errstate(all="ignore"):
        return _picture(Plan(lines, marks, bands, view))


def _picture(plan: Plan) -> Picture:
    canvas, traces = paint(plan)
    notes, off_scale, nonpositive = _notes(plan, traces)
    values = _cursor_values(plan)
    rows = [
        *_header(plan, notes, values),
        *_label_rows(plan),
        *_canvas_rows(plan, canvas),
        *_nan_row(plan),
        *_axis_rows(plan),
    ]
    if plan.view.glyphs is Glyphs.ASCII:
        rows = [_plain(row) for row in rows]
    area = PlotArea(plan.gutter, plan.layout.top, plan.width, plan.layout.canvas)
    return Picture(
        rows=tuple(rows),
        area=area,
        x_range=plan.x_range,
        y_range=plan.y_range,
        log_y=plan.view.log_y,
        empty=plan.empty,
        off_scale=off_scale,
        nonpositive=nonpositive,
        nonfinite=len(plan.broken_columns()),
        cursor_values=values,
        extent=_extent(plan),
    )


def _extent(plan: Plan) -> tuple[float, float] | None:
    ends = [(float(x[0]), float(x[-1])) for x, _ in plan.data if len(x)]
    if not ends:
        return None
    return min(first for first, _ in ends), max(last for _, last in ends)


def _notes(plan: Plan, traces: Sequence[Trace]) -> tuple[list[str], int, int]:
    off_scale = nonpositive = 0
    top = _value_at(plan, -0.5)
    bottom = _value_at(plan, plan.scale.pixels - 0.5)
    for line, (_, y), found, drawn in zip(plan.lines, plan.data, plan.found, traces, strict=True):
        # The smoothed line repeats the raw points: it is not counted again.
        if line.role in ("ema", "dimmed"):
            continue
        view = y[found.start : found.stop]
        if len(drawn.above) or len(drawn.below):
            off_scale += int(np.count_nonzero(np.isfinite(view) & (view > top)))
            below = np.isfinite(view) & (view < bottom)
            off_scale += int(np.count_nonzero(below & (view > 0) if plan.view.log_y else below))
        if plan.view.log_y and not (line.extent is not None and line.extent.bottom > 0):
            nonpositive += int(np.count_nonzero(np.isfinite(view) & (view <= 0)))
    notes = []
    if off_scale:
        notes.append(f"{off_scale:,} off scale")
    if nonpositive:
        notes.append(f"{nonpositive:,} {_le(plan.view)} 0 not shown")
    if plan.view.log_y:
        notes.append("log y")
    return notes, off_scale, nonpositive


def _value_at(plan: Plan, dot_row: float) -> float:
    """Return the value at a dot row of the canvas."""
    spare = (plan.down - 1) / 2 if plan.layout.canvas > 1 else 0.0
    dots = plan.down * (plan.layout.canvas - 1) if plan.layout.canvas > 1 else plan.down - 1
    share = 1 - (dot_row - spare) / max(dots, 1)
    low, high = plan.y_range
    if plan.view.log_y:
        first, last = float(np.log10(low)), float(np.log10(high))
        return float(10.0 ** min(max(first + (last - first) * share, -308.0), 308.0))
    return low + (high - low) * share


def _cursor_values(plan: Plan) -> tuple[CursorValue, ...]:
    at = plan.view.cursor_x
    if at is None or not np.isfinite(at):
        return ()
    nearest: dict[tuple[str, int], CursorValue] = {}
    strong_first = sorted(
        zip(plan.lines, plan.data, strict=True),
        key=lambda pair: (not pair[0].strong, _READ[pair[0].role]),
    )
    for line, (x, y) in strong_first:
        if line.role == "dimmed":
            continue
        index = _nearest(x, y, at)
        if index is None:
            continue
        value = CursorValue(line.label, float(x[index]), float(y[index]), line.color, line.marker)
        key = (line.label, line.color)
        if key not in nearest or abs(value.x - at) < abs(nearest[key].x - at):
            nearest[key] = value
    return tuple(nearest.values())


def _header(plan: Plan, notes: list[str], values: Sequence[CursorValue]) -> list[Row]:
    count, view = plan.layout.header, plan.view
    if count == 0:
        return []
    if view.cursor_x is not None and np.isfinite(view.cursor_x):
        low, high = plan.x_range
        cell = (high - low) / max(plan.width - 1, 1) / 2
        rows = header.header_rows(view, _legend(plan), notes, count - 1)
        return [*rows, header.cursor_row(view, values, view.cursor_x, cell)]
    return header.header_rows(view, _legend(plan), notes, count)


def _legend(plan: Plan) -> list[header.Entry]:
    return header.legend(plan.lines, plan.marks, plan.bands, plan.view) if plan.view.legend else []


def _label_rows(plan: Plan) -> list[Row]:
    if not plan.layout.labels:
        return []
    strip = Canvas(plan.width, plan.layout.labels)
    named = labels.labelled(plan.marks, plan.column)
    labels.place_labels(strip, named, plan.column, plan.view)
    return [_joined(Span(" " * plan.gutter), row) for row in strip.rows(merge_blanks=False)]


def _canvas_rows(plan: Plan, canvas: Canvas) -> list[Row]:
    if not plan.gutter:
        return canvas.rows()
    width = plan.gutter - 1
    strip = frame.y_strip(canvas.height, plan.y_ticks, width)
    axis = part_style(plan.view.palette, "axis")
    tick = part_style(plan.view.palette, "tick")
    return [
        (Span(left[:width], tick), Span(left[width:], axis), *row)
        for left, row in zip(strip, canvas.rows(), strict=True)
    ]


def _nan_row(plan: Plan) -> list[Row]:
    if not plan.layout.nan:
        return []
    strip = Canvas(plan.width, 1)
    critical = severity_style(plan.view.palette, "critical")
    for column in plan.broken_columns():
        strip.put(0, column, "x" if plan.view.glyphs is Glyphs.ASCII else "×", critical)
    if not plan.gutter:
        return strip.rows()
    left = "NaN".rjust(plan.gutter - 1)[: plan.gutter - 1]
    axis = part_style(plan.view.palette, "axis")
    return [(Span(left, critical), Span("│", axis), *strip.rows()[0])]


def _axis_rows(plan: Plan) -> list[Row]:
    if not plan.layout.axis:
        return []
    view, (low, high) = plan.view, plan.x_range
    name = header.AXIS_WORDS[view.x_axis]
    room = plan.width
    if plan.width >= 36:
        room -= len(name) + 2
    known = any(len(x) for x, _ in plan.data) or plan.bands or view.x_range is not None
    placed = (
        []
        if not known
        else ticks.fit_columns(
            lambda wanted: ticks.x_ticks(view.x_axis, low, high, wanted, view.timezone),
            lambda at: plan.column(min(max(at, low), high)) or 0,
            plan.width,
            room,
        )
    )
    axis, words = frame.x_strip(plan.width, placed)
    corner = "└".rjust(plan.gutter)
    style = part_style(view.palette, "axis")
    tick = part_style(view.palette, "tick")
    below: list[Span] = [Span(" " * plan.gutter)]
    if room < plan.width:
        below += [Span(words[: plan.width - len(name)], tick), Span(name, style)]
    else:
        below.append(Span(words, tick))
    for mark in plan.marks:
        column = plan.column(mark.x) if mark.kind == "checkpoint" else None
        if column is not None and mark.y is None:
            sign = "C" if view.glyphs is Glyphs.ASCII else "⌂"
            axis = axis[:column] + sign + axis[column + 1 :]
    return [(Span(corner + axis, style),), tuple(below)]


def _nearest(x: FloatArray, y: FloatArray, at: float) -> int | None:
    """Return the index of the point with a finite y whose x is nearest."""
    if len(x) == 0:
        return None
    middle = int(np.searchsorted(x, at))
    # A NaN at the cursor is passed over, but not without bound.
    for start, stop in ((middle - 1, middle + 1), (middle - 512, middle + 512)):
        first = max(start, 0)
        index = np.flatnonzero(np.isfinite(y[first:stop])) + first
        if len(index):
            return int(index[np.abs(x[index] - at).argmin()])
    return None


def _joined(first: Span, row: Row) -> Row:
    return (first, *row) if first.text else row


def _le(view: Viewport) -> str:
    return "<=" if view.glyphs is Glyphs.ASCII else "≤"


def _plain(row: Row) -> Row:
    """Return a row with nothing beyond ASCII in it, as wide as before."""
    if all(span.text.isascii() for span in row):
        return row
    spans = []
    for span in row:
        text = frame.localized(span.text, Glyphs.ASCII).replace("…", "~")
        if not text.isascii():
            text = "".join(c if c.isascii() else "?" * cell_len(c) for c in text)
        spans.append(Span(text, span.style))
    return tuple(spans)
