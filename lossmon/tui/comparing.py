"""What Compare says of runs beside their lines: final, best, steps to reach the baseline, seeds.

All of it is read from the lines that the chart draws, so that table and
picture can not say different things. Works on the studio's thread: nothing of
the desk is read here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.seeds import Welch, critical, welch
from lossmon.charts.cache import LineCache
from lossmon.charts.lines import compare_lines, seed_band
from lossmon.charts.spec import Band, Line, XAxis
from lossmon.model import RunView
from lossmon.record import record
from lossmon.report.comparison import without_seed
from lossmon.tui.figures import signed
from lossmon.tui.shortnames import bare

MAX_RUNS: Final = 12
"""Lines that can still be told apart in one chart."""


@record(slots=False)
class Compared:
    """One run of the comparison; None where a figure cannot be told."""

    run: RunView
    line: Line | None
    final: float | None = None
    best: float | None = None
    best_x: float | None = None
    reach_x: float | None = None
    """First x at which the baseline's final loss was reached."""
    difference: float | None = None
    """Final loss minus that of the baseline."""
    base: float | None = None
    """The baseline's final loss, to which the two above refer."""


@record(slots=False)
class SeedGroup:
    """Runs of one configuration that differ by their seed."""

    name: str
    members: tuple[Compared, ...]
    mean: float
    spread: float
    """Standard deviation of the final loss (n − 1)."""


@record(eq=False)
class Question:
    """What is to be compared, as the desk had it when it was asked."""

    runs: tuple[RunView, ...]
    labels: tuple[str, ...]
    """What each run is called in the legend."""
    colors: tuple[int, ...]
    x_axis: XAxis
    smoothing: float | None
    name: str | None
    """The series compared; None: each run's training loss."""
    baseline: str | None
    """Id of the run that others are set against."""
    bands: bool = False
    """Whether seeds of one configuration are drawn as mean ± sd."""

    @property
    def like(self) -> tuple[object, ...]:
        """What an earlier answer must have been asked too, to stand in for this one's."""
        return tuple(run.id for run in self.runs), self.x_axis, self.name, self.baseline

    @property
    def stamp(self) -> tuple[object, ...]:
        """All that the answer depends on."""
        views = tuple(map(id, self.runs))
        return views, self.like, self.labels, self.colors, self.smoothing, self.bands


@record(eq=False)
class Comparison:
    """The answer: figures, sentences, and what the chart draws."""

    question: Question
    found: tuple[Compared, ...]
    groups: tuple[SeedGroup, ...] = ()
    luck: float | None = None
    """How far apart two single runs may be by their seeds alone, where that is known."""
    said: tuple[str, ...] = ()
    """Whether differences are larger than what seeds alone make."""
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()

    def drawn(self, chosen: str | None) -> tuple[Line, ...]:
        """Return the lines, that of the chosen run strong."""
        of = next((one.line for one in self.found if one.run.id == chosen), None)
        return tuple(replace(line, strong=True) if line is of else line for line in self.lines)


def nothing_yet(question: Question) -> Comparison:
    """Return what is shown until the first answer is there: the runs without figures."""
    return Comparison(question, tuple(Compared(run, None) for run in question.runs))


def compare(question: Question, cache: LineCache, before: Comparison | None = None) -> Comparison:
    """Return the comparison of runs, in the given order.

    What `before` says of runs that have not changed since is taken over.
    """
    kept = _known(question, before)
    lines = [
        kept[run.id].line if run.id in kept else _line(question, index, cache)
        for index, run in enumerate(question.runs)
    ]
    base = next(
        (
            _final(line)
            for run, line in zip(question.runs, lines, strict=True)
            if run.id == question.baseline and line is not None
        ),
        None,
    )
    found = []
    for run, line in zip(question.runs, lines, strict=True):
        known = kept.get(run.id)
        is_same = known is not None and known.base == base
        found.append(known if known is not None and is_same else _figures(run, line, base))
    groups = seed_groups(found)
    drawn, bands = _drawn(found, groups) if question.bands else (_lines_of(found), [])
    said = seeds_say(found, question.baseline)
    return Comparison(
        question,
        tuple(found),
        tuple(groups),
        luck(groups),
        tuple(said),
        tuple(drawn),
        tuple(bands),
    )


def _known(question: Question, before: Comparison | None) -> dict[str, Compared]:
    """Return what is known of runs that are the same, drawn in the same way."""
    if before is None:
        return {}
    old = before.question
    if (old.x_axis, old.smoothing, old.name) != (
        question.x_axis,
        question.smoothing,
        question.name,
    ):
        return {}
    now = {
        run.id: (id(run), label, color)
        for run, label, color in zip(question.runs, question.labels, question.colors, strict=True)
    }
    return {
        one.run.id: one
        for one, label, color in zip(before.found, old.labels, old.colors, strict=True)
        if now.get(one.run.id) == (id(one.run), label, color)
    }


def _line(question: Question, index: int, cache: LineCache) -> Line | None:
    run = question.runs[index]
    made = compare_lines(
        [run],
        x_axis=question.x_axis,
        smoothing=question.smoothing,
        name=question.name,
        colors={run.id: question.colors[index]},
        cache=cache,
    )
    return replace(made[0], label=question.labels[index]) if made else None


