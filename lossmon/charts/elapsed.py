"""Seconds of training: wall time with the pauses cut out."""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.charts.growing import Growing, same
from lossmon.charts.thin import quantiles
from lossmon.model.batch import FloatArray

_PAUSE_FACTOR: Final = 20.0
"""A gap of so many usual intervals is a pause, cut out of elapsed time."""
_PAUSE_LEAST: Final = 120.0
"""Seconds below which no gap is a pause: an evaluation or a checkpoint takes as long."""


class Clock:
    """Seconds of training at each row of a run: wall time with the pauses cut out.

    A function of the wall time alone, so that rows that arrive out of order (an
    evaluation log merged later) stand beside the training of their time.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.seconds = Growing()
        self._first = np.nan
        self._basis = 0
        self._usual = 0.0
        # Wall times in order, and the seconds of training at each.
        self._times = Growing()
        self._trained = Growing()

    def update(self, times: FloatArray) -> None:
        """Read the rows added since; all of them again where their number has doubled."""
        start = self.seconds.size
        first = float(times[0])
        if len(times) < start or not same(first, self._first) or len(times) > 2 * self._basis:
            self.generation += 1
            self.seconds, self._times, self._trained = Growing(), Growing(), Growing()
            self._basis = max(len(times), 32)
            self._first = first
            known = np.sort(times[np.isfinite(times)])
            self._usual = usual_interval(known)
            self._extend(known)
            start = 0
        new = times[start:]
        usable = np.isfinite(new)
        known = new[usable]
        if start and len(known):
            latest = self._times.view()[-1] if self._times.size else -np.inf
            newest = np.maximum.accumulate(np.maximum(known, latest))
            self._extend(known[known >= newest])
        elapsed = np.full(len(new), np.nan)
        if len(known):
            elapsed[usable] = np.interp(known, self._times.view(), self._trained.view())
        self.seconds.extend(elapsed)

    def _extend(self, times: FloatArray) -> None:
        """Add wall times in order, none before the last one."""
        if len(times) == 0:
            return
        before = self._times.view()[-1] if self._times.size else times[0]
        total = self._trained.view()[-1] if self._trained.size else 0.0
        gaps = np.diff(times, prepend=before)
        pause = pause_after(self._usual)
        gaps[gaps > pause] = min(self._usual, pause)
        self._times.extend(times)
        self._trained.extend(total + np.cumsum(gaps))


def usual_interval(times: FloatArray) -> float:
    """Return the usual interval of times in order, 0 where there is none."""
    gaps = np.diff(times[:65_536])
    gaps = gaps[gaps > 0]
    # The upper quartile: where each evaluation is logged right after a training row, half of
    # the gaps are next to nothing.
    return quantiles(gaps, (0.75,))[0] if len(gaps) else 0.0


def pause_after(usual: float) -> float:
    """Return the seconds above which a gap is a pause, of a run whose points come so often."""
    return max(_PAUSE_LEAST, _PAUSE_FACTOR * usual)
