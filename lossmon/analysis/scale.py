"""Internal units: a loss times a power of two, so that losses of 1e±300 can be squared."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray

HUGE: Final = 1e100
"""Internal values end here: their squares must stay finite."""


def unit_for(values: FloatArray) -> float:
    """Factor (an exact power of two) that brings the first value ≠ 0 near one; 0 if all are 0."""
    usable = np.flatnonzero(values)
    if len(usable) == 0:
        return 0.0
    exponent = math.frexp(float(values[usable[0]]))[1]
    return math.ldexp(1.0, min(max(-exponent, -1000), 1000))


def scaled(values: FloatArray, unit: float) -> FloatArray:
    """Finite values in internal units, within ±1e100; `unit` 0 counts as 1."""
    if len(values) == 1:
        return np.array([min(max(float(values[0]) * (unit or 1.0), -HUGE), HUGE)])
    # Bounded before they are multiplied: a power of two moves the bound without an error.
    bound = HUGE / (unit or 1.0)
    # Not `np.clip`: its way to the loop takes as long as all the rest of a short batch.
    bounded: FloatArray = np.minimum(np.maximum(values, -bound), bound)
    return bounded * unit if unit else bounded
