"""The findings must not depend on how the rows of a log were cut into reads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column, Run


def make_run(seed: int) -> Batch:
    """A run with everything in it: spikes, NaN, a resume, warm-up, epochs, few or many evals."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 900))
    t = np.arange(n)
    values = 2 * np.exp(-t / (n * rng.uniform(0.05, 1))) + 1 + rng.choice([0.0, -3.0])
    values += rng.choice([0.001, 0.02, 0.2]) * rng.standard_normal(n)
    steps = t.astype(float)
    kind = rng.integers(0, 7)
    if kind == 1:
        values[n // 2 :] += np.linspace(0, 4, n - n // 2)
    elif kind == 2:
        values[rng.integers(0, n, max(1, n // 40))] += 3
    elif kind == 3:
        values[rng.integers(0, n, max(1, n // 20))] = rng.choice([np.nan, np.inf, -np.inf])
    elif kind == 4:
        steps[n // 2 :] -= rng.integers(0, n)
    elif kind == 5:
        values[n // 2 :] = rng.choice([np.nan, 0.0, 7.0])
    elif kind == 6:
        values *= 10.0 ** rng.integers(-200, 200)
    run = Run("r", "r", "test")
    rows = np.arange(n)
    every = int(rng.integers(1, 30))
    at = rows[rows % every == every - 1]
    evals = values[at] + np.clip(at - n / 2, 0, None) / n * rng.choice([0.0, 2.0])
    if rng.random() < 0.3:
        evals[rng.random(len(evals)) < rng.choice([0.2, 0.95])] = np.nan
    columns = [Column("loss", values)] if rng.random() < 0.9 else []
    if len(at):
        columns.append(Column("eval_loss", evals, at))
    if rng.random() < 0.5:
        rate = np.minimum(1, t / (n * 0.05 + 1)) * 1e-3
        sparse = rows[:: int(rng.integers(1, 4))]
        columns.append(Column("learning_rate", rate[sparse], sparse))
    if rng.random() < 0.3:
        norms = np.ones(n)
        norms[rng.random(n) < rng.choice([0.02, 0.9])] = np.nan
        columns.append(Column("grad_norm", norms))
    run.append(Batch(steps, tuple(columns), t / n * 3 if rng.random() < 0.5 else None))
    return run.rows()


def part(batch: Batch, start: int, stop: int) -> Batch:
    """Rows start … stop of a batch."""
    columns = []
    for column in batch.columns:
        rows = np.arange(len(batch)) if column.rows is None else column.rows
        inside = (rows >= start) & (rows < stop)
        if inside.any():
            columns.append(Column(column.name, column.values[inside], rows[inside] - start))
    return Batch(
        batch.steps[start:stop],
        tuple(columns),
        None if batch.epochs is None else batch.epochs[start:stop],
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 900), max_size=8))
def test_any_cutting_gives_the_same_findings(seed: int, cuts: list[int]) -> None:
    batch = make_run(seed)
    whole, pieces = Analyzer(), Analyzer()
    whole.consume(batch)
    edges = sorted({0, len(batch), *(cut for cut in cuts if cut < len(batch))})
    for start, stop in pairwise(edges):
        pieces.consume(part(batch, start, stop))
    assert repr(whole.events) == repr(pieces.events)
    assert repr(whole.summary) == repr(pieces.summary)
    assert repr(whole.verdict) == repr(pieces.verdict)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_one_row_at_a_time_gives_the_same_findings(seed: int) -> None:
    batch = make_run(seed)
    whole, single = Analyzer(), Analyzer()
    whole.consume(batch)
    for row in range(len(batch)):
        single.consume(part(batch, row, row + 1))
    assert repr(whole.events) == repr(single.events)
    assert repr(whole.summary) == repr(single.summary)
    assert repr(whole.verdict) == repr(single.verdict)
