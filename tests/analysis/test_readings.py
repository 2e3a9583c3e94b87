"""Ratings, readings of cross-entropy, advice, and whether a run still writes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.analysis import probability, ratings
from lossmon.analysis.advice import Facts, advise
from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.ema import automatic_time_constant, beta_of, debiased_ema
from lossmon.analysis.liveness import DEFAULT_SILENCE, duration, liveness, patience
from lossmon.model import Batch, Column


def test_reduction_rating_has_the_usual_bands() -> None:
    words = [ratings.rate_reduction(share) for share in (0.51, 0.5, 0.2, 0.19, -1.0, None)]
    assert words == ["strong", "moderate", "moderate", "weak", "weak", "unknown"]
    assert ratings.reduction(4.0, 1.0) == (0.75, None)


@pytest.mark.parametrize(("first", "now"), [(0.0, 1.0), (-2.0, -3.0), (1.0, -1.0), (None, 1.0)])
def test_reduction_without_meaning_says_why(first: float | None, now: float) -> None:
    share, why = ratings.reduction(first, now)
    assert share is None
    assert why


def test_gap_rating_has_the_usual_bands() -> None:
    words = [ratings.rate_gap(share)[0] for share in (-0.5, 0.09, 0.1, 0.3, 0.31, None)]
    assert words == ["healthy", "healthy", "monitor", "monitor", "overfitting", "unknown"]
    assert ratings.gap(2.0, 2.5) == (0.25, None)
    for train, evaluation in ((None, 1.0), (1.0, None), (-1.0, 1.0), (1.0, 0.0)):
        assert ratings.gap(train, evaluation)[0] is None


@pytest.mark.parametrize("points", [60, 127, 128, 500, 5000, 200_000])
def test_the_smoothed_loss_moves_with_every_point(points: int) -> None:
    """However long the run: near the average of all points, and never behind a block."""
    noise = np.random.default_rng(points).normal(0, 0.05, points + 40)
    values = 1 + 2 * (1 + np.arange(points + 40) / 50) ** -0.5 + noise
    analyzer = Analyzer()
    analyzer.update_many(np.arange(points), values[:points])
    seen = set()
    for step in range(points, points + 40):
        analyzer.update(step, values[step])
        smoothed = analyzer.summary.smoothed
        assert smoothed is not None
        beta = beta_of(automatic_time_constant(step + 1))
        exact = float(debiased_ema(values[: step + 1], beta)[-1])
        assert smoothed == pytest.approx(exact, abs=0.02)
        seen.add(smoothed)
    assert len(seen) == 40


def test_the_trend_of_a_loss_that_diverges_is_the_rise_itself() -> None:
    """Not the line through clipped values, by which single spikes are kept out of a trend."""
    steps = np.arange(600.0)
    rng = np.random.default_rng(3)
    values = 1 + 3 * np.exp(-steps / 80) + rng.normal(0, 0.05, 600)
    values[400:] += 0.5 * np.arange(200)
    analyzer = Analyzer()
    analyzer.update_many(steps, values)
    assert analyzer.verdict.status == "diverging"
    summary = analyzer.summary
    assert summary.slope_per_1000_steps == pytest.approx(500, rel=0.1)
    assert summary.slope_error_per_1000_steps is not None
    assert abs(500 - summary.slope_per_1000_steps) < 4 * summary.slope_error_per_1000_steps + 10
    # What goes wrong is not drawn on.
    assert not {"gain_of_half_more", "points_needed"} & set(analyzer.verdict.evidence)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_an_early_rise_to_many_times_the_start_needs_no_patience(scale: float) -> None:
    """Eight points above four times the start: said then, not when a warm-up's time is up."""
    rng = np.random.default_rng(5)
    values = 2.2 - 0.025 * np.arange(40) + rng.normal(0, 0.1, 40)
    rise = np.linspace(2.5, 30, 45) * (1 + rng.normal(0, 0.1, 45))
    analyzer = Analyzer()
    analyzer.update_many(np.arange(85), scale * np.concatenate((values, rise)))
    (event,) = [event for event in analyzer.events if event.kind == "divergence"]
    above = int(np.argmax(rise > 4 * 2.2))
    assert event.step <= 40 + above + 12


