"""`Batch`: the points of one read, as numpy columns over shared rows.

A log is a sequence of rows (a line, a record, an event), each with a step and
some metrics. A batch keeps the rows of one read in order of arrival; a column
says which of the rows hold its metric, so that an absent cell and a logged NaN
stay different things. Batches, not points, cross between rooms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lossmon.model.names import clean_name
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


FloatArray: TypeAlias = "npt.NDArray[np.float64]"
IntArray: TypeAlias = "npt.NDArray[np.int64]"

MAX_SERIES: Final = 2000
"""Distinct metric names kept a run; more are counted as bad records (a hostile or broken log)."""


@record
class Column:
    """One metric's values in a batch.

    `rows` holds the batch rows (int64, increasing) in which the metric
    stands, or None where it stands in every row. `values` has one float64 for
    each; NaN and infinities are values that were logged.
    """

    name: str
    values: FloatArray
    rows: IntArray | None = None


@record
class Batch:
    """Rows in order of arrival.

    `steps` has shape (n,), always finite: a format that logs no step counts,
    or estimates and sets `RunInfo.steps_estimated`. `epochs` (fractional) and
    `times` (seconds since 1970, UTC) have shape (n,) with NaN where the row
    has none, or are None where no row has one.
    """

    steps: FloatArray
    columns: tuple[Column, ...]
    epochs: FloatArray | None = None
    times: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.steps)

    @staticmethod
    def empty() -> Batch:
        """Return a batch of no rows."""
        return _EMPTY


_EMPTY: Final = Batch(np.empty(0), ())


class BatchBuilder:
    """Collects rows one at a time, for parsers whose records are irregular.

    Formats that see whole columns at once should build a `Batch` directly.
    Names are cleaned once and interned; at most `MAX_SERIES` are taken, and
    `dropped` counts the values refused beyond that.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._known: dict[str, str | None] = {}
        self._taken: set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._steps: list[float] = []
        self._epochs: list[float] = []
        self._times: list[float] = []
        self._has_epoch = False
        self._has_time = False
        self._columns: dict[str, tuple[list[int], list[float]]] = {}

    def __len__(self) -> int:
        return len(self._steps)

    def _name(self, raw: str) -> str | None:
        try:
            return self._known[raw]
        except KeyError:
            name: str | None = clean_name(raw)
            if name not in self._taken:
                if len(self._taken) >= MAX_SERIES:
                    # Not remembered: 100,000 refused names must not grow this either.
                    return None
                self._taken.add(name or "")
            self._known[raw] = name
            return name

    def add(
        self,
        values: Mapping[str, float] | Iterable[tuple[str, float]],
        step: float,
        epoch: float | None = None,
        time: float | None = None,
    ) -> None:
        """Append one row; a row without values is dropped, a second value of a name wins."""
        row = len(self._steps)
        items = values.items() if isinstance(values, Mapping) else values
        any_value = False
        for raw, value in items:
            name = self._name(raw)
            if name is None:
                self.dropped += 1
                continue
            any_value = True
            column = self._columns.get(name)
            if column is None:
                self._columns[name] = ([row], [value])
            elif column[0][-1] == row:
                column[1][-1] = value
            else:
                column[0].append(row)
                column[1].append(value)
        if not any_value:
            return
        self._steps.append(step)
        self._epochs.append(np.nan if epoch is None else epoch)
        self._times.append(np.nan if time is None else time)
        self._has_epoch |= epoch is not None
        self._has_time |= time is not None

    def take(self) -> Batch:
        """Return the rows collected so far as a batch, and start anew."""
        n = len(self._steps)
        if n == 0:
            return _EMPTY
        columns = tuple(
            Column(
                name,
                np.array(values, dtype=np.float64),
                None if len(values) == n else np.array(rows, dtype=np.int64),
            )
            for name, (rows, values) in self._columns.items()
        )
        batch = Batch(
            np.array(self._steps, dtype=np.float64),
            columns,
            np.array(self._epochs, dtype=np.float64) if self._has_epoch else None,
            np.array(self._times, dtype=np.float64) if self._has_time else None,
        )
        self._reset()
        return batch


def concatenate(batches: Sequence[Batch]) -> Batch:
    """Return one batch holding the rows of all, in the order given."""
    parts = [batch for batch in batches if len(batch)]
    if not parts:
        return _EMPTY
    if len(parts) == 1:
        return parts[0]
    total = sum(len(part) for part in parts)
    pieces: dict[str, list[tuple[int, Column, int]]] = {}
    offset = 0
    for part in parts:
        for column in part.columns:
            pieces.setdefault(column.name, []).append((offset, column, len(part)))
        offset += len(part)
    columns = []
    for name, found in pieces.items():
        values = np.concatenate([column.values for _, column, _ in found])
        rows = None
        if len(values) != total:
            rows = np.concatenate(
                [
                    (np.arange(n, dtype=np.int64) if column.rows is None else column.rows) + start
                    for start, column, n in found
                ]
            )
        columns.append(Column(name, values, rows))
    return Batch(
        np.concatenate([part.steps for part in parts]),
        tuple(columns),
        _join(parts, [part.epochs for part in parts]),
        _join(parts, [part.times for part in parts]),
    )


def _join(parts: Sequence[Batch], arrays: Sequence[FloatArray | None]) -> FloatArray | None:
    if all(array is None for array in arrays):
        return None
    return np.concatenate(
        [
            np.full(len(part), np.nan) if array is None else array
            for part, array in zip(parts, arrays, strict=True)
        ]
    )
