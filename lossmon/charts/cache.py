"""`LineCache`: what a redraw need not compute again while a run grows.

A live run adds a few points a second to a hundred thousand: smoothing all of
them and finding their extremes at every redraw would cost more than drawing.
Stored points never change, so everything derived is grown at its end. The
cache only saves work: with or without it the lines are the same to rounding.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Final

import numpy as np

from lossmon.analysis.ema import automatic_time_constant, beta_of, continued_ema
from lossmon.charts.elapsed import Clock, pause_after, usual_interval
from lossmon.charts.growing import Growing, same
from lossmon.charts.spec import XAxis
from lossmon.charts.thin import Extent, ExtentBuilder
from lossmon.model import SeriesView
from lossmon.model.batch import FloatArray
from lossmon.model.view import BoolArray
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


MAX_POINTS: Final = 12_000_000
"""Numbers kept over all series (8 bytes each); the least recently drawn go first."""

_IN_ONE_PICTURE: Final = 8
"""Series that are kept however long they are."""


@record(eq=False)
class Prepared:
    """One series ready for drawing on one x axis; the points that count, in order."""

    x: FloatArray
    y: FloatArray
    extent: Extent | None
    """None where x is not sorted."""
    steps: FloatArray | None
    """Steps of the points; None where they are those of the series itself."""
    max_gap: float
    """Seconds above which a gap is a pause (infinite on axes that have none)."""
    superseded: tuple[tuple[FloatArray, FloatArray], ...]
    """Stretches that a resumed run overlapped, the latest first."""


MAX_SUPERSEDED: Final = 24
"""Overlapped stretches kept for drawing: more are a tangle."""


@record(frozen=False)
class _Smooth:
    beta: float
    values: Growing = field(default_factory=Growing)
    extent: ExtentBuilder = field(default_factory=ExtentBuilder)
    seen: int = 0
    average: float = np.nan

    def update(self, y: FloatArray) -> None:
        new = y[self.values.size :]
        if len(new) == 0:
            return
        smooth = continued_ema(new, self.beta, self.average, self.seen)
        finite = np.isfinite(new)
        self.seen += int(np.count_nonzero(finite))
        self.average = float(smooth[-1])
        # A trend must not be drawn on where the loss has become NaN.
        self.values.extend(np.where(finite, smooth, np.nan))


@record(frozen=False)
class _Derived:
    """What is known of values, wherever they stand on an axis: extremes, and their average."""

    points: int = 0
    first: float = np.nan
    last: float = np.nan
    extent: ExtentBuilder = field(default_factory=ExtentBuilder)
    smooth: _Smooth | None = None

    @property
    def copied(self) -> int:
        """Numbers held; about a sixteenth are extremes of blocks."""
        return (0 if self.smooth is None else self.smooth.values.size) + self.points // 16

    def grows_to(self, y: FloatArray) -> bool:
        """Take note of `y`; return False where it is not these values with some added."""
        n = self.points
        if len(y) < n or (n and not same(float(y[0]), self.first)):
            return False
        if n and not same(float(y[n - 1]), self.last):
            return False
        self.points = len(y)
        if len(y):
            self.first, self.last = float(y[0]), float(y[-1])
        return True

    def smoothed(self, y: FloatArray, beta: float) -> _Smooth:
        """Return the debiased EMA of all values."""
        if self.smooth is None or self.smooth.beta != beta or self.smooth.values.size > len(y):
            self.smooth = _Smooth(beta)
        self.smooth.update(y)
        return self.smooth


@record(frozen=False)
class _Kept:
    """What is known of one series on one axis."""

    points: int = 0
    cuts: int = 0
    first: float = np.nan
    last: float = np.nan
    x: Growing = field(default_factory=Growing)
    y: Growing = field(default_factory=Growing)
    steps: Growing = field(default_factory=Growing)
    direct: bool = True
    """Every point counts, so that `y` and `steps` are read from the series, not copied."""
    on_steps: bool = False
    """`x` is the series' steps, not copied either."""
    last_x: float = -np.inf
    max_gap: float = np.inf
    gap_basis: int = 0
    """Points that `max_gap` was found from; it is found anew as they double."""
    sorted: bool = True
    superseded: tuple[tuple[FloatArray, FloatArray], ...] = ()
    derived: _Derived = field(default_factory=_Derived)
    """Of `y`, where not every point counts; else all axes share one."""
    clock: int = 0
    """Generation of the run's clock that elapsed times were read from."""

    @property
    def copied(self) -> int:
        """Numbers held beside the run's own."""
        return self.x.size + self.y.size + self.steps.size + self.derived.copied

    def values(self, series: SeriesView) -> FloatArray:
        """Return y of the points that count."""
        return series.values if self.direct else self.y.view()

    def grew_from(self, series: SeriesView) -> bool:
        """Whether `series` is this one with points added (same start, same cuts)."""
        n = self.points
        return (
            n > 0
            and len(series) >= n
            and len(series.cuts) == self.cuts
            and same(float(series.values[0]), self.first)
            and same(float(series.values[n - 1]), self.last)
        )