def test_a_short_log_that_turns_early_and_rises_for_most_of_its_length_diverges() -> None:
    """A hundred rounds of boosting, of which the first twelve fell: no warm-up's bump."""
    rng = np.random.default_rng(11)
    fall = 0.54 + 0.13 * np.exp(-np.arange(13) / 4)
    rise = 0.54 + 0.42 * (np.arange(87) / 87) ** 0.8
    values = np.concatenate((fall, rise)) + rng.normal(0, 0.002, 100)
    analyzer = Analyzer()
    analyzer.update_many(np.arange(100), values)
    assert analyzer.verdict.status == "diverging"
    # Until it has lasted it is not called healthy either.
    analyzer = Analyzer()
    analyzer.update_many(np.arange(60), values[:60])
    assert analyzer.verdict.status == "unknown"
    assert "rises" in analyzer.verdict.headline


def test_gap_between_different_scales_is_unknown() -> None:
    rating, why = ratings.rate_gap(50_000.0, first_share=40_000.0)
    assert rating == "unknown"
    assert why is not None


def test_noise_rating_is_relative_to_the_descent() -> None:
    words = [ratings.rate_noise(sigma, 1.0) for sigma in (0.01, 0.06, 0.3, None, math.inf)]
    assert words == ["smooth", "moderate", "noisy", "unknown", "unknown"]
    assert ratings.rate_noise(0.1, 0.0) == "unknown"


def test_cross_entropy_reads_as_probability_and_perplexity() -> None:
    assert probability.probability(2.0) == pytest.approx(0.135, abs=1e-3)
    assert probability.perplexity(1.0) == pytest.approx(math.e)
    assert probability.probability(-0.1) is None
    assert probability.perplexity(1e9) is None
    assert probability.is_cross_entropy("eval_loss", 5.0)
    for name in ("mse_loss", "policy/loss", "accuracy", "val_bpb"):
        assert not probability.is_cross_entropy(name, 5.0)
    assert not probability.is_cross_entropy("loss", -1.0)
    assert not probability.is_cross_entropy("loss", 5e4)


@pytest.mark.parametrize(
    "status", ["healthy", "plateau", "diverging", "overfitting", "nonfinite", "unknown"]
)
def test_advice_is_whole_sentences(status: str) -> None:
    for facts in (
        Facts(),
        Facts(rate_known=True, rate_share=0.01, best_step=100.0, has_eval=False),
    ):
        for line in advise(status, facts):  # type: ignore[arg-type]
            assert line[0].isupper()
            assert line.endswith(".")


def test_advice_leans_on_what_was_seen() -> None:
    assert "step 1,200" in advise("overfitting", Facts(best_step=1200.0))[0]
    assert "decayed" in advise("plateau", Facts(rate_known=True, rate_share=0.01))[0]
    assert "decayed" not in " ".join(advise("plateau", Facts()))
    assert "logging_nan_inf_filter" in " ".join(advise("nonfinite", Facts(hidden=True)))
    assert "halve" in " ".join(advise("diverging", Facts(rate_known=True)))


@given(st.lists(st.floats(0.01, 1000), min_size=5, max_size=60))
def test_patience_is_never_shorter_than_the_longest_gap(gaps: list[float]) -> None:
    arrivals = np.cumsum(gaps)
    assert patience(list(arrivals)) >= max(np.diff(arrivals))


def test_a_run_is_stalled_by_its_own_rhythm() -> None:
    quick = [float(second) for second in range(0, 100, 2)]
    slow = [float(second) for second in range(0, 40_000, 1800)]
    assert liveness(quick, quick[-1] + 30).state == "live"
    assert liveness(quick, quick[-1] + 600).state == "stalled"
    assert liveness(slow, slow[-1] + 3600).state == "live"
    assert liveness(slow, slow[-1] + 86_400).state == "stalled"
    assert liveness(quick, quick[-1] + 30, stalled_after=10).state == "stalled"


def test_what_the_log_says_of_its_end_wins() -> None:
    assert liveness([0.0], 1e9, finished=True).state == "finished"
    assert liveness([0.0], 1e9, crashed=True, finished=True).state == "crashed"
    assert liveness([0.0], 1.0, progress=1.0).state == "finished"
    assert liveness([], 0.0).state == "unknown"
    assert patience([1.0, 2.0]) == DEFAULT_SILENCE


