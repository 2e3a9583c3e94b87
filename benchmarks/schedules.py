"""What the torture benchmarks share: counting points, and running many seeds side by side.

A failing seed is printed at once, and how far the run is every minute: a run
of hours that is stopped has not been for nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

PROGRESS_SECONDS: Final = 60.0


@dataclass
class Outcome:
    """What became of the points (or lines) of some schedules."""

    written: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    foreign: int = 0
    hung: int = 0
    """Schedules whose monitor did nothing more."""
    late: int = 0
    """Waits that took long and were not in vain: a starved computer, no broken promise."""

    @property
    def failed(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.lost or self.doubled or self.disordered or self.foreign or self.hung)

    def add(self, other: Outcome) -> None:
        """Sum up."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


O = TypeVar("O", bound=Outcome)  # noqa: E741


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that `run_all` takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("--schedules", type=int, default=1000)
    made.add_argument("--operations", type=int, default=60, help="of each schedule")
    made.add_argument("--seed", type=int, default=0, help="of the first schedule")
    made.add_argument("--times", type=int, default=1, help="run each seed so often")
    made.add_argument("--jobs", type=int, default=1, help="processes side by side")
    made.add_argument("--seconds", type=float, help="begin no further schedule after so long")
    return made


def seeds_of(options: argparse.Namespace, share: float = 1.0) -> list[int]:
    """Return the seeds that the options ask for, each as often as it is to be run."""
    count = max(1, int(options.schedules * share))
    return [
        seed
        for seed in range(options.seed, options.seed + count)
        for _ in range(max(1, options.times))
    ]


def run_all(
    schedule: Callable[[int], O],
    seeds: Sequence[int],
    total: O,
    *,
    jobs: int = 1,
    seconds: float | None = None,
) -> int:
    """Run `schedule` for each seed and add what came of it to `total`; return how many ran.

    With several `jobs` the schedule must be picklable. Failures and progress
    go to standard error as they come.
    """
    began = told = time.perf_counter()
    failures = done = 0
    for seed, outcome in _outcomes(schedule, seeds, jobs, seconds):
        done += 1
        total.add(outcome)
        if outcome.failed:
            failures += 1
            print(f"seed {seed}: {outcome}", file=sys.stderr, flush=True)
        now = time.perf_counter()
        if now - told >= PROGRESS_SECONDS:
            told = now
            print(
                f"{done} of {len(seeds)} schedules in {now - began:.0f} s, "
                f"{total.written:,} written, {failures} failed",
                file=sys.stderr,
                flush=True,
            )
    return done


def _outcomes(
    schedule: Callable[[int], O], seeds: Sequence[int], jobs: int, seconds: float | None
) -> Iterator[tuple[int, O]]:
    end = None if seconds is None else time.perf_counter() + seconds

    def left() -> Iterator[int]:
        for seed in seeds:
            if end is not None and time.perf_counter() >= end:
                return
            yield seed

    if jobs <= 1:
        for seed in left():
            yield seed, schedule(seed)
        return
    coming = left()
    # Spawned: a schedule starts threads, which a fork would tear.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: dict[Future[O], int] = {}
        while True:
            for seed in islice(coming, jobs - len(running)):
                running[pool.submit(schedule, seed)] = seed
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
