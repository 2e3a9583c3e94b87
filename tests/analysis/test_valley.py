"""The order-restricted fits agree with brute force, and find the turn that is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from lossmon.analysis.valley import valley

sequences = st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), min_size=1, max_size=24)


def residual(values: np.ndarray, increasing: bool) -> float:
    if len(values) == 0:
        return 0.0
    fit = isotonic_regression(values, increasing=increasing).x
    return float(((values - fit) ** 2).sum())


@settings(deadline=None)
@given(sequences)
def test_likelihood_ratio_is_that_of_the_best_split(values: list[float]) -> None:
    y = np.array(values)
    splits = [
        residual(y[:at], increasing=False) + residual(y[at:], increasing=True)
        for at in range(1, len(y) + 1)
    ]
    found = valley(y)
    expected = residual(y, increasing=False) - min(splits)
    assert found.ratio == pytest.approx(expected, rel=1e-9, abs=1e-7)
    assert 0 <= found.bottom < len(y)
    assert found.rise >= 0


@settings(deadline=None)
@given(sequences)
def test_what_never_rises_has_no_valley(values: list[float]) -> None:
    found = valley(np.array(sorted(values, reverse=True)))
    assert found.ratio == 0
    assert found.rise == 0


def test_the_turn_is_found() -> None:
    y = np.array([5.0, 3, 2, 1, 2, 3, 4.5])
    found = valley(y)
    assert found.bottom == 3
    assert found.rise == pytest.approx(3.5)
    assert valley(np.array([5.0, 1, 2, 3])).bottom == 1
