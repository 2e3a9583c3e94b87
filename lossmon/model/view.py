"""Immutable pictures of runs, made on the worker thread and read by screens and reports.

Arrays are read-only slices of what the run stores: making a view copies
nothing, and it stays true while the run grows, since stored rows never change.
Steps of a sparse series are gathered on first use and then kept.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lossmon.model.batch import FloatArray
from lossmon.model.findings import Event, Forecast, Point, RunState, Summary, Verdict
from lossmon.model.names import clean_text
from lossmon.model.roles import Role
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

BoolArray: TypeAlias = "npt.NDArray[np.bool_]"


@record(slots=False)
class SeriesView:
    """One series as it was at one moment: n points in order of arrival."""

    name: str
    role: Role
    values: FloatArray = field(repr=False)
    nonfinite: int
    cuts: tuple[tuple[int, float], ...]
    """Index and step of each point that opened a new segment (the first excluded)."""
    axis_steps: FloatArray = field(repr=False)
    axis_epochs: FloatArray | None = field(repr=False)
    axis_times: FloatArray | None = field(repr=False)
    rows: slice | npt.NDArray[np.int32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def steps(self) -> FloatArray:
        """Steps, shape (n,)."""
        return self.axis_steps[self.rows]

    @cached_property
    def epochs(self) -> FloatArray | None:
        """Epochs, shape (n,), NaN where a row has none; None where no row has."""
        return None if self.axis_epochs is None else self.axis_epochs[self.rows]

    @cached_property
    def times(self) -> FloatArray | None:
        """Wall times in seconds since 1970, shape (n,), as `epochs`."""
        return None if self.axis_times is None else self.axis_times[self.rows]

    @property
    def segments(self) -> int:
        """Number of segments (0 where there is no point)."""
        return len(self.cuts) + 1 if len(self.values) else 0

    @cached_property
    def current(self) -> BoolArray:
        """Which points count: False where a later segment began at or before their step."""
        mask = np.ones(len(self.values), dtype=np.bool_)
        steps = self.steps
        lowest = np.inf
        end = len(self.values)
        for index, step in reversed(self.cuts):
            mask[index:end] = steps[index:end] < lowest
            lowest = min(lowest, step)
            end = index
        mask[:end] = steps[:end] < lowest
        return mask

    def point(self, index: int) -> Point:
        """Return one point (negative indices count from the end)."""
        epochs = self.epochs
        epoch = None if epochs is None or np.isnan(epochs[index]) else float(epochs[index])
        return Point(float(self.steps[index]), epoch, float(self.values[index]))

    def extreme(self, largest: bool) -> Point | None:
        """Return the first point with the smallest (largest) finite value that counts, or None."""
        usable = np.isfinite(self.values) & self.current
        if not usable.any():
            return None
        worst = -np.inf if largest else np.inf
        filled = np.where(usable, self.values, worst)
        return self.point(int(filled.argmax() if largest else filled.argmin()))


@record
class LeftOut:
    """How much of a log is in no series."""

    records: int = 0
    """All of it: records, lines and single values."""
    long_lines: int = 0
    """Of these: lines that were skipped, being too long."""
    refused: int = 0
    """Of these: values of metrics beyond the most names that a run may have."""

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(
            self.records + other.records,
            self.long_lines + other.long_lines,
            self.refused + other.refused,
        )


@record(slots=False)
class RunView:
    """One run as it was at one moment: everything that a screen or a report shows of it."""

    id: str
    """Stable for the run's whole life; unique among the runs of one monitor."""
    name: str
    source: str
    format: str
    state: RunState
    error: str | None
    version: int
    """Grows with every change; equal versions of an id mean equal content."""
    series: tuple[SeriesView, ...] = ()
    summary: Summary = field(default_factory=Summary)
    verdict: Verdict = field(default_factory=Verdict)
    events: tuple[Event, ...] = ()
    total_steps: float | None = None
    total_epochs: float | None = None
    steps_estimated: bool = False
    loading: float | None = None
    """Share of the bytes read so far (0 to 1) during the first load, then None."""
    ahead: tuple[SeriesView, ...] = ()
    """Points from all over a long log that is loading: to be drawn, not to be judged by."""
    last_growth: float | None = None
    """When the source last grew (seconds since 1970, this host's clock), or None."""
    facts: tuple[tuple[str, str], ...] = ()
    forecast: Forecast | None = None
    """The judged loss up to `total_steps`, where that is known and the past allows it."""
    left_out: LeftOut = LeftOut()
    """What is in no series, by its reason."""

    @classmethod
    def unread(cls, id: str, name: str, source: str, reason: str) -> RunView:
        """Return what stands for a source that is no run: not there, or not readable; and why."""
        said = clean_text(reason, 500)
        return cls(
            id,
            clean_text(name, 200),
            clean_text(source, 1000),
            "unknown",
            "unknown",
            said,
            hash(said),
            verdict=Verdict(headline=said),
        )

    @property
    def bad_records(self) -> int:
        """How much of the log is in no series."""
        return self.left_out.records

    def get(self, name: str | None) -> SeriesView | None:
        """Return the series of that name, or None."""
        return next((series for series in self.series if series.name == name), None)

    @property
    def train(self) -> SeriesView | None:
        """The series judged as training loss."""
        return self.get(self.summary.train)

    @property
    def eval(self) -> SeriesView | None:
        """The series judged as evaluation loss."""
        return self.get(self.summary.eval)

    @property
    def standing(self) -> tuple[Event, ...]:
        """Events that were never cleared."""
        return tuple(event for event in self.events if event.stands)

    def to_pandas(self) -> pd.DataFrame:
        """Return the run as a table: one row a log row, in order of arrival.

        Columns: `step`, `epoch` and `time` (seconds since 1970) where the log
        has them, then one for each series. An absent cell and a logged NaN are
        both NaN here; `series` keeps them apart.
        """
        import pandas as pd

        if not self.series:
            return pd.DataFrame({"step": np.empty(0)})
        axis = max(self.series, key=lambda series: len(series.axis_steps))
        n = len(axis.axis_steps)
        axes = (("step", axis.axis_steps), ("epoch", axis.axis_epochs), ("time", axis.axis_times))
        table = {name: column for name, column in axes if column is not None}
        for series in self.series:
            values = np.full(n, np.nan)
            values[series.rows] = series.values
            table[series.name if series.name not in table else f"{series.name}_"] = values
        return pd.DataFrame(table)
