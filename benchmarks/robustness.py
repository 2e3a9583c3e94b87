"""`python -m benchmarks.robustness`: what must not be lost, left over, or grow; each with its aim.

Without a name everything but the fuzzing, which is `python -m benchmarks.fuzz`.
Kept in ROBUSTNESS.md. `--share 0.1` runs a tenth of the schedules.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks import many_files, schedules, soak, torture, torture_monitor
from benchmarks.measure import HEADER, Figure, machine

SCHEDULES = 1000
MEGABYTE = 1e6


def tail(share: float) -> list[Figure]:
    """Torture of one log's tail, hand-stepped and on its own thread."""
    figures = []
    for title, concurrent, part in (("in turns", False, 1.0), ("on its own thread", True, 0.2)):
        total = torture.Outcome()
        count = max(1, int(SCHEDULES * share * part))
        for seed in range(count):
            total.add(torture.run_schedule(seed, concurrent=concurrent))
        note = f"{total.written:,} lines, {total.excused:,} unreadable by the operation itself"
        name = f"torture: {count:,} schedules, tail {title}"
        figures += [
            Figure(f"{name}: lost", total.lost, "lines", 0, reference=note),
            Figure(f"{name}: doubled, disordered, foreign",
                   total.doubled + total.disordered + total.foreign, "lines", 0),
        ]  # fmt: skip
    return figures


def monitor(share: float) -> list[Figure]:
    """Torture through the whole pipeline, six loggers at once."""
    total = schedules.Outcome()
    count = max(1, int(SCHEDULES * share))
    for seed in range(count):
        total.add(torture_monitor.run_schedule(seed))
    name = f"torture: {count:,} schedules of six loggers, monitor"
    return [
        Figure(f"{name}: lost", total.lost, "points", 0, reference=f"{total.written:,} points"),
        Figure(f"{name}: doubled, disordered, foreign",
               total.doubled + total.disordered + total.foreign, "points", 0,
               reference=f"{total.late} waits of over {torture_monitor.LATE:.0f} s"),
        Figure(f"{name}: monitors that hung", total.hung, "", 0),
    ]  # fmt: skip


def _soak(name: str, outcome: soak.Outcome) -> list[Figure]:
    figures = [
        Figure(f"{name}: points not stored", outcome.expected - outcome.stored, "points", 0,
               reference=f"{outcome.expected:,} written"),
        Figure(f"{name}: memory gained", outcome.growth / MEGABYTE, "MB",
               (outcome.points_growth + soak.SLACK) / MEGABYTE,
               reference=f"{outcome.points_growth / MEGABYTE:.1f} MB of points"),
        Figure(f"{name}: gained in the second half of it", outcome.late_growth / MEGABYTE, "MB",
               (outcome.late_points + soak.SLACK / 2) / MEGABYTE,
               reference=f"{outcome.late_points / MEGABYTE:.1f} MB of points"),
    ]  # fmt: skip
    for what, left in zip(("threads", "descriptors", "files"), outcome.left, strict=True):
        figures.append(Figure(f"{name}: {what} left over", max(0, left), "", 0))
    return figures


def soaked(share: float) -> list[Figure]:
    """Ten runs for half an hour of their time: the monitor alone."""
    return _soak("soak, monitor", soak.soak(soak.MINUTES * share))


def screen(share: float) -> list[Figure]:
    """The same with the real screen, and keys."""
    return _soak("soak, screen", soak.soak_screen(soak.MINUTES * share, 30.0))


def many(share: float) -> list[Figure]:
    """2,000 files, with events and without."""
    figures = []
    for title, eventless in (("with events", False), ("without events", True)):
        found = many_files.watch(int(many_files.FILES * share), eventless=eventless)
        name = f"{found.files:,} files {title}"
        figures += [
            Figure(f"{name}: seconds until all are read", found.loaded, "s", 60),
            Figure(f"{name}: threads", found.threads, "", 200),
            Figure(f"{name}: descriptors", found.descriptors, "", 512),
            Figure(f"{name}: CPU while quiet", 100 * found.cpu_share, "%", 5),
            Figure(f"{name}: seconds until a late point is seen", found.seconds, "s", 10),
            Figure(f"{name}: threads and descriptors left over", max(0, sum(found.left)), "", 0),
        ]
    return figures


BENCHMARKS: dict[str, Callable[[float], list[Figure]]] = {
    "tail": tail,
    "monitor": monitor,
    "soak": soaked,
    "screen": screen,
    "many-files": many,
}


def main() -> int:
    """Measure, print a Markdown table; exit 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    print(f"{machine()}; {time.strftime('%Y-%m-%d %H:%M')}\n\n{HEADER}", flush=True)
    missed = 0
    for name in options.names or BENCHMARKS:
        for figure in BENCHMARKS[name](options.share):
            print(figure.row(), flush=True)
            missed += not figure.reached
    print(f"\n{missed} not reached" if missed else "\nall reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
