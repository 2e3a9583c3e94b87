"""Overfitting on the kinds of evaluation that mislead: each is found where it is, and only there.

Every case is asked twice, with a rise and without, so that neither a deaf nor
a nervous detector passes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column

POINTS = 240
SEEDS = range(3)

Curve = np.ndarray


def read(train: Curve, evals: Curve, at: Curve) -> Analyzer:
    analyzer = Analyzer()
    steps = np.arange(len(train), dtype=float)
    analyzer.consume(Batch(steps, (Column("loss", train), Column("eval_loss", evals, at))))
    return analyzer


def curves(seed: int, evals: int, rise: float, noise: float) -> tuple[Curve, Curve, Curve]:
    """Training loss, evaluation loss (both fall from 4 to 1), and the rows of the evaluations."""
    rng = np.random.default_rng(seed)
    t = np.arange(POINTS)
    train = 1 + 3 * np.exp(-4 * t / POINTS) + 0.05 * rng.standard_normal(POINTS)
    at = np.linspace(POINTS / evals - 1, POINTS - 1, evals).astype(int)
    mean = 1.2 + 3 * np.exp(-13 * at / POINTS) + rise * np.clip(at / POINTS - 0.4, 0, None) / 0.6
    return train, mean + noise * rng.standard_normal(evals), at


def raised(analyzer: Analyzer) -> bool:
    return any(event.kind == "overfitting" for event in analyzer.events)


Change = Callable[[Curve, Curve], tuple[Curve, Curve]]
KINDS: dict[str, Change] = {
    "plain": lambda train, evals: (train, evals),
    "dropout: evaluation below training": lambda train, evals: (train + 0.8, evals),
    "evaluation on another scale": lambda train, evals: (train, 1000 * evals),
    "summed over tokens": lambda train, evals: (train, 3.1e6 * evals),
    "near zero": lambda train, evals: (train - 1, evals - 1.2),
    "below zero": lambda train, evals: (train - 5, evals - 7),
    "tiny": lambda train, evals: (1e-9 * train, 1e-9 * evals),
    "training goes to zero": lambda train, evals: (
        3 * np.exp(-np.arange(len(train)) / 20) + 1e-6, evals,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_rise_is_found_and_none_is_made_up(kind: str) -> None:
    for seed in SEEDS:
        for rise in (0.0, 0.6):
            train, evals, at = curves(seed, 25, rise, 0.03)
            analyzer = read(*KINDS[kind](train, evals), at)
            assert raised(analyzer) == (rise > 0), (seed, rise)
            if rise:
                (event,) = [e for e in analyzer.events if e.kind == "overfitting"]
                assert event.onset_step == at[int(np.argmin(evals))]
                assert analyzer.summary.best_eval is not None
                assert analyzer.summary.best_eval.step == event.onset_step


@pytest.mark.parametrize("evals", [3, 4, 5])
def test_too_few_evaluations_say_that_they_are_too_few(evals: int) -> None:
    train, _, at = curves(0, evals, 0.0, 0.0)
    analyzer = read(train, np.linspace(1, 3, evals), at)
    assert not raised(analyzer)
    words = str(analyzer.verdict.evidence["overfitting"])
    assert f"{evals} of at least 6 evaluations" in words


def test_eight_evaluations_tell_a_clear_turn_and_not_an_unclear_one() -> None:
    train, _, at = curves(0, 8, 0.0, 0.0)
    assert raised(read(train, np.array([4.0, 1.8, 1.0, 1.3, 1.6, 1.9, 2.2, 2.5]), at))
    assert not raised(read(train, np.array([4.0, 1.8, 1.0, 1.02, 0.99, 1.03, 1.0, 1.01]), at))
    assert not raised(read(train, np.array([4.0, 2.5, 1.8, 1.5, 1.3, 1.2, 1.1, 1.05]), at))


@pytest.mark.parametrize("evals", [12, 40, 200])
def test_a_rise_within_the_noise_is_not_told_and_one_beyond_it_is(evals: int) -> None:
    quiet = loud = 0
    for seed in range(8):
        train, values, at = curves(seed, evals, 0.05, 0.3)
        quiet += raised(read(train, values, at))
        # The same noise, and a rise that is worth more than ten of its standard errors.
        train, values, at = curves(seed, evals, 16 * 0.3 * np.sqrt(12 / evals), 0.3)
        loud += raised(read(train, values, at))
    assert quiet <= 1
    assert loud >= 7


def test_flat_evaluations_under_a_falling_training_loss_are_not_overfitting() -> None:
    """Noise about a level turns at every moment; some 2 % of such runs are allowed."""
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        train, _, at = curves(seed, 40, 0.0, 0.0)
        alarms += raised(read(train, 2 + 0.1 * rng.standard_normal(40), at))
    assert alarms <= 3


def test_double_descent_and_grokking_clear() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(800)
    train = 3 * np.exp(-t / 60) + 0.01 + 0.002 * rng.standard_normal(800)
    at = np.arange(9, 800, 10)
    bump = np.exp(-(((at - 300) / 90) ** 2))
    double = 1 + 2 * np.exp(-at / 60) + 0.8 * bump - 0.3 * at / 800
    # Grokking: the evaluation rises while training memorises, and falls steeply long after.
    grokking = 2.5 - np.exp(-at / 40) + 1.5 * (1 - np.exp(-at / 80)) - 3 / (
        1 + np.exp(-(at - 550) / 25)
    )  # fmt: skip
    for evals in (double, grokking):
        analyzer = read(train, evals + 0.02 * rng.standard_normal(len(at)), at)
        events = [event for event in analyzer.events if event.kind == "overfitting"]
        assert events
        assert not any(event.stands for event in events)
        assert "It came back to its best." in events[-1].message
        assert analyzer.verdict.status != "overfitting"


def test_an_evaluation_that_is_written_again_with_every_row_is_one_evaluation() -> None:
    for seed in SEEDS:
        for rise in (0.0, 0.6):
            train, evals, _ = curves(seed, 24, rise, 0.03)
            analyzer = read(train, np.repeat(evals, 10), np.arange(POINTS))
            assert raised(analyzer) == (rise > 0), (seed, rise)
