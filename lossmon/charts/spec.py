"""What a chart is asked with and what it answers: lines, marks, a viewport; rows of cells.

Everything here is immutable and knows no widget. A caller makes lines
(`lossmon.charts.lines.run_lines`), says through a `Viewport` how large and how
they are to be shown, calls `lossmon.charts.draw`, and prints the picture's
rows. Colours are given as styles that Rich and Textual read (``"#4e79a7"``,
``"dim"``, ``"bold red"``); the empty style is the terminal's own.
"""

from __future__ import annotations

from dataclasses import field
from datetime import tzinfo
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np

from lossmon.charts.thin import Extent
from lossmon.model.batch import FloatArray
from lossmon.model.findings import Severity
from lossmon.record import record


class Span(NamedTuple):
    """A stretch of one row in one style.

    A tuple: a screen makes and compares thousands of them at each change.
    """

    text: str
    style: str = ""


Row = tuple[Span, ...]
"""One line of exactly the asked width in terminal cells (every glyph used is one cell wide)."""


def row_text(row: Row) -> str:
    """Return a row's characters without their styles."""
    return "".join(span.text for span in row)


class XAxis(StrEnum):
    """What runs along the bottom."""

    STEP = "step"
    RELATIVE = "relative"
    """Steps since the run's first."""
    EPOCH = "epoch"
    ELAPSED = "elapsed"
    """Seconds of training, pauses cut out."""
    WALL = "wall"
    """Local time of day; data in seconds since 1970 (UTC)."""


class Glyphs(StrEnum):
    """Which characters the canvas is made of."""

    BRAILLE = "braille"
    """2 × 4 dots a cell."""
    BLOCK = "block"
    """Quadrants, 2 × 2 a cell, for fonts without braille."""
    ASCII = "ascii"
    """One character a cell, nothing beyond ASCII anywhere in the picture."""


class Palette(StrEnum):
    """Which colours the terminal has and what lies behind them."""

    DARK = "dark"
    LIGHT = "light"
    ANSI16 = "16"
    NONE = "none"
    """No colour at all: bold and dim alone."""


LineRole = Literal["raw", "ema", "eval", "other", "dimmed"]
"""`raw` faint points, `ema` strong line, `eval` line with a mark at each point, `other` a plain
line, `dimmed` what a resumed run overlapped, or what is not read yet."""

MarkKind = Literal[
    "plateau",
    "divergence",
    "spike",
    "overfitting",
    "nonfinite",
    "resume",
    "restart",
    "stalled",
    "finished",
    "not_learning",
    "best_eval",
    "nan",
    "checkpoint",
]
"""The kinds of events, and three that are no events: the best evaluation, a non-finite point,
a saved checkpoint."""


@record(slots=False, eq=False)
class Line:
    """One line: `x` and `y` of shape (n,), already smoothed or whatever it shows.

    `x` should not decrease (it is sorted otherwise); NaN and infinite `y`
    break the line. `color` is an index assigned by the caller, so that a run
    keeps its colour and marker: line 0 is always the same hue. `marker` is one
    narrow character drawn here and there on the line and in the legend, so
    that lines are told apart without colour ("" for none).
    """

    label: str
    x: FloatArray = field(repr=False)
    y: FloatArray = field(repr=False)
    role: LineRole = "other"
    color: int = 0
    marker: str = ""
    extent: Extent | None = field(default=None, repr=False)
    """Kept minima and maxima of blocks of `y` (from a `LineCache`); makes long lines cheap."""
    legend: bool = True
    """Whether the legend names it (further segments of a named line are not named again)."""
    max_gap: float = np.inf
    """Points further apart along x are not joined: nothing was trained in between."""
    strong: bool = False
    """Drawn above the others, and twice as thick where dots are drawn: the chosen one of many."""


@record
class Mark:
    """Something at an x: a vertical dotted line with a short label on top.

    With a `y` it is a mark at that point instead (`best_eval`, `checkpoint`);
    `nan` marks stand in a row of their own under the canvas.
    """

    x: float
    kind: MarkKind
    label: str = ""
    y: float | None = None
    severity: Severity = "info"
    selected: bool = False
    """Drawn strong: the event that a list beside the chart points at."""
    color: int = 1
    """Hue of a mark at a point: that of its line."""


@record(slots=False, eq=False)
class Band:
    """A region between `lo` and `hi` over `x` (all of shape (n,)): a forecast, or seeds' mean ± sd.

    The middle line, where there is one, is an ordinary `Line`.
    """

    label: str
    x: FloatArray = field(repr=False)
    lo: FloatArray = field(repr=False)
    hi: FloatArray = field(repr=False)
    color: int = 0


