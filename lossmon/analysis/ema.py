"""The exponential moving average, debiased, exact and vectorised.

s ← βs + (1−β)x over finite values, divided by 1 − βⁿ (Adam's correction;
TensorBoard merged the same in its #639): the weights of the n values seen sum
to one, so a constant comes out as itself and two points are averaged rightly.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray

_BLOCK: Final = 512
_CHUNK: Final = 1 << 18
"""Values worked out at a time: enough to be quick, few enough to need no memory to speak of."""
_NOTHING: Final = 1e-17
"""A past of less weight than this is below a float's precision."""
SHARE: Final = 1 / 32
"""Automatic time constant as a share of the points: the trend of 3 % of the run."""
MAX_TIME_CONSTANT: Final = 5000.0


def beta_of(time_constant: float) -> float:
    """EMA weight β of the past for a time constant in points (0 or less: no smoothing)."""
    return math.exp(-1.0 / time_constant) if time_constant > 0 else 0.0


def automatic_time_constant(points: int, noise: float | None = None) -> float:
    """Return the time constant, in points, that fits a log of that many points.

    3 % of the log, so that the line looks alike whether a run logs every step
    or every thousandth. `noise` is σ over the total descent (`Summary.noise`
    over it) where it is known: smooth curves (< 0.005) need a third of it.
    """
    if points < 8:
        return 0.0
    share = SHARE if noise is None or noise > 0.005 else SHARE / 3
    return min(max(points * share, 1.0), MAX_TIME_CONSTANT)


def debiased_ema(
    values: FloatArray, beta: float | None = None, time_constant: float | None = None
) -> FloatArray:
    """Return the debiased EMA at each point, shape (n,).

    Give `beta` in [0, 1) or `time_constant` in points (β = e^(−1/τ)); with
    neither, the automatic one for n points. A non-finite value is skipped: the
    average stays what it was before, NaN while nothing finite was seen.
    """
    values = np.asarray(values, dtype=np.float64)
    if beta is None:
        if time_constant is None:
            time_constant = automatic_time_constant(len(values))
        beta = beta_of(time_constant)
    if not 0 <= beta < 1:
        raise ValueError(f"beta should be in [0, 1), not {beta!r}")
    return continued_ema(values, beta)


def continued_ema(
    values: FloatArray, beta: float, average: float = math.nan, seen: int = 0
) -> FloatArray:
    """Return the debiased EMA at each of further points, shape (n,), as `debiased_ema` of all.

    `average` is the EMA at the point before, over `seen` finite values.
    """
    finite = np.isfinite(values)
    if finite.all():
        return _dense(values, beta, average, seen)
    smooth = np.concatenate(([average], _dense(values[finite], beta, average, seen)))
    result: FloatArray = smooth[np.cumsum(finite)]
    return result


def _blocks(
    values: FloatArray,
    out: FloatArray,
    powers: FloatArray,
    gain: float,
    carry: float,
    origin: float,
) -> float:
    """Write the biased averages of deviations from `origin` into `out`; return the last one.

    `powers` are β¹ … βˢ for blocks of s values; all full blocks are worked out
    at once, only the carry goes from one to the next.
    """
    size, n = len(powers), len(values)
    full = n // size * size
    if full:
        # Deviations from the first value: a constant stays exact to the last bit.
        blocks = (values[:full] - origin).reshape(-1, size)
        sums = gain * np.cumsum(blocks / powers, axis=1)
        carries = np.empty(len(blocks))
        last = powers[-1]
        for index, total in enumerate(sums[:, -1].tolist()):
            carries[index] = carry
            carry = last * (carry + total)
        np.multiply(powers, carries[:, None] + sums, out=out[:full].reshape(-1, size))
    if full < n:
        some = powers[: n - full]
        sums = gain * np.cumsum((values[full:] - origin) / some)
        out[full:] = some * (carry + sums)
        carry = float(out[-1])
    return float(carry)


def _dense(values: FloatArray, beta: float, average: float, seen: int) -> FloatArray:
    n = len(values)
    if n == 0 or beta < _NOTHING:
        return values.copy()
    # Powers of β over one block, short enough not to underflow; each block is a product with
    # a triangular matrix, the carry between blocks a plain recursion. The scale keeps 1e308 in.
    size = max(1, min(_BLOCK, int(-300 / math.log(beta))))
    scale = max(float(np.max(np.abs(values))), abs(average) if seen else 0.0)
    scale = max(scale, np.finfo(float).tiny)
    scaled = values / scale if scale > 1e150 or scale < 1e-150 else values
    # Deviations from the average so far have a biased average of 0: the carry begins there.
    origin = scaled[0] if not seen else average if scaled is values else average / scale
    out = np.empty(n)
    powers: FloatArray = np.power(beta, np.arange(1, size + 1), dtype=np.float64)
    carry = 0.0
    for start in range(0, n, _CHUNK // size * size):
        part = scaled[start : start + _CHUNK // size * size]
        carry = _blocks(part, out[start : start + len(part)], powers, 1 - beta, carry, origin)
    # Beyond some points the weight of the values seen is 1 to the last bit.
    biased = min(max(int(math.log(_NOTHING) / math.log(beta)) + 1 - seen, 0), n)
    out[:biased] /= -np.expm1(math.log(beta) * np.arange(seen + 1, seen + biased + 1))
    out += origin
    if scaled is not values:
        out *= scale
    return out
