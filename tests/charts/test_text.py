"""The text report's chart, drawn by plotext."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lossmon.charts import frame
from lossmon.charts.text import text_chart
from lossmon.model import Run
from tests.charts.runs import run_of, view_of

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def chart(values: np.ndarray, **more: object) -> str:
    return text_chart(view_of(run_of(np.arange(len(values), dtype=float), loss=values)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(24, 6), (80, 18), (140, 40)])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("log_y", [False, True])
def test_size(size, colour, log_y):
    text = chart(np.linspace(3, 1, 200), width=size[0], height=size[1], colour=colour, log_y=log_y)
    plain = ESCAPES.sub("", text)
    assert (plain != text) == colour
    assert len(plain.split("\n")) == size[1]
    assert max(map(len, plain.split("\n"))) <= size[0]


@pytest.mark.parametrize("values", [[], [np.nan] * 4, [1.0], [1e300, -1e300], [np.inf, 2.0]])
def test_degenerate(values):
    assert chart(np.array(values, float), width=60, height=12)


def test_says_what_is_missing():
    assert "no points yet" in text_chart(view_of(Run("empty", "", "")))
    assert "only NaN" in chart(np.full(5, np.nan))


def test_nan_is_marked():
    text = chart(np.concatenate((np.linspace(3, 2, 40), np.full(40, np.nan))), width=80)
    assert "× NaN" in text
    assert text.count("×") > 20


def test_plotext_never_gets_more_than_two_points_a_column(monkeypatch):
    given = []
    make = frame.new_figure

    def spying(width, height):
        figure = make(width, height)
        for name in ("plot", "scatter"):
            plot = getattr(figure, name)

            def counted(x, y, *args, plot=plot, **more):
                given.append(len(x))
                return plot(x, y, *args, **more)

            setattr(figure, name, counted)
        return figure

    monkeypatch.setattr(frame, "new_figure", spying)
    chart(np.random.default_rng(0).normal(size=50_000), width=80, height=20)
    assert len(given) >= 2
    assert max(given) <= 2 * 80


def test_figures_share_nothing():
    one = chart(np.linspace(1, 2, 30))
    chart(np.linspace(500, 600, 30))
    assert chart(np.linspace(1, 2, 30)) == one
