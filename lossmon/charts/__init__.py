"""Pure functions: series, viewport and size in, styled rows out. plotext is met here alone.

`run_lines` (and `compare_lines`) turn what a run recorded into lines and
marks, `draw` turns these into a `Picture`; `sparkline` and `small` are for
table cells and grids. What no screen draws has its own door: `charts.text` for
the text report, `charts.svg` for HTML, `charts.png`.
"""

from lossmon.charts.cache import LineCache
from lossmon.charts.draw import draw
from lossmon.charts.lines import compare_lines, run_lines, seed_band, x_axes
from lossmon.charts.palette import ASCII_MARKERS, MARKERS, marker
from lossmon.charts.sparkline import small, sparkline
from lossmon.charts.spec import (
    Band,
    CursorValue,
    Glyphs,
    Line,
    LineRole,
    Mark,
    MarkKind,
    Palette,
    Picture,
    PlotArea,
    Row,
    Span,
    Viewport,
    XAxis,
    row_text,
)

__all__ = [
    "ASCII_MARKERS",
    "MARKERS",
    "Band",
    "CursorValue",
    "Glyphs",
    "Line",
    "LineCache",
    "LineRole",
    "Mark",
    "MarkKind",
    "Palette",
    "Picture",
    "PlotArea",
    "Row",
    "Span",
    "Viewport",
    "XAxis",
    "compare_lines",
    "draw",
    "marker",
    "row_text",
    "run_lines",
    "seed_band",
    "small",
    "sparkline",
    "x_axes",
]
