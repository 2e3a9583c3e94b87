"""Where in the lines of one shape the numbers stand that its track follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from lossmon.formats.general_layout import Layout
from lossmon.formats.general_track import HELD, Track
from lossmon.formats.pairs import to_float
from lossmon.model import Role, role_of
from lossmon.model.batch import FloatArray

_LOSSES: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS)


@dataclass(slots=True)
class Plan:
    """One shape: where in its lines the numbers of a track stand."""

    shape: str
    layout: Layout
    track: Track
    sample: list[str]
    """The numbers of the first such line."""
    bar: bool
    """A progress bar, which is drawn again without news."""
    prefixed: bool = False
    """A logger put something before such a line."""
    eval_track: Track | None = None
    """The track of the same lines where they stand under a heading like `Evaluating …`."""
    seen: int = 0
    telling: list[int] | None = None
    """Places of the numbers that tell its lines from ones printed again; None: none do."""
    used: list[int] = field(init=False)
    where: dict[int, int] = field(init=False)
    loss_place: int | None = field(init=False)
    places: list[int] = field(init=False)
    pattern: re.Pattern[str] | None = None
    wide: bool = False
    """Numbers of later lines look otherwise than those of the first."""
    labelled: tuple[str, list[str]] | None = None
    """The label of the line before, and its counters."""
    spoke: str | None = None
    """The task that spoke first."""
    waiting: list[tuple[int, list[str]]] = field(default_factory=list)
    """Lines so far, by their numbers, while it is open what `a/b` counts."""

    def __post_init__(self) -> None:
        self.used = self.layout.used
        self.where = {index: place for place, index in enumerate(self.used)}
        self.places = [self.where[index] for index, _ in self.layout.metrics]
        trained = [i for i, name in self.layout.metrics if role_of(name) is Role.TRAIN_LOSS]
        self.loss_place = self.where[trained[0]] if trained else None
        self.telling = self._telling()

    def _telling(self) -> list[int] | None:
        """The step and the losses, not what ranks measure for themselves, such as their speeds.

        Many lines of one epoch, without a step, may well say the same.
        """
        step, metrics = self.layout.step, self.layout.metrics
        if self.bar or step is None or not metrics:
            return None
        losses = [self.where[index] for index, name in metrics if role_of(name) in _LOSSES]
        return [self.where[step], *(losses or self.places)]

    def says_again(self, track: Track, texts: list[str], epoch: float | None) -> bool:
        """Say whether a line was printed twice: by a second handler, by other ranks.

        `texts` are a line's numbers, `epoch` the one it is of.
        """
        if self.telling is None:
            return False
        said = self.said(texts, epoch)
        again, track.last_said = said == track.last_said, said
        return again

    def said(self, texts: list[str], epoch: float | None) -> tuple[object, ...]:
        """Return what tells a line from one printed again."""
        return (epoch, *[texts[place] for place in self.telling or ()])

    def repeats(self, columns: list[list[str]], epochs: list[float | None]) -> bool:
        """Say whether any of many lines was printed twice; `columns` are their numbers."""
        if self.telling is None:
            return False
        said = zip(epochs, *[columns[place] for place in self.telling], strict=True)
        return any(a == b for a, b in pairwise((self.track.last_said, *said)))

    def counts_epochs(self, number: int, texts: list[str]) -> bool:
        """Say whether `Batch 0/100` turns out to be epoch and batch: the second number rises.

        `number` and `texts` are those of a line, which is remembered until that is known.
        """
        layout = self.layout
        if layout.step is None or layout.step_total is None or layout.epoch is not None:
            return False
        if self.track.accepted or self.track.rejected or len(self.waiting) >= HELD:
            self.waiting = []
            return False
        self.waiting.append((number, texts))
        count, total = self.where[layout.step], self.where[layout.step_total]
        first = self.waiting[0][1]
        rises = to_float(texts[total]) > to_float(first[total])
        return rises and texts[count] == first[count]

    def take_epochs(self, track: Track) -> list[list[str]]:
        """Make `a/b` epoch and batch, for lines of `track` from now on; return those so far."""
        numbers = {number for number, _ in self.waiting}
        self.track.held = [row for row in self.track.held if row.number not in numbers]
        waiting, self.waiting = self.waiting, []
        self.track = track
        self.telling = self._telling()
        return [texts for _, texts in waiting]

    def labels_tasks(self, texts: list[str]) -> bool:
        """Say whether the number before a line is a task's: the line before had another, and
        stood where this one stands.
        """
        layout = self.layout
        if layout.label is None or layout.rank is not None or not layout.counts:
            return False
        places = [layout.epoch, layout.step]
        here = [texts[self.where[place]] for place in places if place is not None]
        label = texts[self.where[layout.label]]
        before, self.labelled = self.labelled, (label, here)
        if before is None or before[0] == label or before[1] != here:
            return False
        self.spoke = before[0]
        return True

    def loss(self, texts: list[str]) -> float | None:
        """Return the first training loss of a line, None where it has none."""
        return None if self.loss_place is None else to_float(texts[self.loss_place])

    def place(self, index: int | None) -> int | None:
        """Return where a number of the line stands among those that are used."""
        return None if index is None else self.where[index]


def floats(texts: list[str]) -> FloatArray:
    """Return printed numbers as an array, shape (n,)."""
    try:
        return np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return np.fromiter(map(to_float, texts), np.float64, len(texts))
