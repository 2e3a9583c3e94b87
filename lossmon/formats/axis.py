"""From columns of fields to a batch: each row gets its step, its epoch and its time.

Rows come as columns (field name → numbers and the rows they stand in), since a
call a row is too slow for a million of them. What is decided depends on the
rows before, never on how they were cut into blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lossmon.formats.fields import FIRST_SECOND, LAST_SECOND, Kind, kind_of, step_rank
from lossmon.model import Batch, Column, RunInfo, clean_name
from lossmon.model.batch import MAX_SERIES, FloatArray, IntArray
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


BoolArray: TypeAlias = "npt.NDArray[np.bool_]"

_EXACT: Final = 2.0**53
"""Beyond it a float counts no steps any more."""

_RANKS: Final = frozenset(("rank", "global_rank", "local_rank", "process_index"))
MAX_LAPS: Final = 100_000
"""Epochs whose first step is remembered, to find the way back after a resume."""

_UNIX_SCALES: Final = (1.0, 1e3, 1e6, 1e9)
"""Time stamps come in seconds, milli-, micro- and nanoseconds."""


@record
class Cells:
    """A field's numbers in a block of rows; `rows` None: one in each row."""

    values: FloatArray
    rows: IntArray | None = None

    def dense(self, n: int) -> FloatArray:
        """Return shape (n,), NaN where the field is absent."""
        if self.rows is None:
            return self.values
        spread = np.full(n, np.nan)
        spread[self.rows] = self.values
        return spread

    def kept(self, keep: BoolArray, place: IntArray) -> Cells:
        """Return the cells of the rows to keep, which stand at `place` then; both shape (n,)."""
        if self.rows is None:
            return Cells(self.values[keep])
        of_kept = keep[self.rows]
        return Cells(self.values[of_kept], place[self.rows[of_kept]])


@record(frozen=False)
class Rows:
    """Collects rows one at a time into columns of fields, for the slow paths."""

    count: int = 0
    _fields: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)

    def add(self, fields: Mapping[str, float]) -> None:
        """Append one row."""
        row = self.count
        self.count += 1
        for key, value in fields.items():
            column = self._fields.get(key)
            if column is None:
                self._fields[key] = ([row], [value])
            else:
                column[0].append(row)
                column[1].append(value)

    def take(self) -> tuple[int, dict[str, Cells]]:
        """Return the number of rows and their columns in order of appearance, and start anew."""
        n = self.count
        columns = {
            key: Cells(
                np.array(values, dtype=np.float64),
                None if len(values) == n else np.array(rows, dtype=np.int64),
            )
            for key, (rows, values) in self._fields.items()
        }
        self.count = 0
        self._fields = {}
        return n, columns


