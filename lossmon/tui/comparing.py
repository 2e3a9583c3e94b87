"""What Compare says of runs beside their lines: final, best, steps to reach the baseline, seeds.

All of it is read from the lines that the chart draws, so that table and
picture can not say different things.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lossmon.charts.lines import compare_lines
from lossmon.charts.spec import Line
from lossmon.model import RunView
from lossmon.tui.desk import ChartOptions, Desk

MAX_RUNS: Final = 12
"""Lines that can still be told apart in one chart."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class SeedGroup:
    """Runs of one configuration that differ by their seed."""

    name: str
    members: tuple[Compared, ...]
    mean: float
    spread: float
    """Standard deviation of the final loss (n − 1)."""


def compared(
    desk: Desk,
    runs: Sequence[RunView],
    options: ChartOptions,
    baseline: str | None,
    name: str | None = None,
) -> list[Compared]:
    """Return the runs with their lines and figures, in the given order."""
    colors = {run.id: desk.color(run.id) for run in runs}
    base_final: float | None = None
    lines: dict[str, Line] = {}
    for run in runs:
        made = compare_lines(
            [run],
            x_axis=options.x_axis,
            smoothing=options.smoothing,
            name=name,
            colors=colors,
            cache=desk.cache,
        )
        if made:
            lines[run.id] = made[0]
    if baseline in lines:
        base_final = _final(lines[baseline])
    return [_figures(run, lines.get(run.id), base_final) for run in runs]


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
    """Return a run's name without what tells its seed: the last number in it, `#` in its place."""
    end = len(name)
    while end > 0 and not name[end - 1].isdigit():
        end -= 1
    begin = end
    while begin > 0 and name[begin - 1].isdigit():
        begin -= 1
    return name if begin == end else f"{name[:begin]}#{name[end:]}"


def seed_groups(found: Sequence[Compared]) -> list[SeedGroup]:
    """Return groups of two and more runs whose names differ only in their last number."""
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
    """Return sentences on whether differences are larger than what seeds alone make."""
    groups = seed_groups(found)
    if not groups:
        return []
    freedom = sum(len(group.members) - 1 for group in groups)
    pooled = math.sqrt(
        sum(group.spread**2 * (len(group.members) - 1) for group in groups) / freedom
    )
    said = [
        f"{group.name}: {group.mean:.4g} ± {group.spread:.2g} over {len(group.members)} seeds"
        for group in groups
    ]
    base = next((one for one in found if one.run.id == baseline), None)
    if base is None or base.final is None or pooled <= 0:
        return said
    grouped = {one.run.id: group.name for group in groups for one in group.members}
    for one in found:
        if one.difference is None or one is base or not math.isfinite(one.difference):
            continue
        if grouped.get(one.run.id, one.run.id) == grouped.get(base.run.id, base.run.id):
            continue
        # The difference of two single runs varies by √2 times what one does.
        ratio = abs(one.difference) / (pooled * math.sqrt(2))
        limit = _t95(freedom)
        verdict = "larger than seeds explain" if ratio > limit else "seeds alone can make that"
        said.append(
            f"{one.run.name} − {base.run.name}: {one.difference:+.3g}, {ratio:.1f} × the seeds' "
            f"spread of a difference (limit {limit:.1f} at 95 %): {verdict}"
        )
    return said


_T95: Final = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's t, two-sided 95 %, for 1 to 10 degrees of freedom."""


def _t95(freedom: int) -> float:
    return _T95[freedom - 1] if freedom <= len(_T95) else 2.0
