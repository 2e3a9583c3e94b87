"""Judging goes on where it stopped, and begins anew where what it judged is void."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from lossmon.model import Batch, Column, RoleMap, Run
from lossmon.monitor.judge import ANALYSE_ROWS, BEGUN_LATER, FIRST_ROWS, Judge
from lossmon.settings import Settings

PAST = -math.inf
"""A deadline that lies behind: one piece of work is done, and no more."""


def run_of(count: int, name: str = "loss", value: float = 1.0) -> Run:
    run = Run("run", "source", "format")
    append(run, 0, count, name, value)
    return run


def append(run: Run, start: int, stop: int, name: str, value: float) -> None:
    steps = np.arange(start, stop, dtype=np.float64)
    run.append(Batch(steps, (Column(name, np.full(len(steps), value)),), None, None))


def judge() -> Judge:
    return Judge(Settings(), RoleMap(None, None))


def test_a_long_run_is_judged_piece_by_piece() -> None:
    run, made = run_of(2 * ANALYSE_ROWS + 1), judge()
    judged = [0.0]
    while made.behind(run):
        assert made.go_on(run, PAST)
        points = made.verdict.evidence["points"]
        assert isinstance(points, float)
        judged.append(points)
    pieces = [after - before for before, after in pairwise(judged)]
    # Early rows are dear: few at first, and then as many again as were judged.
    assert pieces[:3] == [FIRST_ROWS, FIRST_ROWS, 2 * FIRST_ROWS]
    assert max(pieces) == ANALYSE_ROWS
    assert judged[-1] == 2 * ANALYSE_ROWS + 1
    assert not made.go_on(run, PAST)


def test_before_anything_is_judged_it_says_so() -> None:
    made = judge()
    assert (made.verdict, made.begun) == (BEGUN_LATER, False)
    made.go_on(run_of(3), math.inf)
    assert made.begun
    assert "3 of at least" in made.verdict.headline


def test_another_run_is_judged_from_its_first_row() -> None:
    run, made = run_of(50), judge()
    append(run, 50, 51, "loss", math.nan)
    made.go_on(run, math.inf)
    assert [event.kind for event in made.events] == ["nonfinite"]
    anew = Run("run", "source", "format")
    assert not made.behind(anew)
    assert made.go_on(anew, math.inf)  # nothing of the one before counts, though this one is empty
    assert made.events == ()


def test_a_better_series_to_judge_that_turns_up_is_judged_from_its_beginning() -> None:
    run, made = run_of(60, "regularizer", 7.0), judge()
    made.go_on(run, math.inf)
    append(run, 60, 120, "train_loss", 2.0)
    made.go_on(run, math.inf)
    assert made.summary.train == "train_loss"
    assert made.summary.smoothed == 2.0


def test_what_could_not_be_judged_is_skipped() -> None:
    run, made = run_of(10), judge()
    made.skip(run)
    assert not made.behind(run)
    assert not made.go_on(run, math.inf)
