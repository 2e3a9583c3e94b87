"""One training often writes several logs: console, trainer_state.json, event files.

Searching a folder finds them all; a person wants one row for one training.
Two runs are twins when they come from different formats, lie in one folder
tree, and their training losses are the same at the same steps to the digits
that a console prints. The longest is shown; the others are named in its facts.
Sources that the user named one by one are never folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from lossmon.model import RunView, SeriesView

MIN_POINTS: Final = 6
"""Fewer equal points may be chance (two runs of one seed begin alike)."""

TOLERANCE: Final = 2e-3
"""Relative difference that rounding explains: consoles print 3 or 4 significant digits."""

SAMPLED: Final = 512
"""Points compared, from the end back: twins differ nowhere, others differ at once."""

# Of logs that are equally long, the one that says more of the run is shown.
_ORDER: Final = ("hf-trainer-state", "jsonl", "csv", "wandb", "mlflow", "trackio", "tensorboard")


class Twins:
    """Remembers which log of a training is shown, so that rows do not change places."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._told: dict[str, tuple[RunView, frozenset[str]]] = {}
        """Of each run its view at the last look, and what that is told by: most stay the same."""

    def fold(self, views: Sequence[RunView], searched: Collection[str]) -> tuple[RunView, ...]:
        """Return the views with twins folded; only runs whose id is in `searched` may be folded."""
        hidden: dict[str, str] = {}
        for one, other in self._near([view for view in views if view.id in searched]):
            if one.id in hidden or other.id in hidden:
                continue
            if _may_be_twins(one, other) and _same_curve(one.train, other.train):
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

    def _near(self, views: Sequence[RunView]) -> Iterator[tuple[RunView, RunView]]:
        """Yield pairs whose losses have one value in common: a sweep of 5,000 runs has few."""
        told: dict[str, tuple[RunView, frozenset[str]]] = {}
        groups: dict[str, list[RunView]] = {}
        for view in views:
            known = self._told.get(view.id)
            if known is None or known[0] is not view:
                known = (view, _telling(view))
            told[view.id] = known
            for nearby in known[1]:
                for other in groups.get(nearby, ()):
                    yield other, view
                groups.setdefault(nearby, []).append(view)
        self._told = told

    def _choose(self, one: RunView, other: RunView) -> tuple[RunView, RunView]:
        """Return (shown, folded): the longer; then the one shown before; then the fuller."""
        return (one, other) if self._rank(one) >= self._rank(other) else (other, one)

    def _rank(self, view: RunView) -> tuple[float, bool, int]:
        order = _ORDER.index(view.format) if view.format in _ORDER else len(_ORDER)
        return (view.summary.steps or 0.0, view.id in self._shown, -order)


def _telling(view: RunView) -> frozenset[str]:
    """Return what a run has in common with its twin; nothing where it cannot be said yet."""
    train = view.train
    if view.loading is not None or train is None or len(train) < MIN_POINTS:
        return frozenset()
    # Third point, two digits: rounding may still part twins at an edge, so both sides.
    value = float(train.values[2])
    return frozenset((f"{value * (1 - TOLERANCE):.2g}", f"{value * (1 + TOLERANCE):.2g}"))


def _may_be_twins(one: RunView, other: RunView) -> bool:
    if one.format == other.format:
        return False
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


def _same_curve(one: SeriesView | None, other: SeriesView | None) -> bool:
    """Whether two series agree at all steps that both should have."""
    if one is None or other is None:
        return False
    short, long = sorted((one, other), key=len)
    n = min(len(short), SAMPLED)
    if n < MIN_POINTS or len(long) > 4 * len(short):
        return False
    steps = short.steps[-n:]
    found = np.searchsorted(long.steps, steps)
    if not np.all(np.diff(long.steps) > 0) or found[-1] >= len(long):
        return False
    if not np.array_equal(long.steps[found], steps):
        return False
    return bool(
        np.allclose(long.values[found], short.values[-n:], rtol=TOLERANCE, atol=0, equal_nan=True)
    )


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
