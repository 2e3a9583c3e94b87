"""`Buckets`: a whole series in at most 128 means of equal count, in O(1) amortised a point.

When the last bucket is full, neighbours merge and the width doubles, so that
64 to 128 buckets always cover everything that counts, at a resolution that
stays the same share of the run. Every trend test reads these means: a mean over
many points is close to normal whatever one point's noise is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray

CAPACITY: Final = 128
"""Buckets kept: a window of 1/8 of the run then always has at least 8 of them."""


class Buckets:
    """Means of `columns` quantities over consecutive stretches of `width` points each.

    `steps_first` and `steps_last` bound each bucket on the step axis. Sums are
    kept for the open bucket alone: nothing is ever subtracted from a running
    sum, so nothing cancels.
    """

    __slots__ = (
        "_first",
        "_last",
        "_means",
        "_open_first",
        "_sums",
        "capacity",
        "count",
        "filled",
        "width",
    )

    def __init__(self, columns: int = 1, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.width = 1
        self.count = 0
        self.filled = 0
        self._means = np.zeros((columns, capacity))
        self._first = np.zeros(capacity)
        self._last = np.zeros(capacity)
        self._sums = [0.0] * columns
        self._open_first = 0.0

    def means(self, column: int = 0) -> FloatArray:
        """Means of the closed buckets, shape (count,); a view, valid until the next `add`."""
        view: FloatArray = self._means[column, : self.count]
        return view

    @property
    def steps_first(self) -> FloatArray:
        """Step of the first point of each closed bucket, shape (count,)."""
        view: FloatArray = self._first[: self.count]
        return view

    @property
    def steps_last(self) -> FloatArray:
        """Step of the last point of each closed bucket, shape (count,)."""
        view: FloatArray = self._last[: self.count]
        return view

    @property
    def points(self) -> int:
        """Points in the closed buckets and in the open one."""
        return self.count * self.width + self.filled

    def add(self, count: int, sums: tuple[float, ...], first: float, last: float) -> bool:
        """Add `count` points (at most what is left of the open bucket) by their sums.

        Returns whether a bucket was closed.
        """
        if self.filled == 0:
            self._open_first = first
        for column, value in enumerate(sums):
            self._sums[column] += value
        self.filled += count
        if self.filled < self.width:
            return False
        k = self.count
        for column, value in enumerate(self._sums):
            self._means[column, k] = value / self.width
            self._sums[column] = 0.0
        self._first[k] = self._open_first
        self._last[k] = last
        self.filled = 0
        self.count = k + 1
        if self.count == self.capacity:
            self._merge()
        return True

    def _merge(self) -> None:
        half = self.capacity // 2
        self._means[:, :half] = (self._means[:, 0::2] + self._means[:, 1::2]) / 2
        self._first[:half] = self._first[0::2].copy()
        self._last[:half] = self._last[1::2].copy()
        self.count = half
        self.width *= 2

    def open_mean(self, column: int = 0) -> float | None:
        """Mean of the open bucket, None while it is empty."""
        return self._sums[column] / self.filled if self.filled else None

    def truncate(self, step: float) -> None:
        """Forget the buckets that reach `step` or beyond (a resumed run overlaps them)."""
        self.count = int(np.searchsorted(self._last[: self.count], step, side="left"))
        self._sums = [0.0] * len(self._sums)
        self.filled = 0
        if self.count == 0:
            self.width = 1

    def step_at(self, bucket: int) -> float:
        """Step at which a bucket began."""
        return float(self._first[bucket])
