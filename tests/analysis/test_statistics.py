"""Each statistic against numpy or scipy on random input, and its invariances."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lossmon.analysis.buckets import Buckets
from lossmon.analysis.divergence import DivergenceDetector, slope_test
from lossmon.analysis.ema import automatic_time_constant, beta_of, debiased_ema
from lossmon.analysis.noise import (
    Noise,
    autocorrelation,
    block_mean_factor,
    difference_scale,
    median,
)
from lossmon.analysis.outlook import lines
from lossmon.analysis.quantiles import student_quantile
from lossmon.analysis.scale import HUGE, scaled, unit_for

finite = st.floats(-1e6, 1e6, allow_nan=False)
seeds = st.integers(0, 2**32 - 1)


def plain_ema(values: list[float], beta: float) -> list[float]:
    """The recursion of the definition, one value at a time."""
    out, average, weight = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            average = beta * average + (1 - beta) * value
            weight = beta * weight + (1 - beta)
        out.append(average / weight if weight else math.nan)
    return out


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(finite, st.sampled_from([math.nan, math.inf])), max_size=80),
    beta=st.floats(0, 0.9999),
)
def test_ema_is_the_debiased_recursion_over_finite_values(values: list[float], beta: float) -> None:
    got = debiased_ema(np.array(values), beta)
    np.testing.assert_allclose(got, plain_ema(values, beta), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99, 0.99999])
def test_ema_of_a_long_series(beta: float) -> None:
    values = np.random.default_rng(1).standard_normal(5000)
    np.testing.assert_allclose(debiased_ema(values, beta), plain_ema(list(values), beta), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(value=st.floats(-1e300, 1e300), n=st.integers(1, 2000), beta=st.floats(0, 0.99999))
def test_ema_of_a_constant_is_the_constant(value: float, n: int, beta: float) -> None:
    assert np.array_equal(debiased_ema(np.full(n, value), beta), np.full(n, value))


def test_ema_of_two_points_weighs_the_newer_one_more() -> None:
    assert debiased_ema(np.array([1.0, 2.0]), 0.5)[1] == pytest.approx((0.5 * 1 + 2) / 1.5)


def test_ema_of_nothing_and_of_nan_alone() -> None:
    assert len(debiased_ema(np.empty(0), 0.9)) == 0
    assert np.isnan(debiased_ema(np.full(3, np.nan), 0.9)).all()


def test_ema_refuses_a_weight_of_one() -> None:
    with pytest.raises(ValueError, match="beta"):
        debiased_ema(np.ones(3), 1.0)


def test_ema_holds_at_the_ends_of_the_floats() -> None:
    for value in (1e308, 1e-308, -1e308):
        out = debiased_ema(np.array([value, value / 2, value]), 0.9)
        assert np.isfinite(out).all()


def test_automatic_smoothing_is_a_share_of_the_log() -> None:
    assert automatic_time_constant(4) == 0
    assert automatic_time_constant(3200) == pytest.approx(100)
    assert automatic_time_constant(3200, noise=0.001) < 50
    assert beta_of(0) == 0
    assert beta_of(10) == pytest.approx(math.exp(-0.1))


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=finite))
def test_median_is_numpys(values: np.ndarray) -> None:
    assert median(values) == pytest.approx(float(np.median(values)))


@settings(max_examples=30, deadline=None)
@given(seed=seeds, slope=st.floats(-0.2, 0.2), sd=st.floats(1e-3, 1e3))
def test_noise_scale_is_blind_to_trend_shift_and_scale(seed: int, slope: float, sd: float) -> None:
    noise = np.random.default_rng(seed).standard_normal(4000)
    trend = slope * np.arange(4000)
    assert difference_scale(noise + trend) == pytest.approx(1, rel=0.15)
    assert difference_scale(sd * noise + 7) == pytest.approx(sd * difference_scale(noise), rel=1e-6)


def test_noise_scale_stands_a_tenth_of_outliers() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(4000)
    noise[rng.random(4000) < 0.1] += 100
    assert difference_scale(noise) == pytest.approx(1.2, rel=0.2)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_autocorrelation_is_found_under_a_trend(rho: float) -> None:
    rng = np.random.default_rng(5)
    n = 20000
    noise = rng.standard_normal(n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + math.sqrt(1 - rho**2) * noise[i]
    values = noise - 1e-3 * np.arange(n)
    found = Noise()
    for stop in range(1000, n + 1, 1000):
        found.update(values[max(0, stop - 1200) : stop], 1000, stop)
    assert found.rho == pytest.approx(rho, abs=0.08)


def test_block_mean_factor_turns_second_differences_into_the_long_run_variance() -> None:
    rng = np.random.default_rng(6)
    rho, width, n = 0.6, 4, 400_000
    noise = rng.standard_normal(n)
    from scipy.signal import lfilter

    noise = lfilter([math.sqrt(1 - rho**2)], [1, -rho], noise)
    means = noise.reshape(-1, width).mean(axis=1)
    second = means[:-2] - 2 * means[1:-1] + means[2:]
    estimate = float((second**2).mean()) / 6 * block_mean_factor(width, rho)
    assert estimate == pytest.approx((1 + rho) / (1 - rho) / width, rel=0.05)
    assert block_mean_factor(8, 0.0) == 1


def test_autocorrelation_inverts_its_formula() -> None:
    for rho in (0.2, 0.4, 0.7):
        ratio = (1 + rho) * (3 - rho**2) / (3 - rho)
        assert autocorrelation(ratio) == pytest.approx(rho, abs=0.01)


@pytest.mark.parametrize("dof", [4, 8, 20, 100])
@pytest.mark.parametrize("z", [1.0, 2.0, 3.0, 3.5])
def test_student_quantile_is_scipys(z: float, dof: float) -> None:
    exact = stats.t(dof).isf(stats.norm.sf(z))
    assert student_quantile(z, dof) == pytest.approx(exact, rel=0.02 if dof >= 8 else 0.25)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, n=st.integers(8, 100))
def test_slope_is_scipys(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n).cumsum()
    slope, error, dof = slope_test(values)
    exact = stats.linregress(np.arange(n), values)
    assert slope == pytest.approx(exact.slope)
    assert error >= exact.stderr * (1 - 1e-9)
    assert dof <= n


def test_slope_error_covers_the_truth_for_white_noise() -> None:
    rng = np.random.default_rng(8)
    outside = 0
    for _ in range(1000):
        slope, error, dof = slope_test(rng.standard_normal(40))
        outside += abs(slope) > student_quantile(1.96, dof) * error
    assert outside < 60


def test_expected_gain_of_a_logarithmic_curve_is_exact() -> None:
    means = -np.log(np.arange(1.0, 129.0))
    found = lines(means, 1e-12, 3.0, 128, 1000, 128)
    np.testing.assert_allclose(found.gains, math.log(1.5), rtol=0.05)
    assert min(found.margins) > 0


@settings(max_examples=40, deadline=None)
@given(seed=seeds, k=st.integers(48, 127))
def test_lines_over_all_windows_are_scipys(seed: int, k: int) -> None:
    means = np.random.default_rng(seed).standard_normal(k).cumsum() + 50
    found = lines(means, 0.5, 2.0, k, 4, k)
    assert len(found) >= 5
    for i, count in enumerate(found.counts):
        exact = stats.linregress(np.arange(count), means[-count:])
        rest = means[-count:] - exact.intercept - exact.slope * np.arange(count)
        assert found.slopes[i] == pytest.approx(exact.slope, abs=1e-9)
        assert found.levels[i] == pytest.approx(exact.intercept + exact.slope * (count - 1))
        assert found.misfits[i] == pytest.approx((rest**2).sum() / (count - 2) / 0.5, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, n=st.integers(1, 3000))
def test_buckets_are_means_of_equal_counts(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n)
    buckets = Buckets()
    for step, value in enumerate(values):
        buckets.add(1, (float(value),), step, step)
    width, count = buckets.width, buckets.count
    whole = values[: width * count].reshape(count, width).mean(axis=1)
    np.testing.assert_allclose(buckets.means(), whole, atol=1e-12)
    assert buckets.points == n
    assert count < 128
    assert n < 128 or count >= 64
    if count:
        assert buckets.steps_first[-1] == width * (count - 1)
        assert buckets.steps_last[-1] == width * count - 1


def test_buckets_forget_what_a_resumed_run_overlaps() -> None:
    buckets = Buckets()
    for step in range(1000):
        buckets.add(1, (1.0,), step, step)
    buckets.truncate(500)
    assert buckets.steps_last[-1] < 500
    assert buckets.points > 480
    buckets.truncate(0)
    assert (buckets.points, buckets.width) == (0, 1)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_cusum_in_blocks_equals_the_recursion(seed: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(400) + 0.4
    block = DivergenceDetector()
    block._reference, block._sigma = 0.0, 1.0
    steps = block.increments(values)
    assert steps is not None
    height, since, crossing = 0, 0, None
    for index, step in enumerate(steps.tolist()):
        height = max(0, height + step)
        if height == 0:
            since = index + 1
        if height > 15 * 1024:
            crossing = index
            break
    edges = sorted({0, 400, *cuts})
    found = None
    for start, stop in pairwise(edges):
        inside = block.advance(values[start:stop], start)
        if inside is not None:
            found = start + inside
            break
    assert found == crossing
    assert (block.cusum, block.since) == (height, since)


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float64, st.integers(1, 20), elements=st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_internal_units_are_exact_and_bounded(values: np.ndarray) -> None:
    unit = unit_for(values)
    inside = scaled(values, unit)
    assert np.all(np.abs(inside) <= HUGE)
    if unit:
        assert math.frexp(unit)[0] == 0.5
        first = inside[np.flatnonzero(values)[0]]
        assert 0 < abs(first) < 1e30
