"""`draw`: lines, marks and bands into rows of cells.

The order of the work: ranges (x, then y over what is in view), the frame with
its ticks (plotext), the layers of the canvas from the lowest to the highest,
and the rows above and below it. Lines cost the same whatever their length,
since only pixel columns reach the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.cells import cell_len

from lossmon.charts import frame, header, labels, ticks
from lossmon.charts.palette import as_ascii, band_style, line_style, part_style, severity_style
from lossmon.charts.ranges import LIMIT, ordered, x_limits, y_limits
from lossmon.charts.raster import DOTS, Canvas, Scale, Trace, cells, region, trace
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
from lossmon.charts.thin import Columns, columns
from lossmon.model.batch import FloatArray

_LABEL: Final = 5
"""Cells kept for y labels, so that the canvas does not jump while values change."""
_ORDER: Final = {"dimmed": 0, "raw": 1, "other": 2, "ema": 3, "eval": 4}
_ASCII: Final = {"dimmed": ",", "raw": ".", "other": "+", "ema": "*", "eval": "-"}

Data = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Rows of the picture, from the top: header, labels, canvas, NaN row, axis and its labels."""

    header: int
    labels: int
    nan: int
    axis: int
    canvas: int

    @property
    def top(self) -> int:
        return self.header + self.labels


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
        return _Drawing(lines, marks, bands, view).picture()