class Axis:
    """Turns columns of fields into batches, block after block of one file."""

    def __init__(self, info: RunInfo) -> None:
        self.info = info
        self.dropped = 0
        """Values refused because the file has too many names."""
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._last_step = np.nan
        self._last_epoch = np.nan
        self._counted = 0
        self._speaker: float | None = None
        """The rank whose rows are read."""
        self._laps = _Laps()

    def batch(self, n: int, columns: Mapping[str, Cells]) -> Batch:
        """Return the rows that hold a metric; `columns` maps field names to their numbers."""
        n, columns = self._of_one_rank(n, columns)
        if n == 0:
            return Batch.empty()
        raw = self._raw_steps(n, columns)
        epochs = self._epochs(n, columns)
        times = _times(n, columns)
        metrics = self._metrics(columns)
        steps = self._fill(self._laps.global_steps(raw, epochs), epochs)
        keep = _kept(n, metrics)
        if keep is not None:
            place = np.cumsum(keep) - 1
            metrics = [
                Column(column.name, column.values, _renumbered(column, place)) for column in metrics
            ]
            steps, epochs = steps[keep], epochs[keep]
            times = None if times is None else times[keep]
        # A row without a metric may be the one that begins a lap, alone in its block or not.
        self.info.steps_estimated |= self._laps.used
        if len(steps) == 0:
            return Batch.empty()
        steps = self._count_missing(steps)
        return Batch(steps, tuple(metrics), _unless_empty(epochs), _unless_empty(times))

    def _of_one_rank(self, n: int, columns: Mapping[str, Cells]) -> tuple[int, Mapping[str, Cells]]:
        """Leave out the rows of other processes than the first: ranks log the same points."""
        key = next((key for key in columns if key.lower() in _RANKS), None)
        if key is None:
            return n, columns
        ranks = columns[key].dense(n)
        said = ranks[~np.isnan(ranks)]
        if self._speaker is None and len(said):
            self._speaker = float(said[0])
        keep = np.isnan(ranks) | (ranks == self._speaker)
        others = {name: cells for name, cells in columns.items() if name != key}
        if keep.all():
            return n, others
        place = np.cumsum(keep) - 1
        return int(keep.sum()), {name: cells.kept(keep, place) for name, cells in others.items()}

    def _count_missing(self, steps: FloatArray) -> FloatArray:
        missing = np.isnan(steps)
        number = int(np.count_nonzero(missing))
        if number:
            steps[missing] = np.arange(self._counted + 1, self._counted + number + 1)
            self._counted += number
            self.info.steps_estimated = True
        return steps

    def _raw_steps(self, n: int, columns: Mapping[str, Cells]) -> FloatArray:
        """Return the surest counter that each row has, NaN where it has none."""
        keys = [key for key in columns if kind_of(key) is Kind.STEP]
        raw = np.full(n, np.nan)
        for key in sorted(keys, key=step_rank, reverse=True):
            counter = columns[key].dense(n)
            whole = _whole(counter)
            raw = counter + 0.0 if whole.all() else np.where(whole, counter, raw)
        for key, cells in columns.items():
            if kind_of(key) is Kind.TOTAL_STEPS:
                # `total_steps` beside a step is the goal; alone it is the counter (common in RL).
                total = cells.dense(n)
                goal = _whole(total) & ~np.isnan(raw)
                if goal.any():
                    self.info.total_steps = float(total[np.flatnonzero(goal)[-1]])
                raw = np.where(np.isnan(raw) & _whole(total), total, raw)
        return raw

    def _epochs(self, n: int, columns: Mapping[str, Cells]) -> FloatArray:
        epochs: FloatArray | None = None
        for key, cells in columns.items():
            kind = kind_of(key)
            if kind is Kind.EPOCH:
                found = cells.dense(n)
                finite = np.isfinite(found)
                if not finite.all():
                    found = np.where(finite, found, np.nan)
                epochs = found if epochs is None else np.where(np.isnan(epochs), found, epochs)
            elif kind is Kind.TOTAL_EPOCHS:
                totals = cells.values[np.isfinite(cells.values)]
                if len(totals):
                    self.info.total_epochs = float(totals[-1])
        return np.full(n, np.nan) if epochs is None else epochs

    def _fill(self, steps: FloatArray, epochs: FloatArray) -> FloatArray:
        """Rows without a counter take the last one seen; where none was, the last epoch."""
        missing = np.isnan(steps)
        if missing.any():
            filled_epochs = _forward(epochs, self._last_epoch)
            filled = _forward(steps, self._last_step)
            steps = np.where(np.isnan(filled), filled_epochs, filled)
            self._last_epoch = float(filled_epochs[-1])
            self._last_step = float(filled[-1])
        else:
            self._last_step = float(steps[-1])
            known = epochs[~np.isnan(epochs)]
            if len(known):
                self._last_epoch = float(known[-1])
        return steps

    def _metrics(self, columns: Mapping[str, Cells]) -> list[Column]:
        found: dict[str, Column] = {}
        for key, cells in columns.items():
            kind = kind_of(key)
            if kind is Kind.TIME:
                cells = _durations(cells)
            elif kind not in (Kind.METRIC, Kind.TAG):
                continue
            if len(cells.values) == 0:
                continue
            name = self._name(key)
            if name is None:
                self.dropped += len(cells.values)
                continue
            column = Column(name, cells.values, cells.rows)
            found[name] = column if name not in found else _overlay(found[name], column)
        return list(found.values())

    def _name(self, key: str) -> str | None:
        known = self._names.get(key)
        if known is not None:
            return known
        name = clean_name(key)
        if name not in self._taken:
            if len(self._taken) >= MAX_SERIES:
                return None
            self._taken.add(name)
        if len(self._names) < 2 * MAX_SERIES:
            self._names[key] = name
        return name


