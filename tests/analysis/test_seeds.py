"""Welch's test agrees with scipy's, and says 'unknown' where it cannot know."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from lossmon.analysis.seeds import critical, incomplete_beta, two_sided, welch

values = st.floats(0.1, 20, allow_nan=False)


@given(st.lists(values, min_size=2, max_size=12), st.lists(values, min_size=2, max_size=12))
def test_welch_is_scipys(first: list[float], second: list[float]) -> None:
    found = welch(first, second)
    if min(np.std(first), np.std(second)) < 1e-6:
        return
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert found.t == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-7, abs=1e-12)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)
    assert found.larger == ("yes" if expected.pvalue < 0.05 else "no")


@given(st.floats(0.5, 500), st.floats(0.5, 50), st.floats(0.0, 1.0))
def test_incomplete_beta_is_scipys(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), abs=1e-10)


@pytest.mark.parametrize("dof", [1.0, 2.0, 3.7, 30.0, 1e4])
def test_critical_values(dof: float) -> None:
    assert critical(dof) == pytest.approx(stats.t.ppf(0.975, dof), rel=1e-9)
    assert two_sided(critical(dof), dof) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1.0], [2.0, 2.1], "one seed"),
        ([1.0, 1.1], [], "no final loss"),
        ([1.0, math.nan], [2.0, 2.1], "one seed"),
        ([1.0, 1.0], [2.0, 2.0], "are they seeds"),
    ],
)
def test_unknown_has_a_reason(first: list[float], second: list[float], words: str) -> None:
    found = welch(first, second)
    assert found.larger == "unknown"
    assert words in found.reason
    assert math.isnan(found.p)


def test_the_level_holds_among_equal_configurations() -> None:
    rng = np.random.default_rng(7)
    hits = sum(
        welch(rng.normal(2, 0.1, 4).tolist(), rng.normal(2, 0.3, 3).tolist()).larger == "yes"
        for _ in range(1000)
    )
    assert 20 <= hits <= 80