def test_durations_are_for_people() -> None:
    assert [duration(s) for s in (45, 720, 12_600, 345_600)] == ["45 s", "12 min", "3.5 h", "4 d"]


def test_nan_that_a_logger_hides_is_found() -> None:
    """Hugging Face's filter: a jump, zeros for ever; or NaN in the gradients alone."""
    steps = np.arange(40.0)
    falling = 3 * 0.98**steps
    masked = falling.copy()
    masked[25:] = 0.0
    zeros = Analyzer()
    zeros.update_many(steps, masked)
    assert [e.kind for e in zeros.events if e.stands] == ["nonfinite"]
    norms = np.ones(40)
    norms[25:] = np.nan
    gradients = Analyzer()
    gradients.consume(Batch(steps, (Column("loss", falling), Column("grad_norm", norms))))
    (event,) = gradients.events
    assert (event.kind, event.series, event.step) == ("nonfinite", "grad_norm", 27.0)
    assert any("logging_nan_inf_filter" in line for line in gradients.verdict.advice)


def test_a_loss_that_reaches_zero_by_itself_hides_nothing() -> None:
    analyzer = Analyzer()
    analyzer.update_many(np.arange(60), np.round(3 * 0.8 ** np.arange(60), 3))
    assert "nonfinite" not in {event.kind for event in analyzer.events}


def test_a_single_nan_is_cleared_and_a_lasting_one_stands() -> None:
    values = 3 * 0.99 ** np.arange(60)
    single, lasting = values.copy(), values.copy()
    single[30] = np.nan
    lasting[30:] = np.nan
    for series, cleared, severity in ((single, 38.0, "warning"), (lasting, None, "critical")):
        analyzer = Analyzer()
        analyzer.update_many(np.arange(60), series)
        (event,) = [event for event in analyzer.events if event.kind == "nonfinite"]
        assert (event.step, event.cleared_step, event.severity) == (30.0, cleared, severity)


def test_without_evaluation_overfitting_is_said_not_to_be_checked() -> None:
    analyzer = Analyzer()
    analyzer.update_many(np.arange(100), 3 * 0.99 ** np.arange(100))
    assert "no evaluation loss" in str(analyzer.verdict.evidence["overfitting"])
    assert any("evaluation" in line for line in analyzer.verdict.advice)


def test_too_few_points_are_unknown_and_say_so() -> None:
    analyzer = Analyzer()
    assert analyzer.verdict.status == "unknown"
    analyzer.update(1, 2.5)
    assert analyzer.verdict.status == "unknown"
    assert "1 of at least 16 points" in analyzer.verdict.headline


def test_a_resumed_run_counts_its_overlap_once() -> None:
    analyzer = Analyzer()
    analyzer.update_many(np.arange(100), np.full(100, 2.0) - np.arange(100) * 0.01)
    analyzer.update_many(np.arange(60, 160), np.full(100, 1.4) - np.arange(100) * 0.01)
    (event,) = [event for event in analyzer.events if event.kind == "resume"]
    assert event.step == 60
    assert analyzer.verdict.evidence["points"] == 160


def test_names_can_be_told_and_a_better_choice_makes_it_stale() -> None:
    analyzer = Analyzer()
    analyzer.update(1, 2.0, series="loss_bbox")
    assert (analyzer.train, analyzer.stale) == ("loss_bbox", False)
    analyzer.update(1, 2.0, series="loss")
    assert analyzer.stale
    told = Analyzer(train="loss_bbox")
    told.update(1, 2.0, series="loss_bbox")
    told.update(1, 2.0, series="loss")
    assert not told.stale


def test_alone_an_evaluation_loss_is_judged_for_its_trend() -> None:
    analyzer = Analyzer()
    values = np.concatenate((3 * 0.97 ** np.arange(60.0), 3 + 0.2 * np.arange(60.0)))
    analyzer.update_many(np.arange(120), values, series="eval_loss")
    assert analyzer.train is None
    assert analyzer.summary.eval == "eval_loss"
    assert analyzer.verdict.status in ("diverging", "overfitting")
