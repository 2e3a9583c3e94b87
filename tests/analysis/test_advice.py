"""Advice is ordered by what the other series show, and says what it leans on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.advice import Facts, advise
from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.gradients import KEPT, GradientNorms
from lossmon.model import Batch, Column

N = 400
STEPS = np.arange(float(N))


def diverging(rates: np.ndarray | None = None, norms: np.ndarray | None = None) -> Analyzer:
    rng = np.random.default_rng(1)
    values = 1 + 2 * np.exp(-STEPS / 60) + 0.02 * rng.standard_normal(N)
    values[250:] += np.expm1(np.arange(N - 250) / 40)
    columns = [Column("loss", values)]
    if rates is not None:
        columns.append(Column("learning_rate", rates))
    if norms is not None:
        columns.append(Column("grad_norm", norms))
    analyzer = Analyzer()
    analyzer.consume(Batch(STEPS, tuple(columns)))
    assert analyzer.verdict.status == "diverging"
    return analyzer


def test_a_rate_that_rose_right_before_comes_first() -> None:
    rates = np.where(STEPS < 245, 1e-4, 1e-3)
    advice = diverging(rates).verdict.advice
    assert "learning rate rose" in advice[1]


def test_a_decayed_rate_is_hardly_the_cause() -> None:
    rates = 1e-3 * np.exp(-STEPS / 80)
    assert any("hardly the cause" in line for line in diverging(rates).verdict.advice)


def test_gradients_that_grew_are_named_with_their_size() -> None:
    norms = np.where(STEPS < 250, 1.0, 8.0)
    analyzer = diverging(np.full(N, 1e-3), norms)
    advice = analyzer.verdict.advice
    assert "at 100% of its highest" in advice[1]
    assert "8 times their usual norm" in advice[2]
    assert analyzer.verdict.evidence["gradient_norm_share"] == pytest.approx(8)


def test_without_other_series_it_says_that_nothing_shows_the_cause() -> None:
    assert "neither is in the log" in " ".join(diverging().verdict.advice)


def test_a_flat_loss_at_full_rate_reads_otherwise_than_at_a_decayed_one() -> None:
    full = advise("plateau", Facts(rate_known=True, rate_share=1.0, gap=0.02))
    decayed = advise("plateau", Facts(rate_known=True, rate_share=0.01))
    assert "still at 100%" in full[0]
    assert "2.0%" in full[1]
    assert "decayed to 1.0%" in decayed[0]


def test_the_headline_is_of_the_loss_itself_where_that_is_lost() -> None:
    values = 3 * 0.99**STEPS
    values[300:] = np.nan
    norms = np.ones(N)
    norms[310:] = np.nan
    analyzer = Analyzer()
    analyzer.consume(Batch(STEPS, (Column("loss", values), Column("grad_norm", norms))))
    assert analyzer.verdict.headline.startswith("loss is NaN since step 300")


def test_where_noise_hides_the_trend_the_gain_has_an_interval() -> None:
    rng = np.random.default_rng(3)
    analyzer = Analyzer()
    analyzer.update_many(STEPS, 2 * np.exp(-STEPS / 300) + 0.8 * rng.standard_normal(N))
    evidence = analyzer.verdict.evidence
    assert "half as much training again would gain" in analyzer.verdict.headline
    low, high = evidence["gain_low"], evidence["gain_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < high
    assert evidence["points_needed"]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_norms_are_sampled_alike_however_they_come(seed: int, cuts: list[int]) -> None:
    values = np.random.default_rng(seed).random(int(seed % 3000) + 1)
    whole, pieces = GradientNorms(), GradientNorms()
    whole.extend(values)
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    for start, stop in pairwise(edges):
        pieces.extend(values[start:stop])
    assert np.array_equal(whole._kept, pieces._kept)
    assert len(whole._kept) <= KEPT
    assert whole.growth == pieces.growth
