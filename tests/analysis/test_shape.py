"""The shape is what a reference fit by least squares finds; its unit and zero do not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from lossmon.analysis.shape import fit_shape, settled, shape_of

N = 100
T = np.linspace(0, 1, N)
SIGMA = 0.01

CURVES = {
    "exponential": lambda t, limit, size, rate: limit + size * np.exp(-t / rate),
    "power": lambda t, limit, size, rate: limit + size * (1 + t / 0.03) ** -rate,
    "linear": lambda t, limit, size, rate: limit - size * t,
}


def reference(means: np.ndarray) -> dict[str, tuple[float, float]]:
    """BIC and limit of each family by scipy's nonlinear least squares, from several starts."""
    found = {"flat": (float(((means - means.mean()) ** 2).sum()) / SIGMA**2 + math.log(N), 0.0)}
    line = np.polynomial.Polynomial.fit(T, means, 1)
    found["linear"] = (
        float(((means - line(T)) ** 2).sum()) / SIGMA**2 + 2 * math.log(N), math.nan,
    )  # fmt: skip
    families = {
        "exponential": (
            lambda t, limit, size, tau: limit + size * np.exp(-t / tau),
            [(0.1,), (0.4,), (1.0,)], ([-9, 0, 0.02], [9, 20, 2.0]), 3,
        ),
        "power": (
            lambda t, limit, size, b, shift: limit + size * (1 + t / shift) ** -b,
            [(0.4, 0.03), (1.0, 0.1)], ([-9, 0, 0.05, 0.001], [9, 20, 1.5, 0.3]), 4,
        ),
    }  # fmt: skip
    for name, (curve, starts, bounds, parameters) in families.items():
        best = (math.inf, 0.0)
        for start in starts:
            try:
                values, _ = curve_fit(
                    curve, T, means, p0=(means[-1], 1.0, *start), bounds=bounds, max_nfev=2000
                )
            except RuntimeError:
                continue
            score = float(((means - curve(T, *values)) ** 2).sum()) / SIGMA**2
            best = min(best, (score + parameters * math.log(N), float(values[0])))
        found[name] = best
    return found


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    family=st.sampled_from(sorted(CURVES)),
    rate=st.floats(0.15, 0.8),
)
def test_a_sure_family_is_the_references(seed: int, family: str, rate: float) -> None:
    rng = np.random.default_rng(seed)
    means = CURVES[family](T, 1.0, 2.0, rate) + SIGMA * rng.standard_normal(N)
    fit = fit_shape(np.arange(N, dtype=float), means, SIGMA**2)
    assert fit is not None
    expected = reference(means)
    best = min(expected, key=lambda name: expected[name][0])
    lead = sorted(score for score, _ in expected.values())
    # The grid of rates costs less than what it takes to be sure.
    if fit.sure and lead[1] - lead[0] > 6:
        assert fit.family == best
    if fit.sure and fit.family == best == "exponential":
        assert fit.limit == pytest.approx(expected[best][1], abs=0.15)


@pytest.mark.parametrize("family", sorted(CURVES))
def test_clear_curves_get_their_name(family: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rate = rng.uniform(0.25, 0.6)
        means = CURVES[family](T, 1.0, 2.0, rate) + SIGMA * rng.standard_normal(N)
        fit = fit_shape(np.arange(N, dtype=float), means, SIGMA**2)
        assert shape_of(fit, means, SIGMA**2) == family


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([2.0**-20, 1.0, 2.0**30]),
    shift=st.sampled_from([0.0, -8.0]),
)
def test_unit_and_zero_do_not_matter(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    family = sorted(CURVES)[seed % 3]
    means = CURVES[family](T, 1.0, 2.0, 0.4) + SIGMA * rng.standard_normal(N)
    plain = fit_shape(np.arange(N, dtype=float), means, SIGMA**2)
    other = scale * (means + shift)
    moved = fit_shape(7.0 * np.arange(N), other, (scale * SIGMA) ** 2)
    assert plain is not None
    assert moved is not None
    assert moved.family == plain.family
    assert moved.margin == pytest.approx(plain.margin, rel=1e-4, abs=1e-4)
    assert shape_of(moved, other, (scale * SIGMA) ** 2) == shape_of(plain, means, SIGMA**2)


def test_noise_alone_is_flat_and_a_rise_is_no_decay() -> None:
    rng = np.random.default_rng(0)
    noise = 2 + SIGMA * rng.standard_normal(N)
    assert shape_of(fit_shape(T, noise, SIGMA**2), noise, SIGMA**2) == "plateau"
    rising = 2 - np.exp(-T / 0.2)
    fit = fit_shape(T, rising, SIGMA**2)
    assert fit is not None
    assert fit.family not in ("exponential", "power")


def test_one_high_first_point_before_a_flat_run_is_a_plateau() -> None:
    means = np.full(17, 3e-5) - 1e-7 * (np.arange(17) > 4)
    means[0] = 3.9
    variance = 1e-20
    assert settled(means, variance) > 0.9
    assert shape_of(fit_shape(np.arange(17.0), means, variance), means, variance) == "plateau"


def test_too_few_means_have_no_shape() -> None:
    assert fit_shape(np.arange(7.0), np.arange(7.0), 1.0) is None
    assert shape_of(None, np.arange(7.0), 1.0) == "unknown"
