"""The forecast: its unit and zero do not matter, its interval is one, and it tests itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.extrapolation import MIN_BUCKETS, extrapolate, last_jump

N = 80


def curve(seed: int, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    steps = np.arange(1, N + 1) * 10.0
    kind = rng.integers(0, 3)
    x = steps / steps[-1]
    means = 1 + (np.exp(-3 * x), (1 + 20 * x) ** -0.5, 1 - 0.5 * x)[kind]
    return steps, means + noise * rng.standard_normal(N)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([0.25, 1.0, 512.0]),
    shift=st.sampled_from([0.0, -3.0, 40.0]),
    stretch=st.sampled_from([1.0, 8.0]),
)
def test_unit_zero_and_steps_do_not_matter(
    seed: int, scale: float, shift: float, stretch: float
) -> None:
    steps, means = curve(seed)
    end = 1.6 * steps[-1]
    plain = extrapolate(steps, means, 4e-4, end)
    moved = extrapolate(stretch * steps, scale * (means + shift), 4e-4 * scale**2, stretch * end)
    assert plain is not None
    assert moved is not None
    assert moved.steps == pytest.approx(stretch * plain.steps)
    for name in ("low", "mean", "high"):
        expected = scale * (getattr(plain, name) + shift)
        assert getattr(moved, name) == pytest.approx(expected, rel=1e-6, abs=1e-6 * scale)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), reach=st.floats(1.05, 2.0))
def test_the_interval_holds_its_mean_and_widens_further_out(seed: int, reach: float) -> None:
    steps, means = curve(seed)
    found = extrapolate(steps, means, 4e-4, reach * steps[-1] - 1)
    assert found is not None
    assert np.all(found.low < found.mean)
    assert np.all(found.mean < found.high)
    width = found.high - found.low
    assert width[-1] >= width[0]


def test_a_run_that_surprised_before_gets_a_wider_interval() -> None:
    """The same last stretch, after a past that could be foretold and one that could not."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        steps = np.arange(1, N + 1) * 10.0
        calm = 2 - steps / steps[-1] + 0.01 * rng.standard_normal(N)
        stairs = calm - 0.6 * np.floor(steps / steps[-1] * 3.99) / 4
        widths = []
        for means in (calm, stairs):
            found = extrapolate(steps, means, 1e-4, 1.5 * steps[-1])
            assert found is not None
            widths.append(found.high[-1] - found.low[-1])
        assert widths[1] > 2 * widths[0]


def test_most_ends_lie_within_and_not_all() -> None:
    """An interval of 80 %: on curves of its own families more, but no certainty."""
    held, total, widths = 0, 60, []
    for seed in range(total):
        rng = np.random.default_rng(seed)
        steps = np.arange(1, 134) * 10.0
        x = steps / steps[-1]
        rate, kind = rng.uniform(1, 6), rng.integers(0, 2)
        truth = np.exp(-rate * x) if kind else (1 + 30 * x) ** (-rate / 10)
        means = truth + 0.02 * rng.standard_normal(len(x))
        found = extrapolate(steps[:N], means[:N], 4e-4, steps[-1])
        assert found is not None
        held += found.low[-1] <= means[-1] <= found.high[-1]
        widths.append(found.high[-1] - found.low[-1])
    assert 0.7 * total <= held < total
    assert np.median(widths) < 0.25


def test_nothing_is_said_where_nothing_can_be() -> None:
    steps, means = curve(0)
    assert extrapolate(steps[: MIN_BUCKETS - 1], means[: MIN_BUCKETS - 1], 4e-4, 900) is None
    assert extrapolate(steps, means, 4e-4, steps[-1]) is None
    assert extrapolate(steps, means, 4e-4, 2.5 * steps[-1]) is None
    assert extrapolate(steps, means, np.nan, 1.5 * steps[-1]) is None
    assert extrapolate(steps, np.ones(N), 0.0, 1.5 * steps[-1]) is None


def test_a_sudden_rise_that_lasts_is_found_and_nothing_else_is() -> None:
    missed = wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = np.arange(100) / 100
        calm = np.exp(-2 * x) + 0.02 * rng.standard_normal(100)
        at = int(rng.integers(20, 80))
        after = np.arange(100) >= at
        # It may come down slowly, as it does after a change of data.
        jumped = calm + 0.3 * after * np.exp(-np.clip(x - at / 100, 0, None) / 0.3)
        missed += abs(last_jump(jumped, 4e-4) - at) > 2
        bump = calm + 0.5 * ((x >= at / 100) & (x < at / 100 + 0.02))
        tooth = calm + 0.3 * (x * 4 % 1)
        wrong += sum(last_jump(means, 4e-4) > 0 for means in (calm, bump, tooth, 1 - calm))
    assert missed <= 3
    # The drop at a tooth's end and the curve turned upside down are no sudden rises.
    assert wrong <= 2
    assert last_jump(np.ones(100), 0.0) == 0
    assert last_jump(np.ones(3), 1.0) == 0


def test_after_a_change_of_data_only_what_came_since_is_carried_on() -> None:
    t = np.arange(1000)
    values = 2 * (1 + t / 50) ** -0.4 + 0.005 * np.random.default_rng(7).standard_normal(1000)
    values[300:] += 1.0
    steady, changed = Analyzer(), Analyzer()
    steady.update_many(t, values - np.where(t >= 300, 1.0, 0.0))
    changed.update_many(t, values)
    one, other = steady.forecast(1500), changed.forecast(1500)
    assert one is not None
    assert other is not None
    # The level it jumped from is no part of the curve that is carried on.
    assert other.mean[-1] - one.mean[-1] == pytest.approx(1.0, abs=0.03)
    # 400 points after the change nothing is known of 2,000.
    assert steady.forecast(1900) is not None
    assert changed.forecast(1900) is None
