"""Rows of several files come together in one order, and every file keeps its own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.model import Batch, Column, Run
from lossmon.monitor.merge import merge, reorder


def part(name: str, steps: list[float], times: list[float] | None = None) -> Batch:
    return Batch(
        np.array(steps, dtype=np.float64),
        (Column(name, np.arange(len(steps), dtype=np.float64)),),
        None,
        None if times is None else np.array(times, dtype=np.float64),
    )


steps = st.lists(st.integers(0, 30).map(float), max_size=30)


@given(st.lists(steps, min_size=1, max_size=4))
def test_every_file_keeps_its_order_and_every_point(parts: list[list[float]]) -> None:
    merged = merge([part(f"m{index}", some) for index, some in enumerate(parts)])
    assert len(merged) == sum(map(len, parts))
    run = Run("r", "s", "f")
    run.append(merged)
    for index, some in enumerate(parts):
        if some:
            view = run.view(f"m{index}")
            assert view.steps.tolist() == some
            assert view.values.tolist() == list(range(len(some)))


@given(st.lists(st.lists(st.integers(0, 30).map(float)).map(sorted), min_size=2, max_size=4))
def test_rising_steps_interleave_in_order(parts: list[list[float]]) -> None:
    merged = merge([part(f"m{index}", some) for index, some in enumerate(parts)])
    assert np.all(np.diff(merged.steps) >= 0)


def test_times_decide_where_all_rows_have_them() -> None:
    first = part("a", [1, 2, 1, 2], [10, 20, 30, 40])  # resumed after step 2
    second = part("b", [2, 2], [21, 41])
    assert merge([first, second]).steps.tolist() == [1, 2, 2, 1, 2, 2]


@given(st.permutations(range(6)))
def test_reordering_moves_rows_whole(order: list[int]) -> None:
    batch = Batch(
        np.arange(6.0),
        (
            Column("dense", np.arange(6.0) * 10),
            Column("sparse", np.array([1.0, 4.0]), np.array([1, 4])),
        ),
    )
    moved = reorder(batch, np.array(order))
    assert moved.steps.tolist() == [float(index) for index in order]
    assert moved.columns[0].values.tolist() == [index * 10.0 for index in order]
    assert moved.columns[1].rows is not None
    assert [moved.steps[row] for row in moved.columns[1].rows] == moved.columns[1].values.tolist()
