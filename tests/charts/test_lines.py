"""From runs to lines: roles, axes, resumed runs, marks; the cache changes nothing but the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.analysis.ema import debiased_ema
from lossmon.charts import (
    LineCache,
    Viewport,
    XAxis,
    compare_lines,
    draw,
    run_lines,
    seed_band,
    x_axes,
)
from lossmon.charts.cache import adapted_beta
from lossmon.charts.lines import NOT_READ
from lossmon.charts.spec import Line
from lossmon.model import Batch, Column, Event, Run
from tests.charts.runs import run_of, view_of

RANDOM = np.random.default_rng(3)


def by_role(lines: tuple[Line, ...], role: str) -> Line:
    return next(line for line in lines if line.role == role)


def test_roles_of_lines():
    steps = np.arange(100.0)
    run = run_of(steps, loss=RANDOM.normal(2, 0.1, 100), eval_loss=np.full(100, 2.0))
    lines, marks = run_lines(view_of(run))
    assert [line.role for line in lines] == ["raw", "ema", "eval"]
    assert [line.color for line in lines] == [0, 0, 1]
    assert [mark.kind for mark in marks] == ["best_eval"]
    assert marks[0].y == 2.0


def test_smoothing_is_the_debiased_ema_of_all_points():
    values = RANDOM.normal(2, 0.5, 500)
    view = view_of(run_of(np.arange(500.0), loss=values))
    lines, _ = run_lines(view, smoothing=0.9)
    np.testing.assert_allclose(by_role(lines, "ema").y, debiased_ema(values, 0.9))
    lines, _ = run_lines(view, smoothing=None)
    assert [line.role for line in lines] == ["other"]


def test_smoothed_line_stops_where_the_loss_is_nan():
    values = np.concatenate((np.linspace(3, 2, 50), np.full(20, np.nan)))
    lines, _ = run_lines(view_of(run_of(np.arange(70.0), loss=values)), smoothing=0.9)
    smooth = by_role(lines, "ema").y
    assert np.isfinite(smooth[:50]).all()
    assert np.isnan(smooth[50:]).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.6, 0.99])
@pytest.mark.parametrize("axis", list(XAxis))
def test_a_kept_cache_gives_the_same_lines_as_none(axis, smoothing):
    n = 3_000
    steps = np.arange(n, dtype=float)
    steps[2_000:] -= 300  # a resume
    times = 1.7e9 + np.cumsum(RANDOM.exponential(2.0, n))
    times[1_500:] += 5_000  # a pause
    values = RANDOM.normal(2, 0.5, n)
    values[[7, 900, 901]] = np.nan
    epochs = steps / 100
    cache = LineCache()
    run = Run("demo", "", "")
    start = 0
    for stop in (1, 5, 40, 41, 700, 2_000, 2_001, 2_600, n):
        part = slice(start, stop)
        run.append(Batch(steps[part], (Column("loss", values[part]),), epochs[part], times[part]))
        start = stop
        view = view_of(run)
        kept, _ = run_lines(view, x_axis=axis, smoothing=smoothing, cache=cache)
        fresh, _ = run_lines(view, x_axis=axis, smoothing=smoothing)
        assert [line.role for line in kept] == [line.role for line in fresh]
        for a, b in zip(kept, fresh, strict=True):
            np.testing.assert_allclose(a.y, b.y, rtol=1e-9)
            # Where a pause begins is decided anew only as a run doubles.
            if axis is not XAxis.ELAPSED:
                np.testing.assert_array_equal(a.x, b.x)


def test_axes_in_turn_share_what_does_not_depend_on_them():
    n = 3_000
    values = RANDOM.normal(2, 0.5, n)
    values[[7, 900]] = np.nan
    steps = np.arange(n, dtype=float)
    times = 1.7e9 + np.cumsum(RANDOM.exponential(2.0, n))
    times[2_500:] = np.nan  # not every point has a time: wall time has averages of its own
    cache = LineCache()
    run = Run("demo", "", "")
    axes = (XAxis.STEP, XAxis.EPOCH, XAxis.WALL)
    for start in range(0, n, 500):
        part = slice(start, start + 500)
        run.append(
            Batch(steps[part], (Column("loss", values[part]),), steps[part] / 100, times[part])
        )
        view = view_of(run)
        for axis in axes:
            kept, _ = run_lines(view, x_axis=axis, cache=cache)
            fresh, _ = run_lines(view, x_axis=axis)
            for a, b in zip(kept, fresh, strict=True):
                np.testing.assert_array_equal(a.x, b.x)
                np.testing.assert_allclose(a.y, b.y, rtol=1e-9)
    smooth = {axis: by_role(run_lines(view, x_axis=axis, cache=cache)[0], "ema") for axis in axes}
    assert np.shares_memory(smooth[XAxis.STEP].y, smooth[XAxis.EPOCH].y)
    assert not np.shares_memory(smooth[XAxis.STEP].y, smooth[XAxis.WALL].y)


def test_a_run_read_anew_is_not_taken_for_the_old_one():
    cache = LineCache()
    steps = np.arange(50.0)
    run_lines(view_of(run_of(steps, loss=np.ones(50))), cache=cache)
    lines, _ = run_lines(view_of(run_of(steps, loss=np.full(50, 2.0))), cache=cache)
    assert by_role(lines, "raw").y.tolist() == [2.0] * 50
    shorter, _ = run_lines(view_of(run_of(steps[:20], loss=np.full(20, 2.0))), cache=cache)
    assert len(by_role(shorter, "raw").y) == 20


def test_adapted_smoothing_changes_only_as_points_double():
    betas = [adapted_beta(n) for n in range(1, 5_000)]
    assert len(set(betas)) < 12
    assert betas == sorted(betas)


def test_overlapped_points_are_dimmed_and_do_not_count():
    steps = np.concatenate((np.arange(60.0), np.arange(40.0, 100.0)))
    values = np.concatenate((np.full(60, 5.0), np.full(60, 1.0)))
    lines, _ = run_lines(view_of(run_of(steps, loss=values)))
    raw, dimmed = by_role(lines, "raw"), by_role(lines, "dimmed")
    assert raw.x.tolist() == list(range(100))
    assert dimmed.x.tolist() == list(range(40, 60))
    assert set(raw.y[40:]) == {1.0}


def test_axes():
    steps = np.array([100.0, 110.0, 120.0])
    times = 1e9 + steps
    view = view_of(run_of(steps, np.array([0.1, 0.2, 0.3]), times, loss=np.ones(3)))
    assert x_axes(view) == tuple(XAxis)

    def x(axis: XAxis) -> list[float]:
        return run_lines(view, x_axis=axis)[0][0].x.tolist()

    assert x(XAxis.STEP) == [100, 110, 120]
    assert x(XAxis.RELATIVE) == [0, 10, 20]
    assert x(XAxis.EPOCH) == [0.1, 0.2, 0.3]
    assert x(XAxis.WALL) == times.tolist()
    assert x(XAxis.ELAPSED) == [0, 10, 20]


def test_elapsed_time_leaves_pauses_out():
    times = 1e9 + np.arange(200.0) * 10
    times[120:] += 36_000
    view = view_of(run_of(np.arange(200.0), times=times, loss=np.ones(200)))
    x = run_lines(view, x_axis=XAxis.ELAPSED)[0][0].x
    assert x[-1] == pytest.approx(1990, abs=20)
    assert (np.diff(x) >= 0).all()


def test_a_log_without_times_gives_no_line_on_a_time_axis():
    view = view_of(run_of(np.arange(9.0), loss=np.ones(9)))
    assert x_axes(view) == (XAxis.STEP, XAxis.RELATIVE)
    assert run_lines(view, x_axis=XAxis.WALL) == ((), ())


def test_rows_without_a_time_are_left_out_of_time_axes():
    times = np.array([1e9, np.nan, 1e9 + 20])
    view = view_of(run_of(np.arange(3.0), times=times, loss=np.array([1.0, 2.0, 3.0])))
    line = run_lines(view, x_axis=XAxis.ELAPSED)[0][0]
    assert line.x.tolist() == [0, 20]
    assert line.y.tolist() == [1, 3]


def test_events_stand_at_their_step_on_every_axis():
    event = Event("overfitting", "warning", 160.0, 100.0, None, "why", "eval_loss")
    steps = np.arange(0.0, 500.0, 10.0)
    run = run_of(steps, steps / 100, loss=np.ones(50), eval_loss=np.ones(50))
    for axis, x in ((XAxis.STEP, 160), (XAxis.EPOCH, 1.6), (XAxis.RELATIVE, 160)):
        _, marks = run_lines(view_of(run, (event,)), x_axis=axis)
        mark = next(mark for mark in marks if mark.kind == "overfitting")
        assert mark.x == x
        assert mark.label == "Overfit 160 (since 100)"


def test_cleared_events_are_no_warnings_any_more():
    event = Event("plateau", "warning", 20.0, None, 40.0, "why", "loss")
    _, marks = run_lines(view_of(run_of(np.arange(50.0), loss=np.ones(50)), (event,)))
    assert marks[0].severity == "info"


def test_events_of_other_series_are_not_marked():
    event = Event("spike", "info", 20.0, None, 23.0, "why", "grad_norm")
    steps = np.arange(50.0)
    view = view_of(run_of(steps, loss=np.ones(50), grad_norm=np.ones(50)), (event,))
    assert run_lines(view)[1] == ()
    assert [mark.kind for mark in run_lines(view, names=["grad_norm"])[1]] == ["spike"]


def test_compare_keeps_a_runs_hue_and_marker():
    views = [
        view_of(run_of(np.arange(20.0), loss=np.ones(20)), id=name) for name in ("a", "b", "c")
    ]
    colors = {"a": 4, "b": 0, "c": 2}
    lines = compare_lines(views, colors=colors)
    again = compare_lines(views[1:], colors=colors)
    assert [line.color for line in lines] == [4, 0, 2]
    assert len({line.marker for line in lines}) == 3
    assert [(line.color, line.marker) for line in again] == [
        (line.color, line.marker) for line in lines[1:]
    ]


def test_seed_band():
    x = np.arange(10.0)
    lines = [Line("a", x, np.full(10, 1.0)), Line("b", x + 2, np.full(10, 3.0))]
    mean, band = seed_band(lines, "seeds")
    assert mean.x[0] == 2
    assert mean.x[-1] == 9
    assert mean.y == pytest.approx(2.0)
    assert band.hi - band.lo == pytest.approx(2 * np.sqrt(2))
    alone, _ = seed_band(lines[:1], "seeds")
    assert len(alone.x) == 0


def test_nothing_judged_still_shows_something():
    view = view_of(run_of(np.arange(5.0), accuracy=np.ones(5)))
    assert [line.label for line in run_lines(view)[0]] == ["accuracy"]
    assert run_lines(view_of(Run("empty", "", ""))) == ((), ())


def test_the_cache_is_bounded():
    cache = LineCache(max_points=10_000)
    for number in range(40):
        run = run_of(np.arange(400.0), loss=np.ones(400))
        run_lines(view_of(run, id=str(number)), cache=cache)
    held = [*cache._kept.values(), *cache._shared.values()]
    assert sum(one.copied for one in held) <= 10_000
    assert len(cache._shared) <= len(cache._kept)


def test_what_one_picture_needs_is_kept_however_long():
    cache = LineCache(max_points=10)
    run = run_of(np.arange(400.0), loss=np.ones(400), eval_loss=np.ones(400))
    views = [view_of(run, id=str(number)) for number in range(2)]
    for _ in range(2):
        for view in views:
            run_lines(view, cache=cache)
    first = dict(cache._kept)
    for view in views:
        run_lines(view, cache=cache)
    assert all(cache._kept[key] is kept for key, kept in first.items())
    assert len(first) == 4


def test_a_series_that_turns_sparse_keeps_its_points():
    cache = LineCache()
    run = run_of(np.arange(30.0), loss=np.arange(30.0))
    run_lines(view_of(run), cache=cache)
    rows = np.array([1, 3])
    run.append(Batch(np.arange(30.0, 34.0), (Column("loss", np.array([7.0, 8.0]), rows),)))
    lines, _ = run_lines(view_of(run), cache=cache)
    raw = by_role(lines, "raw")
    assert raw.x.tolist() == [*range(30), 31, 33]
    assert raw.y[-2:].tolist() == [7.0, 8.0]


def test_times_that_fail_later_leave_the_earlier_points_alone():
    cache = LineCache()
    run = run_of(np.arange(5.0), times=1e9 + np.arange(5.0), loss=np.arange(5.0))
    run_lines(view_of(run), x_axis=XAxis.WALL, cache=cache)
    run.append(Batch(np.arange(5.0, 7.0), (Column("loss", np.array([8.0, 9.0])),)))
    lines, _ = run_lines(view_of(run), x_axis=XAxis.WALL, cache=cache)
    assert lines[0].y.tolist() == [0, 1, 2, 3, 4]


def test_a_pause_is_a_hole_on_the_wall_clock_alone():
    times = 1e9 + np.arange(400.0) * 10
    times[200:] += 36_000
    view = view_of(run_of(np.arange(400.0), times=times, loss=np.ones(400)))

    def drawn(axis: XAxis) -> int:
        lines, _ = run_lines(view, x_axis=axis)
        picture = draw(lines, (), (), Viewport(80, 8, legend=False, x_axis=axis))
        return sum(0x2800 < ord(char) < 0x2900 for char in picture.text)

    assert drawn(XAxis.WALL) < 20
    assert drawn(XAxis.ELAPSED) > 70


def test_evaluations_merged_later_stand_at_their_time():
    times = 1e9 + np.arange(300.0) * 10
    run = run_of(np.arange(300.0), times=times, loss=np.ones(300))
    late = Batch(
        np.array([100.0, 200.0]),
        (Column("eval_loss", np.array([1.0, 2.0])),),
        None,
        np.array([times[100], times[200]]),
    )
    cache = LineCache()
    run_lines(view_of(run), x_axis=XAxis.ELAPSED, cache=cache)
    run.append(late)
    lines, _ = run_lines(view_of(run), x_axis=XAxis.ELAPSED, cache=cache)
    assert by_role(lines, "eval").x.tolist() == [1000, 2000]


def test_a_score_of_many_points_is_smoothed_and_one_of_few_evaluations_is_not():
    for points, roles in ((40, {"other"}), (200, {"raw", "ema"})):
        run = run_of(np.arange(points), reward=np.arange(float(points)))
        found, _ = run_lines(view_of(run), names=["reward"])
        assert {line.role for line in found} == roles


def test_what_is_not_read_yet_is_drawn_faintly_beyond_what_is() -> None:
    read = view_of(run_of(np.arange(50.0), loss=np.linspace(3, 2, 50)))
    ahead = run_of(np.arange(0.0, 1000.0, 10.0), loss=np.linspace(3, 1, 100), other=np.ones(100))
    view = replace(read, ahead=tuple(ahead.view(name) for name in ahead.series), loading=0.05)
    lines, _ = run_lines(view)
    (faint,) = [line for line in lines if line.role == "dimmed"]
    assert (faint.label, faint.legend) == (NOT_READ, True)
    assert faint.x.tolist() == np.arange(50.0, 1000.0, 10.0).tolist()
    assert faint.y[-1] == 1
    assert all(line.role != "dimmed" for line in run_lines(view, x_axis=XAxis.RELATIVE)[0])
    assert all(line.role != "dimmed" for line in run_lines(read)[0])
