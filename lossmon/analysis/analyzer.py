"""`Analyzer`: judges a run from its rows as they come, in O(1) memory a series.

It composes the tracks (`track`, `eval_track`) and detectors, one statistic a
file. Whatever the way in which the rows are cut into batches, the events, the
verdict and the numbers are the same to the last bit: a live watcher and a
reader of the complete log see one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lossmon.analysis.eval_track import EvalTrack
from lossmon.analysis.extrapolation import forecast
from lossmon.analysis.gradients import GradientNorms
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
    is_other_evaluation,
)
from lossmon.model.batch import FloatArray, IntArray

if TYPE_CHECKING:
    import numpy.typing as npt


MAX_OTHERS: Final = 8
"""Evaluation sets followed beside the judged one: state stays bounded whatever the log names."""
DEFAULT_GAIN: Final = 0.03
"""ε: a plateau is where half as much training again gains less than this share of R."""


class Analyzer:
    """Judges one run.

    `train` and `eval` name the series to judge; without a name each is chosen
    from the names seen (`model.choose_judged`). Where no training loss is
    logged, the evaluation loss is judged for its trend too. The same loss on
    other evaluation data is followed for overfitting alone (`others`). `plateau_gain`
    is ε of the plateau test (see `plateau`).
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
        self._others: dict[str, EvalTrack] = {}
        self._eval_trend: Track | None = None
        self._gradients: NonFiniteDetector | None = None
        self._gradient_name: str | None = None
        self._norms = GradientNorms()
        self._rate_name: str | None = None
        self._rate = np.nan
        self._row = 0
        self._cache: tuple[int, Summary, Verdict] | None = None
        self._forecast: tuple[int, float, Forecast | None] | None = None

    def state(self) -> dict[str, Any]:
        """Return all that is known as plain data, for `json.dumps` and `from_state`."""
        from lossmon.analysis.state import encode

        return encode(self, frozenset(("_cache", "_forecast")))

    @classmethod
    def from_state(cls, state: object) -> Analyzer:
        """Return an Analyzer that goes on where `state` was taken, with the same findings.

        Nothing in `state` is run, whatever its origin. Raises `StateError`
        where it is no state of this version, or damaged.
        """
        from lossmon.analysis.state import decode

        analyzer: Analyzer = decode(state, cls)
        return analyzer

    @property
    def train(self) -> str | None:
        """Name of the training loss judged, None while there is none."""
        return self._train.name if self._train else self._asked[0]

    @property
    def eval(self) -> str | None:
        """Name of the evaluation loss judged, None while there is none."""
        return self._eval.name if self._eval else self._asked[1]

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the further evaluation losses that are followed for overfitting."""
        return tuple(self._others)

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
        others = [(track, columns[name]) for name, track in self._others.items() if name in columns]
        if train is None and evaluation is None and not others:
            if rates is not None:
                self._rate = float(rates.values[-1])
            return
        self._walk(batch, base, train, evaluation, others, rates)

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
            for other in self._others.values():
                other.companion = self._eval
        judged = self.eval
        for name in columns:
            if judged is None or name in self._others or len(self._others) == MAX_OTHERS:
                continue
            if name != self.train and is_other_evaluation(name, judged, self._roles):
                self._others[name] = EvalTrack(
                    name, self._journal, watch_numbers=False, companion=self._eval
                )

    # ---- points ---------------------------------------------------------------------------

    def _take_gradients(self, column: Column, batch: Batch, base: int) -> None:
        detector = self._gradients
        assert detector is not None
        rows = _rows(column, len(batch))
        finite = np.isfinite(column.values)
        self._norms.extend(column.values[finite])
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
        others: list[tuple[EvalTrack, Column]],
        rates: Column | None,
    ) -> None:
        """Take training and evaluation points in turn: an evaluation sees the training before."""
        feed = _Feed(self, batch, base, train, rates)
        evaluations = []
        if evaluation is not None and self._eval is not None:
            if self._eval_trend is not None:
                rows = _rows(evaluation, len(batch))
                self._eval_trend.extend(
                    evaluation.values, batch.steps[rows], _at(batch.epochs, rows),
                    _at(batch.times, rows), None, rows + base,
                )  # fmt: skip
            evaluations.append(_EvalFeed(self._eval, evaluation, batch, base))
        evaluations += [_EvalFeed(track, column, batch, base) for track, column in others]
        while evaluations:
            # The judged one is the first, and goes before others of the same row.
            newest = min(evaluations, key=lambda one: one.row)
            feed.train_until(newest.row + 1)
            level, context = self._train_context(newest.track)
            newest.take(level, context)
            if newest.track is self._eval and self._train is not None:
                self._train.eval_falls = self._eval.falls
            elif newest.track is not self._eval:
                newest.track.overfitting.sets = sum(
                    other.first is not None for other in self._others.values()
                )
            if newest.done:
                evaluations.remove(newest)
        feed.train_until(len(batch))

    def _train_context(self, evaluation: EvalTrack) -> tuple[float, TrainContext]:
        track = self._train
        if track is None or track.curve.buckets.count == 0:
            return np.nan, TrainContext()
        curve = track.curve
        each = max(curve.n // max(evaluation.overfitting.evaluations + 1, 1), 1)
        sigma = curve.noise.sigma if np.isfinite(curve.noise.sigma) else 0.0
        return curve.level, TrainContext(curve.descent, sigma / each**0.5)

    # ---- results --------------------------------------------------------------------------

    def _results(self) -> tuple[Summary, Verdict]:
        if self._cache is None:
            trend = self._train if self._train is not None else self._eval_trend
            summary = summarise(self._train, self._eval, trend)
            verdict = judge(
                self._journal, trend, self._eval, summary, tuple(self._others.values()),
                self._norms.growth,
            )  # fmt: skip
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


class _EvalFeed:
    """Hands the points of one evaluation series to its track, as many at a time as it can take."""

    def __init__(self, track: EvalTrack, column: Column, batch: Batch, base: int) -> None:
        self.track = track
        self._batch = batch
        self._base = base
        self._rows = _rows(column, len(batch))
        self._values = column.values
        self._steps = batch.steps[self._rows]
        self._finite = np.isfinite(column.values)
        breaks = np.zeros(len(self._values), dtype=bool)
        breaks[1:] = (self._steps[1:] < self._steps[:-1]) | (self._finite[1:] != self._finite[:-1])
        self._edges = np.append(np.flatnonzero(breaks), len(self._values))
        self._at = 0
        self._find()

    @property
    def done(self) -> bool:
        """Whether all were handed over."""
        return self._at >= len(self._values)

    def _find(self) -> None:
        """Find how far the next part goes, and the row of its last point (`row`)."""
        if self.done:
            return
        stop = int(self._edges[np.searchsorted(self._edges, self._at, side="right")])
        room = self.track.room() if self._finite[self._at] else self.track.bad_room()
        self._stop = stop if room is None else min(stop, self._at + room)
        self.row = int(self._rows[self._stop - 1])

    def take(self, level: float, context: TrainContext) -> None:
        """Hand the next part over; the training's level and scale are those at `row`."""
        part = slice(self._at, self._stop)
        if self._finite[self._at]:
            rows = self._rows[part]
            self.track.extend(
                self._values[part], self._steps[part], _at(self._batch.epochs, rows),
                _at(self._batch.times, rows), rows + self._base, level, context,
            )  # fmt: skip
        else:
            moment = _moment(self._batch, int(self._rows[self._at]), self._base)
            self.track.bad(float(self._values[self._at]), moment, self._stop - self._at)
        self._at = self._stop
        self._find()


def _rows(column: Column, n: int) -> IntArray:
    return np.arange(n, dtype=np.int64) if column.rows is None else column.rows


def _at(array: FloatArray | None, rows: IntArray) -> FloatArray | None:
    return None if array is None else array[rows]


def _in_force(rates: Column | None, rows: IntArray, n: int, before: float) -> FloatArray:
    """The learning rate in force at each of `rows`: the newest one at or before it."""
    if rates is None:
        return np.full(len(rows), before)
    if rates.rows is None:
        return rates.values[rows]
    known = np.concatenate(([before], rates.values))
    index: FloatArray = known[np.searchsorted(_rows(rates, n), rows, side="right")]
    return index


def _moment(batch: Batch, row: int, base: int) -> Moment:
    time = None
    if batch.times is not None and not np.isnan(batch.times[row]):
        time = float(batch.times[row])
    return Moment(float(batch.steps[row]), time, base + row)