class LineCache:
    """Keeps derived arrays of the series drawn lately. For one thread."""

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        self._kept: OrderedDict[tuple[str, str, XAxis], _Kept] = OrderedDict()
        self._shared: dict[tuple[str, str], _Derived] = {}
        """Of series of which every point counts: another axis needs no smoothing anew."""
        self._clocks: dict[str, Clock] = {}
        self._max_points = max_points

    def prepare(self, run: str, series: SeriesView, axis: XAxis) -> Prepared | None:
        """Return a series' x and y on an axis, None where the log has no such x."""
        kept = self._update(run, series, axis)
        if kept is None:
            return None
        y = kept.values(series)
        extent = self._derived(run, series, kept, y).extent.update(y) if kept.sorted else None
        return Prepared(
            x=series.steps if kept.on_steps else kept.x.view(),
            y=y,
            extent=extent,
            steps=None if kept.direct else kept.steps.view(),
            max_gap=kept.max_gap,
            superseded=kept.superseded,
        )

    def smoothed(
        self, run: str, series: SeriesView, axis: XAxis, beta: float | None
    ) -> tuple[FloatArray, Extent | None]:
        """Return the debiased EMA of `prepare(...).y`, NaN where that is not finite.

        β None adapts to the number of points.
        """
        kept = self._update(run, series, axis)
        if kept is None:
            return np.empty(0), None
        y = kept.values(series)
        if beta is None:
            beta = adapted_beta(len(y))
        smooth = self._derived(run, series, kept, y).smoothed(y, beta)
        self._evict()
        values = smooth.values.view()
        return values, smooth.extent.update(values) if kept.sorted else None

    def forget(self, run: str) -> None:
        """Drop what is kept of a run (it left the screen or was read anew)."""
        for key in [key for key in self._kept if key[0] == run]:
            del self._kept[key]
        for shared in [shared for shared in self._shared if shared[0] == run]:
            del self._shared[shared]
        self._clocks.pop(run, None)

    def _derived(self, run: str, series: SeriesView, kept: _Kept, y: FloatArray) -> _Derived:
        """Return what is derived of a series' values `y`, up to date with their number."""
        if not kept.direct:
            if not kept.derived.grows_to(y):
                kept.derived = _Derived()
                kept.derived.grows_to(y)
            return kept.derived
        key = (run, series.name)
        found = self._shared.get(key)
        if found is None or not found.grows_to(y):
            found = self._shared[key] = _Derived()
            found.grows_to(y)
        return found

    def _update(self, run: str, series: SeriesView, axis: XAxis) -> _Kept | None:
        key = (run, series.name, axis)
        clock = self._clock(run, series) if axis is XAxis.ELAPSED else None
        kept = self._kept.get(key)
        generation = clock.generation if clock is not None else 0
        if kept is None or kept.clock != generation or not kept.grew_from(series):
            kept = _Kept(clock=generation, on_steps=axis is XAxis.STEP)
        if len(series) > kept.points or key not in self._kept:
            x = self._axis(series, axis, kept.points, clock)
            if x is None:
                self._kept.pop(key, None)
                return None
            _take(kept, series, x)
            if axis is XAxis.WALL and kept.x.size > 2 * kept.gap_basis:
                kept.gap_basis = max(kept.x.size, 16)
                kept.max_gap = pause_after(usual_interval(kept.x.view()))
            self._kept[key] = kept
        self._kept.move_to_end(key)
        self._evict()
        return kept

    def _clock(self, run: str, series: SeriesView) -> Clock | None:
        times = series.axis_times
        if times is None or len(times) == 0:
            return None
        clock = self._clocks.setdefault(run, Clock())
        if len(times) != clock.seconds.size:
            clock.update(times)
        return clock

    @staticmethod
    def _axis(
        series: SeriesView, axis: XAxis, start: int, clock: Clock | None
    ) -> FloatArray | None:
        """Return x of the points from `start` on, None where the log has none."""
        if len(series) == 0:
            return None
        at = _rows(series, start)
        if axis is XAxis.STEP:
            return series.axis_steps[at]
        if axis is XAxis.RELATIVE:
            relative: FloatArray = series.axis_steps[at] - series.axis_steps[0]
            return relative
        if axis is XAxis.EPOCH:
            return None if series.axis_epochs is None else series.axis_epochs[at]
        if axis is XAxis.WALL:
            return None if series.axis_times is None else series.axis_times[at]
        return None if clock is None else clock.seconds.view()[at]

    def _evict(self) -> None:
        total = sum(kept.copied for kept in self._kept.values())
        total += sum(shared.copied for shared in self._shared.values())
        # Never what one picture needs: it would be worked out anew at every redraw.
        while total > self._max_points and len(self._kept) > _IN_ONE_PICTURE:
            (run, name, _), gone = self._kept.popitem(last=False)
            total -= gone.copied
            if not any((run, name, axis) in self._kept for axis in XAxis):
                shared = self._shared.pop((run, name), None)
                total -= 0 if shared is None else shared.copied


