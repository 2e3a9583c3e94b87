"""Storage keeps every row, in order, whatever the batches; segments are those of the contract."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.model import Batch, BatchBuilder, Run, concatenate

NAMES = ("loss", "eval_loss", "lr")
row = st.tuples(
    st.dictionaries(st.sampled_from(NAMES), st.floats(allow_nan=True), min_size=1),
    st.integers(0, 20).map(float),
    st.none() | st.floats(0, 5),
)
rows = st.lists(row, max_size=40)


def build(some: list[tuple[dict[str, float], float, float | None]]) -> Batch:
    builder = BatchBuilder()
    for values, step, epoch in some:
        builder.add(values, step, epoch)
    return builder.take()


def stored(some: list[tuple[dict[str, float], float, float | None]], cuts: list[int]) -> Run:
    run = Run("r", "s", "f")
    edges = sorted({0, len(some), *(cut % (len(some) + 1) for cut in cuts)})
    for begin, end in pairwise(edges):
        run.append(build(some[begin:end]))
    return run


def same(a: Batch, b: Batch) -> bool:
    columns = {column.name: column for column in b.columns}
    return (
        np.array_equal(a.steps, b.steps)
        and set(columns) == {column.name for column in a.columns}
        and all(
            np.array_equal(column.values, columns[column.name].values, equal_nan=True)
            and np.array_equal(
                np.arange(len(a)) if column.rows is None else column.rows,
                np.arange(len(b))
                if columns[column.name].rows is None
                else columns[column.name].rows,
            )
            for column in a.columns
        )
    )


@given(rows, st.lists(st.integers(0, 100), max_size=6))
def test_rows_come_back_as_they_were_whatever_the_batches(some, cuts) -> None:
    run = stored(some, cuts)
    assert same(build(some), run.rows())


@given(rows, st.lists(st.integers(0, 100), max_size=6), st.integers(0, 40), st.integers(0, 40))
def test_any_stretch_of_rows_can_be_had(some, cuts, start, stop) -> None:
    run = stored(some, cuts)
    if start >= stop or start >= len(some):
        return
    assert same(build(some[start:stop]), run.rows(start, stop))


@given(rows, st.lists(st.integers(0, 100), max_size=6))
def test_views_are_the_series_with_their_segments(some, cuts) -> None:
    run = stored(some, cuts)
    for name in run.series:
        expected = [(step, values[name]) for values, step, _ in some if name in values]
        view = run.view(name)
        steps = [step for step, _ in expected]
        assert view.steps.tolist() == steps
        assert np.array_equal(view.values, [value for _, value in expected], equal_nan=True)
        assert view.segments == 1 + sum(b < a for a, b in pairwise(steps))
        starts = [index for index, _ in view.cuts]
        for index, step in enumerate(steps):
            superseded = any(start > index and steps[start] <= step for start in starts)
            assert view.current[index] == (not superseded)


@given(st.lists(rows, max_size=5))
def test_concatenation_is_building_all_at_once(parts) -> None:
    whole = [one for part in parts for one in part]
    assert same(build(whole), concatenate([build(part) for part in parts]))


def test_a_view_stays_true_while_the_run_grows() -> None:
    run = Run("r", "s", "f")
    run.append(build([({"loss": 1.0}, 1.0, None)] * 3))
    before = run.view("loss")
    for _ in range(200):
        run.append(build([({"loss": 2.0}, 2.0, None)] * 50))
    assert before.values.tolist() == [1.0] * 3
    assert before.steps.tolist() == [1.0] * 3


def test_memory_a_value_with_five_series_on_one_axis() -> None:
    run = Run("r", "s", "f")
    n = 100_000
    columns = {f"m{index}": np.zeros(n) for index in range(5)}
    from lossmon.model import Column

    for begin in range(0, n, 1000):
        part = [Column(name, values[begin : begin + 1000]) for name, values in columns.items()]
        run.append(Batch(np.arange(begin, begin + 1000, dtype=np.float64), tuple(part)))
    assert run.nbytes / (5 * n) <= 11


def test_the_extreme_is_of_finite_points_that_count() -> None:
    run = Run("r", "s", "f")
    some = [({"loss": v}, float(s), None) for s, v in [(1, 5.0), (2, 0.1), (1, 4.0), (2, np.nan)]]
    run.append(build(some))
    found = run.view("loss").extreme(largest=False)
    assert found is not None
    assert (found.step, found.value) == (1.0, 4.0)


def test_a_flood_of_names_is_bounded_and_counted() -> None:
    builder = BatchBuilder()
    for index in range(5000):
        builder.add({f"metric{index}": 1.0}, float(index))
    run = Run("r", "s", "f")
    run.append(builder.take())
    assert len(run.series) == 2000
    assert builder.dropped == 3000
