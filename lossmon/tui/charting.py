"""Charts of runs as the views want them: the desk's options turned into jobs for the studio.

What a job reads is taken from the desk when it is asked for: it runs on another thread.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Final

from lossmon.charts.cache import LineCache
from lossmon.charts.draw import draw
from lossmon.charts.lines import run_lines
from lossmon.charts.sparkline import small, sparkline
from lossmon.charts.spec import Band, Line, Mark, Picture, PlotArea, Row, Span, Viewport, XAxis
from lossmon.model import Event, Role, RunView
from lossmon.tui.desk import ChartOptions, Desk
from lossmon.tui.look import Look
from lossmon.tui.ranges import shown_range
from lossmon.tui.rows import row
from lossmon.tui.studio import Job

_STRIP: Final = (Role.LEARNING_RATE, Role.GRAD_NORM, Role.THROUGHPUT, Role.SCORE)
"""What stands in small charts under the loss, the most telling first."""
_STRIP_WIDTH: Final = 28
"""Cells that a small chart needs at least."""


def viewport(
    look: Look,
    options: ChartOptions,
    width: int,
    height: int,
    x_range: tuple[float, float] | None,
    *,
    title: str = "",
    legend: bool = True,
    empty: str = "no points yet",
    more: str = "",
) -> Viewport:
    """Return how a chart is to be shown under some options."""
    return Viewport(
        width,
        height,
        x_axis=options.x_axis,
        x_range=x_range,
        y_range="robust" if options.robust else "calm",
        log_y=options.log_y,
        glyphs=look.glyphs,
        palette=look.paint.palette,
        cursor_x=options.cursor_x,
        title=title,
        legend=legend,
        empty=empty,
        more=more,
    )


def x_extent(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the first and last x of all lines, None where there is none."""
    ends = [(float(line.x[0]), float(line.x[-1])) for line in lines if len(line.x)]
    if not ends:
        return None
    return min(begin for begin, _ in ends), max(end for _, end in ends)


