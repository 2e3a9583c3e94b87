"""What `compare` says of several runs: a row each, groups of seeds, and tests between them.

Plain data first (`compare_runs`), then one function for each way to write it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import field, replace
from itertools import combinations
from typing import Final

import numpy as np

from lossmon.analysis.compare import (
    Descent,
    Estimate,
    common_target,
    descent,
    final_loss,
    group,
    raw_descent,
)
from lossmon.analysis.seeds import Welch, welch
from lossmon.model import RunView, SeriesView, Status
from lossmon.model.batch import FloatArray
from lossmon.record import record

_SEED: Final = re.compile(
    r"(?:^|(?<=[^a-z0-9]))(?:seed|rng|s)(?:[-_=:. ]?)(\d{1,9})(?![a-z0-9])", re.IGNORECASE
)
"""`seed-1`, `seed=1`, `seed1`, `lr3e-4_s2`; bounded, without ambiguity."""

MAX_TESTS: Final = 200
"""Pairs of groups tested: more can neither be read nor be believed."""


@record
class Reading:
    """What comparing needs of one loss of a run."""

    name: str
    final: Estimate | None
    lowest: tuple[float, float] | None
    """Lowest smoothed value and its step."""
    descent: Descent


@record
class Digest:
    """What comparing needs of a run: small, whatever the length of its log."""

    run: RunView
    """Without its series."""
    train: Reading | None
    eval: Reading | None
    empty: bool = False
    """Whether no series was read at all."""

    def loss(self, measure: str) -> Reading:
        """Return the loss to compare by, the other one where it is missing."""
        wanted, other = (self.eval, self.train) if measure == "eval" else (self.train, self.eval)
        found = wanted if wanted is not None else other
        assert found is not None
        return found


@record
class Compared:
    """One run's row. Losses are the judged one's: training loss, else evaluation loss."""

    run: RunView
    group: str
    seed: str | None
    loss: str | None
    """Name of the series whose losses these are."""
    final: Estimate | None
    best: float | None
    """Lowest smoothed value (of the evaluation loss if there is one)."""
    best_step: float | None
    target_step: float | None
    """First step at which the smoothed loss was at or below the target."""

    @property
    def status(self) -> Status:
        """The verdict's."""
        return self.run.verdict.status


@record
class GroupRow:
    """Runs of one configuration."""

    name: str
    runs: int
    mean: float
    sd: float
    """Over the runs (n − 1); NaN for one run."""


@record
class Test:
    """Two groups compared."""

    first: str
    second: str
    outcome: Welch


@record
class Comparison:
    """Everything that is said of the runs."""

    rows: tuple[Compared, ...]
    groups: tuple[GroupRow, ...] = ()
    tests: tuple[Test, ...] = ()
    target: float | None = None
    by: str | None = None
    measure: str = "train"
    """Which loss the finals are of: `train`, or `eval` where every run has an evaluation loss."""
    notes: tuple[str, ...] = field(default=())


def without_seed(name: str) -> tuple[str, str | None]:
    """Split a run's name into its configuration and its seed (None if it names none).

    The configuration of `seed-1` alone is `seed`.
    """
    found = _SEED.search(name)
    if found is None:
        return name, None
    rest = name[: found.start()] + name[found.end() :]
    rest = re.sub(r"[-_=:. /]{2,}", lambda m: m.group()[-1], rest).strip("-_=:. /")
    return rest or "seed", found.group(1)


def digest(run: RunView) -> Digest:
    """Return what comparing needs of a run."""
    bare = replace(run, series=(), forecast=None)
    return Digest(bare, _reading(run.train, "train"), _reading(run.eval, "eval"), not run.series)


def _reading(series: SeriesView | None, measure: str) -> Reading | None:
    if series is None:
        return None
    current = series.current
    steps, values = series.steps[current], series.values[current]
    if measure == "train":
        final = final_loss(values)
        return Reading(series.name, final, _lowest(steps, values), descent(steps, values))
    finite = values[np.isfinite(values)]
    # Evaluations are few and averages already: eight of them are half a training.
    final = Estimate(float(finite[-1]), math.nan) if len(finite) else None
    return Reading(series.name, final, _lowest(steps, values), raw_descent(steps, values))


