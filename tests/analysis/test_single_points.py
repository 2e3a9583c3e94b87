"""Points that come alone are taken by plain numbers: to the last bit what arrays give."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.analysis.divergence import DivergenceDetector
from lossmon.analysis.noise import _squares, median
from lossmon.analysis.rates import LearningRate

VALUES = st.lists(st.floats(-50, 50) | st.sampled_from((0.0, 1.0, 1.05, 1.3)), min_size=2)


@given(
    rates=st.lists(
        st.floats(0, 1) | st.sampled_from((float("nan"), 1e-3, 1.005e-3, 1.05e-3, 1.2e-3)),
        min_size=1,
        max_size=60,
    )
)
def test_learning_rates(rates: list[float]) -> None:
    together, alone = LearningRate(), LearningRate()
    together.extend(np.array(rates), 0)
    for n, rate in enumerate(rates):
        alone.extend(np.array([rate]), n)
    assert [getattr(together, name) for name in LearningRate.__slots__ if name != "last"] == [
        getattr(alone, name) for name in LearningRate.__slots__ if name != "last"
    ]
    assert repr(together.last) == repr(alone.last)


@given(values=VALUES)
def test_the_sums_of_a_divergence(values: list[float]) -> None:
    together, alone = DivergenceDetector(), DivergenceDetector()
    for one in (together, alone):
        one._reference, one._sigma, one.cusum = 1.0, 0.3, 5
    warned = together.advance(np.array(values), 100)
    found = None
    for index, value in enumerate(values):
        if alone.advance(np.array([value]), 100 + index) is not None:
            found = index
            break
    assert found == warned
    for name in ("cusum", "since", "hot", "check_at"):
        assert getattr(together, name) == getattr(alone, name), name


@given(values=st.lists(st.floats(-1e100, 1e100), min_size=5, max_size=5))
def test_squared_differences(values: list[float]) -> None:
    array = np.array(values)
    now, lag = array[4:], array[3:-1]
    one = now - 2 * lag + array[2:-2]
    two = now - 2 * array[2:-2] + array[:-4]
    assert _squares(array, 1e30) == (
        float(np.minimum(one * one, 1e30)[0]),
        float(np.minimum(two * two, 1e30)[0]),
    )


@given(seed=st.integers(0, 99), n=st.integers(1, 3000), digits=st.sampled_from((0, 2, 16)))
def test_medians_of_many(seed: int, n: int, digits: int) -> None:
    values = np.round(np.random.default_rng(seed).standard_normal(n), digits)
    assert median(values) == float(np.median(values))