def or_blank(look: Look, picture: Picture | None, width: int, height: int) -> Picture:
    """Return the picture, or, while it is drawn for the first time, room for it."""
    if picture is not None:
        return picture
    rows = [row(width)] * height
    if height:
        words = "drawing …"
        left = " " * max((width - len(words)) // 2, 0)
        rows[height // 2] = row(width, left, look.text(words, "dim"))
    return Picture(tuple(rows), PlotArea(0, 0, 0, 0), (0.0, 1.0), (0.0, 1.0), empty=True)


def drawn(desk: Desk, job: Job, width: int, height: int) -> Picture:
    """Return what a job draws, what stood there before, or room for it."""
    (picture,) = desk.studio.ask([job])
    return or_blank(desk.look, picture, width, height)


# ---- the chart of a run


def run_job(
    desk: Desk,
    run: RunView,
    options: ChartOptions,
    width: int,
    height: int,
    selected: int | None = None,
    names: Sequence[str] | None = None,
    slot: Hashable = "chart",
) -> Job:
    """Return what draws the chart of one run: its judged losses, or the series in `names`."""
    look, color, cache = desk.look, desk.color(run.id), desk.studio.cache
    now = replace(options)
    shown = None if names is None else tuple(names)
    like = (run.id, width, height, shown)
    return Job(
        slot,
        like,
        (id(run), like, options.stamp, look, selected, color),
        (run,),
        lambda: _run_picture(look, color, cache, run, now, width, height, selected, shown),
    )


def _run_picture(
    look: Look,
    color: int,
    cache: LineCache,
    run: RunView,
    options: ChartOptions,
    width: int,
    height: int,
    selected: int | None,
    names: Sequence[str] | None,
) -> Picture:
    lines, marks = run_lines(
        run,
        x_axis=options.x_axis,
        smoothing=options.smoothing,
        names=names,
        color=color,
        cache=cache,
    )
    if selected is not None and selected < len(run.events):
        marks = _with_selected(cache, run, options.x_axis, run.events[selected], marks)
    bands: tuple[Band, ...] = ()
    forecast = run.forecast
    if options.forecast and forecast is not None and options.x_axis is XAxis.STEP and not names:
        bands = (Band("forecast", forecast.steps, forecast.low, forecast.high, color),)
        middle = Line("forecast", forecast.steps, forecast.mean, color=color, legend=False)
        lines = (*lines, middle)
    extent = x_extent(lines)
    x_range = options.x_range
    if extent is not None:
        x_range = shown_range(*extent, options, run.state == "live")
    empty = _why_empty(run, options.x_axis)
    view = viewport(look, options, width, height, x_range, empty=empty)
    return draw(lines, marks, bands, view)


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


# ---- where an event stands


def event_x(desk: Desk, run: RunView, event: Event, axis: XAxis) -> float | None:
    """Return where an event stands on an axis.

    None where the log has no such x, or (`event_is_late` tells) it is not found yet.
    """
    if axis is XAxis.STEP:
        return event.step
    cache = desk.studio.cache
    stamp = (id(run), event, axis)
    job = Job("event", stamp, stamp, (run,), lambda: _event_x(cache, run, event, axis))
    x: float | None = desk.studio.ask([job])[0]
    return x


def event_is_late(desk: Desk, axis: XAxis) -> bool:
    """Return whether the x of the event last asked for is still looked for."""
    return axis is not XAxis.STEP and desk.studio.is_late("event")


def _event_x(cache: LineCache, run: RunView, event: Event, axis: XAxis) -> float | None:
    alone = replace(run, events=(event,))
    _, marks = run_lines(alone, x_axis=axis, cache=cache)
    return next((mark.x for mark in marks if mark.kind == event.kind), None)


def _with_selected(
    cache: LineCache, run: RunView, axis: XAxis, event: Event, marks: tuple[Mark, ...]
) -> tuple[Mark, ...]:
    x = _event_x(cache, run, event, axis)
    return tuple(
        replace(mark, selected=True) if mark.kind == event.kind and mark.x == x else mark
        for mark in marks
    )


# ---- small charts


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
    widths = [each] * (len(names) - 1) + [width - each * (len(names) - 1)]
    pictures = desk.studio.ask(
        [
            small_job(desk, run, calm, name, wide, height, ("strip", index))
            for index, (name, wide) in enumerate(zip(names, widths, strict=True))
        ]
    )
    columns = [
        or_blank(desk.look, picture, wide, height).rows
        for picture, wide in zip(pictures, widths, strict=True)
    ]
    return [tuple(span for column in columns for span in column[y]) for y in range(height)]


def small_job(
    desk: Desk,
    run: RunView,
    options: ChartOptions,
    name: str,
    width: int,
    height: int,
    slot: Hashable,
) -> Job:
    """Return what draws one series in a small chart, its name and last value on top."""
    look, color, cache = desk.look, desk.color(run.id), desk.studio.cache
    now = replace(options)
    like = (run.id, name, width, height)
    return Job(
        slot,
        like,
        (id(run), like, options.stamp, look, color),
        (run,),
        lambda: _small_picture(look, color, cache, run, now, name, width, height),
    )


def _small_picture(
    look: Look,
    color: int,
    cache: LineCache,
    run: RunView,
    options: ChartOptions,
    name: str,
    width: int,
    height: int,
) -> Picture:
    x_range = options.x_range
    series = run.get(name)
    if options.x_axis is XAxis.STEP and series is not None and len(series) and not series.cuts:
        extent = float(series.steps[0]), float(series.steps[-1])
        x_range = shown_range(*extent, options, run.state == "live")
    empty = _why_empty(run, options.x_axis)
    view = viewport(look, options, width, height, x_range, legend=False, empty=empty)
    return small(run, name, view, smoothing=options.smoothing, color=color, cache=cache)


def sparks(desk: Desk, runs: Sequence[RunView], width: int) -> list[tuple[Span, ...]]:
    """Return each run's whole loss curve in one row."""
    found = desk.studio.ask([_spark_job(desk, run, width) for run in runs])
    blank = (Span(" " * width),)
    return [blank if spark is None else spark for spark in found]


def _spark_job(desk: Desk, run: RunView, width: int) -> Job:
    look, color = desk.look, desk.color(run.id)

    def make() -> tuple[Span, ...]:
        series = run.train or run.eval
        if series is None:
            return (Span(" " * width),)
        return sparkline(series.values, width, look.glyphs, look.paint.palette, color)

    return Job(("spark", run.id), width, (id(run), look, color), (run,), make)