def compare_runs(
    runs: Sequence[RunView],
    by: str | None = None,
    target: float | None = None,
    measure: str | None = None,
) -> Comparison:
    """Compare runs that have a loss, as `compare_digests`."""
    return compare_digests([digest(run) for run in runs], by, target, measure)


def compare_digests(
    digests: Sequence[Digest],
    by: str | None = None,
    target: float | None = None,
    measure: str | None = None,
) -> Comparison:
    """Compare runs that have a loss.

    `by` is a fact of the runs to group by instead of the seeds in their names.
    `target` is a loss; without one it is the worst of the final ones, which
    all runs reached that did not diverge. `measure` is `train` or `eval`; None: `eval` where every
    run has an evaluation loss.
    """
    usable = [one for one in digests if one.train is not None or one.eval is not None]
    if measure is None:
        measure = "eval" if usable and all(one.eval is not None for one in usable) else "train"
    notes = []
    left_out = len(digests) - len(usable)
    if left_out:
        notes.append(f"{left_out} of {len(digests)} runs have no loss and are left out.")
    names = {one.loss(measure).name for one in usable}
    if len(names) > 1:
        notes.append(f"The losses have different names: {', '.join(sorted(names)[:6])}.")
    if target is None:
        target = _target(usable, measure)
    rows = tuple(_row(one, by, measure, target) for one in usable)
    runs = [one.run for one in usable]
    if by is not None and not any(_fact(run, by) is not None for run in runs):
        notes.append(f"No run has a fact called {by!r}; known: {_known_facts(runs)}.")
    groups = _groups(rows)
    if by is None and all(one.runs == 1 for one in groups):
        groups = ()  # a table of groups of one would say the first table again
    return Comparison(rows, groups, _tests(rows, groups), target, by, measure, tuple(notes))


def _target(digests: Sequence[Digest], measure: str) -> float | None:
    """The worst final loss of the runs that did not break (of all, if every one did)."""
    broken = ("nonfinite", "diverging")
    whole = [one for one in digests if one.run.verdict.status not in broken] or digests
    found = (one.loss(measure).final for one in whole)
    return common_target([estimate.value for estimate in found if estimate is not None])


def _row(found: Digest, by: str | None, measure: str, target: float | None) -> Compared:
    run, loss = found.run, found.loss(measure)
    configuration, seed = without_seed(run.name)
    if by is not None:
        configuration = f"{by}={_fact(run, by) or '?'}"
    best = run.summary.best_eval
    best_value, best_step = (best.value, best.step) if best else loss.lowest or (None, None)
    reached = None if target is None else loss.descent.reaches(target)
    return Compared(run, configuration, seed, loss.name, loss.final, best_value, best_step, reached)


def _lowest(steps: FloatArray, values: FloatArray) -> tuple[float, float] | None:
    from lossmon.analysis.ema import debiased_ema

    smooth = debiased_ema(values)
    if not np.isfinite(smooth).any():
        return None
    index = int(np.nanargmin(smooth))
    return float(smooth[index]), float(steps[index])


def _fact(run: RunView, name: str) -> str | None:
    return dict(run.facts).get(name)


def _known_facts(runs: Sequence[RunView]) -> str:
    names = sorted({name for run in runs for name, _ in run.facts})
    return ", ".join(names[:12]) or "none"


def _groups(rows: Sequence[Compared]) -> tuple[GroupRow, ...]:
    found = []
    for name in dict.fromkeys(row.group for row in rows):
        finals = _finals(rows, name)
        made = group(finals)
        if made is not None:
            found.append(GroupRow(name, made.runs, made.mean, made.sd))
    return tuple(found)


def _finals(rows: Sequence[Compared], name: str) -> list[float]:
    return [row.final.value for row in rows if row.group == name and row.final is not None]


def _tests(rows: Sequence[Compared], groups: Sequence[GroupRow]) -> tuple[Test, ...]:
    pairs = list(combinations(groups, 2))[:MAX_TESTS]
    return tuple(
        Test(a.name, b.name, welch(_finals(rows, a.name), _finals(rows, b.name))) for a, b in pairs
    )
