"""The chart of the text report: drawn by plotext as a whole, on a figure of its own.

A report is read in mails and CI logs, mostly without colours, so the lines
differ by their characters: braille for the smoothed line, dots for the raw
one, diamonds for evaluations. No more than two points a column reach plotext,
whose time grows with every one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.charts import frame, labels, ticks
from lossmon.charts.header import AXIS_WORDS
from lossmon.charts.lines import run_lines
from lossmon.charts.ranges import LIMIT, ordered, x_limits, y_limits
from lossmon.charts.raster import Canvas
from lossmon.charts.spec import Line, Mark, Palette, Viewport, XAxis
from lossmon.charts.thin import Columns, columns, distinct
from lossmon.model import RunView
from lossmon.model.batch import FloatArray

_STYLES: Final = {
    # Character, and plotext's colour where colours are wanted.
    "dimmed": ("·", "gray"),
    "raw": ("·", "gray+"),
    "other": ("braille", "cyan+"),
    "ema": ("braille", "cyan+"),
    "eval": ("◆", "orange+"),
}
_NAN: Final = "×"
_SAMPLES: Final = {"dimmed": "·", "raw": "·", "other": "⠤⠤", "ema": "⠤⠤", "eval": "◆"}
_ANSI: Final = {"gray": "90", "gray+": "37", "cyan+": "96", "orange+": "33"}


def text_chart(
    view: RunView,
    width: int = 80,
    height: int = 20,
    colour: bool = False,
    *,
    x_axis: XAxis = XAxis.STEP,
    log_y: bool = False,
) -> str:
    """Return a chart of a run's judged losses: `height` rows of `width` cells, no final newline."""
    width, height = max(width, 24), max(height, 6)
    lines, marks = run_lines(view, x_axis=x_axis)
    with np.errstate(all="ignore"):
        data = [ordered(line) for line in lines]
        x_range = x_limits(None, x_axis, data, ())
        canvas_height = height - 4
        edges = _edges(x_range, width)
        found = [
            columns(x, y, edges, line.extent, positive=log_y, max_gap=line.max_gap)
            for line, (x, y) in zip(lines, data, strict=True)
        ]
        y_range = y_limits("fit", data, found, width, np.empty(0), log_y)
    if not any(len(columns_.index) for columns_ in found):
        said = "only NaN or infinite values" if any(len(f.broken) for f in found) else ""
        return (said or "no points yet").center(width).rstrip()
    make = ticks.log_ticks if log_y else ticks.linear_ticks
    y_ticks = make(*y_range, max(2, canvas_height // 3))
    gutter = max((len(tick.label) for tick in y_ticks), default=0) + 1
    figure = frame.new_figure(width, height - 2)
    if colour:
        # The terminal's own ground and text: plotext's default is black on white.
        for paint in (figure.canvas_color, figure.axes_color, figure.ticks_color):
            paint("default")
    else:
        figure.theme("clear")
    figure.xlim(*x_range)
    # Logarithms are taken here: plotext's own log scale takes its limits otherwise.
    bottom, top = (math.log10(end) for end in y_range) if log_y else y_range
    figure.ylim(bottom, top)
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.yticks(
        [math.log10(tick.at) if log_y else tick.at for tick in y_ticks],
        [tick.label for tick in y_ticks],
    )
    inner = width - gutter
    placed = ticks.fit_columns(
        lambda wanted: ticks.x_ticks(x_axis, *x_range, wanted, None),
        lambda at: _column(at, x_range, inner),
        inner,
        inner,
    )
    low, high = x_range
    figure.xticks(
        [low + (high - low) * column / max(inner - 1, 1) for column, _ in placed],
        [label for _, label in placed],
    )
    order = {"dimmed": 0, "raw": 1, "other": 2, "ema": 2, "eval": 3}
    for line, columns_ in sorted(zip(lines, found, strict=True), key=lambda p: order[p[0].role]):
        _plot(figure, line, columns_, edges, colour, log_y)
    broken = distinct(np.concatenate([columns_.broken for columns_ in found]))
    if len(broken):
        at = ((edges[broken] + edges[broken + 1]) / 2).tolist()
        figure.scatter(at, [bottom] * len(at), marker=_NAN, color="red+" if colour else None)
    body = str(figure.build()).rstrip("\n") if colour else "\n".join(frame.built(figure))
    strip = _labels(marks, x_range, width, gutter)
    legend = _legend(lines, x_axis, width, colour, bool(len(broken)))
    return "\n".join([legend, strip, body])


def _edges(x_range: tuple[float, float], pixels: int) -> FloatArray:
    low, high = x_range
    step = (high - low) / max(pixels - 1, 1)
    return low + (np.arange(pixels + 1, dtype=np.float64) - 0.5) * step


def _column(at: float, x_range: tuple[float, float], width: int) -> int:
    low, high = x_range
    return round((min(max(at, low), high) - low) / (high - low) * (width - 1))


def _plot(
    figure: object,
    line: Line,
    found: Columns,
    edges: FloatArray,
    colour: bool,
    log_y: bool,
) -> None:
    marker, hue = _STYLES[line.role]
    style = hue if colour else None
    inside = (found.index >= 0) & (found.index < len(edges) - 1)
    at = found.index[inside]
    if len(at) == 0:
        return
    middle = (edges[at] + edges[at + 1]) / 2
    low = np.clip(found.low[inside], -LIMIT, LIMIT)
    high = np.clip(found.high[inside], -LIMIT, LIMIT)
    if log_y:
        low, high = np.log10(low), np.log10(high)
    if line.role in ("raw", "dimmed", "eval"):
        both = low < high
        xs = np.concatenate((middle, middle[both]))
        ys = np.concatenate((low, high[both]))
        figure.scatter(xs.tolist(), ys.tolist(), marker=marker, color=style)  # type: ignore[attr-defined]
        return
    # A break in the line (NaN) is a break in the drawing: one plot a piece, bounded by columns.
    pieces = np.flatnonzero(~found.joined[inside])
    if len(pieces) == 0 or pieces[0] != 0:
        pieces = np.concatenate(([0], pieces))
    for start, stop in zip(pieces, [*pieces[1:], len(at)], strict=True):
        xs = np.repeat(middle[start:stop], 2)
        ys = np.column_stack((low[start:stop], high[start:stop])).ravel()
        figure.plot(xs.tolist(), ys.tolist(), marker=marker, color=style)  # type: ignore[attr-defined]


def _legend(lines: Sequence[Line], x_axis: XAxis, width: int, colour: bool, broken: bool) -> str:
    parts, plain = [], 0
    seen = set()
    for line in lines:
        if not line.legend or (line.label, line.role) in seen:
            continue
        seen.add((line.label, line.role))
        sample = _SAMPLES[line.role]
        size = len(sample) + 1 + len(line.label) + 3
        if plain + size > width:
            break
        plain += size
        if colour:
            sample = f"\x1b[{_ANSI[_STYLES[line.role][1]]}m{sample}\x1b[0m"
        parts.append(f"{sample} {labels.narrow(line.label)}")
    if broken and plain + 8 <= width:
        parts.append(f"\x1b[91m{_NAN}\x1b[0m NaN" if colour else f"{_NAN} NaN")
        plain += 8
    name = f"x: {AXIS_WORDS[x_axis]}"
    gap = width - plain - len(name)
    return "   ".join(parts) + " " * max(gap, 1) + (name if gap > 0 else "")


def _labels(
    marks: Sequence[Mark],
    x_range: tuple[float, float],
    width: int,
    gutter: int,
) -> str:
    """Return the row of event labels over the chart, without colours."""
    strip = Canvas(width - gutter, 1)

    def to_col(x: float) -> int | None:
        low, high = x_range
        return _column(x, x_range, width - gutter) if low <= x <= high else None

    shown = labels.labelled(marks, to_col)
    labels.place_labels(strip, shown, to_col, Viewport(width, 1, palette=Palette.NONE))
    text = "".join(span.text for span in strip.rows()[0])
    return (" " * gutter + text).rstrip()
