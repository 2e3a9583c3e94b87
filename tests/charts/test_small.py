"""Sparklines and grid charts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.charts import Glyphs, Viewport, row_text, small, sparkline
from lossmon.charts.palette import COLORS, marker
from tests.charts.runs import run_of, view_of


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(), max_size=200),
    width=st.integers(0, 50),
    glyphs=st.sampled_from(list(Glyphs)),
)
def test_sparklines_have_their_width(values, width, glyphs):
    text = row_text(sparkline(np.array(values), width, glyphs))
    assert len(text) == width
    assert glyphs is not Glyphs.ASCII or text.isascii()


def test_sparkline_falls_and_marks_nan():
    text = row_text(sparkline(np.concatenate((np.linspace(8, 1, 60), np.full(20, np.nan))), 8))
    assert text[0] == "█"
    assert text[5] == "▁"
    assert text.endswith("××")


def test_sparkline_of_a_long_run_that_just_turned_nan():
    values = np.ones(1_000_000)
    values[-1] = np.nan
    assert row_text(sparkline(values, 10)).endswith("×")


def test_small_chart_names_its_series_and_last_value():
    view = view_of(run_of(np.arange(50.0), loss=np.ones(50), grad_norm=np.linspace(1, 7.25, 50)))
    picture = small(view, "grad_norm", Viewport(30, 8))
    assert row_text(picture.rows[0]).rstrip() == "grad_norm  7.25"
    assert {len(row_text(row)) for row in picture.rows} == {30}
    narrow = small(view, "grad_norm", Viewport(14, 8))
    assert row_text(narrow.rows[0]).rstrip().endswith("7.25")


def test_small_chart_of_an_unknown_series():
    view = view_of(run_of(np.arange(5.0), loss=np.ones(5)))
    assert small(view, "nothing", Viewport(30, 8)).empty


def test_no_two_of_ninety_six_runs_look_alike() -> None:
    seen = {(index % COLORS, marker(index)) for index in range(8 * 12)}
    assert len(seen) == 8 * 12
