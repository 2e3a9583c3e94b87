"""Starts the real command on many terminals at once, and changes their sizes at any moment.

    python -m benchmarks.resizes --seconds 600 --jobs 10

Each start is of `lossmon demo`'s logs; before its first picture or after it
the terminal becomes tiny, or other sizes one after the other within a tenth of
a second, and at last one in which all must stand again. With several times as
many processes as processors, threads lose the processor at any line.

A start failed if the last size is not drawn after `PATIENCE` seconds, if the
program ends by itself, or does not end on `q`. Exit code 1 if any did.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.cli.command import DEMO
from tests.cli.terminal import Terminal

PATIENCE = 90.0
"""Seconds that a starved computer is given for anything."""

TINY = ((1, 1), (2, 1), (20, 5))
SIZES = ((1, 1), (20, 5), (100, 30), (120, 40))
LAST = (100, 30)


def is_whole(screen: str) -> bool:
    """Whether the overview stands there, with all runs counted and its footer."""
    return "11 runs" in screen and "quit" in screen


def start(seed: int) -> str:
    """Start the command once; return what went wrong, empty if nothing did."""
    rng = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="lossmon-") as home,
        Terminal(DEMO, cwd=Path(home)) as terminal,
    ):
        try:
            begun = is_whole if rng.random() < 0.6 else lambda screen: "runs" in screen
            terminal.until(begun, PATIENCE)
            if rng.random() < 0.5:
                terminal.resize(*rng.choice(TINY))
                seen = len(terminal.raw)
                terminal.until(lambda _: len(terminal.raw) > seen, PATIENCE)
            else:
                for _ in range(rng.randint(1, 12)):
                    terminal.resize(*rng.choice(SIZES))
                    until = time.monotonic() + 0.1 * rng.random()
                    while time.monotonic() < until:
                        terminal.read(0.002)
            terminal.resize(*LAST)
            terminal.until(is_whole, PATIENCE)
            terminal.type("q")
            code = terminal.end(PATIENCE)
        except AssertionError as error:
            return f"start {seed}: {error}"
        return f"start {seed}: ended with {code}" if code else ""


def _many(first: int, step: int, until: float) -> tuple[int, list[str]]:
    seed, failures = first, []
    while time.time() < until:
        if found := start(seed):
            failures.append(found)
            print(found, flush=True)
        seed += step
    return (seed - first) // step, failures


def main() -> int:
    """Print how many starts there were, and how many failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--jobs", type=int, default=10, help="terminals at once")
    parser.add_argument("--seed", type=int, default=0, help="of the first start")
    options = parser.parse_args()
    until = time.time() + options.seconds
    with ProcessPoolExecutor(options.jobs) as pool:
        parts = [
            pool.submit(_many, options.seed + job, options.jobs, until)
            for job in range(options.jobs)
        ]
        done = [part.result() for part in parts]
    starts, failures = sum(n for n, _ in done), sum(len(found) for _, found in done)
    print(f"{starts} starts with resizes, {options.jobs} at once: {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
