"""Watching: what it costs while points come, while nothing comes, and how soon they are seen."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from benchmarks import logs
from benchmarks.measure import Figure
from benchmarks.terminal import Terminal, has_chart

SECONDS = 20.0
RATE = 5.0
SETTLED = 4.0
"""Seconds from the start until the first pictures stand."""


def _line(step: int, loss: float) -> str:
    return f'{{"step": {step}, "loss": {loss:.6f}, "lr": 0.0003}}\n'


def growing(paths: list[Path], rate: float) -> AbstractContextManager[None]:
    """Append `rate` points a second to each of the logs meanwhile."""
    return growing_json(paths, rate, 2000)


@contextmanager
def growing_json(paths: list[Path], rate: float, step: int) -> Iterator[None]:
    """Append `rate` points a second to each of the logs meanwhile, from `step` on."""
    stop = threading.Event()
    loss = logs.curve(step + 100_000, 1)

    def write() -> None:
        nonlocal step
        files = [path.open("a") for path in paths]
        while not stop.wait(1 / rate):
            for file in files:
                file.write(_line(step, loss[step]))
                file.flush()
            step += 1
        for file in files:
            file.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _logs(folder: Path, number: int) -> list[Path]:
    loss = logs.curve(100_000, 1)
    paths = []
    for index in range(number):
        path = folder / f"run-{index}.jsonl"
        path.write_text("".join(_line(step, loss[step]) for step in range(2000)))
        paths.append(path)
    return paths


QUIET = 14.0
"""Seconds after which the last writing is history for the states of runs too."""


def _watched(number: int, key: str, rate: float, charts: int = 0) -> tuple[float, float]:
    """Return the share of a core and the bytes a second of watching so many logs.

    With `charts`, so many must stand on the screen in the end (AssertionError).
    """
    with tempfile.TemporaryDirectory() as name:
        paths = _logs(Path(name), number)
        with Terminal(*paths) as terminal:
            time.sleep(SETTLED if rate else QUIET)
            if key:
                terminal.quiet(0.5)
                terminal.type(key)
                time.sleep(2.0)

            def measure() -> tuple[float, float]:
                cpu, written, at = terminal.cpu(), terminal.written, terminal.now
                time.sleep(SECONDS)
                spent = terminal.now - at
                return (terminal.cpu() - cpu) / spent, (terminal.written - written) / spent

            if not rate:
                return measure()
            with growing(paths, rate):
                time.sleep(2.0)
                found = measure()
            if charts:
                stood = panes_with_curves(terminal.screen())
                assert stood == charts, f"{stood} of {charts} charts stood on the screen"
            return found


def panes_with_curves(lines: list[str]) -> int:
    """Count the quarters of a screen that hold a curve: 20 cells of braille dots."""
    middle, half = len(lines) // 2, max(map(len, lines), default=0) // 2
    quarters = [
        [line[part] for line in rows]
        for rows in (lines[:middle], lines[middle:])
        for part in (slice(None, half), slice(half, None))
    ]
    return sum(has_chart(quarter) for quarter in quarters)


def focus(directory: Path) -> list[Figure]:
    """One run that grows by five points a second, 120 × 40."""
    share, written = _watched(1, "", RATE)
    return [
        Figure("live focus view at 5 points/s, 120×40", 100 * share, "% of a core", 2),
        Figure("the same, to the terminal", written / 1000, "kB/s", 2),
    ]


def panes(directory: Path) -> list[Figure]:
    """Four panes, each growing by five points a second."""
    share, written = _watched(4, "3", RATE, charts=4)
    return [
        Figure("four panes at 5 points/s each, to the terminal", written / 1000, "kB/s", 20,
               False, f"{100 * share:.1f} % of a core; four charts stood there")
    ]  # fmt: skip


def idle(directory: Path) -> list[Figure]:
    """Twenty runs that are quiet."""
    share, written = _watched(20, "", 0)
    return [
        Figure("idle, 20 quiet runs", 100 * share, "% of a core", 0.2),
        Figure("the same, to the terminal", written, "B/s", 0),
    ]


def latency(directory: Path) -> list[Figure]:
    """From the append of a line to its step on the screen: a line a second, and a stream."""
    with tempfile.TemporaryDirectory() as name:
        (path,) = _logs(Path(name), 1)
        with Terminal(path) as terminal, path.open("a") as file:
            time.sleep(SETTLED)
            lines = _append(terminal, file, 40, 1.0, 5001)
            time.sleep(1.0)
            stream = _append(terminal, file, 100, 1 / RATE, 7001)
            time.sleep(1.0)
            playback = terminal.play()
    newest = playback.changes(_newest([step for _, step in (*lines, *stream)]))
    single, streamed = _delays(newest, lines), _delays(newest, stream)
    return [
        Figure("append to screen, median", float(np.median(single)), "s", 0.1, False,
               f"a line about every second, all {len(single)} seen; in a stream of {RATE:.0f} "
               f"lines a second, until it or a later one is seen: {np.median(streamed):.2f} s"),
        Figure("append to screen, 99th percentile", float(np.quantile(single, 0.99)), "s", 0.25,
               False, f"in the stream {np.quantile(streamed, 0.99):.2f} s"),
    ]  # fmt: skip


def _append(
    terminal: Terminal, file: TextIO, number: int, pause: float, step: int
) -> list[tuple[float, int]]:
    """Append lines; return the moment and the step of each."""
    moments = []
    for index in range(number):
        step += 7
        file.write(_line(step, 1.2))
        file.flush()
        moments.append((terminal.now, step))
        time.sleep(pause * (0.9 + 0.03 * (index % 7)))
    return moments


def _delays(newest: list[tuple[float, str]], moments: list[tuple[float, int]]) -> list[float]:
    """Return the seconds until each step, or a later one, stood on the screen."""
    delays = []
    for at, step in moments:
        found = next((seen for seen, shown in newest if seen >= at and int(shown) >= step), None)
        assert found is not None, f"step {step} never came to the screen"
        delays.append(found - at)
    return delays


def _newest(steps: list[int]) -> Callable[[list[str]], str]:
    """Return what says which of the steps is the newest on a screen ("-1": none)."""
    words = [(f"{step:,}", str(step)) for step in reversed(steps)]

    def read(lines: list[str]) -> str:
        screen = " ".join(lines)
        return next((step for word, step in words if word in screen), "-1")

    return read
