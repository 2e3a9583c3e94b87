"""What the callbacks have in common: an analyzer fed with a framework's logs, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import EVENT_KINDS, Batch, BatchBuilder, Event, Verdict

STOP_ON: Final = ("divergence", "nonfinite")
"""What makes further training a waste; a plateau or an overfitting may be what you want to see."""


class Watcher:
    """Judges the metrics that a framework logs, in the training process itself.

    `stop_on` are kinds of events; `stops` becomes True when one stands. A
    ValueError names a kind that does not exist.
    """

    def __init__(self, stop_on: Sequence[str] = STOP_ON) -> None:
        unknown = [kind for kind in stop_on if kind not in EVENT_KINDS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no event; known: {', '.join(EVENT_KINDS)}")
        self.stop_on = frozenset(stop_on)
        self.analyzer = Analyzer()
        self._told: set[tuple[str, str | None, float]] = set()

    @property
    def verdict(self) -> Verdict:
        """What holds now."""
        return self.analyzer.verdict

    def update(
        self, metrics: Mapping[str, object], step: float, epoch: float | None = None
    ) -> list[Event]:
        """Take the numbers of one row of metrics; return the events that are new."""
        builder = BatchBuilder()
        values = {
            name: float(value)
            for name, value in metrics.items()
            if isinstance(value, int | float | np.integer | np.floating)
            and value is not True
            and value is not False
        }
        if epoch is not None and not math.isfinite(epoch):
            epoch = None
        builder.add(values, step, epoch)
        batch: Batch = builder.take()
        if len(batch):
            self.analyzer.consume(batch)
        fresh = []
        for event in self.analyzer.events:
            key = (event.kind, event.series, event.step)
            if key not in self._told:
                self._told.add(key)
                fresh.append(event)
        return fresh

    @property
    def reason(self) -> Event | None:
        """The event that stands and that training should stop for, or None."""
        return next((e for e in self.analyzer.events if e.stands and e.kind in self.stop_on), None)

    @property
    def stops(self) -> bool:
        """Whether training should stop."""
        return self.reason is not None
