"""Charts of runs as the views want them: the desk's options turned into lines and a viewport."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lossmon.charts.draw import draw
from lossmon.charts.lines import run_lines
from lossmon.charts.sparkline import small, sparkline
from lossmon.charts.spec import Band, Line, Mark, Picture, Row, Span, Viewport, XAxis
from lossmon.model import Event, Role, RunView
from lossmon.tui.desk import ChartOptions, Desk
from lossmon.tui.ranges import shown_range
from lossmon.tui.rows import row

_STRIP: Final = (Role.LEARNING_RATE, Role.GRAD_NORM, Role.THROUGHPUT, Role.SCORE)
"""What stands in small charts under the loss, the most telling first."""
_STRIP_WIDTH: Final = 28
"""Cells that a small chart needs at least."""


def viewport(
    desk: Desk,
    options: ChartOptions,
    width: int,
    height: int,
    x_range: tuple[float, float] | None,
    *,
    title: str = "",
    legend: bool = True,
    empty: str = "no points yet",
) -> Viewport:
    """Return how a chart is to be shown under some options."""
    return Viewport(
        width,
        height,
        x_axis=options.x_axis,
        x_range=x_range,
        y_range="robust" if options.robust else "fit",
        log_y=options.log_y,
        glyphs=desk.look.glyphs,
        palette=desk.look.paint.palette,
        cursor_x=options.cursor_x,
        title=title,
        legend=legend,
        empty=empty,
    )


def x_extent(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the first and last x of all lines, None where there is none."""
    ends = [(float(line.x[0]), float(line.x[-1])) for line in lines if len(line.x)]
    if not ends:
        return None
    return min(begin for begin, _ in ends), max(end for _, end in ends)


def run_picture(
    desk: Desk,
    run: RunView,
    options: ChartOptions,
    width: int,
    height: int,
    selected: int | None = None,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Picture:
    """Return the chart of one run: its judged losses, or the series in `names`."""
    lines, marks = run_lines(
        run,
        x_axis=options.x_axis,
        smoothing=options.smoothing,
        names=names,
        color=desk.color(run.id),
        cache=desk.cache,
    )
    if selected is not None and selected < len(run.events):
        marks = _with_selected(desk, run, options.x_axis, run.events[selected], marks)
    bands: tuple[Band, ...] = ()
    forecast = run.forecast
    if options.forecast and forecast is not None and options.x_axis is XAxis.STEP and not names:
        color = desk.color(run.id)
        bands = (Band("forecast", forecast.steps, forecast.low, forecast.high, color),)
        middle = Line("forecast", forecast.steps, forecast.mean, color=color, legend=False)
        lines = (*lines, middle)
    return draw(
        lines,
        marks,
        bands,
        viewport(
            desk,
            options,
            width,
            height,
            _x_range(lines, options, run),
            title=title,
            empty=_why_empty(run, options.x_axis),
        ),
    )


def _x_range(
    lines: Sequence[Line], options: ChartOptions, run: RunView
) -> tuple[float, float] | None:
    extent = x_extent(lines)
    if extent is None:
        return options.x_range
    return shown_range(*extent, options, run.state == "live")


def _why_empty(run: RunView, axis: XAxis) -> str:
    if run.error and not run.series:
        return f"nothing could be read: {run.error}"
    if not run.series:
        # Of a source that is no run yet the headline says what it waits for.
        return (
            f"no points yet: {run.verdict.headline}" if run.format == "unknown" else "no points yet"
        )
    if axis in (XAxis.ELAPSED, XAxis.WALL):
        return "this log has no times: x chooses another axis"
    if axis is XAxis.EPOCH:
        return "this log has no epochs: x chooses another axis"
    return "no points yet"


def event_x(desk: Desk, run: RunView, event: Event, axis: XAxis) -> float | None:
    """Return where an event stands on an axis, None where the log has no such x."""
    alone = replace(run, events=(event,))
    _, marks = run_lines(alone, x_axis=axis, cache=desk.cache)
    return next((mark.x for mark in marks if mark.kind == event.kind), None)


def _with_selected(
    desk: Desk, run: RunView, axis: XAxis, event: Event, marks: tuple[Mark, ...]
) -> tuple[Mark, ...]:
    x = event_x(desk, run, event, axis)
    return tuple(
        replace(mark, selected=True) if mark.kind == event.kind and mark.x == x else mark
        for mark in marks
    )


def strip_names(run: RunView, places: int) -> list[str]:
    """Return the series for the small charts: one of each telling role, then others."""
    names: list[str] = []
    for role in _STRIP:
        found = [series for series in run.series if series.role is role and len(series) > 1]
        names += [max(found, key=len).name] if found else []
    return names[:places]


def strip_rows(
    desk: Desk, run: RunView, options: ChartOptions, width: int, height: int
) -> list[Row]:
    """Return small charts side by side: learning rate, gradient norm, throughput, score."""
    places = max(width // _STRIP_WIDTH, 1)
    names = strip_names(run, places)
    if not names:
        words = "no learning rate, gradient norm, speed or score in this log"
        return [row(width), row(width, "  ", desk.look.text(words, "dim"))]
    calm = replace(options, log_y=False, robust=False)
    each = width // len(names)
    columns: list[tuple[Row, ...]] = []
    for index, name in enumerate(names):
        wide = each if index < len(names) - 1 else width - each * index
        columns.append(small_picture(desk, run, calm, name, wide, height).rows)
    return [tuple(span for column in columns for span in column[y]) for y in range(height)]


def small_picture(
    desk: Desk, run: RunView, options: ChartOptions, name: str, width: int, height: int
) -> Picture:
    """Return one series in a small chart, its name and last value on top."""
    x_range = options.x_range
    series = run.get(name)
    if options.x_axis is XAxis.STEP and series is not None and len(series) and not series.cuts:
        extent = float(series.steps[0]), float(series.steps[-1])
        x_range = shown_range(*extent, replace(options), run.state == "live")
    view = viewport(
        desk, options, width, height, x_range, legend=False, empty=_why_empty(run, options.x_axis)
    )
    return small(
        run, name, view, smoothing=options.smoothing, color=desk.color(run.id), cache=desk.cache
    )


def spark(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    """Return a run's whole loss curve in one row."""
    series = run.train or run.eval
    if series is None:
        return (Span(" " * width),)
    look = desk.look
    return sparkline(series.values, width, look.glyphs, look.paint.palette, desk.color(run.id))
