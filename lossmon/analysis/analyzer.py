"""`Analyzer`: judges a run from its rows as they come, in O(1) memory a series.

It composes the tracks (`track`, `eval_track`) and detectors, one statistic a
file. Whatever the way in which the rows are cut into batches, the events, the
verdict and the numbers are the same to the last bit: a live watcher and a
reader of the complete log see one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from lossmon.analysis.eval_track import EvalTrack
from lossmon.analysis.extrapolation import forecast
from lossmon.analysis.journal import Journal, Moment
from lossmon.analysis.nonfinite import LASTING, NonFiniteDetector
from lossmon.analysis.overfitting import TrainContext
from lossmon.analysis.summary import summarise
from lossmon.analysis.track import Track
from lossmon.analysis.verdict import judge
from lossmon.model import (
    Batch,
    Column,
    Event,
    Forecast,
    Role,
    RoleMap,
    Summary,
    Verdict,
    choose_judged,
)
from lossmon.model.batch import FloatArray, IntArray

if TYPE_CHECKING:
    import numpy.typing as npt


DEFAULT_GAIN: Final = 0.03
"""ε: a plateau is where half as much training again gains less than this share of R."""


class Analyzer:
    """Judges one run.

    `train` and `eval` name the series to judge; without a name each is chosen
    from the names seen (`model.choose_judged`). Where no training loss is
    logged, the evaluation loss is judged for its trend too. `plateau_gain` is
    ε of the plateau test (see `plateau`).
    """

    def __init__(
        self,
        train: str | None = None,
        eval: str | None = None,
        *,
        roles: RoleMap | None = None,
        plateau_gain: float = DEFAULT_GAIN,
    ) -> None:
        self._roles = roles or RoleMap(train=train, eval=eval)
        self._asked = (train, eval)
        self._gain = plateau_gain
        self._seen: dict[str, int] = {}
        self._journal = Journal()
        self._train: Track | None = None
        self._eval: EvalTrack | None = None
        self._eval_trend: Track | None = None
        self._gradients: NonFiniteDetector | None = None
        self._gradient_name: str | None = None
        self._rate_name: str | None = None
        self._rate = np.nan
        self._row = 0
        self._cache: tuple[int, Summary, Verdict] | None = None
        self._forecast: tuple[int, float, Forecast | None] | None = None

    @property
    def train(self) -> str | None:
        """Name of the training loss judged, None while there is none."""
        return self._train.name if self._train else self._asked[0]

    @property
    def eval(self) -> str | None:
        """Name of the evaluation loss judged, None while there is none."""
        return self._eval.name if self._eval else self._asked[1]

    @property
    def stale(self) -> bool:
        """Whether names seen later would have led to another choice of series.

        Whoever has the rows then feeds them to a fresh Analyzer that is told
        the names of `model.choose_judged`.
        """
        train, evaluation = self._choice()
        return (self._train is not None and self._train.name != train) or (
            self._eval is not None and self._eval.name != evaluation
        )

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened so far, in order; events that stand are not cleared."""
        return self._journal.events

    @property
    def verdict(self) -> Verdict:
        """What holds now."""
        return self._results()[1]

    @property
    def summary(self) -> Summary:
        """The numbers now."""
        return self._results()[0]

    def forecast(self, end_step: float | None) -> Forecast | None:
        """Where the judged loss will be at `end_step` (`extrapolation`); cached between rows."""
        trend = self._train if self._train is not None else self._eval_trend
        if trend is None or end_step is None:
            return None
        if self._forecast is None or self._forecast[:2] != (self._row, end_step):
            self._forecast = (self._row, end_step, forecast(trend, self._journal, end_step))
        return self._forecast[2]

    def update(
        self,
        step: float,
        value: float,
        *,
        series: str = "loss",
        epoch: float | None = None,
        time: float | None = None,
    ) -> None:
        """Take one point of one series (a row of its own)."""
        self.update_many(
            [step], [value], series=series,
            epochs=None if epoch is None else [epoch], times=None if time is None else [time],
        )  # fmt: skip

    def update_many(
        self,
        steps: Sequence[float] | npt.NDArray[np.generic],
        values: Sequence[float] | npt.NDArray[np.generic],
        *,
        series: str = "loss",
        epochs: Sequence[float] | npt.NDArray[np.generic] | None = None,
        times: Sequence[float] | npt.NDArray[np.generic] | None = None,
    ) -> None:
        """Take points of one series; the same as `update` for each, and much faster."""
        array = np.asarray(values, dtype=np.float64)
        at = np.asarray(steps, dtype=np.float64)
        if array.ndim != 1 or array.shape != at.shape:
            raise ValueError(f"steps and values should be alike: {at.shape}, {array.shape}")
        self.consume(
            Batch(
                at,
                (Column(series, array),),
                None if epochs is None else np.asarray(epochs, dtype=np.float64),
                None if times is None else np.asarray(times, dtype=np.float64),
            )
        )

    def consume(self, batch: Batch) -> None:
        """Take rows of all series in order of arrival."""
        if len(batch) == 0:
            return
        columns = {column.name: column for column in batch.columns if len(column.values)}
        if any(name not in self._seen for name in columns):
            self._choose(columns)
        base = self._row
        self._row += len(batch)
        self._cache = None
        if self._gradient_name in columns:
            self._take_gradients(columns[self._gradient_name], batch, base)
        train = columns.get(self._train.name) if self._train else None
        evaluation = columns.get(self._eval.name) if self._eval else None
        rates = columns.get(self._rate_name) if self._rate_name else None
        if train is None and evaluation is None:
            if rates is not None:
                self._rate = float(rates.values[-1])
            return
        self._walk(batch, base, train, evaluation, rates)

    # ---- names ----------------------------------------------------------------------------

    def _choice(self) -> tuple[str | None, str | None]:
        train, evaluation = choose_judged(self._seen, self._roles)
        return self._asked[0] or train, self._asked[1] or evaluation

    def _choose(self, columns: dict[str, Column]) -> None:
        for name in columns:
            if name in self._seen:
                continue
            self._seen[name] = 1
            role = self._roles.role(name)
            if role is Role.LEARNING_RATE and self._rate_name is None:
                self._rate_name = name
            elif role is Role.GRAD_NORM and self._gradient_name is None:
                self._gradient_name = name
                self._gradients = NonFiniteDetector(name, self._journal, patience=LASTING)
        train, evaluation = self._choice()
        if self._train is None and train in self._seen and train is not None:
            self._train = Track(train, self._journal, self._gain)
            if self._eval_trend is not None:
                # Evaluated before training began: the trend to judge is the training loss's.
                self._eval_trend = None
                assert self._eval is not None
                self._journal.drop(self._eval.name)
                self._eval.watch_numbers()
        if self._eval is None and evaluation in self._seen and evaluation is not None:
            alone = self._train is None and self._asked[0] is None
            self._eval = EvalTrack(evaluation, self._journal, watch_numbers=not alone)
            if alone:
                self._eval_trend = Track(evaluation, self._journal, self._gain)

    # ---- points ---------------------------------------------------------------------------

    def _take_gradients(self, column: Column, batch: Batch, base: int) -> None:
        detector = self._gradients
        assert detector is not None
        rows = _rows(column, len(batch))
        finite = np.isfinite(column.values)
        edges = np.flatnonzero(np.diff(finite)) + 1
        for start, stop in zip([0, *edges], [*edges, len(finite)], strict=True):
            if finite[start]:
                at = int(start)
                while detector.stands and at < stop:
                    at = min(int(stop), at + detector.finite_left)
                    detector.fine(at - int(start), _moment(batch, int(rows[at - 1]), base))
                    start = at
                detector.fine(int(stop) - int(start), _moment(batch, int(rows[stop - 1]), base))
                continue
            told = min(int(stop - start), detector.told)
            for index in range(int(start), int(start) + told):
                moment = _moment(batch, int(rows[index]), base)
                detector.bad(float(column.values[index]), moment)
            detector.count(int(stop - start) - told)

    def _walk(
        self,
        batch: Batch,
        base: int,
        train: Column | None,
        evaluation: Column | None,
        rates: Column | None,
    ) -> None:
        """Take training and evaluation points in turn: an evaluation sees the training before."""
        feed = _Feed(self, batch, base, train, rates)
        if evaluation is None or self._eval is None:
            feed.train_until(len(batch))
            return
        rows = _rows(evaluation, len(batch))
        values = evaluation.values
        if self._eval_trend is not None:
            self._eval_trend.extend(
                values, batch.steps[rows], _at(batch.epochs, rows), _at(batch.times, rows),
                None, rows + base,
            )  # fmt: skip
        steps = batch.steps[rows]
        finite = np.isfinite(values)
        breaks = np.zeros(len(values), dtype=bool)
        breaks[1:] = (steps[1:] < steps[:-1]) | (finite[1:] != finite[:-1])
        edges = np.append(np.flatnonzero(breaks), len(values))
        at = 0
        while at < len(values):
            if not finite[at]:
                # Training that went back to an earlier step must be known of before.
                feed.train_until(int(rows[at]) + 1)
                self._eval.bad(float(values[at]), _moment(batch, int(rows[at]), base))
                at += 1
                continue
            stop = int(edges[np.searchsorted(edges, at, side="right")])
            stop = min(stop, at + self._eval.room())
            feed.train_until(int(rows[stop - 1]) + 1)
            part = rows[at:stop]
            level, context = self._train_context()
            self._eval.extend(
                values[at:stop], steps[at:stop], _at(batch.epochs, part), _at(batch.times, part),
                part + base, level, context,
            )  # fmt: skip
            if self._train is not None:
                self._train.eval_falls = self._eval.falls
            at = stop
        feed.train_until(len(batch))

    def _train_context(self) -> tuple[float, TrainContext]:
        track = self._train
        if track is None or track.curve.buckets.count == 0 or self._eval is None:
            return np.nan, TrainContext()
        curve = track.curve
        each = max(curve.n // max(self._eval.overfitting.evaluations + 1, 1), 1)
        sigma = curve.noise.sigma if np.isfinite(curve.noise.sigma) else 0.0
        return curve.level, TrainContext(curve.descent, sigma / each**0.5)

    # ---- results --------------------------------------------------------------------------

    def _results(self) -> tuple[Summary, Verdict]:
        if self._cache is None:
            trend = self._train if self._train is not None else self._eval_trend
            summary = summarise(self._train, self._eval, trend)
            verdict = judge(self._journal, trend, self._eval, summary)
            self._cache = (self._row, summary, verdict)
        return self._cache[1], self._cache[2]


class _Feed:
    """Hands the training points of one batch to the track, up to a row at a time."""

    def __init__(
        self,
        analyzer: Analyzer,
        batch: Batch,
        base: int,
        train: Column | None,
        rates: Column | None,
    ) -> None:
        self._track = analyzer._train
        self._batch = batch
        self._base = base
        self._at = 0
        self._rates: FloatArray | None = None
        if train is None or self._track is None:
            self._rows: IntArray = np.empty(0, dtype=np.int64)
            self._values: FloatArray = np.empty(0)
        else:
            self._rows = _rows(train, len(batch))
            self._values = train.values
            if analyzer._rate_name is not None:
                self._rates = _in_force(rates, self._rows, len(batch), analyzer._rate)
        if rates is not None:
            analyzer._rate = float(rates.values[-1])

    def train_until(self, row: int) -> None:
        stop = int(np.searchsorted(self._rows, row))
        if stop <= self._at or self._track is None:
            return
        part = slice(self._at, stop)
        rows = self._rows[part]
        self._track.extend(
            self._values[part], self._batch.steps[rows], _at(self._batch.epochs, rows),
            _at(self._batch.times, rows), None if self._rates is None else self._rates[part],
            rows + self._base,
        )  # fmt: skip
        self._at = stop


def _rows(column: Column, n: int) -> IntArray:
    return np.arange(n, dtype=np.int64) if column.rows is None else column.rows


def _at(array: FloatArray | None, rows: IntArray) -> FloatArray | None:
    return None if array is None else array[rows]


def _in_force(rates: Column | None, rows: IntArray, n: int, before: float) -> FloatArray:
    """The learning rate in force at each of `rows`: the newest one at or before it."""
    if rates is None:
        return np.full(len(rows), before)
    known = np.concatenate(([before], rates.values))
    index: FloatArray = known[np.searchsorted(_rows(rates, n), rows, side="right")]
    return index


def _moment(batch: Batch, row: int, base: int) -> Moment:
    time = None
    if batch.times is not None and not np.isnan(batch.times[row]):
        time = float(batch.times[row])
    return Moment(float(batch.steps[row]), time, base + row)
