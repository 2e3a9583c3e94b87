"""`Run`: growable storage of one run's rows, with one shared axis for all series.

Steps, epochs and times are stored once a row, values once a point: a dense
metric costs 8 bytes a value, a sparse one 12 (value and row number). Growth is
by a fixed share, so that the slack stays small; slices that were handed out
stay valid, since what is stored is never changed, only appended to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np

from lossmon.model.batch import MAX_SERIES, Batch, Column, FloatArray, IntArray
from lossmon.model.roles import Role, RoleMap
from lossmon.model.view import SeriesView
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


_T = TypeVar("_T", bound=np.generic)

_MOST_EXPECTED: Final = 1 << 24
"""Rows that are made room for ahead: what a file promises is not always kept."""
_MOST_AHEAD: Final = 64
"""Series up to which room is made ahead: address space is not endless everywhere."""

_LARGE: Final = 1 << 18
"""Values from which an array has pages of its own (2 MiB, beyond any allocator's pools)."""
_PAGES: Final = 1 << 21
"""Bytes of one huge page: so much of a large array's slack may be in use."""


class _Growable(Generic[_T]):
    """A 1-D array that is appended to; `view()` is a read-only slice of what is there."""

    __slots__ = ("_data", "size")

    def __init__(self, dtype: type[_T]) -> None:
        self._data: npt.NDArray[_T] = np.empty(64, dtype=dtype)
        self.size = 0

    def extend(self, values: npt.NDArray[np.generic], expected: int = 0) -> None:
        """Append; `expected`: how many values there will be in all, as far as is known."""
        need = self.size + len(values)
        if need > len(self._data):
            room = max(_room(need, len(self._data)), expected if expected >= _LARGE else 0)
            grown = np.empty(room, dtype=self._data.dtype)
            grown[: self.size] = self._data[: self.size]
            self._data = grown
        self._data[self.size : need] = values
        self.size = need

    def view(self) -> npt.NDArray[_T]:
        view = self._data[: self.size]
        view.flags.writeable = False
        return view

    @property
    def nbytes(self) -> int:
        """Bytes of memory in use: of a large array's slack the first pages at most."""
        touched = self.size * self._data.itemsize + _PAGES
        return min(int(self._data.nbytes), touched)


def _room(need: int, before: int) -> int:
    """Return how many values an array is made for that must hold `need`.

    A small one grows by 1/16: 10.6 bytes a value with five series on one step column. A
    large one's slack is address space alone until it is written to, so that it can grow by
    half: at a sixteenth, copying takes as long as parsing.
    """
    share = 2 if before >= _LARGE else 16
    return max(need, before + before // share + 64)


def falls_of(steps: FloatArray) -> list[int]:
    """Return the places of steps that are below the one before."""
    falls: list[int] = (np.flatnonzero(steps[1:] < steps[:-1]) + 1).tolist()
    return falls


class Series:
    """One metric of a run: values, and the rows of the run's axis in which they stand."""

    __slots__ = (
        "_dense_from",
        "_last_step",
        "_rows",
        "_values",
        "cuts",
        "name",
        "nonfinite",
        "role",
    )

    def __init__(self, name: str, role: Role, first_row: int) -> None:
        self.name = name
        self.role = role
        self.nonfinite = 0
        self.cuts: list[tuple[int, float]] = []
        """Index and step of each point that opened a new segment (the first one excluded)."""
        self._values = _Growable(np.float64)
        self._dense_from: int | None = first_row
        self._rows: _Growable[np.int32] | None = None
        self._last_step = -np.inf

    def __len__(self) -> int:
        return self._values.size

    def extend(
        self,
        column: Column,
        axis_start: int,
        steps: FloatArray,
        falls: Sequence[int],
        expected: int = 0,
    ) -> None:
        """Append a column of a batch that begins at row `axis_start`; `steps` are the batch's.

        `falls`: the batch's rows whose step is below the one before. `expected`: rows that
        there will be in all, 0 where that is not known.
        """
        if len(column.values) == 0:
            return
        start = self._values.size
        if column.rows is not None:
            steps = steps[column.rows]
            falls = falls_of(steps)
        if steps[0] < self._last_step:
            self.cuts.append((start, float(steps[0])))
        self.cuts += [(start + index, float(steps[index])) for index in falls]
        self._last_step = float(steps[-1])
        self.nonfinite += int(np.count_nonzero(~np.isfinite(column.values)))
        self._extend_rows(column, axis_start)
        self._values.extend(column.values, expected if column.rows is None else 0)

    def _extend_rows(self, column: Column, axis_start: int) -> None:
        size = self._values.size
        if self._dense_from is not None:
            first = axis_start if column.rows is None else axis_start + int(column.rows[0])
            contiguous = column.rows is None or (
                int(column.rows[-1]) - int(column.rows[0]) == len(column.rows) - 1
            )
            if size == 0 and contiguous:
                self._dense_from = first
            if contiguous and first == self._dense_from + size:
                return
            self._rows = _Growable(np.int32)
            self._rows.extend(np.arange(self._dense_from, self._dense_from + size))
            self._dense_from = None
        assert self._rows is not None
        if column.rows is None:
            self._rows.extend(np.arange(axis_start, axis_start + len(column.values)))
        else:
            self._rows.extend(column.rows + axis_start)

    @property
    def values(self) -> FloatArray:
        """Values, shape (n,), read-only."""
        return self._values.view()

    @property
    def rows(self) -> slice | npt.NDArray[np.int32]:
        """What to index the run's axis with, to get this series' steps."""
        if self._dense_from is not None:
            return slice(self._dense_from, self._dense_from + self._values.size)
        assert self._rows is not None
        return self._rows.view()

    @property
    def nbytes(self) -> int:
        """Bytes held, the slack of growth included."""
        return self._values.nbytes + (0 if self._rows is None else self._rows.nbytes)


@record(frozen=False)
class RunInfo:
    """What a log says of its run beside the points; a parser fills it as it reads."""

    total_steps: float | None = None
    total_epochs: float | None = None
    finished: bool = False
    """The log itself says that training ended as planned."""
    crashed: bool = False
    """The log itself says that training failed or was killed."""
    steps_estimated: bool = False
    """Steps are not in the log but worked out from epochs, counts or intervals."""
    loss_unit: str | None = None
    """`nats` where the format is known to log a cross-entropy in nats, else None."""
    name: str | None = None
    """The run's own name, where the log has one."""
    best_checkpoint: str | None = None
    """The checkpoint that the log itself names as its best."""
    facts: dict[str, str] = field(default_factory=dict)
    """Other facts for people (framework, host, parameters …), bounded and cleaned."""


class Run:
    """One training run's data: an axis of rows and the series that stand on it."""

    def __init__(self, name: str, source: str, format: str, roles: RoleMap | None = None) -> None:
        self.name = name
        self.source = source
        self.format = format
        self.info = RunInfo()
        self.series: dict[str, Series] = {}
        self.dropped = 0
        self._roles = roles or RoleMap()
        self._steps = _Growable(np.float64)
        self._epochs: _Growable[np.float64] | None = None
        self._times: _Growable[np.float64] | None = None
        self._expected = 0

    def expect(self, rows: int) -> None:
        """Say how many rows there will be: room for them is made at once, not by copying again.

        Room is address space alone until it is written to.
        """
        self._expected = min(rows, _MOST_EXPECTED)

    def __len__(self) -> int:
        return self._steps.size

    def append(self, batch: Batch) -> None:
        """Store a batch; series beyond `MAX_SERIES` are counted in `dropped`, not stored."""
        if len(batch) == 0:
            return
        start = self._steps.size
        expected = self._expected if len(self.series) <= _MOST_AHEAD else 0
        falls = falls_of(batch.steps)
        for column in batch.columns:
            series = self.series.get(column.name)
            if series is None:
                if len(self.series) >= MAX_SERIES:
                    self.dropped += len(column.values)
                    continue
                series = Series(column.name, self._roles.role(column.name), start)
                self.series[column.name] = series
            series.extend(column, start, batch.steps, falls, expected)
        self._epochs = self._extend_optional(self._epochs, batch.epochs, start, len(batch))
        self._times = self._extend_optional(self._times, batch.times, start, len(batch))
        self._steps.extend(batch.steps, expected)

    @staticmethod
    def _extend_optional(
        store: _Growable[np.float64] | None, values: FloatArray | None, start: int, n: int
    ) -> _Growable[np.float64] | None:
        if store is None:
            if values is None:
                return None
            store = _Growable(np.float64)
            store.extend(np.full(start, np.nan))
        store.extend(np.full(n, np.nan) if values is None else values)
        return store

    def view(self, name: str) -> SeriesView:
        """Return an immutable picture of one series as it is now (KeyError if unknown)."""
        series = self.series[name]
        return SeriesView(
            name=name,
            role=series.role,
            values=series.values,
            nonfinite=series.nonfinite,
            cuts=tuple(series.cuts),
            axis_steps=self._steps.view(),
            axis_epochs=None if self._epochs is None else self._epochs.view(),
            axis_times=None if self._times is None else self._times.view(),
            rows=series.rows,
        )

    def rows(self, start: int = 0, stop: int | None = None) -> Batch:
        """Return the stored rows `start` to `stop` as one batch; nothing is copied but row numbers.

        The analysis reads from here, so that it can begin anew from any row.
        """
        stop = len(self) if stop is None else min(stop, len(self))
        columns = []
        for series in self.series.values():
            index = series.rows
            if isinstance(index, slice):
                first, last = max(index.start, start), min(index.stop, stop)
                if first >= last:
                    continue
                values = series.values[first - index.start : last - index.start]
                whole = first == start and last == stop
                rows: IntArray | None = None if whole else np.arange(first - start, last - start)
            else:
                low, high = (int(cut) for cut in np.searchsorted(index, (start, stop)))
                if low == high:
                    continue
                values = series.values[low:high]
                rows = index[low:high].astype(np.int64) - start
            columns.append(Column(series.name, values, rows))
        return Batch(
            self._steps.view()[start:stop],
            tuple(columns),
            None if self._epochs is None else self._epochs.view()[start:stop],
            None if self._times is None else self._times.view()[start:stop],
        )

    def recent_times(self, n: int = 64) -> FloatArray:
        """Return the finite wall times of the last rows (seconds since 1970), shape (≤ n,)."""
        if self._times is None:
            return np.empty(0)
        recent = self._times.view()[-n:]
        return recent[np.isfinite(recent)]

    @property
    def nbytes(self) -> int:
        """Bytes held by all columns, the slack of growth included."""
        axis = self._steps.nbytes
        axis += 0 if self._epochs is None else self._epochs.nbytes
        axis += 0 if self._times is None else self._times.nbytes
        return axis + sum(series.nbytes for series in self.series.values())
