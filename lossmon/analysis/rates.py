"""The learning rate beside a loss: warm-up, rises (restarts), and how far it has decayed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis.reduce import highest
from lossmon.model.batch import FloatArray

JUMP: Final = 0.1
"""A rise by a tenth from one point to the next is a restart, no slow schedule."""
SUDDEN: Final = 0.01
"""So is a smaller one right after a point without a rise: schedules rise point by point."""
PAUSE: Final = 20
CHANGE: Final = 1e-4
"""Relative change that counts: printed rates end after a few digits."""


class LearningRate:
    """What matters of a schedule, in points of the loss it goes with."""

    __slots__ = ("_warming", "highest", "jump_at", "last", "rise_at", "warmup_end")

    def __init__(self) -> None:
        self.last = math.nan
        self.highest = 0.0
        self.jump_at = -(1 << 40)
        """n of the newest point at which the rate jumped up."""
        self.rise_at = -(1 << 40)
        """n of the newest point at which the rate rose."""
        self.warmup_end = 0
        """n at which the initial rise ended (0: there was none)."""
        self._warming = True

    @property
    def known(self) -> bool:
        """Whether any rate was logged."""
        return not math.isnan(self.last)

    @property
    def decayed(self) -> float:
        """Present rate over the highest one so far (1 where none is known)."""
        return self.last / self.highest if self.known and self.highest > 0 else 1.0

    def extend(self, rates: FloatArray, n: int) -> None:
        """Take the rates in force at the points n+1 …; NaN: unknown or none."""
        if len(rates) == 1:
            self._extend_one(float(rates[0]), n + 1)
            return
        finite = np.isfinite(rates)
        known = rates if finite.all() else rates[finite]
        if len(known) == 0:
            return
        before = np.empty_like(known)
        before[0] = known[0] if math.isnan(self.last) else self.last
        before[1:] = known[:-1]
        self.last = float(known[-1])
        self.highest = max(self.highest, float(highest(known)))
        rises_here = known > before * (1 + CHANGE)
        rose = rises_here.nonzero()[0]
        if not len(rose) and not self._warming:
            return
        at = n + 1 + (np.arange(len(rates)) if known is rates else np.flatnonzero(finite))
        if len(rose):
            calm = np.concatenate(([self.rise_at < at[0] - 1], ~rises_here[:-1]))
            self.rise_at = int(at[rose[-1]])
            jumped = np.flatnonzero(
                (known > before * (1 + JUMP)) | (calm & (known > before * (1 + SUDDEN)))
            )
            if len(jumped):
                self.jump_at = int(at[jumped[-1]])
        if self._warming:
            fell = np.flatnonzero(known < before * (1 - CHANGE))
            if len(fell):
                self._warming = False
                rose = rose[rose < fell[0]]
            if len(rose):
                # A warm-up rises from the start without long pauses; a later rise is a restart.
                rises = at[rose]
                late = rises > 2 * np.concatenate(([self.warmup_end], rises[:-1])) + PAUSE
                if late.any():
                    self._warming = False
                    rises = rises[: int(late.argmax())]
                if len(rises):
                    self.warmup_end = int(rises[-1])

    def _extend_one(self, rate: float, at: int) -> None:
        """As `extend` for the rate at one point."""
        if not math.isfinite(rate):
            return
        before = rate if math.isnan(self.last) else self.last
        self.last = rate
        self.highest = max(self.highest, rate)
        rose = rate > before * (1 + CHANGE)
        if rose:
            sudden = self.rise_at < at - 1 and rate > before * (1 + SUDDEN)
            self.rise_at = at
            if sudden or rate > before * (1 + JUMP):
                self.jump_at = at
        if self._warming:
            if rate < before * (1 - CHANGE) or (rose and at > 2 * self.warmup_end + PAUSE):
                self._warming = False
            elif rose:
                self.warmup_end = at
