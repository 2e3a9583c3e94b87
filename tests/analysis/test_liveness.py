"""Stalled and finished: from the run's own rhythm of writing, and from what its log says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.analysis.liveness import (
    DEFAULT_SILENCE,
    FACTOR_LONGEST,
    FACTOR_TYPICAL,
    MIN_GAPS,
    MIN_SILENCE,
    liveness,
    patience,
)

GAPS = st.lists(st.floats(0.5, 2000), min_size=MIN_GAPS, max_size=40)


@given(gaps=GAPS, factor=st.sampled_from([0.5, 2.0, 60.0]), origin=st.sampled_from([0.0, 1.7e9]))
def test_patience_scales_with_the_rhythm_and_not_with_the_clock(
    gaps: list[float], factor: float, origin: float
) -> None:
    arrivals = np.concatenate(([0.0], np.cumsum(gaps)))
    rhythm = max(
        FACTOR_TYPICAL * float(np.median(gaps)), FACTOR_LONGEST * max(gaps)
    )  # the larger of the two, and never under a minute
    assert patience(list(arrivals)) == pytest.approx(max(MIN_SILENCE, rhythm))
    slower = patience(list(origin + factor * arrivals))
    assert slower == pytest.approx(max(MIN_SILENCE, factor * rhythm), rel=1e-4)


@given(gaps=GAPS, share=st.floats(0.01, 0.99), beyond=st.floats(1.01, 50))
def test_silence_is_a_stall_beyond_the_runs_own_patience_only(
    gaps: list[float], share: float, beyond: float
) -> None:
    arrivals = list(np.cumsum(gaps))
    limit = patience(arrivals)
    assert liveness(arrivals, arrivals[-1] + share * limit).state == "live"
    late = liveness(arrivals, arrivals[-1] + beyond * limit)
    assert late.state == "stalled"
    assert late.evidence["silence_seconds"] == pytest.approx(beyond * limit)
    assert late.evidence["patience_seconds"] == limit
    # It writes again: alive at once.
    again = [*arrivals, arrivals[-1] + beyond * limit]
    assert liveness(again, again[-1] + 1).state == "live"


def test_a_long_evaluation_every_epoch_belongs_to_the_rhythm() -> None:
    """Lines every 2 s, and 20 minutes of silence after each hundredth: the next is no stall."""
    gaps = np.full(500, 2.0)
    gaps[99::100] = 1200.0
    arrivals = list(np.cumsum(gaps))
    assert liveness(arrivals, arrivals[-1] + 1800).state == "live"
    assert liveness(arrivals[:99], arrivals[98] + 1800).state == "stalled"


@pytest.mark.parametrize("count", range(1, MIN_GAPS + 1))
def test_too_few_gaps_are_no_rhythm(count: int) -> None:
    arrivals = [float(second) for second in range(count)]
    assert patience(arrivals) == DEFAULT_SILENCE
    assert liveness(arrivals, arrivals[-1] + DEFAULT_SILENCE - 1).state == "live"
    assert liveness(arrivals, arrivals[-1] + DEFAULT_SILENCE + 1).state == "stalled"


def test_what_repeats_or_is_unknown_is_no_gap() -> None:
    steady = [0.0, 10.0, 10.0, 20.0, 30.0, 30.0, 40.0, 50.0]
    assert patience(steady) == pytest.approx(FACTOR_TYPICAL * 10)
    assert patience([*steady, float("nan")]) == pytest.approx(FACTOR_TYPICAL * 10)


@pytest.mark.parametrize("silence", [1.0, 1e7])
def test_an_end_is_one_however_long_ago_it_was(silence: float) -> None:
    arrivals = list(np.arange(50.0))
    now = arrivals[-1] + silence
    assert liveness(arrivals, now, finished=True).state == "finished"
    assert liveness(arrivals, now, crashed=True, finished=True).state == "crashed"
    assert liveness(arrivals, now, ended=True).state == "finished"
    assert liveness(arrivals, now, progress=1.0).state == "finished"
    unfinished = liveness(arrivals, now, progress=0.99).state
    assert unfinished == ("live" if silence == 1 else "stalled")