@record
class Viewport:
    """How a chart is shown. Sizes are terminal cells, ranges are data units of the axes."""

    width: int
    height: int
    x_axis: XAxis = XAxis.STEP
    x_range: tuple[float, float] | None = None
    """None: all of the data. Zoom and pan set it (`Picture.zoom`, `Picture.pan`)."""
    y_range: tuple[float, float] | Literal["fit", "calm", "alike", "robust"] = "fit"
    """`fit`: what is in view; `calm`: that but for single points that would make a line of the
    rest; `alike`: that of the lines that share a scale; `robust`: the bulk of those. What is left
    out is counted off scale."""
    log_y: bool = False
    glyphs: Glyphs = Glyphs.BRAILLE
    palette: Palette = Palette.DARK
    cursor_x: float | None = None
    """Crosshair at this x: exact values in the top row and in `Picture.cursor_values`."""
    title: str = ""
    legend: bool = True
    empty: str = "no points yet"
    """What a chart without a point says."""
    more: str = "more"
    """What follows a legend's `+9`: where the rest can be read. Empty: the rest is not counted."""
    timezone: tzinfo | None = None
    """For `XAxis.WALL`; None is this machine's local time."""


@record
class PlotArea:
    """Where the canvas lies in the picture, in cells."""

    left: int
    top: int
    width: int
    height: int


@record
class CursorValue:
    """The point of a line that is nearest to the crosshair."""

    label: str
    x: float
    value: float
    color: int = 0
    marker: str = ""


@record(slots=False)
class Picture:
    """A drawn chart: `viewport.height` rows of `viewport.width` cells, and how to read them."""

    rows: tuple[Row, ...] = field(repr=False)
    area: PlotArea
    x_range: tuple[float, float]
    """The range drawn: its ends are the centres of the canvas' first and last column of cells."""
    y_range: tuple[float, float]
    log_y: bool = False
    empty: bool = False
    """True where no line had a point to show."""
    off_scale: int = 0
    """Finite points in view (along x) that lie above or below the drawn range."""
    nonpositive: int = 0
    """Points in view that a logarithmic axis cannot show."""
    nonfinite: int = 0
    """NaN marks in view."""
    cursor_values: tuple[CursorValue, ...] = ()
    extent: tuple[float, float] | None = None
    """First and last x of all lines, in view or not; None where there is none."""

    @property
    def text(self) -> str:
        """The rows as plain text, without styles."""
        return "\n".join(row_text(row) for row in self.rows)

    def to_x(self, column: float) -> float:
        """Return the x at the centre of a column of the picture (not of the canvas)."""
        low, high = self.x_range
        return low + (high - low) * (column - self.area.left) / max(self.area.width - 1, 1)

    def to_col(self, x: float) -> int | None:
        """Return the picture's column that shows `x`, None where it is out of view."""
        low, high = self.x_range
        if not low <= x <= high:
            return None
        share = (x - low) / (high - low) if high > low else 0.0
        return self.area.left + round(share * (self.area.width - 1))

    def to_y(self, row: float) -> float:
        """Return the y at the centre of a row of the picture."""
        low, high = self.y_range
        share = 1 - (row - self.area.top) / max(self.area.height - 1, 1)
        if self.log_y:
            low, high = float(np.log10(low)), float(np.log10(high))
            return float(10 ** (low + (high - low) * share))
        return low + (high - low) * share

    def to_row(self, y: float) -> int | None:
        """Return the picture's row that shows `y`, None where it is off scale."""
        low, high = self.y_range
        if not low <= y <= high:
            return None
        if self.log_y:
            low, high, y = float(np.log10(low)), float(np.log10(high)), float(np.log10(y))
        share = (y - low) / (high - low) if high > low else 0.5
        return self.area.top + round((1 - share) * (self.area.height - 1))

    def contains(self, column: int, row: int) -> bool:
        """Return whether a cell of the picture belongs to the canvas (for the mouse)."""
        area = self.area
        return (
            area.left <= column < area.left + area.width
            and area.top <= row < area.top + area.height
        )

    def zoom(self, factor: float, around: float | None = None) -> tuple[float, float]:
        """Return the x range `factor` times as wide (0.5 zooms in) that keeps `around` in place."""
        low, high = self.x_range
        centre = (low + high) / 2 if around is None else min(max(around, low), high)
        return centre - (centre - low) * factor, centre + (high - centre) * factor

    def pan(self, share: float) -> tuple[float, float]:
        """Return the x range moved to the right by a share of its width (negative: left).

        At the first and the last x of the lines there is no way on.
        """
        low, high = self.x_range
        return self.within(low + (high - low) * share, high + (high - low) * share)

    def within(self, low: float, high: float) -> tuple[float, float]:
        """Return a wanted x range moved so that it shows no more of what lies beyond the lines."""
        if self.extent is None:
            return low, high
        # What is seen beyond the ends already (a zoom around an event, a live run's room) stays.
        first, last = min(self.extent[0], self.x_range[0]), max(self.extent[1], self.x_range[1])
        moved = max(first - low, 0.0) - max(high - last, 0.0)
        return low + moved, high + moved
