"""Tick labels as people read them, and none on top of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lossmon.charts.spec import XAxis
from lossmon.charts.ticks import (
    MAX_TICKS,
    duration,
    duration_ticks,
    fit_columns,
    linear_ticks,
    log_ticks,
    number,
    on_axis,
    wall_ticks,
    whole_ticks,
    x_ticks,
)

BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.23456, "1.235"),
        (1234, "1234"),
        (12_345, "12.35k"),
        (3.2e6, "3.2M"),
        (0.00002, "2e-5"),
        (-4.5, "-4.5"),
        (float("nan"), "NaN"),
        (float("-inf"), "-inf"),
        (1e300, "1e300"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1.5, "1.5s"),
        (45, "45s"),
        (60, "1m"),
        (35 * 60, "35m"),
        (750, "12m30s"),
        (3 * 3600 + 300, "3h05"),
        (2 * 86400 + 4 * 3600, "2d4h"),
        (-90, "-1m30s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_round_ticks():
    assert [t.label for t in linear_ticks(0, 5, 5)] == ["0", "1", "2", "3", "4", "5"]
    assert [t.label for t in linear_ticks(0.1, 0.93, 4)] == ["0.25", "0.50", "0.75"]
    assert [t.label for t in whole_ticks(0, 48_000, 5)] == ["0", "10k", "20k", "30k", "40k"]
    assert [t.label for t in whole_ticks(0, 3, 10)] == ["0", "1", "2", "3"]
    assert [t.label for t in linear_ticks(1e-5, 4e-5, 4)] == ["1e-5", "2e-5", "3e-5", "4e-5"]


def test_log_ticks():
    assert [t.label for t in log_ticks(0.01, 1000, 6)] == ["0.01", "0.1", "1", "10", "100", "1000"]
    assert [t.at for t in log_ticks(1, 50, 9)] == [1, 2, 5, 10, 20, 50]
    assert log_ticks(0, 1, 5) == []


def test_duration_ticks():
    labels = [t.label for t in duration_ticks(0, 3600 * 2, 5)]
    assert labels == ["0s", "30m", "1h", "1h30", "2h"]


def test_wall_ticks_are_local():
    start = datetime(2026, 3, 4, 13, 2, tzinfo=BERLIN).timestamp()
    assert [t.label for t in wall_ticks(start, start + 1800, 4, BERLIN)] == [
        *("13:10", "13:20", "13:30"),
    ]
    labels = [t.label for t in wall_ticks(start, start + 86400, 5, BERLIN)]
    assert labels == ["18:00", "Mar 5", "06:00", "12:00"]
    assert [t.label for t in wall_ticks(start, start + 86400 * 4, 4, BERLIN)] == [
        *("Mar 5", "Mar 6", "Mar 7", "Mar 8"),
    ]


def test_wall_ticks_beyond_the_calendar_are_numbers():
    assert wall_ticks(1e18, 2e18, 4, UTC)
    assert on_axis(1e18, XAxis.WALL, UTC) == number(1e18)


@settings(max_examples=300, deadline=None)
@given(
    axis=st.sampled_from(list(XAxis)),
    low=st.floats(-1e15, 1e15),
    span=st.floats(1e-6, 1e15),
    width=st.integers(1, 200),
)
def test_x_labels_never_touch(axis, low, span, width):
    high = low + span
    if high <= low:
        return

    def to_column(at: float) -> int:
        return round((min(max(at, low), high) - low) / (high - low) * (width - 1))

    placed = fit_columns(lambda n: x_ticks(axis, low, high, n, UTC), to_column, width, width)
    assert len(placed) <= MAX_TICKS
    ends = -2
    for column, label in placed:
        start = min(max(column - len(label) // 2, 0), width - len(label))
        assert start >= ends + 2 or start == 0
        ends = start + len(label)
        assert ends <= width


@settings(max_examples=200, deadline=None)
@given(low=st.floats(-1e12, 1e12), span=st.floats(1e-9, 1e12), wanted=st.integers(1, 12))
@example(low=270494665737.98535, span=6.103515625e-05, wanted=7)
def test_ticks_lie_in_range_and_labels_differ(low, span, wanted):
    high = low + span
    if high <= low:
        return
    found = linear_ticks(low, high, wanted)
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick.at <= high + slack for tick in found)
    if span > max(abs(low), abs(high)) * 1e-3:
        assert len({tick.label for tick in found}) == len(found)
