"""Pure functions: series, viewport and size in, styled rows out. plotext is met here alone.

`run_lines` (and `compare_lines`) turn what a run recorded into lines and
marks, `draw` turns these into a `Picture`; `sparkline` and `small` are for
table cells and grids, `text_chart` for the text report, `svg_chart` for HTML.
"""

from lossmon.charts.draw import draw
from lossmon.charts.palette import ASCII_MARKERS, MARKERS, marker
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
    "draw",
    "marker",
    "row_text",
]
