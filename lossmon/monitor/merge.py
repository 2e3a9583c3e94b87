"""Rows of a run that is spread over several files, put into one order of arrival.

A framework that writes each metric to a file of its own (MLflow's file store,
DVCLive, `add_scalars`) loses the order between them. It is found again from
the wall times where every row has one, from the steps else. Inside one file
the order never changes: a step that goes back there is a resumed run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.model import Batch, Column, Run, concatenate
from lossmon.model.batch import FloatArray, IntArray


def merge(batches: Sequence[Batch]) -> Batch:
    """Return the rows of batches that came from different files, in one order.

    Each file's key is made non-decreasing by its running maximum; a stable sort
    by key then keeps every file's own order.
    """
    parts = [batch for batch in batches if len(batch)]
    if len(parts) < 2:
        return concatenate(parts)
    timed = all(part.times is not None and bool(np.isfinite(part.times).all()) for part in parts)
    keys = [_key(part, timed) for part in parts]
    order = np.argsort(np.concatenate(keys), kind="stable")
    return reorder(concatenate(parts), order)


def _key(batch: Batch, timed: bool) -> FloatArray:
    values = batch.times if timed and batch.times is not None else batch.steps
    return np.maximum.accumulate(values)


def reorder(batch: Batch, order: IntArray) -> Batch:
    """Return the batch with row `order[i]` in place i."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    columns = []
    for column in batch.columns:
        if column.rows is None:
            columns.append(Column(column.name, column.values[order]))
            continue
        rows = place[column.rows]
        inner = np.argsort(rows)
        columns.append(Column(column.name, column.values[inner], rows[inner]))
    return Batch(
        batch.steps[order],
        tuple(columns),
        None if batch.epochs is None else batch.epochs[order],
        None if batch.times is None else batch.times[order],
    )


def begins_with(batch: Batch, known: Batch) -> bool:
    """Say whether the first rows of `batch` are those of `known` (NaN equals NaN)."""
    n = len(known)
    if len(batch) < n or not np.array_equal(batch.steps[:n], known.steps):
        return False
    columns = {column.name: column for column in batch.columns}
    for column in known.columns:
        other = columns.pop(column.name, None)
        if other is None:
            return False
        count = len(column.values)
        rows = np.arange(n) if column.rows is None else column.rows
        other_rows = np.arange(len(batch)) if other.rows is None else other.rows
        if not (
            np.array_equal(other_rows[:count], rows)
            and (len(other_rows) == count or other_rows[count] >= n)
            and np.array_equal(other.values[:count], column.values, equal_nan=True)
        ):
            return False
    return all(column.rows is not None and column.rows[0] >= n for column in columns.values())


def rows_from(batch: Batch, start: int) -> Batch:
    """Return the rows from `start` on."""
    run = Run("", "", "")
    run.append(batch)
    return run.rows(start)
