"""One training often writes several logs: console, trainer_state.json, event files.

Searching a folder finds them all; a person wants one row for one training.
Two runs are twins when they come from different formats, lie in one folder
tree, and their training losses are the same at the same steps to the digits
that a console prints. The longest is shown; the others are named in its facts.
Sources that the user named one by one are never folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, Protocol

import numpy as np

from lossmon.model import RunView, SeriesView
from lossmon.model.batch import FloatArray
from lossmon.record import record

MIN_POINTS: Final = 6
"""Fewer equal points may be chance (two runs of one seed begin alike)."""

TOLERANCE: Final = 2e-3
"""Relative difference that rounding explains: consoles print 3 or 4 significant digits."""

SAMPLED: Final = 512
"""Points compared, from the end back: twins differ nowhere, others differ at once."""

SKETCHED: Final = 64
"""Points of a sketch at most: a thousand bytes a run cross the network."""

# Of logs that are equally long, the one that says more of the run is shown.
_ORDER: Final = ("hf-trainer-state", "jsonl", "csv", "wandb", "mlflow", "trackio", "tensorboard")


class Curve(Protocol):
    """A training loss, as far as telling twins needs it."""

    @property
    def marks(self) -> frozenset[str]:
        """What it has in common with its twin: few others have."""

    def agrees(self, other: Curve) -> bool:
        """Whether both have the same values at the steps that both should have."""


class Twins:
    """Remembers which log of a training is shown, so that rows do not change places."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._told: dict[str, tuple[RunView, Curve | None]] = {}
        """Of each run its view at the last look, and its curve: most stay the same."""

    def fold(self, views: Sequence[RunView], searched: Collection[str]) -> tuple[RunView, ...]:
        """Return the views with twins folded; only runs whose id is in `searched` may be folded."""
        told: dict[str, tuple[RunView, Curve | None]] = {}
        for view in views:
            if view.id in searched:
                known = self._told.get(view.id)
                same = known is not None and known[0] is view
                told[view.id] = known if known is not None and same else (view, _whole(view))
        self._told = told
        curves = {key: curve for key, (_, curve) in told.items() if curve is not None}
        return self.fold_by(views, curves)

    def fold_by(self, views: Sequence[RunView], curves: Mapping[str, Curve]) -> tuple[RunView, ...]:
        """Return the views with twins folded: of the runs in `curves`, whose keys are their ids."""
        hidden: dict[str, str] = {}
        for one, other in _near([view for view in views if view.id in curves], curves):
            if one.id in hidden or other.id in hidden:
                continue
            if _may_be_twins(one, other) and curves[one.id].agrees(curves[other.id]):
                keep, fold = self._choose(one, other)
                hidden[fold.id] = keep.id
        self._shown = {view.id for view in views} - set(hidden)
        kept = {view.id: view for view in views if view.id not in hidden}
        for view in views:
            target = hidden.get(view.id)
            while target in hidden:
                target = hidden[target]
            if target is not None:
                kept[target] = _with_twin(kept[target], view)
        return tuple(kept.values())

    def _choose(self, one: RunView, other: RunView) -> tuple[RunView, RunView]:
        """Return (shown, folded): the longer; then the one shown before; then the fuller."""
        return (one, other) if self._rank(one) >= self._rank(other) else (other, one)

    def _rank(self, view: RunView) -> tuple[float, bool, int]:
        order = _ORDER.index(view.format) if view.format in _ORDER else len(_ORDER)
        return (view.summary.steps or 0.0, view.id in self._shown, -order)


def _near(
    views: Sequence[RunView], curves: Mapping[str, Curve]
) -> Iterator[tuple[RunView, RunView]]:
    """Yield pairs of unlike formats whose losses have one value in common.

    A sweep of 5,000 runs has few: they may all begin alike, but one logger wrote them.
    """
    groups: dict[str, dict[str, list[RunView]]] = {}
    for view in views:
        for mark in curves[view.id].marks:
            group = groups.setdefault(mark, {})
            for fmt, others in group.items():
                if fmt != view.format:
                    for other in others:
                        yield other, view
            group.setdefault(view.format, []).append(view)


def _marks(series: SeriesView) -> frozenset[str]:
    # Third point, two digits: rounding may still part twins at an edge, so both sides.
    value = float(series.values[2])
    return frozenset((f"{value * (1 - TOLERANCE):.2g}", f"{value * (1 + TOLERANCE):.2g}"))