def _lines_of(found: Sequence[Compared]) -> list[Line]:
    return [one.line for one in found if one.line is not None]


def _drawn(found: Sequence[Compared], groups: Sequence[SeedGroup]) -> tuple[list[Line], list[Band]]:
    """Return the lines, those of seeds replaced by their mean, and the bands of mean ± sd."""
    lines = _lines_of(found)
    bands: list[Band] = []
    for group in groups:
        members = [one.line for one in group.members if one.line is not None]
        mean, band = seed_band(members, f"{group.name} ({len(members)})", members[0].color)
        if len(mean.x) == 0:
            continue
        lines = [line for line in lines if all(line is not member for member in members)]
        lines.append(mean)
        bands.append(band)
    return lines, bands


def _final(line: Line) -> float | None:
    return None if len(line.y) == 0 else float(line.y[-1])


def _figures(run: RunView, line: Line | None, base: float | None) -> Compared:
    if line is None or len(line.y) == 0:
        return Compared(run, line, base=base)
    finite = np.isfinite(line.y)
    final = _final(line)
    if not finite.any():
        return Compared(run, line, final, base=base)
    at = int(np.where(finite, line.y, np.inf).argmin())
    reach = difference = None
    if base is not None and math.isfinite(base):
        below = np.flatnonzero(finite & (line.y <= base))
        reach = float(line.x[below[0]]) if len(below) else None
        difference = None if final is None else final - base
    best, best_x = float(line.y[at]), float(line.x[at])
    return Compared(run, line, final, best, best_x, reach, difference, base)


def configuration(name: str) -> str:
    """Return a run's name without its seed, as the report groups them, and what ends a log's."""
    rest, seed = without_seed(bare(name))
    if seed is None:
        return name
    return "seeds" if rest == "seed" else f"{rest} seeds"


def seed_groups(found: Sequence[Compared]) -> list[SeedGroup]:
    """Return groups of two and more runs whose names differ only in their seed."""
    by_name: dict[str, list[Compared]] = {}
    for one in found:
        if one.line is not None and one.final is not None and math.isfinite(one.final):
            by_name.setdefault(configuration(one.run.name), []).append(one)
    groups = []
    for name, members in by_name.items():
        if len(members) < 2:
            continue
        finals = np.array([one.final for one in members], dtype=np.float64)
        groups.append(
            SeedGroup(name, tuple(members), float(finals.mean()), float(finals.std(ddof=1)))
        )
    return groups


def seeds_say(found: Sequence[Compared], baseline: str | None) -> list[str]:
    """Return sentences on whether differences are larger than what seeds alone make.

    Configurations with several seeds each are set against the baseline's with
    Welch's test; a single run against the baseline by the seeds' pooled spread.
    """
    groups = seed_groups(found)
    said = [
        f"{group.name}: {group.mean:.4g} ± {group.spread:.2g} over {len(group.members)} runs"
        for group in groups
    ]
    base = next((one for one in found if one.run.id == baseline), None)
    if not groups or base is None or base.final is None:
        return said
    home = configuration(base.run.name)
    own = next((group for group in groups if group.name == home), None)
    if own is not None:
        said += [_between(own, group) for group in groups if group is not own]
    grouped = {one.run.id for group in groups for one in group.members}
    singles = [one for one in found if one.run.id not in grouped and one is not base]
    return said + [line for one in singles if (line := _single(one, base, groups))]


def _between(own: SeedGroup, other: SeedGroup) -> str:
    outcome = _welch(_finals(other), _finals(own))
    words = f"{other.name} − {own.name}: {signed(outcome.difference)}"
    if outcome.larger == "unknown":
        return f"{words}: {outcome.reason}"
    return (
        f"{words} (95 %: {signed(outcome.low)} to {signed(outcome.high)}): "
        f"{_LARGER if outcome.larger == 'yes' else _LUCK}"
    )


def luck(groups: Sequence[SeedGroup]) -> float | None:
    """Return how far apart two single runs may be by their seeds alone (95 %), None if unknown."""
    if not groups:
        return None
    freedom = sum(len(group.members) - 1 for group in groups)
    squares = sum(group.spread**2 * (len(group.members) - 1) for group in groups)
    # The difference of two single runs varies by √2 times what one does.
    return _critical(freedom) * math.sqrt(2 * squares / freedom)


def _single(one: Compared, base: Compared, groups: Sequence[SeedGroup]) -> str:
    if one.difference is None or not math.isfinite(one.difference):
        return ""
    limit = luck(groups)
    if limit is None:
        return ""
    verdict = _LARGER if abs(one.difference) > limit else _LUCK
    return (
        f"{one.run.name} − {base.run.name}: {signed(one.difference)} "
        f"(seeds differ by up to {limit:.2g} at 95 %): {verdict}"
    )


_LARGER: Final = "larger than seeds explain"
_LUCK: Final = "seeds alone can make that"


def _finals(group: SeedGroup) -> tuple[float, ...]:
    return tuple(one.final for one in group.members if one.final is not None)


@lru_cache(maxsize=64)
def _welch(first: tuple[float, ...], second: tuple[float, ...]) -> Welch:
    return welch(first, second)


@lru_cache(maxsize=64)
def _critical(freedom: int) -> float:
    return critical(float(freedom))
