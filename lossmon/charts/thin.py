"""Thinning a long line to pixel columns without losing a point that stands out.

Each pixel column keeps its smallest and largest value, the first and the last:
a one-point spike among a million stays visible, which neither sampling nor
LTTB gives. Long lines keep the minima and maxima of blocks (`Extent`), grown
as points arrive, so that a redraw costs the same whatever the length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lossmon.model.batch import FloatArray
from lossmon.model.view import BoolArray
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


BLOCK: Final = 64
"""Points a block: small enough for exact columns, and a million points are 15,625 blocks."""

_LONG: Final = 262_144
"""Points in view from which kept blocks are worth their bookkeeping: up to there it is quicker to
read all of them (100,000: 0.2 ms against 0.9)."""

IndexArray: TypeAlias = "npt.NDArray[np.intp]"


@record(eq=False)
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


@record(eq=False)
class Columns:
    """What m occupied pixel columns show; all arrays have shape (m,)."""

    index: npt.NDArray[np.int64]
    """Pixel columns that hold at least one finite value, increasing."""
    low: FloatArray
    high: FloatArray
    first: FloatArray
    last: FloatArray
    joined: BoolArray
    """Whether the line goes on from the previous occupied column (False after a NaN)."""
    broken: npt.NDArray[np.int64]
    """Pixel columns that hold a NaN or an infinity, increasing."""
    start: int
    """First point in view (index into the line)."""
    stop: int
    """One behind the last point in view."""


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


def columns(
    x: FloatArray,
    y: FloatArray,
    edges: FloatArray,
    extent: Extent | None = None,
    positive: bool = False,
    max_gap: float = np.inf,
) -> Columns:
    """Return what each pixel column shows of a line.

    `x` is non-decreasing and finite, shape (n,); column p holds the points
    with ``edges[p] <= x < edges[p + 1]``, so `edges` has shape (pixels + 1,).
    One point beyond each end is kept as a column outside 0…pixels−1, so that
    the line enters and leaves the view in the right direction. With
    `positive`, values ≤ 0 count as gaps (for a logarithmic axis). Columns whose
    nearest points are more than `max_gap` apart are not joined.
    """
    pixels = len(edges) - 1
    inside = np.searchsorted(x, edges[[0, -1]], side="left")
    start, stop = max(int(inside[0]) - 1, 0), min(int(inside[1]) + 1, len(x))
    xs, ys = x[start:stop], y[start:stop]
    clean = (
        extent is not None
        and extent.finite
        and (not positive or extent.bottom > 0)
        and len(extent.low) == len(y) // BLOCK
    )
    tail = y[len(extent.low) * BLOCK :] if extent is not None else y
    if clean and _usable(tail, positive).all() and extent is not None:
        index = None
    else:
        clean = False
        usable = _usable(ys, positive)
        index = None if usable.all() else np.flatnonzero(usable)
        if index is not None:
            xs, ys = xs[index], ys[index]
    nowhere = np.empty(0, np.int64)
    if index is None:
        broken = nowhere
    else:
        bad = np.searchsorted(edges, x[start:stop][~np.isfinite(y[start:stop])], side="right") - 1
        broken = distinct(bad[(bad >= 0) & (bad < pixels)])
    if len(xs) == 0:
        none = np.empty(0)
        joined = np.empty(0, np.bool_)
        return Columns(nowhere, none, none, none, none, joined, broken, *map(int, inside))
    # Bin 0 lies before the view and bin pixels + 1 behind it; each holds one point at most.
    cuts = np.concatenate(([0], np.searchsorted(xs, edges, side="left"), [len(xs)]))
    begin, end = cuts[:-1], cuts[1:]
    bins = np.flatnonzero(end > begin)
    begin, end = begin[bins], end[bins]
    if clean and extent is not None and stop - start > _LONG:
        low, high = _from_blocks(y, begin + start, end + start, extent)
    else:
        low, high = np.minimum.reduceat(ys, begin), np.maximum.reduceat(ys, begin)
    joined = np.ones(len(bins), np.bool_)
    if index is not None:
        joined[1:] = index[begin[1:]] - index[end[:-1] - 1] == 1
    joined[0] = False
    if max_gap < np.inf:
        joined[1:] &= xs[begin[1:]] - xs[end[:-1] - 1] <= max_gap
    place = bins.astype(np.int64) - 1
    step = edges[1] - edges[0]
    # Rounding must not bring a point that lies outside into the view.
    if place[0] < 0:
        place[0] = min(_distance(xs[0], edges[0], step), -1)
    if place[-1] >= pixels:
        place[-1] = max(_distance(xs[-1], edges[0], step), pixels)
    first, last = ys[begin], ys[end - 1]
    return Columns(place, low, high, first, last, joined, broken, int(inside[0]), int(inside[1]))


def _distance(x: float, start: float, step: float) -> int:
    """Return how many columns `x` lies from `start`, bounded."""
    share = (x - start) / step if step > 0 else 0.0
    return int(np.clip(np.floor(share), -1e7, 1e7)) if np.isfinite(share) else 0


def _usable(values: FloatArray, positive: bool) -> BoolArray:
    finite = np.isfinite(values)
    return finite & (values > 0) if positive else finite


def _from_blocks(
    y: FloatArray, begin: IndexArray, end: IndexArray, extent: Extent
) -> tuple[FloatArray, FloatArray]:
    """Return the exact minima and maxima of y[begin:end] from whole blocks and their fringes."""
    blocks = len(extent.low)
    head = np.minimum(-(-begin // BLOCK), blocks)
    tail = np.maximum(np.minimum(end // BLOCK, blocks), head)
    offsets = np.arange(BLOCK)
    last = end[:, None] - 1
    # Up to a block before the first whole one and up to a block behind the last; where the
    # column holds no whole block the two fringes overlap, which extremes do not mind.
    front = y[np.minimum(begin[:, None] + offsets, last)]
    back = y[np.maximum(last - offsets, begin[:, None])]
    low = np.minimum(front.min(axis=1), back.min(axis=1))
    high = np.maximum(front.max(axis=1), back.max(axis=1))
    whole = np.flatnonzero(tail > head)
    if len(whole):
        pairs = np.empty(2 * len(whole), np.int64)
        pairs[0::2], pairs[1::2] = head[whole], tail[whole]
        # A pair may end at the array's own end, which reduceat cannot name.
        lows = np.append(extent.low, np.inf)
        highs = np.append(extent.high, -np.inf)
        low[whole] = np.minimum(low[whole], np.minimum.reduceat(lows, pairs)[0::2])
        high[whole] = np.maximum(high[whole], np.maximum.reduceat(highs, pairs)[0::2])
    return low, high


def distinct(cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the distinct numbers (small, not negative) in order.

    `np.unique` does the same, and imports `numpy.ma` on its first call, for which the first chart
    would have to wait.
    """
    return np.flatnonzero(np.bincount(cells))


def quantiles(values: FloatArray, shares: Sequence[float]) -> tuple[float, ...]:
    """Return the quantiles (0 to 1) of values, shape (n,), n ≥ 1 and finite; linear between two.

    `np.quantile` does the same by way of `np.unique`, see `distinct`.
    """
    ordered = np.sort(values)
    places = np.asarray(shares) * (len(ordered) - 1)
    return tuple(np.interp(places, np.arange(len(ordered)), ordered).tolist())
