"""Means over windows betray their window; limits follow the tail of the noise, by the run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, stats

from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.noise import TAIL_KEPT, Noise, window_mean_factor
from lossmon.analysis.tail import _BETA, _XI, FROM, MOST, Tail, _log_survival


def fed(values: np.ndarray, block: int = 16) -> Noise:
    found = Noise()
    for at in range(0, len(values) - block + 1, block):
        found.update(values[max(0, at - TAIL_KEPT) : at + block], block, at + block)
    return found


def window_means(e: np.ndarray, window: int) -> np.ndarray:
    return np.convolve(e, np.ones(window) / window, "valid")


@pytest.mark.parametrize("window", [3, 5, 10, 20, 50, 90])
def test_the_averaging_window_is_found_and_what_it_hides_is_given_back(window: int) -> None:
    e = np.random.default_rng(window).standard_normal(3000)
    found = fed(window_means(e, window) - 1e-4 * np.arange(3001 - window))
    assert found.window == window
    # One value scatters by σ/√w; the mean of many by the σ of the points behind them.
    assert found.sigma == pytest.approx(window**-0.5, rel=0.3)
    assert found.long_run == pytest.approx(1.0, rel=0.3)


@pytest.mark.parametrize("seed", range(12))
def test_no_window_is_seen_where_there_is_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for rho in (0.0, 0.3, 0.6):
        e = rng.standard_normal(600)
        for i in range(1, len(e)):
            e[i] = rho * e[i - 1] + np.sqrt(1 - rho * rho) * e[i]
        assert fed(e + 20 * np.exp(-np.arange(600) / 50)).window == 1
    assert fed(rng.standard_t(3, 600)).window == 1
    assert fed(np.sin(np.arange(600) / 3)).sigma < 5


@pytest.mark.parametrize(("width", "window"), [(1, 5), (4, 20), (16, 10), (64, 20)])
def test_factor_of_means_of_window_means(width: int, window: int) -> None:
    e = np.random.default_rng(3).standard_normal(1600 * width)
    means = window_means(e, window)[: len(e) // width * width - width * 60]
    means = means[: len(means) // width * width].reshape(-1, width).mean(axis=1)
    second = means[:-2] - 2 * means[1:-1] + means[2:]
    # The long-run variance of a bucket's mean is σ² over its width.
    got = float((second**2).mean()) / 6 * window_mean_factor(width, window)
    assert got == pytest.approx(1 / width, rel=0.2)


@pytest.mark.parametrize("rho", [0.9, 0.95, 0.98])
def test_an_exponential_average_is_found_and_what_it_hides_is_given_back(rho: float) -> None:
    """Second differences of neighbours cannot tell 0.8 from 0.99: their noise is ten times that."""
    found = []
    for seed in range(7):
        e = np.random.default_rng([seed, int(100 * rho)]).standard_normal(2500)
        found.append(fed(signal.lfilter([1 - rho], [1, -rho], e)[500:]))
    assert np.median([noise.rho for noise in found]) == pytest.approx(rho, abs=0.02)
    assert np.median([noise.long_run for noise in found]) == pytest.approx(1.0, rel=0.4)


def test_a_converged_run_that_is_logged_smoothed_does_not_diverge() -> None:
    """Slow waves of an exponential average were taken for rises in 11 of these 12 runs."""
    alarms = 0
    t = np.arange(2500)
    for seed in range(12):
        rng = np.random.default_rng([seed, 980])
        x = np.exp(-t / 150) + 0.05 * np.exp(-t / 1500) + 0.5 * rng.standard_normal(2500)
        analyzer = Analyzer()
        analyzer.update_many(t, signal.lfilter([0.02], [1, -0.98], x - x[0]))
        alarms += any(event.kind == "divergence" for event in analyzer.events)
    assert alarms <= 4


def test_window_means_are_named_and_raise_no_alarm() -> None:
    """Their noise does not show in differences: 20 of them once gave spikes and divergences."""
    alarms = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n = 1500
        values = 1 + 2 * np.exp(-np.arange(n) / 400) + 0.3 * rng.standard_normal(n)
        values = window_means(np.concatenate((np.full(19, values[0]), values)), 20)
        analyzer = Analyzer()
        analyzer.update_many(np.arange(n), values)
        alarms += len([e for e in analyzer.events if e.kind in ("spike", "divergence")])
        assert "mean over about 20 points" in str(analyzer.verdict.evidence["benign_causes"])
    assert alarms == 0


def test_the_tails_likelihood_is_that_of_the_generalised_pareto() -> None:
    excess = np.array([0.01, 0.4, 3.0, 20.0])
    for at in (0, 37, len(_XI) - 1):
        want = stats.genpareto.logsf(excess, _XI[at], scale=_BETA[at])
        np.testing.assert_allclose(_log_survival(excess)[:, at], want, rtol=1e-9)
    tail = Tail()
    tail.learn(FROM + excess)
    want = stats.genpareto.logpdf(excess[:, None], _XI, scale=_BETA).sum(axis=0)
    np.testing.assert_allclose(tail._likelihood, want, rtol=1e-9)


def learned(noise: np.ndarray) -> Tail:
    tail = Tail()
    tail.learn(noise)
    return tail


def test_limits_follow_the_tail() -> None:
    rng = np.random.default_rng(4)
    normal = learned(rng.standard_normal(2000)).limit(2000)
    heavy = learned(rng.standard_t(4, 2000) / 1.098).limit(2000)
    assert normal < 12
    assert 14 < heavy <= MOST
    # Before anything was seen, the prior alone speaks; and no input passes the cap.
    assert 8 < Tail().limit(30) < 25
    assert learned(np.full(50, 1e100)).limit(100) == pytest.approx(MOST)
    assert learned(rng.standard_normal(20_000)).limit(20_000) < 9.5


def test_limits_rise_with_the_length_of_the_run() -> None:
    """The chance is a run's: each point of a longer one may take less of it."""
    noise = np.random.default_rng(5).standard_t(6, 3000)
    limits = [learned(noise).limit(n) for n in (2500, 25_000, 2_500_000)]
    assert limits == sorted(limits)
    assert limits[0] < limits[1]


