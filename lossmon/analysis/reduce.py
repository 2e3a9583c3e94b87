"""Sums, means and bounds of short arrays, without the wrappers that numpy's methods go through.

A detector looks at 64 to 128 bucket means many times a look; there the way to
the loop costs more than the loop. The results are those of `ndarray.sum`,
`mean`, `max` and `min`, to the last bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray

total: Final = np.add.reduce
"""As `values.sum()`."""

highest: Final = np.maximum.reduce
"""As `values.max()`."""

lowest: Final = np.minimum.reduce
"""As `values.min()`."""


def mean(values: FloatArray) -> float:
    """As `values.mean()` of a non-empty 1-D array."""
    return float(total(values)) / len(values)
