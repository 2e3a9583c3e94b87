"""From runs to lines and marks: what a chart of a run, or of several, consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lossmon.charts.cache import LineCache, Prepared
from lossmon.charts.palette import MARK_WORDS, marker
from lossmon.charts.spec import Band, Line, LineRole, Mark, XAxis
from lossmon.charts.ticks import count
from lossmon.model import Event, Role, RunView, SeriesView

MAX_MARKS: Final = 200
"""Events marked on one chart, the gravest and then the latest: a hostile log has more."""

NOT_READ: Final = "not read yet"
"""What the legend says of the points that were seen ahead of the reading."""

_SMOOTHED: Final = frozenset({Role.TRAIN_LOSS, Role.GRAD_NORM, Role.THROUGHPUT, Role.OTHER})
"""Roles that get a smoothed line; evaluations are averages already, a schedule is exact."""
_LEAST: Final = 12
"""Points from which smoothing says more than the points themselves."""
_MANY: Final = 100
"""Points from which a score is no evaluation's any more: single batches, episodes."""
_WEIGHT: Final = {"critical": 0, "warning": 1, "info": 2}


def x_axes(view: RunView) -> tuple[XAxis, ...]:
    """Return the x axes that a run's log can be shown on."""
    axes = [XAxis.STEP, XAxis.RELATIVE]
    series = next(iter(view.series), None)
    if series is not None and series.axis_epochs is not None:
        axes.append(XAxis.EPOCH)
    if series is not None and series.axis_times is not None:
        axes += [XAxis.ELAPSED, XAxis.WALL]
    return tuple(axes)


def run_lines(
    view: RunView,
    *,
    x_axis: XAxis = XAxis.STEP,
    smoothing: float | None = 0.0,
    names: Sequence[str] | None = None,
    color: int = 0,
    eval_color: int | None = None,
    cache: LineCache | None = None,
    events: bool = True,
) -> tuple[tuple[Line, ...], tuple[Mark, ...]]:
    """Return the lines and marks of one run.

    `names` are the series to show; None: the judged training and evaluation
    loss. `smoothing` is the EMA weight β in [0, 1); 0 adapts to the number of
    points, None shows the points alone. The first series has the hue `color`,
    further ones (`eval_color` or) the next. Without a `cache` everything is
    computed anew. A series without values on `x_axis` gives no line.
    """
    cache = cache or LineCache()
    shown = _shown(view, names)
    lines: list[Line] = []
    for position, series in enumerate(shown):
        hue = color + position
        if position and series.role is Role.EVAL_LOSS and eval_color is not None:
            hue = eval_color
        lines += _series_lines(view.id, series, x_axis, smoothing, hue, cache)
        if x_axis is XAxis.STEP:
            lines += _ahead_line(view, series, hue, legend=not position)
    if not events or not lines:
        return tuple(lines), ()
    marks = _event_marks(view, shown, x_axis, cache)
    best = _best_mark(view, shown, x_axis, cache, lines)
    return tuple(lines), (*marks, best) if best is not None else marks


def compare_lines(
    views: Sequence[RunView],
    *,
    x_axis: XAxis = XAxis.STEP,
    smoothing: float | None = 0.0,
    name: str | None = None,
    colors: Mapping[str, int] | None = None,
    raw: bool = False,
    cache: LineCache | None = None,
) -> tuple[Line, ...]:
    """Return one line a run, told apart by hue and marker, labelled with the runs' names.

    `name` is the series to compare; None: each run's judged training loss (its
    evaluation loss where it has no other). `colors` maps run ids to indices, so
    that a run keeps its own; by default they are numbered in order.
    """
    cache = cache or LineCache()
    lines: list[Line] = []
    for position, view in enumerate(views):
        series = view.get(name) if name is not None else (view.train or view.eval)
        if series is None:
            continue
        hue = position if colors is None else colors.get(view.id, position)
        prepared = cache.prepare(view.id, series, x_axis)
        if prepared is None or len(prepared.x) == 0:
            continue
        smooth = smoothing is not None and _is_smoothed(series)
        if raw and smooth:
            lines.append(
                Line(view.name, prepared.x, prepared.y, "raw", hue, "", prepared.extent, False)
            )
        y, extent = prepared.y, prepared.extent
        if smooth:
            y, extent = cache.smoothed(view.id, series, x_axis, smoothing or None)
        lines.append(
            Line(
                view.name,
                prepared.x,
                y,
                "other",
                hue,
                marker(hue),
                extent,
                max_gap=prepared.max_gap,
            )
        )
    return tuple(lines)


def seed_band(
    lines: Sequence[Line], label: str, color: int = 0, points: int = 400
) -> tuple[Line, Band]:
    """Return mean and mean ± sd of several lines over the x range that all of them share.

    Lines (at least two) are interpolated at `points` positions; the standard
    deviation is that of a sample (n − 1). Without a common range both are empty.
    """
    usable = [(line.x[ok], line.y[ok]) for line in lines if (ok := np.isfinite(line.y)).any()]
    low = max((float(x[0]) for x, _ in usable), default=0.0)
    high = min((float(x[-1]) for x, _ in usable), default=-1.0)
    if len(usable) < 2 or high < low:
        none = np.empty(0)
        return Line(label, none, none, "ema", color), Band(label, none, none, none, color)
    x = np.linspace(low, high, points)
    stacked = np.vstack([np.interp(x, known, values) for known, values in usable])
    mean, spread = stacked.mean(axis=0), stacked.std(axis=0, ddof=1)
    return (
        Line(label, x, mean, "ema", color, marker(color)),
        Band(f"{label} ± sd", x, mean - spread, mean + spread, color),
    )


