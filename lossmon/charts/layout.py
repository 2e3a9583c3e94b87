"""What goes where: the ranges of a chart and the cells of its parts.

The x range comes first, then the y range over what is in view, then the gutter
that its labels need; everything that is drawn later reads this one plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.charts import header, labels, ticks
from lossmon.charts.cells import cell_len
from lossmon.charts.ranges import LIMIT, ordered, x_limits, y_limits
from lossmon.charts.raster import DOTS, Scale
from lossmon.charts.spec import Band, Line, LineRole, Mark, Viewport
from lossmon.charts.thin import Columns, columns
from lossmon.model.batch import FloatArray
from lossmon.record import record

Data = tuple[FloatArray, FloatArray]

LABEL: Final = 5
"""Cells kept for y labels, so that the canvas does not jump while values change."""

ORDER: Final[dict[LineRole, int]] = {"dimmed": 0, "raw": 1, "eval": 2, "other": 3, "ema": 4}
"""Layers from the lowest to the highest; the marks of evaluations lie over all of them."""


@record
class Layout:
    """Rows of the picture, from the top: header, labels, canvas, NaN row, axis and its labels."""

    header: int
    labels: int
    nan: int
    axis: int
    canvas: int

    @property
    def top(self) -> int:
        return self.header + self.labels


class Plan:
    """One draw's ranges, layout and pixel columns, found once and read by every layer."""

    def __init__(
        self, lines: Sequence[Line], marks: Sequence[Mark], bands: Sequence[Band], view: Viewport
    ) -> None:
        self.view = view
        self.lines = sorted(lines, key=lambda line: (ORDER[line.role], line.strong))
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
        label_width = LABEL if view.width >= 40 else 4
        self.gutter = label_width + 1 if framed else 0
        logged = {line.color for line in self.lines if line.role == "raw"}
        repeated = [line.role == "ema" and line.color in logged for line in self.lines]
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
                repeated,
            )
            # Ticks on an axis without a value would be made up.
            self.y_ticks = self._y_ticks() if framed and not self.empty else []
            needed = max((len(label) for _, label in self.y_ticks), default=0)
            if not framed or needed < self.gutter:
                break
            self.gutter = min(needed, view.width // 2) + 1
        self.scale = Scale(*self.y_range, view.log_y, self.layout.canvas, self.down)
        if self.down == 1:
            self.scale = Scale(*self.y_range, view.log_y, self.layout.canvas, 1)

    def edges(self) -> FloatArray:
        """Return the borders of pixel columns; the range's ends are centres of cells."""
        low, high = self.x_range
        pixels = self.width * self.across
        step = (high - low) / max((self.width - 1) * self.across, 1)
        return low + (np.arange(pixels + 1, dtype=np.float64) - self.across / 2) * step

    def _columns(self, line: Line, data: Data) -> Columns:
        x, y = data
        found = columns(
            x, y, self.edges(), line.extent, positive=self.view.log_y, max_gap=line.max_gap
        )
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
        lines = any(((f.index >= 0) & (f.index < pixels)).any() for f in self.found)
        return not lines and not len(self._band_values())

    def _layout(self) -> Layout:
        height = self.view.height
        axis = 2 if height >= 4 and self.gutter else 0
        wanted = bool(self.view.legend or self.view.title or self.view.cursor_x is not None)
        head = 1 if height >= 6 and wanted else 0
        named = labels.labelled(self.marks, self.column)
        strips = 0
        if named and height >= 8:
            strips = 1
            if height >= 18 and not labels.fits_one_row(named, self.column, self.width):
                strips = 2
        broken = any(len(found.broken) for found in self.found)
        broken = broken or any(mark.kind == "nan" for mark in self.marks)
        nan = 1 if broken and height >= 6 else 0
        if head and self.view.legend and height >= 16:
            # A second row for the legend only where one is too narrow.
            entries = header.legend(self.lines, self.marks, self.bands, self.view)
            size = header.legend_width(entries)
            size += cell_len(self.view.title) + 2 if self.view.title else 0
            head = 2 if size > self.view.width else 1
        canvas = max(height - axis - head - strips - nan, 1)
        return Layout(head, strips, nan, axis, canvas)

    def column(self, x: float) -> int | None:
        """Return the canvas column of an x, None out of view."""
        low, high = self.x_range
        if not low <= x <= high:
            return None
        return round((x - low) / (high - low) * (self.width - 1))

    def row(self, y: float) -> int | None:
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

    def broken_columns(self) -> list[int]:
        found = {int(pixel) // self.across for columns_ in self.found for pixel in columns_.broken}
        for mark in self.marks:
            column = self.column(mark.x) if mark.kind == "nan" else None
            if column is not None:
                found.add(column)
        return sorted(found)
