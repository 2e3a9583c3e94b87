"""Below its minimum of data everything says 'unknown', and names what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.analysis import extrapolation, outlook, overfitting, shape, spike
from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.not_learning import MIN_BUCKETS as UNLEARNED_BUCKETS
from lossmon.model import Batch, Column


def fed(n: int, seed: int = 0) -> Analyzer:
    """A healthy run's first `n` points."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    analyzer = Analyzer()
    analyzer.update_many(t, 2 * (1 + t / 20) ** -0.5 + 0.02 * rng.standard_normal(n))
    return analyzer


@pytest.mark.parametrize(
    ("key", "least"),
    [
        ("noise_unknown", 9),
        ("slope_unknown", outlook.FIRST),
        ("shape_unknown", shape.MIN_BUCKETS),
        ("spikes_unknown", spike.MIN_POINTS),
    ],
)
def test_what_is_missing_is_named_until_it_is_there(key: str, least: int) -> None:
    before, after = fed(least - 1).verdict.evidence, fed(least).verdict.evidence
    assert f"at least {least} are needed" in str(before[key])
    assert str(before[key]).startswith(f"{least - 1} points")
    assert key not in after


def test_no_number_is_given_that_its_data_do_not_support() -> None:
    for n in range(1, 40):
        analyzer = fed(n)
        summary, verdict = analyzer.summary, analyzer.verdict
        assert (summary.noise is None) == (n < 9)
        assert (summary.slope_per_1000_steps is None) == ("slope_unknown" in verdict.evidence)
        assert summary.gap is None
        assert "overfitting" in verdict.evidence
        if n < shape.MIN_BUCKETS:
            assert verdict.shape == "unknown"
        if n < extrapolation.MIN_BUCKETS:
            assert analyzer.forecast(1.5 * n) is None
        assert not analyzer.events


def test_nothing_at_all_is_unknown_and_says_what_it_waits_for() -> None:
    analyzer = Analyzer()
    assert (analyzer.verdict.status, analyzer.verdict.shape) == ("unknown", "unknown")
    assert "at least 16 points of a loss" in analyzer.verdict.headline
    assert any("no finite loss" in note for note in analyzer.summary.notes)
    analyzer.update_many([0, 1], [np.nan, np.inf])
    assert analyzer.summary.smoothed is None


@pytest.mark.parametrize("count", [1, overfitting.MIN_BUCKETS - 1])
def test_few_evaluations_are_counted_against_what_it_takes(count: int) -> None:
    t = np.arange(200)
    at = np.linspace(20, 199, count).astype(np.int64)
    analyzer = Analyzer()
    rising = 1 + np.arange(count, dtype=float)
    columns = (Column("loss", 3 * 0.99**t), Column("eval_loss", rising, at))
    analyzer.consume(Batch(t.astype(float), columns))
    found = str(analyzer.verdict.evidence["overfitting"])
    assert f"{count} of at least {overfitting.MIN_BUCKETS} evaluations" in found
    assert not analyzer.events


def test_spikes_and_lost_starts_are_not_judged_before_their_minimum() -> None:
    rng = np.random.default_rng(3)
    values = 2 + 0.01 * rng.standard_normal(spike.MIN_POINTS - 1)
    values[-1] += 1
    analyzer = Analyzer()
    analyzer.update_many(np.arange(len(values)), values)
    assert not analyzer.events
    # Flat from the start: no plateau (nothing was learned), and 'not learning' only later.
    flat = 2 + 0.01 * rng.standard_normal(UNLEARNED_BUCKETS - 1)
    analyzer = Analyzer()
    analyzer.update_many(np.arange(len(flat)), flat)
    assert not analyzer.events
