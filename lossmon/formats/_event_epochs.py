"""The epoch of each row of an event file, in which the epoch is a tag of its own.

transformers and Lightning write the values of one step one after the other,
the epoch last. So a row waits for the epoch of its step, but only where the
step before had one, and no longer than the step lasts: nothing that is logged
without an epoch is kept waiting by more than one step. The rule looks at the
order of the rows alone, so how the bytes arrived makes no difference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


BoolArray: TypeAlias = "npt.NDArray[np.bool_]"
FloatArray: TypeAlias = "npt.NDArray[np.float64]"
IntArray: TypeAlias = "npt.NDArray[np.int64]"

MAX_WAITING: Final = 256
"""Rows of one step that may wait; a log in which all steps are equal is not held up."""


class EpochFill:
    """Gives rows the epoch that was logged for their step."""

    def __init__(self, first_waits: bool = True) -> None:
        """Say with `first_waits` whether the rows of the very first step may wait."""
        self._step = math.nan
        self._epoch = math.nan
        # Whether the step that was read last has an epoch, so that those after it may wait.
        self._has = first_waits

    def fill(self, steps: FloatArray, said: FloatArray | None) -> tuple[FloatArray | None, int]:
        """Return (epochs, count of rows that are ready).

        `said` holds the epoch of the rows that are themselves one, else NaN
        (None: no row is). Rows from `count` on wait: give them again, first,
        at the next call. Epochs are for the ready rows, None if none has one.
        """
        count = len(steps)
        if said is None and not self._has:
            self._step = float(steps[-1])
            return None, count
        if said is None:
            said = np.full(count, np.nan)
        places = np.arange(count)
        new = np.concatenate(([steps[0] != self._step], steps[1:] != steps[:-1]))
        group = np.cumsum(new)  # 0: goes on with the step of the call before
        starts = np.concatenate(([0], np.flatnonzero(new)))
        known = np.isfinite(said)
        has = np.zeros(int(group[-1]) + 1, dtype=np.bool_)
        has[group[known]] = True
        has[0] |= self._has
        # Rows that go on with a step that was given before do not wait: its others did not.
        waits = np.concatenate(([False], has[:-1]))

        before = np.maximum.accumulate(np.where(known, places, -1))
        after = np.minimum.accumulate(np.where(known, places, count)[::-1])[::-1]
        has_before = (before >= 0) & (group[before] == group)
        inside = np.minimum(after, count - 1)
        has_after = (
            (after < count)
            & (group[inside] == group)
            & waits[group]
            & (inside - starts[group] < MAX_WAITING)
        )
        epochs = np.where(has_after, said[inside], np.nan)
        epochs[group == 0] = self._epoch
        epochs = np.where(has_before, said[before], epochs)
        return self._ready(steps, epochs, group, starts, has, waits)

    def _ready(
        self,
        steps: FloatArray,
        epochs: FloatArray,
        group: IntArray,
        starts: IntArray,
        has: BoolArray,
        waits: BoolArray,
    ) -> tuple[FloatArray | None, int]:
        """Note where the last step stands, and keep its rows back if they may wait."""
        last = int(group[-1])
        start = int(starts[last])
        count = len(steps)
        if last and waits[last] and not has[last] and count - start < MAX_WAITING:
            count = start
            last -= 1
        if count:
            self._step = float(steps[count - 1])
            self._epoch = float(epochs[count - 1]) if has[last] else math.nan
        self._has = bool(has[last])
        epochs = epochs[:count]
        return (epochs if bool(np.isfinite(epochs).any()) else None), count