def _may_be_twins(one: RunView, other: RunView) -> bool:
    first, second = (PurePosixPath(view.source).parent.parts for view in (one, other))
    common = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        common += 1
    if common in (len(first), len(second)):  # one lies in the other's folder or below it
        return common > 0
    # csv/digits/version_0 beside tb/digits/version_0
    return first[common + 1 :] == second[common + 1 :] and len(first) == len(second)


@record(eq=False)
class Whole:
    """A curve with all its points."""

    series: SeriesView
    marks: frozenset[str]

    def agrees(self, other: Curve) -> bool:
        """Whether the shorter one's last points are all in the longer one."""
        if not isinstance(other, Whole):
            return False
        short, long = sorted((self.series, other.series), key=len)
        n = min(len(short), SAMPLED)
        if n < MIN_POINTS or len(long) > 4 * len(short):
            return False
        return _inside(short.steps[-n:], short.values[-n:], long.steps, long.values)


def _whole(view: RunView) -> Whole | None:
    """Return a run's training loss; None where nothing can be said of it yet."""
    train = view.train
    if view.loading is not None or train is None or len(train) < MIN_POINTS:
        return None
    return Whole(train, _marks(train))


@record(eq=False)
class Sketch:
    """A curve by few of its points, the same ones in every log of it.

    Points are chosen by a hash of their steps: those whose hash ends in `level` zero
    bits, with the lowest level that leaves at most `SKETCHED`. Of two logs of one
    training that differ in length the higher level's points are in both sketches.
    """

    marks: frozenset[str]
    points: int
    """Of the whole curve."""
    level: int
    steps: FloatArray
    values: FloatArray

    def agrees(self, other: Curve) -> bool:
        """Whether the shorter one's chosen points are all in the longer one."""
        if not isinstance(other, Sketch):
            return False
        short, long = sorted((self, other), key=lambda one: one.points)
        if long.points > 4 * short.points:
            return False
        level = max(short.level, long.level)
        chosen, among = (_zero_bits(one.steps) >= level for one in (short, long))
        if chosen.sum() < MIN_POINTS:
            return False
        return _inside(
            short.steps[chosen], short.values[chosen], long.steps[among], long.values[among]
        )


def sketch(series: SeriesView | None) -> Sketch | None:
    """Return the sketch of a training loss; None where it is too short to have twins."""
    if series is None or len(series) < MIN_POINTS:
        return None
    zeros = _zero_bits(series.steps)
    level = 0
    while np.count_nonzero(zeros >= level) > SKETCHED and level < _BITS:
        level += 1
    chosen = zeros >= level
    return Sketch(_marks(series), len(series), level, series.steps[chosen], series.values[chosen])


_BITS: Final = 63


def _zero_bits(steps: FloatArray) -> np.ndarray:
    """Return with how many zero bits the hash of each step ends, shape (n,); at most 63.

    The hash is the finaliser of SplitMix64 (Steele 2014) over the bits of the number.
    """
    bits = (np.asarray(steps, dtype=np.float64) + 0.0).view(np.uint64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits = (bits ^ (bits >> np.uint64(31))) | np.uint64(1 << _BITS)
    lowest = bits & (~bits + np.uint64(1))
    return np.asarray(np.log2(lowest.astype(np.float64)), dtype=np.int64)


def _inside(
    steps: FloatArray, values: FloatArray, all_steps: FloatArray, all_values: FloatArray
) -> bool:
    """Whether the points are all among others, to the digits that a console prints."""
    if not len(all_steps):
        return False
    found = np.searchsorted(all_steps, steps)
    if not np.all(np.diff(all_steps) > 0) or found[-1] >= len(all_steps):
        return False
    if not np.array_equal(all_steps[found], steps):
        return False
    return bool(np.allclose(all_values[found], values, rtol=TOLERANCE, atol=0, equal_nan=True))


def _with_twin(view: RunView, twin: RunView) -> RunView:
    """Return the shown run with what its twin knows beside the points."""
    summary = view.summary
    if summary.best_checkpoint is None and twin.summary.best_checkpoint is not None:
        summary = replace(summary, best_checkpoint=twin.summary.best_checkpoint)
    state = view.state
    if twin.state in ("finished", "crashed") and state in ("live", "unknown", "stalled"):
        state = twin.state
    return replace(
        view,
        summary=summary,
        state=state,
        total_steps=view.total_steps or twin.total_steps,
        total_epochs=view.total_epochs or twin.total_epochs,
        facts=(*view.facts, ("also in", twin.source)),
    )
