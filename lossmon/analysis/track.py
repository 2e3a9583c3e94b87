"""`Track`: one loss series through its detectors, the same for any way of cutting it up.

Between two renewals (at most 1,024 points, see `Curve.block`) everything that
points are measured with is frozen, so that a whole stretch is screened with
three comparisons; only a point that passes one of them is looked at alone.
Renewals happen at fixed counts and work on the whole block, so that feeding
one point at a time gives the same events at the same points.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np

from lossmon.analysis.curve import BLOCK, RAW, Curve
from lossmon.analysis.divergence import DivergenceDetector
from lossmon.analysis.journal import Journal, Moment
from lossmon.analysis.nonfinite import MASK_SHARE, NonFiniteDetector
from lossmon.analysis.not_learning import NotLearningDetector
from lossmon.analysis.plateau import PlateauDetector
from lossmon.analysis.rates import LearningRate
from lossmon.analysis.reduce import lowest
from lossmon.analysis.scale import scaled, unit_for
from lossmon.analysis.shape import Fit
from lossmon.analysis.spike import SpikeDetector
from lossmon.analysis.telling import Telling
from lossmon.model import Point
from lossmon.model.batch import FloatArray, IntArray

SHORT: Final = 64
"""Up to so many points an explosion is looked for without a level to rise from."""
MAX_RESUMES: Final = 20
"""Further steps back are no news: two processes write one log."""
SUMMARY: Final = 1e-3
"""A jump that ends on the mean of the run, to this share of itself (print keeps four digits)."""


class Track:
    """One series, its curve and its detectors. Not thread-safe."""

    def __init__(self, name: str, journal: Journal, epsilon: float) -> None:
        self.name = name
        self.epsilon = epsilon
        self.curve = Curve()
        self.telling = Telling(name, journal, self.curve)
        self.rates = LearningRate()
        self.spike = SpikeDetector()
        self.divergence = DivergenceDetector()
        self.plateau = PlateauDetector(epsilon)
        self.not_learning = NotLearningDetector()
        self.nonfinite = NonFiniteDetector(name, journal)
        self.first: Point | None = None
        self.last: Point | None = None
        """First and last finite point, in the loss's own units."""
        self.fit: tuple[int, Fit | None] | None = None
        """The shape's fit and the curve's `renewals` then: it is asked for after every point."""
        self.eval_falls = False
        """Whether the evaluation loss still falls: set from outside, holds a plateau back."""
        self.resumes = 0
        self.spikes = 0
        self._held_step = 0.0
        """Step of the point that waits for the next one (see `spike`)."""
        self.shift_at = 0
        """n at which the level last changed by a jump that stayed; 0: never."""
        self._last_step = -math.inf
        self._epoch: float = math.nan
        self._raw = np.empty(BLOCK)
        self._ceilings: list[tuple[int, float]] = []
        """What the open block's values are winsorised to, each from a place in it on."""
        self._quiet = np.empty(BLOCK, dtype=bool)
        self._filled = 0
        self._block = 1
        self._block_first = 0.0
        self._mask_possible = False
        self._steps = np.empty(0)
        self._time: FloatArray | None = None
        self._rows = np.empty(0, dtype=np.int64)
        self._scaled = np.empty(0)
        self._epochs: FloatArray | None = None
        self._given_rates: FloatArray | None = None

    def extend(
        self,
        values: FloatArray,
        steps: FloatArray,
        epochs: FloatArray | None = None,
        times: FloatArray | None = None,
        rates: FloatArray | None = None,
        rows: IntArray | None = None,
    ) -> None:
        """Take points in order of arrival: arrays of shape (n,); NaN where a row has none.

        `rates` is the learning rate in force at each point; `rows` their place
        in the order of arrival over all series (to order the events by).
        """
        if len(values) == 0:
            return
        if rows is None:
            rows = np.arange(len(values))
        finite = np.isfinite(values)
        back = [bool(steps[0] < self._last_step)]
        self._last_step = float(steps[-1])
        edges = [0, len(values)]
        if len(values) > 1:
            falls = steps[1:] < steps[:-1]
            back += falls.tolist()
            edges[1:1] = ((falls | (finite[1:] != finite[:-1])).nonzero()[0] + 1).tolist()
        for start, stop in pairwise(edges):
            part = slice(start, stop)
            self._time = None if times is None else times[part]
            self._steps = steps[part]
            self._rows = rows[part]
            if back[start]:
                self._resume(float(steps[start]), self._moment(0))
            if not finite[start]:
                self._bad(values[part])
                continue
            self._values(
                values[part],
                None if epochs is None else epochs[part],
                None if rates is None else rates[part],
            )
        self._release()

    @property
    def newest(self) -> FloatArray:
        """Values of the open block in internal units, oldest first: no bucket holds them yet."""
        view: FloatArray = self._raw[: self._filled]
        return view

    def _release(self) -> None:
        """Let go of the batch: no history is kept."""
        self._steps = self._scaled = np.empty(0)
        self._rows = np.empty(0, dtype=np.int64)
        self._time = self._epochs = self._given_rates = None

    def _bad(self, values: FloatArray) -> None:
        """Take points in a row that are no numbers: the first few tell, the rest is counted."""
        told = min(len(values), self.nonfinite.told)
        for index in range(told):
            self.nonfinite.bad(float(values[index]), self._moment(index))
        self.nonfinite.count(len(values) - told)

    def _moment(self, index: int) -> Moment:
        time = None
        if self._time is not None and not np.isnan(self._time[index]):
            time = float(self._time[index])
        return Moment(float(self._steps[index]), time, int(self._rows[index]))

    def _values(
        self, values: FloatArray, epochs: FloatArray | None, rates: FloatArray | None
    ) -> None:
        """Take finite points of one segment."""
        if not self.curve.unit:
            self.curve.unit = unit_for(values)
        self._scaled = scaled(values, self.curve.unit)
        self._epochs = epochs
        self._given_rates = rates
        at, n = 0, len(values)
        while at < n:
            stop = min(n, at + self._block - self._filled)
            if self.nonfinite.stands:
                stop = min(stop, at + self.nonfinite.finite_left)
            at = self._zeros(at, stop) if self._mask_possible else self._stretch(at, stop)
        epoch = None
        if epochs is not None and not np.isnan(epochs[-1]):
            epoch = float(epochs[-1])
        self.last = Point(float(self._steps[-1]), epoch, float(values[-1]))
        if self.first is None:
            first_epoch = None
            if epochs is not None and not np.isnan(epochs[0]):
                first_epoch = float(epochs[0])
            self.first = Point(float(self._steps[0]), first_epoch, float(values[0]))

    def _zeros(self, at: int, stop: int) -> int:
        """Pass on what comes before an impossible 0; take that alone, as no number."""
        if stop == at + 1 and self._scaled[at]:
            return self._stretch(at, stop)
        zero = self._scaled[at:stop] == 0
        first = int(zero.argmax())
        if not zero[first]:
            return self._stretch(at, stop)
        if first > 0:
            return self._stretch(at, at + first)
        self.nonfinite.bad(0.0, self._moment(at), masked=True)
        return at + 1

    def _stretch(self, at: int, stop: int) -> int:
        """Take points up to `stop` at most, within one block; return where it stopped."""
        if self.spike.active:
            return self._episode(at)
        if self.spike.held:
            value = float(self._scaled[at])
            if value <= self.spike.limit and not self.spike.confirmed(value, self.curve.n + 1):
                self.spike.release()
                if value <= self.spike.screen:
                    return self._calm(at, at + 1)
                return self._hold(at)
            self._open_spike(at)
            return at + 1
        over = self._scaled[at:stop] > self.spike.screen
        hit = int(over.argmax())
        if not over[hit]:
            return self._calm(at, stop)
        if hit > 0:
            return self._calm(at, at + hit)
        value = float(self._scaled[at])
        if value <= self.spike.limit:
            return self._hold(at)
        self._open_spike(at)
        return at + 1

    def _hold(self, at: int) -> int:
        """Let a high point wait for the next one."""
        self.spike.hold(float(self._scaled[at]))
        self._held_step = float(self._steps[at])
        return self._calm(at, at + 1, quiet=False)

    def _calm(self, at: int, stop: int, *, quiet: bool = True) -> int:
        """Take points that open no spike, until something else wants a look."""
        values = self._scaled[at:stop]
        if self.divergence.hot:
            stop = min(stop, at + max(1, self.divergence.check_at - self.curve.n))
        else:
            index = self.divergence.advance(values, self.curve.n)
            if index is not None:
                stop = at + index + 1
        self._push(at, stop, quiet=quiet)
        self._after(stop - 1, stop - at)
        return stop

    def _open_spike(self, at: int) -> None:
        value = float(self._scaled[at])
        held, onset = 0.0, float(self._steps[at])
        if self.spike.held and value <= self.spike.limit:
            held, onset = self.spike.held, self._held_step
        self.spike.open(value, self.curve.n + 1)
        self._push(at, at + 1, quiet=False)
        moment = self._moment(at)
        if self._explained():
            self.telling.explained_jump(moment, self.spike.z)
        elif self._is_summary(value):
            self.telling.summary_row(moment, value, self.spike.z)
        else:
            self.spikes += 1
            if not self.telling.stands("divergence"):
                self.telling.spike(moment, value, self.spike, held, onset)
        self._after(at)

    def _is_summary(self, value: float) -> bool:
        """Whether a point that was just stored is the mean of all points before it."""
        buckets = self.curve.buckets
        opened = (buckets.open_mean(RAW) or 0.0) * buckets.filled
        before = float(self._raw[: max(self._filled - 1, 0)].sum())
        total = float(buckets.means(RAW).sum()) * buckets.width + opened + before
        mean = total / max(self.curve.n - 1, 1)
        return abs(value - mean) < SUMMARY * self.spike.amplitude

    def _explained(self) -> bool:
        n = self.curve.n
        if n - self.rates.jump_at < max(10, 0.02 * n):
            return True
        return self.curve.segment_start > 0 and n - self.curve.segment_start < 10

    def _episode(self, at: int) -> int:
        value = float(self._scaled[at])
        outcome = self.spike.follow(value)
        if outcome == "again":
            note = f"Partly recovered after {self.spike.close()} points, then again."
            self.telling.clear("spike", self._moment(at), note)
            self._open_spike(at)
            return at + 1
        if not self.divergence.hot:
            self.divergence.advance(self._scaled[at : at + 1], self.curve.n)
        self._push(at, at + 1, quiet=False)
        if outcome:
            lasted = self.spike.close()
            moment = self._moment(at)
            if outcome == "recovered":
                self.divergence.reset(self.curve.n)
                self.telling.clear("divergence", moment, "It came back down since.")
                note = f"Recovered after {lasted} point{'s' if lasted > 1 else ''}."
            else:
                newest = np.concatenate((self.curve.raw_tail, self._raw[: self._filled]))[-8:]
                self.curve.forget_quiet(newest)
                self.shift_at = self.curve.n - lasted + 1
                note = (
                    f"It stayed up for {lasted} points: a change of level (other data, settings or "
                    "a restart), no longer a spike."
                )
            self.telling.clear("spike", moment, note)
            self._renew_limits()
        self._after(at)
        return at + 1

    def _push(self, at: int, stop: int, *, quiet: bool) -> None:
        """Store points in the open block and count them."""
        values = self._scaled[at:stop]
        if self._filled == 0:
            self._block_first = float(self._steps[at])
            self._ceilings.clear()
        fill = slice(self._filled, self._filled + stop - at)
        self._raw[fill] = values
        ceiling = self.spike.ceiling(self.curve.n)
        if not self._ceilings or ceiling != self._ceilings[-1][1]:
            self._ceilings.append((fill.start, ceiling))
        self._quiet[fill] = quiet
        self._filled = fill.stop
        if self._given_rates is not None:
            self.rates.extend(self._given_rates[at:stop], self.curve.n)
        if self._epochs is not None:
            self._mark_epochs(self._epochs[at:stop])
        self.curve.n += stop - at

    def _mark_epochs(self, epochs: FloatArray) -> None:
        whole = np.floor(epochs)
        known = np.flatnonzero(np.isfinite(whole))
        if len(known) == 0:
            return
        counted = whole[known]
        first = counted[0] if math.isnan(self._epoch) else self._epoch
        began = np.flatnonzero(counted > np.concatenate(([first], counted[:-1])))
        self._epoch = float(counted[-1])
        if len(began):
            marks = [self.curve.n + int(known[i]) + 1 for i in began[-4:]]
            self.curve.epoch_marks = (self.curve.epoch_marks + marks)[-4:]

    def _after(self, at: int, count: int = 1) -> None:
        """Do what is due once `count` points up to the one at `at` were stored."""
        if self.nonfinite.awaits:
            self.nonfinite.fine(count, self._moment(at))
        if self._filled == self._block:
            self._renew(at)
        if self.divergence.hot and self.curve.n >= self.divergence.check_at:
            self._check_divergence(at)

    def _renew(self, at: int) -> None:
        fill = slice(0, self._filled)
        raw = self._raw[fill].copy()
        last = float(self._steps[at])
        self.curve.rate_rise = self.rates.rise_at
        self.curve.warmup_end = self.rates.warmup_end
        quiet = raw[self._quiet[fill]]
        closed = self.curve.renew_block(raw, self._winsorised(raw), quiet, self._block_first, last)
        self._filled = 0
        self._block = self.curve.block
        self.spike.learn(quiet)
        if closed:
            self.plateau.update(self.curve, self.divergence.rising, self.eval_falls)
            self.not_learning.update(self.curve)
            moment = self._moment(at)
            self._look_slow(moment)
            self._report_trend(moment)
        self._renew_limits()
        self.divergence.renew(self.curve)
        if not self.divergence.hot and self.curve.n <= SHORT:
            self.divergence.look_early(self.curve)
        newest = raw if len(raw) >= 8 else self.curve.raw_tail[-8:]
        self._mask_possible = bool(lowest(newest) > MASK_SHARE * max(self.curve.start, 0.0) > 0)

    def _winsorised(self, raw: FloatArray) -> FloatArray:
        starts, ceilings = zip(*self._ceilings, strict=True)
        limits: float | FloatArray = ceilings[0]
        if len(ceilings) > 1:
            limits = np.repeat(ceilings, np.diff([*starts, len(raw)]))
        clean: FloatArray = np.minimum(raw, limits)
        return clean

    def _renew_limits(self) -> None:
        self.spike.renew(self.curve)

    def _report_trend(self, moment: Moment) -> None:
        """Turn what the detectors of plateaus and of runs that never learned found into events."""
        if not self.plateau.stands:
            self.telling.clear("plateau", moment, "It improves again.")
        elif not self.telling.stands("plateau"):
            onset = self.step_of(self.plateau.since)
            self.telling.plateau(moment, self.plateau, self.rates, onset)
        if not self.not_learning.stands:
            self.telling.clear("not_learning", moment, "It learns now.")
        elif not self.divergence.hot:
            first = None if self.first is None else self.first.step
            self.telling.not_learning(moment, self.not_learning, first)

    def _look_slow(self, moment: Moment) -> None:
        lines = self.plateau.lines
        if lines is None or self.divergence.hot or self.spike.active:
            return
        if self.divergence.look_slow(self.curve, lines, self.plateau.drop_at):
            reference = self.curve.reference or 0.0
            self._raise_divergence("slow", self.curve.level - reference, moment)

    def _check_divergence(self, at: int) -> None:
        recent = np.concatenate((self.curve.raw_tail, self._raw[: self._filled]))
        n = self.curve.n
        word, height = self.divergence.assess(self.curve, recent, n)
        moment = self._moment(at)
        if word == "over":
            self.divergence.reset(n)
            self.telling.clear("divergence", moment, "It came back down since.")
            return
        self.divergence.schedule(n)
        if word and not self.telling.stands("divergence"):
            self._raise_divergence(word, height, moment)

    def _raise_divergence(self, word: str, height: float, moment: Moment) -> None:
        if self.plateau.stands:
            self.plateau.stands = False
            self.telling.clear("plateau", moment, "It rises.")
        self.telling.clear("spike", moment, "It did not recover: the loss diverges.")
        self.telling.divergence(moment, word, height, self.step_of(self.divergence.since))

    def step_of(self, n: int) -> float:
        """Step of the n-th point that counts, as far as the buckets tell."""
        buckets = self.curve.buckets
        bucket = max(n - 1, 0) // buckets.width
        if bucket >= buckets.count:
            return self._block_first
        first, last = buckets.steps_first[bucket], buckets.steps_last[bucket]
        inside = (max(n - 1, 0) % buckets.width) / max(buckets.width - 1, 1)
        return float(round(first + (last - first) * inside))

    def _resume(self, step: float, moment: Moment) -> None:
        """The step went back: what overlaps does not count any more."""
        self.resumes += 1
        if self.resumes <= MAX_RESUMES:
            self.telling.resume(moment, step)
        self.telling.journal.rewind(step, moment, self.name)
        self.curve.truncate(step)
        self._filled = 0
        self._block = self.curve.block
        self.spike.length = 0
        self.spike.held = 0.0
        self.plateau.rewind(self.curve.n)
        self.not_learning.stands = False
        self.divergence.reset(self.curve.n)
        self._renew_limits()
        self.divergence.renew(self.curve)
        self._mask_possible = False
        if self.curve.n == 0:
            self.first = None
            self.rates.rise_at = min(self.rates.rise_at, 0)
