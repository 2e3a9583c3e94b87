"""Figures: steady widths, honest rounding, no value that breaks them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.tui.figures import clock, count, duration, figure, percent, rough, short

floats = st.floats(allow_nan=True, allow_infinity=True)


@given(floats)
def test_any_value_has_a_short_text(value: float) -> None:
    for text in (
        figure(value),
        count(value),
        short(value),
        percent(value),
        duration(value),
        rough(value),
        clock(value),
    ):
        assert 0 < len(text) <= 24


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_a_figure_is_near_its_value(value: float) -> None:
    assert math.isclose(float(figure(value)), value, rel_tol=6e-3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.2, "1.200"),
        (1.25, "1.250"),
        (0.0123, "0.01230"),
        (123.456, "123.5"),
        (0.0, "0"),
        (2e-5, "2.00e-5"),
        (-1.5, "-1.500"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (None, "–"),
    ],
)
def test_figures(value: float | None, text: str) -> None:
    assert figure(value) == text


def test_times() -> None:
    assert duration(42) == "42 s"
    assert duration(250) == "4 m 10 s"
    assert duration(7500) == "2 h 05 m"
    assert rough(20) == "< 1 m"
    assert rough(3700) == "1 h 00 m"
    assert clock(1_770_000_000.0, 1_770_003_600.0) == "02:40"
    assert clock(1_769_900_000.0, 1_770_003_600.0) == "Jan 31 22:53"
    assert clock(1_500_000_000.0, 1_770_003_600.0) == "2017-07-14"


def test_counts() -> None:
    assert count(12400) == "12,400"
    assert short(12400) == "12.4k"
    assert short(3_100_000) == "3.1M"
    assert percent(0.634) == "63 %"
    assert percent(0.0634, signed=True) == "+6.3 %"