class _Drawing:
    """One draw: the ranges and the layout found once, then the layers."""

    def __init__(
        self, lines: Sequence[Line], marks: Sequence[Mark], bands: Sequence[Band], view: Viewport
    ) -> None:
        self.view = view
        self.lines = sorted(lines, key=lambda line: _ORDER[line.role])
        self.marks = marks
        self.bands = bands
        self.data: list[Data] = [ordered(line) for line in self.lines]
        self.x_range = x_limits(view.x_range, view.x_axis, self.data, bands)
        self.across, self.down = DOTS[view.glyphs]
        self._find_ranges()

    def _find_ranges(self) -> None:
        """Find columns and y range; the gutter's width follows from the labels."""
        view = self.view
        framed = view.width >= 16 and view.height >= 4
        label_width = _LABEL if view.width >= 40 else 4
        self.gutter = label_width + 1 if framed else 0
        for _ in range(2):
            self.width = view.width - self.gutter
            self.found = [
                self._columns(line, data) for line, data in zip(self.lines, self.data, strict=True)
            ]
            self.layout = self._layout()
            self.y_range = y_limits(
                view.y_range,
                self.data,
                self.found,
                self.width * self.across,
                self._band_values(),
                view.log_y,
            )
            self.y_ticks = self._y_ticks() if framed else []
            needed = max((len(label) for _, label in self.y_ticks), default=0)
            if not framed or needed < self.gutter:
                break
            self.gutter = min(needed, view.width // 2) + 1
        self.scale = Scale(*self.y_range, view.log_y, self.layout.canvas, self.down)
        if self.down == 1:
            self.scale = Scale(*self.y_range, view.log_y, self.layout.canvas, 1)

    def _edges(self) -> FloatArray:
        """Return the borders of pixel columns; the range's ends are centres of cells."""
        low, high = self.x_range
        pixels = self.width * self.across
        step = (high - low) / max((self.width - 1) * self.across, 1)
        return low + (np.arange(pixels + 1, dtype=np.float64) - self.across / 2) * step

    def _columns(self, line: Line, data: Data) -> Columns:
        x, y = data
        found = columns(x, y, self._edges(), line.extent, positive=self.view.log_y)
        for array in (found.low, found.high, found.first, found.last):
            np.clip(array, -LIMIT, LIMIT, out=array)
        return found

    def _band_values(self) -> FloatArray:
        low, high = self.x_range
        parts = [np.empty(0)]
        for band in self.bands:
            inside = (band.x >= low) & (band.x <= high)
            both = np.concatenate((band.lo[inside], band.hi[inside]))
            usable = np.isfinite(both) & (both > 0 if self.view.log_y else True)
            parts.append(np.clip(both[usable], -LIMIT, LIMIT))
        return np.concatenate(parts)

    @property
    def empty(self) -> bool:
        """Whether no line has a finite point in view."""
        pixels = self.width * self.across
        return not any(((f.index >= 0) & (f.index < pixels)).any() for f in self.found)

    def _layout(self) -> _Layout:
        height = self.view.height
        axis = 2 if height >= 4 and self.gutter else 0
        wanted = bool(self.view.legend or self.view.title or self.view.cursor_x is not None)
        head = 1 if height >= 6 and wanted else 0
        named = labels.labelled(self.marks, self._column)
        strips = 0
        if named and height >= 8:
            strips = 2 if len(named) >= 3 and height >= 20 else 1
        broken = any(len(found.broken) for found in self.found)
        broken = broken or any(mark.kind == "nan" for mark in self.marks)
        nan = 1 if broken and height >= 6 else 0
        if head and self.view.legend and height >= 16:
            # A second row for the legend only where one is too narrow.
            entries = header.legend(self.lines, self.marks, self.view)
            size = sum(header.entry_width(entry) + 2 for entry in entries) - 2
            size += cell_len(self.view.title) + 2 if self.view.title else 0
            head = 2 if size > self.view.width else 1
        canvas = max(height - axis - head - strips - nan, 1)
        return _Layout(head, strips, nan, axis, canvas)

    def _column(self, x: float) -> int | None:
        """Return the canvas column of an x, None out of view."""
        low, high = self.x_range
        if not low <= x <= high:
            return None
        return round((x - low) / (high - low) * (self.width - 1))

    def _row(self, y: float) -> int | None:
        row = int(self.scale.rows(np.array([y]))[0])
        return row // self.down if 0 <= row < self.scale.pixels else None

    def _y_ticks(self) -> list[tuple[int, str]]:
        """Return (canvas row, label) of the y axis, no two in one row."""
        cells_ = self.layout.canvas
        low, high = self.y_range
        wanted = max(2, min(cells_ // 3, 12)) if cells_ > 2 else cells_
        make = ticks.log_ticks if self.view.log_y else ticks.linear_ticks
        found = make(low, high, wanted)
        if len(found) < 2 and cells_ > 2:
            found = make(low, high, wanted * 2) or found
        scale = Scale(low, high, self.view.log_y, cells_, 1)
        rows: dict[int, str] = {}
        for tick in found:
            row = int(scale.rows(np.array([tick.at]))[0])
            if 0 <= row < cells_ and row not in rows:
                rows[row] = tick.label
        return sorted(rows.items())

    # Layers

    def picture(self) -> Picture:
        canvas = Canvas(self.width, self.layout.canvas)
        traces = self._draw_layers(canvas)
        notes, off_scale, nonpositive = self._notes(traces)
        values = self._cursor_values()
        rows = [
            *self._header(notes, values),
            *self._label_rows(),
            *self._canvas_rows(canvas),
            *self._nan_row(),
            *self._axis_rows(),
        ]
        if self.view.glyphs is Glyphs.ASCII:
            rows = [_plain(row) for row in rows]
        area = PlotArea(self.gutter, self.layout.top, self.width, self.layout.canvas)
        return Picture(
            rows=tuple(rows),
            area=area,
            x_range=self.x_range,
            y_range=self.y_range,
            log_y=self.view.log_y,
            empty=self.empty,
            off_scale=off_scale,
            nonpositive=nonpositive,
            nonfinite=len(self._broken_columns()),
            cursor_values=values,
        )

    def _draw_layers(self, canvas: Canvas) -> list[Trace]:
        view, palette = self.view, self.view.palette
        self._draw_grid(canvas)
        labels.draw_verticals(canvas, labels.labelled(self.marks, self._column), self._column, view)
        self._draw_bands(canvas)
        pixels = self.width * self.across
        traces = []
        for line, found in zip(self.lines, self.found, strict=True):
            drawn = trace(found, self.scale, pixels, self.across)
            traces.append(drawn)
            canvas.layer(
                cells(drawn.dots, view.glyphs, self._ascii_char(line)),
                line_style(palette, line.role, line.color),
            )
        for line, found, drawn in zip(self.lines, self.found, traces, strict=True):
            self._draw_markers(canvas, line, found, drawn)
        self._draw_clipped(canvas, traces)
        self._draw_points(canvas)
        self._draw_cursor(canvas)
        if self.empty:
            self._say_empty(canvas)
        return traces

    def _ascii_char(self, line: Line) -> str:
        return as_ascii(line.marker) if line.marker and line.role != "eval" else _ASCII[line.role]

    def _draw_grid(self, canvas: Canvas) -> None:
        if self.view.glyphs is Glyphs.ASCII or canvas.height < 8:
            return
        style = part_style(self.view.palette, "grid")
        for row, _ in self.y_ticks:
            for column in range(3, canvas.width, 4):
                canvas.put(row, column, "·", style)

    def _draw_bands(self, canvas: Canvas) -> None:
        if not self.bands:
            return
        edges = self._edges()
        middle = (edges[:-1] + edges[1:]) / 2
        for band in self.bands:
            usable = np.isfinite(band.x) & np.isfinite(band.lo) & np.isfinite(band.hi)
            x, lo, hi = band.x[usable], band.lo[usable], band.hi[usable]
            if len(x) == 0:
                continue
            order = np.argsort(x, kind="stable")
            x = x[order]
            low = self.scale.rows(np.interp(middle, x, np.clip(lo[order], -LIMIT, LIMIT)))
            high = self.scale.rows(np.interp(middle, x, np.clip(hi[order], -LIMIT, LIMIT)))
            outside = (edges[1:] <= x[0]) | (edges[:-1] > x[-1])
            low[outside], high[outside] = -2, -1
            dots = region(low, high, self.scale.pixels)
            canvas.layer(
                cells(dots, self.view.glyphs, ":"), band_style(self.view.palette, band.color)
            )

    def _draw_markers(self, canvas: Canvas, line: Line, found: Columns, drawn: Trace) -> None:
        """Draw a line's own shape: at its points where there is room, else here and there."""
        ascii_ = self.view.glyphs is Glyphs.ASCII
        style = line_style(self.view.palette, line.role, line.color)
        inside = (found.index >= 0) & (found.index < self.width * self.across)
        if line.role == "eval":
            at = found.index[inside]
            if len(at) * 3 > self.width * 2:
                return
            char = line.marker or "◆"
            char = as_ascii(char) if ascii_ and line.marker else ("o" if ascii_ else char)
            rows = self.scale.rows(found.last[inside])
            for column, row in zip((at // self.across).tolist(), rows.tolist(), strict=True):
                if 0 <= row < self.scale.pixels:
                    canvas.put(row // self.down, column, char, style)
            return
        if not line.marker or line.role in ("raw", "dimmed") or not inside.any():
            return
        char = as_ascii(line.marker) if ascii_ else line.marker
        last = int(found.index[inside][-1]) // self.across
        period = max(16, self.width // 5)
        start = (line.color * 5 + 3) % period
        for column in dict.fromkeys([*range(start, last, period), last]):
            lit = np.flatnonzero(drawn.dots[:, column * self.across])
            if len(lit):
                canvas.put(int(lit[len(lit) // 2]) // self.down, column, char, style)

    def _draw_clipped(self, canvas: Canvas, traces: Sequence[Trace]) -> None:
        ascii_ = self.view.glyphs is Glyphs.ASCII
        for line, drawn in zip(self.lines, traces, strict=True):
            if line.role == "dimmed":
                continue
            style = line_style(self.view.palette, "other", line.color)
            for column in drawn.above.tolist():
                canvas.put(0, column, "^" if ascii_ else "▴", style)
            for column in drawn.below.tolist():
                canvas.put(canvas.height - 1, column, "v" if ascii_ else "▾", style)

    def _draw_points(self, canvas: Canvas) -> None:
        ascii_ = self.view.glyphs is Glyphs.ASCII
        for mark in self.marks:
            column = self._column(mark.x)
            if mark.y is None or column is None:
                continue
            row = self._row(mark.y) if not self.view.log_y or mark.y > 0 else None
            if row is None:
                continue
            char = "*" if ascii_ else "★"
            if mark.kind == "checkpoint":
                char = "C" if ascii_ else "⌂"
            style = line_style(self.view.palette, "eval", 1)
            canvas.put(row, column, char, f"bold {style}".strip())

    def _draw_cursor(self, canvas: Canvas) -> None:
        at = self.view.cursor_x
        column = self._column(at) if at is not None else None
        if column is None:
            return
        bar = "|" if self.view.glyphs is Glyphs.ASCII else "│"
        style = part_style(self.view.palette, "cursor")
        for row in range(canvas.height):
            canvas.under(row, column, bar, style)
        if self.view.glyphs is not Glyphs.ASCII:
            for row, _ in self.y_ticks:
                if canvas.chars[row, column] == ord("·"):
                    canvas.put(row, column, bar, style)

    def _say_empty(self, canvas: Canvas) -> None:
        text = self.view.empty
        if any(len(found.broken) for found in self.found):
            text = "only NaN or infinite values here"
        elif self.view.log_y and any(np.isfinite(y).any() for _, y in self.data):
            text = "no value above 0 for a log axis"
        elif self.view.x_range is not None and any(len(x) for x, _ in self.data):
            text = "no points in this range"
        text = labels.narrow(text)[: canvas.width]
        start = (canvas.width - len(text)) // 2
        canvas.text(canvas.height // 2, start, text, part_style(self.view.palette, "empty"))

    # What was not shown, and the crosshair

    def _notes(self, traces: Sequence[Trace]) -> tuple[list[str], int, int]:
        off_scale = nonpositive = 0
        top = self._value_at(-0.5)
        bottom = self._value_at(self.scale.pixels - 0.5)
        for line, (_, y), found, drawn in zip(
            self.lines, self.data, self.found, traces, strict=True
        ):
            # The smoothed line repeats the raw points: it is not counted again.
            if line.role in ("ema", "dimmed"):
                continue
            view = y[found.start : found.stop]
            if len(drawn.above) or len(drawn.below):
                off_scale += int(np.count_nonzero(np.isfinite(view) & (view > top)))
                below = np.isfinite(view) & (view < bottom)
                off_scale += int(np.count_nonzero(below & (view > 0) if self.view.log_y else below))
            if self.view.log_y and not (line.extent is not None and line.extent.bottom > 0):
                nonpositive += int(np.count_nonzero(np.isfinite(view) & (view <= 0)))
        notes = []
        if off_scale:
            notes.append(f"{off_scale:,} off scale")
        if nonpositive:
            notes.append(f"{nonpositive:,} {_le(self.view)} 0 not shown")
        if self.view.log_y:
            notes.append("log y")
        return notes, off_scale, nonpositive

    def _value_at(self, dot_row: float) -> float:
        """Return the value at a dot row of the canvas."""
        spare = (self.down - 1) / 2 if self.layout.canvas > 1 else 0.0
        dots = self.down * (self.layout.canvas - 1) if self.layout.canvas > 1 else self.down - 1
        share = 1 - (dot_row - spare) / max(dots, 1)
        low, high = self.y_range
        if self.view.log_y:
            first, last = float(np.log10(low)), float(np.log10(high))
            return float(10.0 ** min(max(first + (last - first) * share, -308.0), 308.0))
        return low + (high - low) * share

    def _cursor_values(self) -> tuple[CursorValue, ...]:
        at = self.view.cursor_x
        if at is None or not np.isfinite(at):
            return ()
        nearest: dict[tuple[str, int], CursorValue] = {}
        strong_first = sorted(
            zip(self.lines, self.data, strict=True), key=lambda pair: -_ORDER[pair[0].role]
        )
        for line, (x, y) in strong_first:
            if line.role == "dimmed":
                continue
            index = _nearest(x, y, at)
            if index is None:
                continue
            value = CursorValue(
                line.label, float(x[index]), float(y[index]), line.color, line.marker
            )
            key = (line.label, line.color)
            if key not in nearest or abs(value.x - at) < abs(nearest[key].x - at):
                nearest[key] = value
        return tuple(nearest.values())

    def _broken_columns(self) -> list[int]:
        found = {int(pixel) // self.across for columns_ in self.found for pixel in columns_.broken}
        for mark in self.marks:
            column = self._column(mark.x) if mark.kind == "nan" else None
            if column is not None:
                found.add(column)
        return sorted(found)

    # Rows around the canvas

    def _header(self, notes: list[str], values: Sequence[CursorValue]) -> list[Row]:
        count, view = self.layout.header, self.view
        if count == 0:
            return []
        if view.cursor_x is not None and np.isfinite(view.cursor_x):
            low, high = self.x_range
            cell = (high - low) / max(self.width - 1, 1) / 2
            rows = header.header_rows(view, self._legend(), notes, count - 1)
            return [*rows, header.cursor_row(view, values, view.cursor_x, cell)]
        return header.header_rows(view, self._legend(), notes, count)

    def _legend(self) -> list[header.Entry]:
        return header.legend(self.lines, self.marks, self.view) if self.view.legend else []

    def _label_rows(self) -> list[Row]:
        if not self.layout.labels:
            return []
        strip = Canvas(self.width, self.layout.labels)
        named = labels.labelled(self.marks, self._column)
        labels.place_labels(strip, named, self._column, self.view)
        return [_joined(Span(" " * self.gutter), row) for row in strip.rows()]

    def _canvas_rows(self, canvas: Canvas) -> list[Row]:
        if not self.gutter:
            return canvas.rows()
        width = self.gutter - 1
        strip = frame.y_strip(canvas.height, self.y_ticks, width)
        axis = part_style(self.view.palette, "axis")
        tick = part_style(self.view.palette, "tick")
        return [
            (Span(left[:width], tick), Span(left[width:], axis), *row)
            for left, row in zip(strip, canvas.rows(), strict=True)
        ]

    def _nan_row(self) -> list[Row]:
        if not self.layout.nan:
            return []
        strip = Canvas(self.width, 1)
        critical = severity_style(self.view.palette, "critical")
        for column in self._broken_columns():
            strip.put(0, column, "x" if self.view.glyphs is Glyphs.ASCII else "×", critical)
        if not self.gutter:
            return strip.rows()
        left = "NaN".rjust(self.gutter - 1)[: self.gutter - 1]
        axis = part_style(self.view.palette, "axis")
        return [(Span(left, critical), Span("│", axis), *strip.rows()[0])]

    def _axis_rows(self) -> list[Row]:
        if not self.layout.axis:
            return []
        view, (low, high) = self.view, self.x_range
        name = header.AXIS_WORDS[view.x_axis]
        room = self.width
        if self.width >= 36:
            room -= len(name) + 2
        placed = ticks.fit_columns(
            lambda wanted: ticks.x_ticks(view.x_axis, low, high, wanted, view.timezone),
            lambda at: self._column(min(max(at, low), high)) or 0,
            self.width,
            room,
        )
        axis, words = frame.x_strip(self.width, placed)
        corner = "└".rjust(self.gutter)
        style = part_style(view.palette, "axis")
        tick = part_style(view.palette, "tick")
        below: list[Span] = [Span(" " * self.gutter)]
        if room < self.width:
            below += [Span(words[: self.width - len(name)], tick), Span(name, style)]
        else:
            below.append(Span(words, tick))
        for mark in self.marks:
            column = self._column(mark.x) if mark.kind == "checkpoint" else None
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