def _shown(view: RunView, names: Sequence[str] | None) -> list[SeriesView]:
    if names is not None:
        wanted = [view.get(name) for name in names]
    else:
        wanted = [view.train, view.eval]
        if wanted == [None, None]:
            # Nothing judged: any loss is better than an empty chart, then any series.
            losses = [s for s in view.series if s.role in (Role.TRAIN_LOSS, Role.EVAL_LOSS)]
            wanted = [*(losses or view.series)][:1]
    return [series for series in wanted if series is not None and len(series)]


def _ahead_line(view: RunView, series: SeriesView, color: int, legend: bool) -> list[Line]:
    """Return how a series goes on where its log is not read yet, if something was seen of it."""
    found = next((other for other in view.ahead if other.name == series.name), None)
    if found is None:
        return []
    steps = found.steps
    beyond = steps > series.steps[-1]
    if not beyond.any():
        return []
    return [Line(NOT_READ, steps[beyond], found.values[beyond], "dimmed", color, legend=legend)]


def _is_smoothed(series: SeriesView) -> bool:
    if series.role is Role.SCORE:
        return len(series) >= _MANY
    return series.role in _SMOOTHED and len(series) >= _LEAST


def _series_lines(
    run: str,
    series: SeriesView,
    x_axis: XAxis,
    smoothing: float | None,
    color: int,
    cache: LineCache,
) -> list[Line]:
    prepared = cache.prepare(run, series, x_axis)
    if prepared is None:
        return []
    label = series.name
    lines = [
        Line("overlapped", x, y, "dimmed", color, legend=position == 0)
        for position, (x, y) in enumerate(prepared.superseded)
    ]
    if series.role is Role.EVAL_LOSS:
        return [*lines, _line(label, prepared, "eval", color, "◆")]
    if smoothing is None or not _is_smoothed(series):
        return [*lines, _line(label, prepared, "other", color)]
    smooth, extent = cache.smoothed(run, series, x_axis, smoothing or None)
    lines.append(_line(label, prepared, "raw", color))
    lines.append(
        Line(
            f"{label} smoothed",
            prepared.x,
            smooth,
            "ema",
            color,
            extent=extent,
            max_gap=prepared.max_gap,
        )
    )
    return lines


def _line(label: str, prepared: Prepared, role: LineRole, color: int, shape: str = "") -> Line:
    return Line(
        label,
        prepared.x,
        prepared.y,
        role,
        color,
        shape,
        prepared.extent,
        max_gap=prepared.max_gap,
    )


def _event_marks(
    view: RunView, shown: Sequence[SeriesView], x_axis: XAxis, cache: LineCache
) -> tuple[Mark, ...]:
    names = {series.name for series in shown}
    # Most logs name the series of an event; one that is not on the chart is not marked there.
    wanted = [event for event in view.events if event.series is None or event.series in names]
    if not names & {view.summary.train, view.summary.eval}:
        wanted = [event for event in wanted if event.series is not None]
    wanted.sort(key=lambda event: (_weight(event), -event.step))
    marks = []
    for event in wanted[:MAX_MARKS]:
        x = _x_of(view, shown, event.step, x_axis, cache)
        if x is not None:
            severity = event.severity if event.stands else "info"
            marks.append(Mark(x, event.kind, _label(event), None, severity))
    return tuple(marks)


def _weight(event: Event) -> tuple[int, int]:
    return (0 if event.stands else 1, _WEIGHT[event.severity])


def _label(event: Event) -> str:
    word = MARK_WORDS[event.kind][0]
    text = f"{word} {count(event.step)}"
    if event.kind == "overfitting" and event.onset_step is not None:
        return f"{text} (since {count(event.onset_step)})"
    return text


def _best_mark(
    view: RunView,
    shown: Sequence[SeriesView],
    x_axis: XAxis,
    cache: LineCache,
    lines: Sequence[Line],
) -> Mark | None:
    best, series = view.summary.best_eval, view.eval
    if best is None or series is None or all(other.name != series.name for other in shown):
        return None
    x = _x_of(view, [series], best.step, x_axis, cache)
    hue = next((line.color for line in lines if line.label == series.name), 1)
    return None if x is None else Mark(x, "best_eval", "best", best.value, color=hue)


def _x_of(
    view: RunView, shown: Sequence[SeriesView], step: float, x_axis: XAxis, cache: LineCache
) -> float | None:
    """Return where a step stands on an axis: at the nearest point of the shown series."""
    if x_axis is XAxis.STEP:
        return step
    nearest: tuple[float, float] | None = None
    for series in shown:
        prepared = cache.prepare(view.id, series, x_axis)
        if prepared is None or len(prepared.x) == 0:
            continue
        steps = series.steps if prepared.steps is None else prepared.steps
        middle = int(np.searchsorted(steps, step))
        for index in (middle - 1, middle):
            if 0 <= index < len(steps):
                distance = abs(float(steps[index]) - step)
                if nearest is None or distance < nearest[0]:
                    nearest = distance, float(prepared.x[index])
    return None if nearest is None else nearest[1]
