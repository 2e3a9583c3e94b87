"""What lines of one kind have said so far: when they are believed, and where they stand.

A track follows lines with one sequence of names, whatever stands between these.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import field
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from lossmon.formats.general_layout import Layout
from lossmon.formats.general_names import TRAIN_WORDS
from lossmon.model import Role, role_of
from lossmon.model.batch import FloatArray
from lossmon.model.roles import words
from lossmon.record import record

MAX_STEP: Final = 1e15
MAX_EPOCH: Final = 1e9
"""Counters beyond these count no steps and no epochs."""

_FIRST_NEEDS: Final = 3
"""Lines of one kind before the log is believed to be one of training."""
_BARE_NEEDS: Final = 4
"""The same where no line has said a step or an epoch: the loss alone speaks."""
_SCORE_NEEDS: Final = 5
"""The same where a score or a reward is all that rises with the counter."""
_NEXT_NEEDS: Final = 2
_WITHIN_NEEDS: Final = 8
"""The same where an epoch is all that lines count by, and it stands still."""
_GUESSED_NEEDS: Final = 4
"""The same where nothing says that the numbers are losses but that they fall."""
_LETTER_PAIRED: Final = 24
_LETTER_NEEDS: Final = 8
"""The same where the loss is called `L`."""
_MAX_LAPS: Final = 10_000
"""Epochs that are remembered, to find the way back after a resume."""
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)
_REWARDS: Final = frozenset(("reward", "rewards", "rew", "return", "returns", "ret"))
_MEANS: Final = frozenset(("total", "avg", "average", "mean", "batch", "running"))
"""Words that say how a loss was summed, no other loss than the one without them."""
RECENT: Final = 5
"""Losses that tell how low a run has come."""
HELD: Final = 40
"""Lines after which a track that never became a report is given up."""


@record(frozen=False)
class Row:
    """One line: its number among the lines with metrics, what it says, and where it stands."""

    number: int
    values: list[float]
    step: float | None
    epoch: float | None
    counter: float
    """What must rise from line to line: the step, else the epoch, NaN where there is none."""


def told(name: str) -> tuple[str, ...]:
    """Return what tells a metric from others: `total_loss` of steps has the mean `Train Loss`."""
    return tuple(word for word in words(name) if word not in TRAIN_WORDS | _MEANS)


@record(frozen=False)
class Track:
    """Lines with one sequence of names."""

    layout: Layout
    names: list[str]
    accepted: bool = False
    rejected: bool = False
    held: list[Row] = field(default_factory=list)
    counting: bool = False
    """Nothing says where the lines stand: they are counted."""
    counted: int = 0
    estimated: bool = False
    """Steps rest on how far a counter came before it began anew."""
    fractional: bool = False
    """Epochs are printed with a fraction, which needs no batch of an epoch to be told."""
    confirmed: bool = False
    """A counter of batches was seen to begin anew, or not to, where an epoch ended."""
    per_epoch: bool | None = None
    """Whether the step begins anew in each epoch; None until an epoch has ended."""
    last_lap: float | None = None
    """The epoch of the last line that was counted."""
    said_length: float = 0.0
    """What another line last said of how many steps an epoch has, 0 where none did."""
    last_row: tuple[float, ...] = ()
    last_said: tuple[object, ...] = ()
    """What the last line said that tells it from one printed again."""
    zero: bool = False
    """A loss was printed as `0.000`: measured, though it is a whole number."""
    base: float | None = None
    offset: float = 0.0
    laps: dict[float, float] = field(default_factory=dict)
    """By epoch: how many steps (or lines, where they are counted) came before it."""
    last_epoch: float | None = None
    last_raw: float | None = None
    strides: tuple[float, ...] = ()
    """The last two steps from one line to the next."""
    start: tuple[float, float] | None = None
    """Counter and loss of the first line."""
    recent: list[float] = field(default_factory=list)
    """The last few losses."""
    ended: float | None = None
    """How far a counter without epochs came before it began anew."""
    goes_on: bool = False
    """It begins anew in each epoch, of which nothing is said."""

    def position(self, raw: float, epoch: float | None, total: float | None) -> float:
        """Return the step over the run of a counter that may begin anew in each epoch."""
        self._note_stride(raw)
        if epoch is None:
            if self.layout.batchwise and self.last_raw is not None and raw < self.last_raw:
                self.offset += total or self._length(raw)
                self.estimated = True
            self.last_raw = raw
            return raw + self.offset
        if self.base is None:
            # A log that begins in the middle: batches from 0 on go with epochs from 0 on.
            self.base = epoch if epoch <= 1 else float(raw != 0)
            self.per_epoch = True if self.layout.batchwise else None
            if self.last_raw is not None and raw <= self.last_raw:
                # The first line that says an epoch ended it: these are batches of the next.
                self.per_epoch = True
                self.base -= 1
                self.offset += total or self._length(raw)
                self.estimated = True
        rose = self.last_epoch is not None and epoch > self.last_epoch
        # A counter over the run cannot stand still while the epoch rises.
        dropped = self.last_raw is not None and raw <= self.last_raw
        self.fractional |= epoch % 1 != 0
        if rose and self.per_epoch is None:
            self.per_epoch = dropped
        if rose and not self.confirmed:
            self.confirmed = True
            if total is not None and not dropped:
                self.per_epoch = False  # the total is that of the run
        if self.fractional and total is not None:
            if dropped and self.last_raw is not None and raw < self.last_raw:
                self.offset += total
            step = raw + self.offset
        elif not self.per_epoch:
            step = raw
        elif total is not None:
            step = (epoch - self.base) * total + raw
        else:
            if rose and dropped and self.last_raw is not None:
                self.offset += self._length(raw)
                self.estimated = True
                if len(self.laps) < _MAX_LAPS:
                    self.laps[epoch] = self.offset
            elif self.last_epoch is not None and epoch < self.last_epoch:
                self.offset = self.laps.get(epoch, 0.0)  # resumed, or begun anew
            step = raw + self.offset
        self.last_epoch, self.last_raw = epoch, raw
        return step

    def note_lap(self, raw: float, loss: float | None) -> None:
        """Note a counter that may begin anew where no epoch is told, and the loss beside it.

        A script that was started again begins at the loss of the beginning; a loop over
        epochs goes on from where it was, and all its laps are equally long.
        """
        last = self.last_raw
        if self.start is not None and last is not None and raw < last and raw == self.start[0]:
            low = self._stays_low(loss)
            self.goes_on |= low is True or (low is None and self.ended == last)
            self.ended = last
            if self.goes_on:
                self.offset += self._length(raw)
                self.estimated = True
        if loss is not None:
            self.start = self.start or (raw, loss)
            self.recent = [*self.recent[1 - RECENT :], loss]

    def note_losses(self, losses: list[float]) -> None:
        """Remember the losses of the last lines of many, whose counter rose throughout."""
        self.recent = [*self.recent, *losses][-RECENT:]

    def _stays_low(self, loss: float | None) -> bool | None:
        """Say whether a loss is nearer to the last ones than to the first; None: they are as high,
        or too few.
        """
        if loss is None or self.start is None or len(self.recent) < RECENT // 2 + 1:
            return None
        first, now = self.start[1], sum(self.recent) / len(self.recent)
        return loss < 0.5 * (first + now) if now < first else None

    def _note_stride(self, raw: float) -> None:
        if self.last_raw is not None and raw > self.last_raw:
            self.strides = (*self.strides[-1:], raw - self.last_raw)

    def _length(self, raw: float) -> float:
        """Return how many batches an epoch has that ended; `raw` is the first of the next.

        Where every n-th was printed, those after the last are taken for n too, unless a line at
        the epoch's end said a number that fits.
        """
        last = self.last_raw or 0.0
        if last <= self.said_length <= last + (self.strides[-1] if self.strides else 0.0):
            return self.said_length
        stride = self.strides[0] if len(set(self.strides)) == 1 else 1.0
        if raw == 0:
            return last + stride  # counted from 0
        return last + (raw + 1 == stride)

    def positions(
        self, raw: FloatArray, epoch: FloatArray | float | None, totals: FloatArray | None
    ) -> FloatArray | None:
        """Return `position` of many lines; None where each rests on the one before it."""
        if epoch is None:
            falls = raw[0] < (self.last_raw or 0.0) or bool((np.diff(raw) < 0).any())
            if falls:
                return None
            steps = raw + self.offset
        elif self.base is None or self.fractional or bool(np.any(np.mod(epoch, 1) != 0)):
            return None
        elif not self.per_epoch:
            if self.per_epoch is None and not bool(np.all(epoch == self.last_epoch)):
                return None
            steps = raw
        elif (
            (not self.confirmed and not bool(np.all(epoch == self.last_epoch)))
            or totals is None
            or not ((totals > 0) & (totals < MAX_STEP)).all()
        ):
            return None
        else:
            steps = np.asarray((epoch - self.base) * totals + raw, dtype=np.float64)
        before = raw[0] if self.last_raw is None else self.last_raw
        gaps = np.diff(raw, prepend=before)
        for gap in gaps[gaps > 0][-2:].tolist():
            self.strides = (*self.strides[-1:], gap)
        self.last_raw = float(raw[-1])
        if epoch is not None:
            self.last_epoch = float(epoch[-1] if isinstance(epoch, np.ndarray) else epoch)
        return steps

    def convinces(self, believed: bool, placed: bool, known: Set[str]) -> bool:
        """Say whether the lines held are a report of training.

        `believed`: other lines are one; `known`: the metrics that those with a
        counter report; `placed`: some line has said a step or an epoch.
        """
        layout, held = self.layout, self.held
        if self.accepted or self.rejected:
            return False
        sure = layout.sums or known >= set(self.names)
        if believed and layout.counts and layout.has_loss and sure:
            return bool(held)  # a part of what other lines report, or TensorFlow's evaluation
        needs = _NEXT_NEEDS if believed else _FIRST_NEEDS
        if not believed and not layout.counts and not placed:
            needs = _BARE_NEEDS
        if layout.has_score and not layout.has_loss and not believed:
            needs = _SCORE_NEEDS
        if layout.guessed:
            needs = _GUESSED_NEEDS
        if layout.letter and not self._is_loss_called_l():
            return False
        if len(held) < needs or (layout.guessed and not (layout.counts and self._falls())):
            return False
        if not believed and not self._looks_measured():
            return False
        if layout.counts:
            if not (layout.has_loss or layout.has_score or believed):
                return False
            return self._rises(needs) or self._within_an_epoch()
        if layout.enumerates and not believed:
            return False
        if not (layout.has_loss or (layout.has_score and believed)):
            return False
        return self._changes(needs)

    def _rises(self, needs: int) -> bool:
        counters = [row.counter for row in self.held]
        rises = sum(b > a for a, b in pairwise(counters))
        falls = sum(b < a for a, b in pairwise(counters))
        return rises >= needs - 1 and rises > falls

    def _is_loss_called_l(self) -> bool:
        """Say whether an `L` is a loss: beside an epoch and a step, or a learning rate, one that
        falls on the whole; else one of which nearly every value is below those before it.
        """
        column = [row.values[self.names.index("loss")] for row in self.held]
        if len(column) < _LETTER_NEEDS:
            return False
        half = len(column) // 2
        if self.layout.epoch is not None and self.layout.step is not None:
            return sum(column[-half:]) < sum(column[:half])
        if any(role_of(name) is Role.LEARNING_RATE for name in self.names):
            return sum(column[-half:]) < sum(column[:half])
        pairs = list(combinations(column[-_LETTER_PAIRED:], 2))
        return sum(later < earlier for earlier, later in pairs) >= 0.85 * len(pairs)

    def _falls(self) -> bool:
        """Say whether every loss ends lower than it began, and falls at most of the lines."""
        columns = [
            [row.values[index] for row in self.held]
            for index, name in enumerate(self.names)
            if role_of(name) in (Role.TRAIN_LOSS, Role.EVAL_LOSS)
        ]
        return all(
            column[-1] < column[0]
            and 3 * sum(b < a for a, b in pairwise(column)) >= 2 * (len(column) - 1)
            for column in columns
        )

    def _within_an_epoch(self) -> bool:
        """Say whether many lines of one epoch report a loss, and nothing which batch it is of."""
        if self.layout.step is not None or not self.layout.has_loss:
            return False
        counters = [row.counter for row in self.held]
        return (
            len(counters) >= _WITHIN_NEEDS
            and all(a <= b for a, b in pairwise(counters))
            and self._looks_measured()
            and self._changes(_WITHIN_NEEDS - 2)
        )

    def _changes(self, needs: int) -> bool:
        columns = zip(*(row.values for row in self.held), strict=True)
        if max(len(set(column)) for column in columns) >= needs:
            return True
        moved = len({(row.step, row.epoch) for row in self.held}) >= needs
        return moved and self._broken()

    def _looks_measured(self) -> bool:
        """Say whether a loss (or a score but for rewards, which are counts) is no whole number."""
        measured = [index for index, name in enumerate(self.names) if role_of(name) in _MEASURED]
        if not self.layout.has_loss and any(_REWARDS & set(words(name)) for name in self.names):
            return True
        values = [row.values[index] for row in self.held for index in measured]
        return self.zero or any(not math.isfinite(value) or value % 1 for value in values)

    def _broken(self) -> bool:
        return any(not math.isfinite(value) for row in self.held for value in row.values)

    def accept(self) -> None:
        """Take the lines for a report; the caller takes the rows held."""
        self.accepted = True
        places = [row.step for row in self.held]
        stuck = any(a == b for a, b in pairwise(places))
        self.counting = not self.layout.counts and (places[-1] is None or stuck)
        if self.layout.counts and self.layout.step is None and len(places) > 2:
            # Several lines an epoch: which batch each is of is not said.
            same = sum(a == b for a, b in pairwise(places))
            self.counting = 2 * same >= len(places) - 1
        if not self.counting and places[0] is None:
            if any(place is not None for place in places):
                self._place_the_first()
            else:
                self.counting = True  # the name that should place them stood in no line

    def name_means(self, stepwise: Set[tuple[str, ...]]) -> None:
        """Name the means of epochs otherwise than the losses of steps, `stepwise`."""
        self.names = [
            f"epoch/{name}" if told(name) in stepwise and role_of(name) in _MEASURED else name
            for name in self.names
        ]

    def _place_the_first(self) -> None:
        """Place the lines of a log that begins in the middle, before any that said a step."""
        known = [(index, row.step) for index, row in enumerate(self.held) if row.step is not None]
        (first, step), *rest = known[:2]
        gap = rest[0][1] - step if rest else 0.0
        for index in range(first):
            self.held[index].step = max(step - gap * (first - index), 0.0)
        self.estimated = True

    def count(self, epoch: float | None) -> float:
        """Return the number of the next line that is counted; back with the epoch it is of."""
        if epoch is not None and epoch != self.last_lap:
            if self.last_lap is not None and epoch < self.last_lap:
                self.counted = int(self.laps.get(epoch, 0))
            elif len(self.laps) < _MAX_LAPS:
                self.laps[epoch] = self.counted
            self.last_lap = epoch
        self.counted += 1
        return float(self.counted)

    def give_up(self) -> None:
        """Forget the lines held if they are many and still no report."""
        if len(self.held) >= HELD:
            self.rejected = True
            self.held = []
