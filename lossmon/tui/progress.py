"""How far a run is, how fast it goes, and when it will end, from what the log tells."""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.model import RunView
from lossmon.record import record

_RECENT: Final = 200
"""Points that the speed is taken from: enough to level out evaluations, few enough to follow."""
_PAUSE: Final = 10.0
"""An interval this many times the median one is a pause (a break, a resume), not training."""


@record
class Progress:
    """Step and epoch now and at the end, speed; None where the log has no word."""

    step: float | None = None
    total_steps: float | None = None
    epoch: float | None = None
    total_epochs: float | None = None
    steps_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def share(self) -> float | None:
        """How much of the planned training is done, 0 to 1."""
        if self.step is not None and self.total_steps:
            return min(max(self.step / self.total_steps, 0.0), 1.0)
        if self.epoch is not None and self.total_epochs:
            return min(max(self.epoch / self.total_epochs, 0.0), 1.0)
        return None


def progress(run: RunView) -> Progress:
    """Return how far a run is. Time left is only told of a live run with wall times."""
    series = run.train or run.eval or max(run.series, key=len, default=None)
    if series is None or len(series) == 0:
        return Progress(total_steps=run.total_steps, total_epochs=run.total_epochs)
    step = float(series.steps[-1])
    epoch = None
    if series.epochs is not None:
        last = series.epochs[-1]
        epoch = None if np.isnan(last) else float(last)
    speed = _speed(
        series.steps[-_RECENT:], None if series.times is None else series.times[-_RECENT:]
    )
    made = Progress(step, run.total_steps, epoch, run.total_epochs, speed)
    if run.state != "live" or not speed:
        return made
    if run.total_steps is not None:
        left = max(run.total_steps - step, 0.0) / speed
    elif run.total_epochs and epoch is not None and epoch > 0 and step > 0:
        left = max(run.total_epochs - epoch, 0.0) * (step / epoch) / speed
    else:
        return made
    return Progress(step, run.total_steps, epoch, run.total_epochs, speed, left)


def _speed(steps: np.ndarray, times: np.ndarray | None) -> float | None:
    if times is None or len(steps) < 3:
        return None
    took, went = np.diff(times), np.diff(steps)
    good = np.isfinite(took) & (took >= 0) & (went > 0)
    if not good.any():
        return None
    took, went = took[good], went[good]
    # Mean rather than median: evaluations between points cost time too. Pauses are no training.
    typical = float(np.median(took))
    kept = took <= max(typical * _PAUSE, 1e-9)
    total = float(took[kept].sum())
    return float(went[kept].sum()) / total if total > 0 else None
