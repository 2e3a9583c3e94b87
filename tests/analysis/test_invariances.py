"""The same events whatever the unit, the zero and the steps of a log; and nothing breaks it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column, Event


def curve(kind: str, seed: int, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    values = 2 * (1 + t / 20) ** -0.5 + 0.02 * rng.standard_normal(n)
    if kind == "diverging":
        values[n // 2 :] += np.linspace(0, 3, n - n // 2)
    elif kind == "spike":
        values[n // 2] += 2
    elif kind == "plateau":
        values = np.where(t < n // 4, values, values[n // 4]) + 0.002 * rng.standard_normal(n)
    return values


def judged(values: np.ndarray, steps: np.ndarray | None = None) -> Analyzer:
    analyzer = Analyzer()
    steps = np.arange(len(values)) if steps is None else steps
    at = np.arange(9, len(values), 10)
    with np.errstate(all="ignore"):
        evals = values[at] * 1.01
    analyzer.consume(
        Batch(
            steps.astype(float),
            (Column("loss", values), Column("eval_loss", evals, at)),
        )
    )
    return analyzer


def story(events: tuple[Event, ...], per_step: float = 1.0) -> list[tuple[object, ...]]:
    return [
        (
            event.kind,
            event.step / per_step,
            None if event.cleared_step is None else event.cleared_step / per_step,
        )
        for event in events
    ]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(["healthy", "diverging", "spike", "plateau"]),
    seed=st.integers(0, 1000),
    factor=st.sampled_from([1e-30, 0.01, 3.7, 1000.0, 1e30]),
    shift=st.sampled_from([0.0, 5.0, -5.0, 40.0]),
)
def test_events_do_not_depend_on_unit_and_zero(
    kind: str, seed: int, factor: float, shift: float
) -> None:
    values = curve(kind, seed)
    plain, moved = judged(values), judged(factor * (values + shift))
    assert story(plain.events) == story(moved.events)


@settings(max_examples=15, deadline=None)
@given(
    kind=st.sampled_from(["diverging", "spike", "plateau"]),
    seed=st.integers(0, 1000),
    times=st.sampled_from([2, 10, 1000]),
)
def test_events_do_not_depend_on_the_step_unit(kind: str, seed: int, times: int) -> None:
    values = curve(kind, seed)
    steps = np.arange(len(values))
    assert story(judged(values).events) == story(judged(values, steps * times).events, times)


@pytest.mark.parametrize("kind", ["diverging", "spike", "plateau"])
def test_the_event_that_is_there_is_found(kind: str) -> None:
    names = {"diverging": "divergence"}
    found = {event.kind for event in judged(curve(kind, 3)).events}
    assert names.get(kind, kind) in found
    assert not {event.kind for event in judged(curve("healthy", 3)).events}


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(300),
        np.full(300, 2.5),
        np.full(300, np.nan),
        np.full(300, np.inf),
        np.full(300, -np.inf),
        np.geomspace(1e300, 1e-300, 300),
        np.geomspace(1e-300, 1e300, 300),
        np.array([1e308, -1e308] * 150),
        np.array([5e-324, 0.0] * 150),
        np.concatenate((np.full(100, 1.0), np.full(100, np.nan), np.full(100, 1e308))),
        -np.arange(300.0),
        np.empty(0),
        np.array([1.0]),
    ],
)
def test_nothing_breaks_it(values: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        analyzer = judged(values)
        assert analyzer.verdict.headline
        summary = analyzer.summary
    for number in (summary.reduction, summary.smoothed, summary.noise, summary.gap):
        assert number is None or np.isfinite(number)


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(), max_size=60),
    steps=st.lists(st.floats(-1e9, 1e9), min_size=60, max_size=60),
)
def test_no_input_makes_it_raise(values: list[float], steps: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        analyzer = judged(np.array(values, dtype=float), np.array(steps[: len(values)]))
        assert analyzer.verdict.status
        assert analyzer.summary is not None