class _Laps:
    """Makes one counter of one that begins anew each epoch (`epoch 2, iter 50`).

    Such a counter shows itself: it falls in the very row in which the epoch
    rises by whole numbers. In a run that was resumed or begun anew the epoch
    falls too. How long an epoch was is known only to the last logged step.
    """

    def __init__(self) -> None:
        self.used = False
        self._offset = 0.0
        self._offsets: dict[float, float] = {}
        self._peak = -np.inf
        self._step = np.nan
        self._epoch = np.nan

    def global_steps(self, raw: FloatArray, epochs: FloatArray) -> FloatArray:
        """Return the steps over the whole run; NaN stays NaN."""
        unknown = np.isnan(raw + epochs)
        if unknown.any():
            known = np.flatnonzero(~unknown)
            if len(known) == 0:
                return raw + self._offset if self._offset else raw
            steps, laps = raw[known], epochs[known]
        else:
            known = np.arange(len(raw))
            steps, laps = raw, epochs
        turns = self._turns(steps, laps)
        starts, offsets = [0], [self._offset]
        for turn in turns:
            self._peak = max(self._peak, float(steps[starts[-1] : turn].max(initial=-np.inf)))
            self._turn(float(laps[turn - 1]) if turn else self._epoch, laps[turn], steps[turn])
            starts.append(turn)
            offsets.append(self._offset)
        self._peak = max(self._peak, float(steps[starts[-1] :].max(initial=-np.inf)))
        self._step, self._epoch = float(steps[-1]), float(laps[-1])
        if not any(offsets):
            return raw
        self.used = True
        spread = np.full(len(raw), np.nan)
        spread[known] = np.repeat(offsets, np.diff([*starts, len(known)]))
        return raw + _forward(spread, offsets[0])

    def _turns(self, steps: FloatArray, laps: FloatArray) -> list[int]:
        """Return where the epoch falls, or rises while the counter falls."""
        lap_steps = laps[1:] - laps[:-1]
        turns = np.flatnonzero((lap_steps < 0) | ((lap_steps > 0) & (steps[1:] < steps[:-1])))
        found: list[int] = (turns + 1).tolist()
        if laps[0] < self._epoch or (laps[0] > self._epoch and steps[0] < self._step):
            found.insert(0, 0)
        return found

    def _turn(self, old: float, new: float, step: float) -> None:
        if new < old:
            self._offset = self._offsets.get(new, 0.0)
        elif old == int(old) and new == int(new):
            # Counted from 0 the last number is one less than there were.
            self._offset += (new - old) * (self._peak + (1.0 if step == 0 else 0.0))
            if len(self._offsets) < MAX_LAPS:
                self._offsets[new] = self._offset
        else:
            return
        self._peak = -np.inf


def _whole(values: FloatArray) -> BoolArray:
    """Return which values may count steps: whole, not negative, exact (NaN is none)."""
    whole: BoolArray = (values >= 0) & (values < _EXACT) & (values == np.floor(values))
    return whole


def _forward(values: FloatArray, first: float) -> FloatArray:
    """Return `values` with NaN replaced by the last number before, `first` where none was."""
    found = ~np.isnan(values)
    index = np.where(found, np.arange(len(values)), -1)
    np.maximum.accumulate(index, out=index)
    return np.where(index < 0, first, values[index])


def _unix(values: FloatArray) -> FloatArray:
    """Return numbers as seconds since 1970, NaN where they are none."""
    seconds = np.full(len(values), np.nan)
    for scale in _UNIX_SCALES:
        scaled = values / scale
        fits = (scaled > FIRST_SECOND) & (scaled < LAST_SECOND)
        seconds[fits] = scaled[fits]
    return seconds


def _times(n: int, columns: Mapping[str, Cells]) -> FloatArray | None:
    times: FloatArray | None = None
    for key, cells in columns.items():
        if kind_of(key) is Kind.TIME:
            found = _unix(cells.dense(n))
            times = found if times is None else np.where(np.isnan(times), found, times)
    return times


def _durations(cells: Cells) -> Cells:
    """Return what of a time field is no point in time: `time: 0.31` is a metric."""
    rest = np.isnan(_unix(cells.values)) & ~np.isnan(cells.values)
    if rest.all():
        return cells
    rows = np.arange(len(cells.values)) if cells.rows is None else cells.rows
    return Cells(cells.values[rest], rows[rest])


def _kept(n: int, metrics: list[Column]) -> BoolArray | None:
    """Return which rows hold a metric, None where all do."""
    if any(column.rows is None for column in metrics):
        return None
    keep = np.zeros(n, dtype=np.bool_)
    for column in metrics:
        keep[column.rows] = True
    return None if keep.all() else keep


def _renumbered(column: Column, place: IntArray) -> IntArray:
    assert column.rows is not None  # a dense column keeps all rows
    return place[column.rows]


def _unless_empty(values: FloatArray | None) -> FloatArray | None:
    return None if values is None or np.isnan(values).all() else values


def _overlay(first: Column, second: Column) -> Column:
    """Return both columns of one name as one; in a row that both hold, the second wins."""
    if second.rows is None:
        return second
    rows_first = np.arange(len(first.values)) if first.rows is None else first.rows
    merged = dict(zip(rows_first.tolist(), first.values.tolist(), strict=True))
    merged.update(zip(second.rows.tolist(), second.values.tolist(), strict=True))
    rows = np.array(sorted(merged), dtype=np.int64)
    return Column(first.name, np.array([merged[row] for row in rows.tolist()]), rows)
