"""`Growing`: a column that grows at its end, as a run does."""

from __future__ import annotations

import numpy as np

from lossmon.model.batch import FloatArray


class Growing:
    """A float64 array that grows at its end; views handed out stay valid."""

    def __init__(self) -> None:
        self._data = np.empty(256)
        self.size = 0

    def extend(self, values: FloatArray) -> None:
        need = self.size + len(values)
        if need > len(self._data):
            grown = np.empty(max(need, len(self._data) * 5 // 4))
            grown[: self.size] = self._data[: self.size]
            self._data = grown
        self._data[self.size : need] = values
        self.size = need

    def view(self) -> FloatArray:
        return self._data[: self.size]


def same(a: float, b: float) -> bool:
    """Return whether two values are equal, NaN being equal to NaN."""
    return a == b or (a != a and b != b)
