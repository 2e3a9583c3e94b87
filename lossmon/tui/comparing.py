"""What Compare says of runs beside their lines: final, best, steps to reach the baseline, seeds.

All of it is read from the lines that the chart draws, so that table and
picture can not say different things.
"""

from __future__ import annotations

import math
import time
from collections.abc import Container, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from lossmon.analysis.seeds import Welch, critical, welch
from lossmon.charts.lines import compare_lines
from lossmon.charts.spec import Line
from lossmon.model import RunView
from lossmon.record import record
from lossmon.report.comparison import without_seed
from lossmon.tui.desk import ChartOptions, Desk

_LABEL: Final = 28
"""Cells of a run's name in the legend: a few of sixty would leave no room for the others."""

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


@record(slots=False)
class SeedGroup:
    """Runs of one configuration that differ by their seed."""

    name: str
    members: tuple[Compared, ...]
    mean: float
    spread: float
    """Standard deviation of the final loss (n − 1)."""


class Comparing:
    """Works out lines and figures of runs in time-boxes, and keeps them while runs stay.

    Twelve long runs smoothed anew take longer than a key may wait: those that are not ready show
    what they showed before, or nothing, and `pending` says that there is more to do.
    """

    def __init__(self) -> None:
        self._lines: dict[str, tuple[tuple[object, ...], RunView, Line | None]] = {}
        self._figures: dict[str, tuple[int, float | None, Compared]] = {}
        self._turns: dict[str, int] = {}
        """When each run's line was worked out last, in lines: the stalest has its turn first."""
        self._turn = 0
        self.pending = False

    def compared(
        self,
        desk: Desk,
        runs: Sequence[RunView],
        options: ChartOptions,
        baseline: str | None,
        name: str | None = None,
        seconds: float = math.inf,
    ) -> list[Compared]:
        """Return the runs with their lines and figures, in the given order.

        At least one line that is not ready is worked out, the baseline's first, the others as far
        as `seconds` go.
        """
        until = time.perf_counter() + seconds
        self.pending = False
        made = 0
        asked = (options.x_axis, options.smoothing, name)
        lines: dict[str, Line | None] = {}
        turns = self._turns
        for run in sorted(runs, key=lambda run: (run.id != baseline, turns.get(run.id, -1))):
            kept = self._lines.get(run.id)
            if kept is not None and kept[0] == (id(run), *asked):
                lines[run.id] = kept[2]
                continue
            if made and time.perf_counter() > until:
                self.pending = True
                lines[run.id] = kept[2] if kept is not None and kept[0][1:] == asked else None
                continue
            made += 1
            self._turn += 1
            turns[run.id] = self._turn
            lines[run.id] = line = _line(desk, run, options, name)
            self._lines[run.id] = ((id(run), *asked), run, line)
        for gone in self._lines.keys() - lines.keys():
            del self._lines[gone], turns[gone]
            self._figures.pop(gone, None)
        base = lines.get(baseline) if baseline is not None else None
        base_final = None if base is None else _final(base)
        return [self._figured(run, lines[run.id], base_final) for run in runs]

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of what was worked out for views of runs of other ids than these."""
        for run_id in [key for key, kept in self._lines.items() if id(kept[1]) not in current]:
            del self._lines[run_id]
            self._figures.pop(run_id, None)

    def _figured(self, run: RunView, line: Line | None, base: float | None) -> Compared:
        kept = self._figures.get(run.id)
        if kept is not None and kept[0] == id(line) and kept[1] == base and kept[2].run is run:
            return kept[2]
        made = _figures(run, line, base)
        self._figures[run.id] = (id(line), base, made)
        return made


def _line(desk: Desk, run: RunView, options: ChartOptions, name: str | None) -> Line | None:
    made = compare_lines(
        [run],
        x_axis=options.x_axis,
        smoothing=options.smoothing,
        name=name,
        colors={run.id: desk.color(run.id)},
        cache=desk.cache,
    )
    if not made:
        return None
    shown = desk.short(run, min(len(run.name), _LABEL)).strip()
    return made[0] if shown == run.name else replace(made[0], label=shown)


def _final(line: Line) -> float | None:
    return None if len(line.y) == 0 else float(line.y[-1])


def _figures(run: RunView, line: Line | None, base: float | None) -> Compared:
    if line is None or len(line.y) == 0:
        return Compared(run, line)
    finite = np.isfinite(line.y)
    final = _final(line)
    if not finite.any():
        return Compared(run, line, final)
    at = int(np.where(finite, line.y, np.inf).argmin())
    reach = difference = None
    if base is not None and math.isfinite(base):
        below = np.flatnonzero(finite & (line.y <= base))
        reach = float(line.x[below[0]]) if len(below) else None
        difference = None if final is None else final - base
    return Compared(run, line, final, float(line.y[at]), float(line.x[at]), reach, difference)


def configuration(name: str) -> str:
    """Return a run's name without its seed, as the report groups them."""
    rest, seed = without_seed(name)
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
    words = f"{other.name} − {own.name}: {outcome.difference:+.3g}"
    if outcome.larger == "unknown":
        return f"{words}: {outcome.reason}"
    return (
        f"{words} (95 %: {outcome.low:+.3g} to {outcome.high:+.3g}): "
        f"{_LARGER if outcome.larger == 'yes' else _LUCK}"
    )


def _single(one: Compared, base: Compared, groups: Sequence[SeedGroup]) -> str:
    if one.difference is None or not math.isfinite(one.difference):
        return ""
    freedom = sum(len(group.members) - 1 for group in groups)
    squares = sum(group.spread**2 * (len(group.members) - 1) for group in groups)
    # The difference of two single runs varies by √2 times what one does.
    limit = _critical(freedom) * math.sqrt(2 * squares / freedom)
    verdict = _LARGER if abs(one.difference) > limit else _LUCK
    return (
        f"{one.run.name} − {base.run.name}: {one.difference:+.3g} "
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
