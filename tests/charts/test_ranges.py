"""Which part of the data a chart's y axis shows."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.charts.draw import draw
from lossmon.charts.spec import Line, Viewport


def lines(*tops: float) -> list[Line]:
    x = np.arange(50.0)
    return [
        Line(x=x, y=1 + (top - 1) * x / 49, label=f"run {at}", role="ema")
        for at, top in enumerate(tops)
    ]


def test_one_line_far_off_does_not_press_the_others_flat() -> None:
    view = Viewport(80, 24, y_range="alike")
    picture = draw(lines(3, 4, 5, 1e13), (), (), view)
    assert picture.y_range[1] == pytest.approx(5, rel=0.1)
    assert draw(lines(3, 4, 5, 1e13), (), (), Viewport(80, 24)).y_range[1] > 9e12


def test_lines_of_like_scale_are_all_shown_and_two_lines_always() -> None:
    view = Viewport(80, 24, y_range="alike")
    assert draw(lines(3, 4, 5, 20), (), (), view).y_range[1] >= 20
    assert draw(lines(3, 1e6), (), (), view).y_range[1] >= 1e6


def test_a_logarithmic_axis_shows_all() -> None:
    view = Viewport(80, 24, y_range="alike", log_y=True)
    assert draw(lines(3, 4, 5, 1e13), (), (), view).y_range[1] >= 1e13


def test_single_points_that_would_make_a_line_of_the_rest_go_off_scale() -> None:
    steps = np.arange(400.0)
    loss = 4.0 - steps / 400
    loss[100] = 3000.0
    calm = draw([Line("loss", steps, loss)], (), (), Viewport(80, 20, y_range="calm"))
    assert calm.off_scale == 1
    assert calm.y_range[0] <= 3.0 < 4.0 <= calm.y_range[1] < 10
    assert draw([Line("loss", steps, loss)], (), (), Viewport(80, 20)).y_range[1] >= 3000


@pytest.mark.parametrize("where", ["start", "end", "many", "near"])
def test_what_tells_where_a_run_came_from_and_is_stays_on_the_scale(where: str) -> None:
    steps = np.arange(400.0)
    loss = 4.0 - steps / 400
    loss[{"start": slice(0, 2), "end": slice(398, 400), "many": slice(50, 120)}.get(where, 0)] = (
        8.0 if where == "near" else 3000.0
    )
    calm = draw([Line("loss", steps, loss)], (), (), Viewport(80, 20, y_range="calm"))
    assert calm.off_scale == 0
    assert calm.y_range[1] >= loss.max()


def test_a_smoothed_line_does_not_keep_on_the_scale_what_it_repeats() -> None:
    steps = np.arange(400.0)
    loss = 4.0 - steps / 400
    slow = loss.copy()
    loss[100] = 1e12
    slow[100:300] = np.geomspace(1e11, 10.0, 200)
    both = [Line("loss", steps, loss, "raw"), Line("loss smoothed", steps, slow, "ema")]
    assert draw(both, (), (), Viewport(80, 20, y_range="calm")).y_range[1] < 10
