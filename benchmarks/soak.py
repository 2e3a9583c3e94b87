"""Half an hour of ten runs, in a minute: what grows, and what is left over.

    python -m benchmarks.soak                 the monitor
    python -m benchmarks.soak --screen        the real screen on a pseudo-terminal

Ten logs of three metrics are written at 5 points a second for 30 minutes of
their own time, `--speed` times as fast: the same number of points and of
looks. Counted are resident memory against the bytes of the points stored (the
first part is left out: what is loaded and warmed up once), threads, open
descriptors, temporary files and child processes, before and after.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TextIO

import numpy as np

from lossmon.model import Batch, Run
from lossmon.model.batch import Column
from lossmon.model.roles import RoleMap
from lossmon.monitor import Monitor, Snapshot
from lossmon.settings import Settings

RUNS = 10
RATE = 5.0
"""Points (lines) a second of a run."""
MINUTES = 30.0
SETTLED = 0.03
"""Share of the time after which what is left over is counted from: the first picture stands before
the watching begins."""
WARM = 0.3
"""Share of the time after which growth is measured: by then each code path was taken."""
LATE = 0.65
"""Half of what is left then: what is bounded grows less after it, what leaks does not."""

SLACK = 8 << 20
"""Bytes that may come on top of the points: the allocator's own grain, caches of bounded size
(pictures of each view, their styles), garbage in cycles that was not collected yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    memory: int
    """Resident bytes."""
    threads: int
    descriptors: int
    files: int
    """Entries of the temporary directory."""

    @staticmethod
    def by(process: int | str, folder: Path) -> Held:
        """Look it up for a process id (Linux)."""
        status = Path(f"/proc/{process}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return Held(
            int(fields["VmRSS"].split()[0]) * 1024,
            int(fields["Threads"]),
            sum(1 for _ in Path(f"/proc/{process}/fd").iterdir()),
            sum(len(names) + len(files) for _, names, files in os.walk(folder)),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What grew and what was left over."""

    lines: int
    stored: int
    """Points that the last snapshot held."""
    expected: int
    looks: int
    growth: int
    """Resident bytes gained after the warm-up."""
    late_growth: int
    """Resident bytes gained in the second half of that."""
    points_growth: int
    """Bytes of the columns of points that came after the warm-up, with their slack."""
    late_points: int
    """The same for its second half."""
    left: tuple[int, int, int]
    """Threads, descriptors and temporary files after, less those before."""
    beside: tuple[int, ...] = ()
    """Resident bytes less those of the points, at each tenth of the time: what comes and goes with
    the pictures of a screen, and what would not go."""

    @property
    def failed(self) -> bool:
        """Whether something was lost, left over, or grew beyond the points."""
        return (
            self.stored != self.expected
            or self.growth > self.points_growth + SLACK
            or self.late_growth > self.late_points + SLACK / 2
            or any(count > 0 for count in self.left)
        )


@cache
def bytes_of(rows: int, runs: int) -> int:
    """Return what the columns of so many rows of three metrics take in memory, as they grow."""
    run = Run("", "", "", RoleMap())
    for start in range(0, rows, 5):
        steps = np.arange(start, min(start + 5, rows), dtype=float)
        columns = tuple(Column(name, steps) for name in ("loss", "lr", "grad_norm"))
        run.append(Batch(steps, columns))
    return run.nbytes * runs


class Writers:
    """The trainings: each writes its line when it is due."""

    def __init__(self, folder: Path, runs: int = RUNS) -> None:
        self.lines = 0
        self._files: list[TextIO] = []
        for number in range(runs):
            (folder / f"run-{number}").mkdir(parents=True)
            self._files.append((folder / f"run-{number}" / "metrics.jsonl").open("w"))

    def write(self, step: int) -> None:
        """Append one line to each log."""
        for number, file in enumerate(self._files):
            wobble = math.sin(step * (number + 1.7)) * 0.02
            row = {"step": step, "loss": 2.0 / (1 + step / 900) + 0.4 + wobble, "lr": 3e-4,
                   "grad_norm": 1.0 + wobble}  # fmt: skip
            file.write(json.dumps(row) + "\n")
            file.flush()
            self.lines += 1

    def close(self) -> None:
        """End the trainings."""
        for file in self._files:
            file.close()

    def run(self, steps: int, speed: float, each: Callable[[int], None]) -> None:
        """Write all steps at their times; `each` is called after each step."""
        began = time.monotonic()
        for step in range(steps):
            self.write(step)
            each(step)
            pause = began + (step + 1) / (RATE * speed) - time.monotonic()
            if pause > 0:
                time.sleep(pause)


def soak(minutes: float = MINUTES, speed: float = 30.0, runs: int = RUNS) -> Outcome:
    """Watch the logs with a real monitor in this process."""
    steps = int(minutes * 60 * RATE)
    with tempfile.TemporaryDirectory(prefix="lossmon-soak-") as name:
        folder = Path(name)
        temporary = folder / "tmp"
        temporary.mkdir()
        previous, tempfile.tempdir = tempfile.tempdir, str(temporary)
        gc.collect()
        before = Held.by("self", temporary)
        # As often as a user's screen would look in half an hour.
        settings = Settings(
            refresh_seconds=Settings().refresh_seconds / speed,
            poll_seconds=max(0.02, Settings().poll_seconds / speed),
        )
        writers = Writers(folder / "logs", runs)
        latest: list[Snapshot] = []
        looks = 0
        grown = threading.Event()

        def take(snapshot: Snapshot) -> None:
            nonlocal looks
            looks += 1
            latest[:] = [snapshot]
            if stored(snapshot) >= expected:
                grown.set()

        expected = steps * runs * 3
        warm = late = before

        def each(step: int) -> None:
            nonlocal warm, late
            if step == int(steps * WARM):
                gc.collect()
                warm = Held.by("self", temporary)
            if step == int(steps * LATE):
                gc.collect()
                late = Held.by("self", temporary)

        with Monitor([str(folder / "logs")], settings) as monitor:
            monitor.start(take)
            writers.run(steps, speed, each)
            grown.wait(600)  # a loaded machine may be late, but nothing may be missing
            gc.collect()
            end = Held.by("self", temporary)
        writers.close()
        held = stored(latest[0]) if latest else 0
        latest.clear()
        gc.collect()
        after = Held.by("self", temporary)
        tempfile.tempdir = previous
    return Outcome(
        writers.lines, held, expected, looks, end.memory - warm.memory, end.memory - late.memory,
        *grown_points(steps, runs),
        (after.threads - before.threads, after.descriptors - before.descriptors,
         after.files - before.files),
    )  # fmt: skip


def grown_points(steps: int, runs: int) -> tuple[int, int]:
    """Return the bytes of the points that came after the warm-up, and in its second half."""
    end = bytes_of(steps, runs)
    return end - bytes_of(int(steps * WARM), runs), end - bytes_of(int(steps * LATE), runs)


def stored(snapshot: Snapshot) -> int:
    """Return the number of points that a snapshot shows."""
    return sum(len(series) for run in snapshot.runs for series in run.series)


def soak_screen(minutes: float, speed: float) -> Outcome:
    """Watch the logs with the real screen, pressing keys, and quit."""
    from tests.cli.terminal import Terminal

    steps = int(minutes * 60 * RATE)
    with tempfile.TemporaryDirectory(prefix="lossmon-soak-") as name:
        folder = Path(name)
        temporary = folder / "tmp"
        temporary.mkdir()
        writers = Writers(folder / "logs")
        writers.write(0)
        with Terminal(folder / "logs", cwd=folder, TMPDIR=str(temporary)) as terminal:
            terminal.until(lambda text: "run-0" in text)
            process = terminal.process.pid
            first = warm = late = Held.by(process, temporary)
            beside = []
            keys = "nnn2n3n4n5n61l1x1z1"
            looks = 0

            def each(step: int) -> None:
                nonlocal first, warm, late, looks
                while terminal.read(0):
                    pass
                looks += 1
                if step % 50 == 0:
                    terminal.type(keys[step // 50 % len(keys)])
                if step == int(steps * SETTLED):
                    first = Held.by(process, temporary)
                if step % (steps // 10) == 0:
                    beside.append(Held.by(process, temporary).memory - bytes_of(step, RUNS))
                if step == int(steps * WARM):
                    warm = Held.by(process, temporary)
                if step == int(steps * LATE):
                    late = Held.by(process, temporary)

            writers.run(steps, speed, each)
            terminal.type("2")
            last = f"{steps - 1:,}"
            terminal.until(lambda text: last in text or last.replace(",", "") in text)
            end = Held.by(process, temporary)
            terminal.type("q")
            code = terminal.end()
            if code != 0 or terminal.after != terminal.before:
                raise RuntimeError(f"the screen ended with {code}: {terminal.text}")
        writers.close()
        rows = writers.lines * 3
        return Outcome(
            writers.lines, rows, rows, looks, end.memory - warm.memory, end.memory - late.memory,
            *grown_points(steps, RUNS),
            (end.threads - first.threads, end.descriptors - first.descriptors,
             sum(1 for _ in temporary.iterdir())),
            tuple(beside),
        )  # fmt: skip


def main() -> int:
    """Print a table; exit 1 if something was lost, left over, or grew too far."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the runs' own time")
    parser.add_argument("--speed", type=float, default=30.0)
    parser.add_argument("--screen", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    work = soak_screen if options.screen else soak
    outcome = work(options.minutes, options.speed)
    print(f"lines written        {outcome.lines:,} in {time.perf_counter() - began:.0f} s")
    print(f"points stored        {outcome.stored:,} of {outcome.expected:,}")
    print(f"{'steps' if options.screen else 'snapshots'} taken      {outcome.looks:,}")
    print(f"memory grew          {outcome.growth / (1 << 20):.1f} MiB after the first {WARM:.0%}")
    print(f"its points           {outcome.points_growth / (1 << 20):.1f} MiB")
    print(f"grew late            {outcome.late_growth / (1 << 20):.1f} MiB after {LATE:.0%}")
    print(f"its points           {outcome.late_points / (1 << 20):.1f} MiB")
    if outcome.beside:
        told = ", ".join(f"{held / (1 << 20):.0f}" for held in outcome.beside)
        print(f"beside the points    {told} MiB, at each tenth of the time")
    threads, descriptors, files = outcome.left
    when = "while it ran" if options.screen else "after it"
    print(f"left over {when}: threads {threads}, descriptors {descriptors}, files {files}")
    return int(outcome.failed)


if __name__ == "__main__":
    raise SystemExit(main())
