"""Logs as people paste them into threads (`threads.py`): the right points, however they arrive."""

from __future__ import annotations

import pytest

from lossmon.formats.base import Context
from lossmon.formats.registry import recognise
from lossmon.model import SeriesView
from tests.formats.reading import equal_batches, parse
from tests.formats.test_unforeseen import judged, read
from tests.formats.threads import THREADS, Points, Thread

CASES = pytest.mark.parametrize("case", THREADS, ids=lambda case: case.name)


def points(view: SeriesView | None) -> list[tuple[float, float]]:
    if view is None:
        return []
    return list(zip(view.steps.tolist(), view.values.tolist(), strict=True))


def wanted(said: Points) -> list[object]:
    return [pytest.approx(point, nan_ok=True) for point in said]


@CASES
def test_thread(case: Thread) -> None:
    run = read(case.text, case.file)
    train, evaluation = judged(run)
    assert run.format == case.format
    assert points(train) == wanted(case.train)
    assert points(evaluation) == wanted(case.eval)
    assert set(case.series) <= set(run.series)


@CASES
def test_thread_in_pieces(case: Thread) -> None:
    data = case.text.encode()
    fmt = recognise(data, case.file)[0][1]
    whole, _ = parse(fmt, data, Context(case.file))
    bytewise, _ = parse(fmt, data, Context(case.file), chunk=1)
    assert equal_batches(whole, bytewise)
