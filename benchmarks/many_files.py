"""2,000 logs watched at once: threads, descriptors, and what it costs while nothing happens.

    python -m benchmarks.many_files

In 200 directories (more than get events) or, with `--eventless`, on a file
system that reports no changes, as its mount table is told to say.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak import Held
from lossmon.monitor import Monitor, Snapshot
from lossmon.settings import Settings
from lossmon.sources import mounts

FILES = 2000
DIRECTORIES = 200
QUIET = 20.0
"""Seconds in which nothing is written and CPU time is counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What watching cost."""

    files: int
    loaded: float
    """Seconds until all were read."""
    threads: int
    descriptors: int
    cpu_share: float
    """CPU seconds a second, while nothing was written."""
    seconds: float
    """From a write to the point in a snapshot, the slowest of three."""
    left: tuple[int, int]
    """Threads and descriptors after, less those before."""


def watch(files: int = FILES, quiet: float = QUIET, eventless: bool = False) -> Outcome:
    """Watch the files, be quiet, then append to three of them."""
    with tempfile.TemporaryDirectory(prefix="lossmon-many-") as name:
        folder = Path(name)
        paths = []
        for number in range(files):
            directory = folder / f"{number % DIRECTORIES}"
            directory.mkdir(exist_ok=True)
            paths.append(directory / f"{number}.jsonl")
            value = number / files
            paths[-1].write_text(
                "".join(f'{{"step": {n}, "loss": {1 / n + value}}}\n' for n in range(1, 9))
            )
        before = Held.by("self", folder)
        latest: list[Snapshot] = [Snapshot()]

        def points(path: Path) -> int:
            for run in latest[0].runs:
                if run.source == str(path):
                    return len(run.series[0]) if run.series else 0
            return 0

        def take(snapshot: Snapshot) -> None:
            latest[0] = snapshot

        original = mounts._LOCAL
        if eventless:
            mounts._LOCAL = frozenset()
        try:
            with Monitor([str(folder)], Settings()) as monitor:
                began = time.monotonic()
                monitor.start(take)
                until(lambda: sum(1 for run in latest[0].runs if run.series) == files)
                loaded = time.monotonic() - began
                time.sleep(5)  # the first rounds of the sweep
                cpu = time.process_time()
                time.sleep(quiet)
                cpu = time.process_time() - cpu
                during = Held.by("self", folder)
                slowest = 0.0
                for path in (paths[0], paths[files // 3], paths[-1]):
                    began = time.monotonic()
                    with path.open("a") as file:
                        file.write('{"step": 9, "loss": 0.1}\n')
                    until(lambda path=path: points(path) == 9)
                    slowest = max(slowest, time.monotonic() - began)
        finally:
            mounts._LOCAL = original
        after = Held.by("self", folder)
    return Outcome(
        files, loaded, during.threads - before.threads, during.descriptors - before.descriptors,
        cpu / quiet, slowest,
        (after.threads - before.threads, after.descriptors - before.descriptors),
    )  # fmt: skip


def until(wanted, seconds: float = 600.0) -> None:  # type: ignore[no-untyped-def]
    """Wait until something holds; RuntimeError if it never does."""
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            raise RuntimeError("waited in vain")
        time.sleep(0.02)


def main() -> int:
    """Print what it costs; exit 1 if something was left over."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--eventless", action="store_true")
    options = parser.parse_args()
    print(watch(options.files, eventless=options.eventless))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
