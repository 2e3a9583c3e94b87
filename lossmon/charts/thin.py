"""Thinning a long line to pixel columns without losing a point that stands out.

Each pixel column keeps its smallest and largest value, the first and the last:
a one-point spike among a million stays visible, which neither sampling nor
LTTB gives. Long lines keep the minima and maxima of blocks (`Extent`), grown
as points arrive, so that a redraw costs the same whatever the length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray
from lossmon.model.view import BoolArray

BLOCK: Final = 64
"""Points a block: small enough for exact columns, and a million points are 15,625 blocks."""

_SNAP: Final = 8
"""Blocks a column needs before column borders may snap to block borders (⅛ column of error)."""


@dataclass(frozen=True, eq=False)
class Extent:
    """Minima and maxima of consecutive blocks of `BLOCK` values, non-finite ones left out.

    `low` and `high` have shape (m,) for the first m·`BLOCK` points (the tail
    that fills no block is read from the line itself); a block without a
    finite value has low = inf and high = −inf.
    """

    low: FloatArray
    high: FloatArray
    bottom: float
    """Smallest finite value of those blocks."""
    finite: bool
    """Whether every value of those blocks is finite."""


@dataclass(frozen=True, eq=False)
class Columns:
    """What m occupied pixel columns show; all arrays have shape (m,)."""

    index: np.ndarray[tuple[int], np.dtype[np.int64]]
    """Pixel columns that hold at least one finite value, increasing."""
    low: FloatArray
    high: FloatArray
    first: FloatArray
    last: FloatArray
    joined: BoolArray
    """Whether the line goes on from the previous occupied column (False after a NaN)."""


class ExtentBuilder:
    """Grows an `Extent` as a line grows; earlier extents stay valid."""

    def __init__(self) -> None:
        self._low = np.empty(64)
        self._high = np.empty(64)
        self._size = 0
        self._bottom = np.inf
        self._finite = True

    def update(self, values: FloatArray) -> Extent:
        """Return the extent of `values`, of which only blocks not seen before are read."""
        full = len(values) // BLOCK
        if full > self._size:
            new = values[self._size * BLOCK : full * BLOCK].reshape(-1, BLOCK)
            low, high = new.min(axis=1), new.max(axis=1)
            if not (np.isfinite(low).all() and np.isfinite(high).all()):
                usable = np.isfinite(new)
                low = np.where(usable, new, np.inf).min(axis=1)
                high = np.where(usable, new, -np.inf).max(axis=1)
                self._finite = False
            self._append(low, high)
        return Extent(
            self._low[: self._size], self._high[: self._size], float(self._bottom), self._finite
        )

    def _append(self, low: FloatArray, high: FloatArray) -> None:
        need = self._size + len(low)
        if need > len(self._low):
            room = max(need, 2 * len(self._low))
            for name in ("_low", "_high"):
                grown = np.empty(room)
                grown[: self._size] = getattr(self, name)[: self._size]
                setattr(self, name, grown)
        self._low[self._size : need] = low
        self._high[self._size : need] = high
        self._size = need
        self._bottom = min(self._bottom, float(low.min()))
