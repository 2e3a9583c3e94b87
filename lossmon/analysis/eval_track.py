"""`EvalTrack`: one evaluation series beside the training loss.

A run may be evaluated on several sets. One is judged; each of the others has a
track of its own with the judged one as its companion, and says what the judged
one does meanwhile. With every further set noise has one chance more, so their
limit is Bonferroni's (see `OverfittingDetector.sets`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.analysis.divergence import slope_test
from lossmon.analysis.journal import RESUMED, Journal, Moment
from lossmon.analysis.nonfinite import NonFiniteDetector
from lossmon.analysis.overfitting import OverfittingDetector, TrainContext
from lossmon.analysis.scale import scaled, unit_for
from lossmon.model import Point
from lossmon.model.batch import FloatArray, IntArray

FEWEST: Final = 6
FALLING: Final = -4.0
"""t of the slope under which the evaluation surely still falls."""


class EvalTrack:
    """Turns what the overfitting detector finds into events; keeps first, last and best."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        watch_numbers: bool = True,
        companion: EvalTrack | None = None,
    ) -> None:
        """Make a track; `companion` is the judged one where this is another evaluation set.

        `watch_numbers` False: NaN is not reported here (for the judged series
        because another track does so already).
        """
        self.name = name
        self.companion = companion
        self.journal = journal
        self.overfitting = OverfittingDetector()
        self._watches = watch_numbers
        self.nonfinite = NonFiniteDetector(name, journal if watch_numbers else Journal())
        self.first: Point | None = None
        self.last: Point | None = None
        self.best: Point | None = None
        self.falls = False
        """Whether the newest third of the evaluations falls significantly."""
        self.unit = 0.0
        """Factor to internal units, 0 until a value ≠ 0 was seen."""
        self._last_step = -np.inf

    def watch_numbers(self) -> None:
        """Report NaN from now on."""
        self._watches = True
        self.nonfinite = NonFiniteDetector(self.name, self.journal)

    def room(self) -> int:
        """Evaluations that can be taken before the training level is asked for."""
        room = self.overfitting.room
        return min(room, self.nonfinite.finite_left) if self.nonfinite.stands else room

    def bad_room(self) -> int | None:
        """Evaluations that are no numbers that can be taken at once; None: any number.

        A log may say NaN in every row between two evaluations.
        """
        told = self.nonfinite.stands and self.nonfinite.in_row >= self.nonfinite.told
        return None if told else 1

    def extend(
        self,
        values: FloatArray,
        steps: FloatArray,
        epochs: FloatArray | None,
        times: FloatArray | None,
        rows: IntArray,
        train_level: float,
        context: TrainContext,
    ) -> None:
        """Take finite evaluations of one segment, at most `room()`; arrays of shape (n,)."""
        at = len(values) - 1
        moment = _moment(steps, times, rows, at)
        if steps[0] < self._last_step:
            self.rewind(float(steps[0]), _moment(steps, times, rows, 0))
        self._last_step = float(steps[-1])
        if not self.unit:
            self.unit = unit_for(values)
        judged = len(values) == self.overfitting.room
        self.overfitting.extend(steps, scaled(values, self.unit), train_level, context)
        if judged:
            self.falls = _falls(self.overfitting.means)
        self.nonfinite.fine(len(values), moment)
        self.last = _point(values, steps, epochs, at)
        if self.first is None:
            self.first = _point(values, steps, epochs, 0)
        lowest = int(values.argmin())
        if self.best is None or values[lowest] < self.best.value:
            self.best = _point(values, steps, epochs, lowest)
        self._report(moment, train_level)

    @property
    def course(self) -> str:
        """What the evaluation does now, in words."""
        if self.overfitting.stands:
            return f"rises since step {self.overfitting.onset_step:,.12g}"
        return "still falls" if self.falls else "does not rise"

    def bad(self, value: float, moment: Moment, count: int = 1) -> None:
        """Take `count` evaluations in a row that are no numbers (at most `bad_room()`)."""
        if self.bad_room() is None:
            self.nonfinite.count(count)
        else:
            self.nonfinite.bad(value, moment)

    def rewind(self, step: float, moment: Moment) -> None:
        """The run was resumed from `step`: later evaluations do not count."""
        standing = self.journal.standing("overfitting", self.name)
        if self._watches:
            self.journal.rewind(step, moment, self.name)
        elif standing is not None and standing.step >= step:
            # The other track of this series is ahead: what it found since is not undone.
            self.journal.clear("overfitting", moment, RESUMED, series=self.name)
        self.overfitting.rewind(step)
        best = self.overfitting.best
        if best is None:
            self.best = None
        elif self.best is not None and self.best.step >= step:
            self.best = Point(best[0], None, self._loss(best[1]))

    def _loss(self, value: float) -> float:
        return value / self.unit if self.unit else value

    def _report(self, moment: Moment, train_level: float) -> None:
        rise = self.overfitting.evidence
        if not self.overfitting.stands or rise is None:
            self.journal.clear("overfitting", moment, "It came back to its best.", series=self.name)
            return
        onset = self.overfitting.onset_step
        best, difference = self._loss(rise.best_value), self._loss(rise.difference)
        noise = self._loss(rise.noise)
        times = (
            f"in {rise.span} evaluations ({difference / noise:.2g} times its noise, "
            f"z = {rise.z:.1f} with {rise.limit:.1f} needed)"
        )
        low, high = rise.band
        equal = f" Steps {low:,.12g} to {high:,.12g} are as good as the best." if high > low else ""
        if self.companion is not None:
            text = (
                f"{self.name} rises since step {onset:,.12g} while {self.companion.name} "
                f"{self.companion.course}: by {difference:.3g} from its best of {best:.4g} {times}"
            )
        else:
            text = (
                f"{self.name} turned after its best of {best:.4g} at step {onset:,.12g} and rose "
                f"by {difference:.3g} {times}"
            )
            text += ", while the training loss does not rise" if not np.isnan(train_level) else ""
        self.journal.record(
            "overfitting", "warning", moment, f"{text}.{equal}",
            series=self.name, onset=onset,
            evidence={"rise": difference, "noise": noise, "z": rise.z, "limit": rise.limit,
                      "evaluations": rise.span, "best": best, "equivalent_from": low,
                      "equivalent_to": high},
        )  # fmt: skip


def _falls(means: FloatArray) -> bool:
    part = means[-max(FEWEST, len(means) // 3) :]
    if len(part) < FEWEST:
        return False
    slope, error, _ = slope_test(part)
    return slope < FALLING * error


def _moment(steps: FloatArray, times: FloatArray | None, rows: IntArray, at: int) -> Moment:
    time = None if times is None or np.isnan(times[at]) else float(times[at])
    return Moment(float(steps[at]), time, int(rows[at]))


def _point(values: FloatArray, steps: FloatArray, epochs: FloatArray | None, at: int) -> Point:
    epoch = None if epochs is None or np.isnan(epochs[at]) else float(epochs[at])
    return Point(float(steps[at]), epoch, float(values[at]))