def adapted_beta(points: int) -> float:
    """Return the automatic EMA weight for a log of that many points.

    The time constant is the analysis' own, in powers of two: the smoothed past
    stays where it is while a run grows, and moves only when its points double.
    """
    constant = automatic_time_constant(points)
    return beta_of(2.0 ** math.floor(math.log2(constant))) if constant >= 1 else 0.0


def _rows(series: SeriesView, start: int) -> slice | npt.NDArray[np.int32]:
    rows = series.rows
    if isinstance(rows, slice):
        first, stop, _ = rows.indices(len(series.axis_steps))
        return slice(first + start, stop)
    return rows[start:]


def _take(kept: _Kept, series: SeriesView, x: FloatArray) -> None:
    """Add the points from `kept.points` on, of which `x` are the positions."""
    start = kept.points
    y, steps = series.values[start:], series.axis_steps[_rows(series, start)]
    if start == 0 and series.cuts:
        current = series.current
        kept.superseded = _superseded(x, y, current)
        x, y, steps = x[current], y[current], steps[current]
    usable = np.isfinite(x)
    if kept.direct and (series.cuts or not usable.all()):
        kept.direct = False
        kept.y.extend(series.values[:start])
        kept.steps.extend(series.steps[:start])
    if kept.on_steps and not (kept.direct and isinstance(series.rows, slice)):
        kept.on_steps = False
        kept.x.extend(series.steps[:start])
    if not usable.all():
        x, y, steps = x[usable], y[usable], steps[usable]
    if len(x):
        if x[0] < kept.last_x or bool((x[1:] < x[:-1]).any()):
            kept.sorted = False
        kept.last_x = float(x[-1])
        if not kept.on_steps:
            kept.x.extend(x)
        if not kept.direct:
            kept.y.extend(y)
            kept.steps.extend(steps)
    kept.points = len(series)
    kept.cuts = len(series.cuts)
    kept.first, kept.last = float(series.values[0]), float(series.values[-1])


def _superseded(
    x: FloatArray, y: FloatArray, current: BoolArray
) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return the stretches that do not count, the latest first."""
    old = ~current
    edges = np.flatnonzero(np.diff(old.astype(np.int8), prepend=0, append=0))
    stretches = []
    for start, stop in edges.reshape(-1, 2)[::-1][:MAX_SUPERSEDED].tolist():
        stretches.append((x[start:stop], y[start:stop]))
    return tuple(stretches)
