"""What `compare` says of several runs: a row each, groups of seeds, and tests between them.

Plain data first (`compare_runs`), then one function for each way to write it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import field
from itertools import combinations
from typing import Final

import numpy as np

from lossmon.analysis.compare import Estimate, common_target, final_loss, group, steps_to
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


def compare_runs(
    runs: Sequence[RunView],
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
    usable = [run for run in runs if run.train is not None or run.eval is not None]
    if measure is None:
        measure = "eval" if usable and all(run.eval is not None for run in usable) else "train"
    notes = []
    left_out = len(runs) - len(usable)
    if left_out:
        notes.append(f"{left_out} of {len(runs)} runs have no loss and are left out.")
    names = {_loss_of(run, measure).name for run in usable}
    if len(names) > 1:
        notes.append(f"The losses have different names: {', '.join(sorted(names)[:6])}.")
    finals = {run.id: _final(_loss_of(run, measure), measure) for run in usable}
    if target is None:
        target = _target(usable, finals)
    rows = tuple(_row(run, by, measure, finals[run.id], target) for run in usable)
    if by is not None and not any(_fact(run, by) is not None for run in usable):
        notes.append(f"No run has a fact called {by!r}; known: {_known_facts(usable)}.")
    groups = _groups(rows)
    if by is None and all(one.runs == 1 for one in groups):
        groups = ()  # a table of groups of one would say the first table again
    return Comparison(rows, groups, _tests(rows, groups), target, by, measure, tuple(notes))


def _target(runs: Sequence[RunView], finals: dict[str, Estimate | None]) -> float | None:
    """The worst final loss of the runs that did not break (of all, if every one did)."""
    whole = [run for run in runs if run.verdict.status not in ("nonfinite", "diverging")] or runs
    found = (finals[run.id] for run in whole)
    return common_target([estimate.value for estimate in found if estimate is not None])


def _loss_of(run: RunView, measure: str) -> SeriesView:
    wanted, other = (run.eval, run.train) if measure == "eval" else (run.train, run.eval)
    found = wanted if wanted is not None else other
    assert found is not None
    return found


def _counted(series: SeriesView) -> tuple[FloatArray, FloatArray]:
    current = series.current
    return series.steps[current], series.values[current]


def _final(series: SeriesView, measure: str) -> Estimate | None:
    _, values = _counted(series)
    finite = values[np.isfinite(values)]
    if measure == "eval" and len(finite):
        # Evaluations are few and averages already: eight of them are half a training.
        return Estimate(float(finite[-1]), math.nan)
    return final_loss(values)


def _row(
    run: RunView, by: str | None, measure: str, final: Estimate | None, target: float | None
) -> Compared:
    series = _loss_of(run, measure)
    steps, values = _counted(series)
    configuration, seed = without_seed(run.name)
    if by is not None:
        configuration = f"{by}={_fact(run, by) or '?'}"
    best = run.summary.best_eval
    best_value, best_step = (best.value, best.step) if best is not None else _lowest(steps, values)
    reached = None
    if target is not None and len(values):
        reached = (
            _first_at(target, steps, values)
            if measure == "eval"
            else steps_to(target, steps, values)
        )
    return Compared(run, configuration, seed, series.name, final, best_value, best_step, reached)


def _first_at(target: float, steps: FloatArray, values: FloatArray) -> float | None:
    reached = np.flatnonzero(values <= target)
    return float(steps[reached[0]]) if len(reached) else None


def _lowest(steps: FloatArray, values: FloatArray) -> tuple[float | None, float | None]:
    from lossmon.analysis.ema import debiased_ema

    smooth = debiased_ema(values)
    if not np.isfinite(smooth).any():
        return None, None
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
