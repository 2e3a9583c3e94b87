"""Thinning keeps every extreme, with kept blocks as without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.charts.thin import BLOCK, ExtentBuilder, columns

RANDOM = np.random.default_rng(7)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=True), min_size=1, max_size=300),
    pixels=st.integers(1, 40),
    view=st.tuples(st.floats(-10, 310), st.floats(0.1, 300)),
)
def test_columns_hold_the_extremes_of_their_points(values, pixels, view):
    y = np.array(values)
    x = np.arange(len(y), dtype=float)
    edges = np.linspace(view[0], view[0] + view[1], pixels + 1)
    found = columns(x, y, edges)
    for pixel in range(pixels):
        held = y[(x >= edges[pixel]) & (x < edges[pixel + 1])]
        held = held[np.isfinite(held)]
        at = np.flatnonzero(found.index == pixel)
        assert len(at) == (1 if len(held) else 0)
        if len(held):
            assert found.low[at[0]] == held.min()
            assert found.high[at[0]] == held.max()
            assert found.first[at[0]] == held[0]
            assert found.last[at[0]] == held[-1]


@pytest.mark.parametrize("n", [16_500, 20_000, 70_001, 131_072])
@pytest.mark.parametrize("positive", [False, True])
def test_kept_blocks_give_the_same_columns(n, positive, monkeypatch):
    monkeypatch.setattr("lossmon.charts.thin._LONG", 16_384)
    y = RANDOM.normal(size=n)
    if positive:
        y = np.exp(y)
    x = np.cumsum(RANDOM.exponential(size=n))
    builder = ExtentBuilder()
    for stop in (n // 3, n // 2, n - 5, n):
        extent = builder.update(y[:stop])
    for low, high in ((x[0], x[-1]), (x[100], x[-1] * 0.9), (x[0] - 5, x[n // 2])):
        for pixels in (1, 7, 300):
            edges = np.linspace(low, high, pixels + 1)
            plain = columns(x, y, edges, None, positive)
            kept = columns(x, y, edges, extent, positive)
            for name in ("index", "low", "high", "first", "last", "joined"):
                np.testing.assert_array_equal(getattr(plain, name), getattr(kept, name))


def test_nan_breaks_the_join_between_columns():
    y = np.array([1.0, np.nan, 2.0, 3.0])
    found = columns(np.arange(4.0), y, np.arange(5.0))
    assert found.index.tolist() == [0, 2, 3]
    assert found.joined.tolist() == [False, False, True]
    assert found.broken.tolist() == [1]


def test_points_beyond_the_view_give_the_direction():
    found = columns(np.array([0.0, 100.0]), np.array([0.0, 10.0]), np.linspace(40, 60, 21))
    assert found.index[0] < 0
    assert found.index[-1] >= 20
    assert found.joined.tolist() == [False, True]


def test_blocks_without_a_finite_value():
    y = np.full(3 * BLOCK, np.nan)
    y[:BLOCK] = 2.0
    extent = ExtentBuilder().update(y)
    assert not extent.finite
    assert extent.low.tolist() == [2.0, np.inf, np.inf]
    assert extent.bottom == 2.0


def test_earlier_extents_stay_valid_while_growing():
    builder = ExtentBuilder()
    y = RANDOM.normal(size=100 * BLOCK)
    first = builder.update(y[: 2 * BLOCK])
    copy = first.low.copy()
    builder.update(y)
    np.testing.assert_array_equal(first.low, copy)