def test_heavy_tails_pass_their_limit_in_few_runs() -> None:
    """A fixed limit of 8.5 is passed in a third of such runs."""
    passed = fixed = 0
    for seed in range(60):
        noise = np.random.default_rng(seed).standard_t(4, 1000) / 1.098
        fixed += bool((noise > 8.5).any())
        tail, beyond = Tail(), False
        for at in range(0, 1000, 50):
            block = noise[at : at + 50]
            beyond |= at > 0 and bool((block > max(8.5, tail.limit(at))).any())
            tail.learn(block)
        passed += beyond
    assert fixed >= 15
    assert passed <= 6


def test_a_summary_row_is_no_spike() -> None:
    """The mean of the run in the last row: named, and nothing stands; a jump elsewhere is one."""
    t = np.arange(300)
    values = 1 + 3 * np.exp(-t / 40) + 0.01 * np.random.default_rng(1).standard_normal(300)
    for last, severity in ((float(values.mean()), "info"), (float(values.mean()) + 0.1, "warning")):
        analyzer = Analyzer()
        analyzer.update_many(np.arange(301), np.append(values, last))
        (event,) = [event for event in analyzer.events if event.kind == "spike"]
        assert event.severity == severity
        assert ("summary row" in event.message) is (severity == "info")
        assert event.stands is (severity == "warning")


def test_a_change_of_data_is_named_a_change_and_clears() -> None:
    t = np.arange(900)
    values = 1 + 3 * np.exp(-t / 200) + 0.01 * np.random.default_rng(2).standard_normal(900)
    values[450:] += 0.5 * np.exp(-np.arange(450) / 150)
    analyzer = Analyzer()
    analyzer.update_many(t, values)
    (event,) = [event for event in analyzer.events if event.kind == "spike"]
    assert not event.stands
    assert "change of level (other data" in event.message
    assert "other data or settings" in str(analyzer.verdict.evidence["benign_causes"])
    assert analyzer.verdict.status == "healthy"


def test_the_limit_follows_what_is_learned_closely() -> None:
    """It is not found anew at every block; of the points beyond a hundredth may be missing."""
    lazy, eager = Tail(), Tail()
    rng = np.random.default_rng(5)
    solved, last = 0, 0.0
    for n in range(64, 40_000, 64):
        z = np.minimum(np.abs(rng.standard_t(6, 64)), MOST)
        lazy.learn(z)
        eager.learn(z)
        eager._computed = 0
        assert lazy.limit(n) == pytest.approx(eager.limit(n), rel=0.06)
        solved += lazy.limit(n) != last
        last = lazy.limit(n)
    assert solved < 300  # of 624 blocks, each of which had points beyond


def test_a_point_farther_out_than_all_before_moves_the_limit_at_once() -> None:
    tail = Tail()
    tail.learn(np.random.default_rng(1).standard_normal(100_000))
    before = tail.limit(100_000)
    tail.learn(np.array([2.5]))
    assert tail.limit(100_001) == before  # nothing new
    tail.learn(np.array([before]))
    assert tail.limit(100_002) > before
