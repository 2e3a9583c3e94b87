"""Overfitting is told from noise, from divergence, from one bad evaluation; and it clears."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.overfitting import OverfittingDetector, TrainContext

QUIET = TrainContext()


def fed(values: np.ndarray, trains: np.ndarray | None = None) -> OverfittingDetector:
    """A detector that saw the evaluations one at a time; the training level falls or is given."""
    detector = OverfittingDetector()
    for index, value in enumerate(values):
        level = 1.0 / (index + 1) if trains is None else float(trains[index])
        detector.extend(np.array([index * 10.0]), np.array([value]), level, QUIET)
    return detector


def turned(rng: np.random.Generator, n: int, turn: int, rise: float, noise: float) -> np.ndarray:
    t = np.arange(n)
    mean = 1 + 2 * np.exp(-1.5 * t) + rise * np.clip(t - turn, 0, None) / (n - turn)
    return mean + noise * rng.standard_normal(n)


@pytest.mark.parametrize("n", [10, 20, 60, 300])
def test_a_clear_rise_is_found_with_its_turn(n: int) -> None:
    for seed in range(5):
        values = turned(np.random.default_rng(seed), n, n // 3, 1.0, 0.01)
        found = fed(values)
        assert found.stands
        assert found.evidence is not None
        assert found.onset_step == 10.0 * int(values.argmin())
        low, high = found.evidence.band
        assert low <= found.evidence.best_step <= high
        assert found.evidence.z > found.evidence.limit


def test_flat_noisy_and_falling_evaluations_raise_nothing() -> None:
    """The chance is for a whole run, every evaluation looked at."""
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(250):
        n = int(rng.choice([10, 20, 40, 100]))
        values = 3 * np.exp(-np.arange(n) / (0.1 * n)) + 0.1 * rng.standard_normal(n)
        detector = OverfittingDetector()
        for index, value in enumerate(values):
            detector.extend(np.array([float(index)]), np.array([value]), math.nan, QUIET)
            alarms += detector.stands
            if detector.stands:
                break
    assert alarms <= 6


def test_one_bad_evaluation_is_no_overfitting() -> None:
    rng = np.random.default_rng(2)
    values = 1 + 2 * np.exp(-np.arange(100) / 10) + 0.01 * rng.standard_normal(100)
    values[60] = 400
    detector = OverfittingDetector()
    for index, value in enumerate(values):
        detector.extend(np.array([float(index)]), np.array([value]), math.nan, QUIET)
        assert not detector.stands


def test_a_training_loss_that_rises_too_is_no_overfitting() -> None:
    values = turned(np.random.default_rng(0), 30, 10, 1.0, 0.01)
    assert fed(values).stands
    assert not fed(values, trains=values).stands


def test_evaluation_before_training_is_no_training_level_of_zero() -> None:
    values = turned(np.random.default_rng(0), 30, 1, 1.0, 0.01)
    trains = np.linspace(1, 0.1, 30)
    trains[0] = np.nan
    assert fed(values, trains).stands


def test_double_descent_clears() -> None:
    up = turned(np.random.default_rng(1), 30, 10, 0.6, 0.01)
    down = np.linspace(up[-1], 0.8, 12)
    detector = fed(up)
    assert detector.stands
    for index, value in enumerate(down):
        detector.extend(np.array([300.0 + index]), np.array([value]), 0.01, QUIET)
    assert not detector.stands
    assert detector.evidence is None


def test_a_resumed_run_forgets_what_came_after() -> None:
    detector = fed(turned(np.random.default_rng(1), 30, 10, 0.6, 0.01))
    detector.rewind(100.0)
    assert not detector.stands
    assert detector.onset_step is not None
    assert detector.onset_step < 100


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 300),
    scale=st.sampled_from([1e-3, 1.0, 64.0]),
    shift=st.sampled_from([0.0, -5.0, 100.0]),
    cuts=st.lists(st.integers(1, 40), max_size=20),
)
def test_unit_zero_and_cutting_do_not_matter(
    seed: int, n: int, scale: float, shift: float, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    values = turned(rng, n, n // 2, rng.choice([0.0, 0.3, 1.0]), 0.05)
    plain = fed(values)
    moved = OverfittingDetector()
    at = 0
    other = scale * (values + shift)
    sizes = iter(cuts)
    while at < n:
        stop = min(at + min(moved.room, next(sizes, 50)), n)
        moved.extend(np.arange(at, stop) * 10.0, other[at:stop], 1.0 / stop, QUIET)
        at = stop
    assert moved.stands == plain.stands
    assert moved.onset_step == plain.onset_step
    if plain.evidence is not None and moved.evidence is not None:
        assert moved.evidence.z == pytest.approx(plain.evidence.z, rel=1e-5)
        assert moved.evidence.band == plain.evidence.band
