"""How long it takes to begin: the report of a tiny log, the first chart on a terminal."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import logs
from benchmarks.ingest import judge
from benchmarks.measure import Figure
from benchmarks.terminal import Terminal, has_chart

NEVER: dict[str, tuple[str, ...]] = {
    "json": ("textual", "plotext", "pandas"),
    "text": ("textual", "pandas"),
}
"""Packages that a report of a format must not load."""

HUGE_LINES = 12_000_000
"""Lines of JSON that make 1.2 GB."""

TURNS = 20
"""A start takes under a second, and the least of many is what the machine can do: others who share
it slow single ones down by a half."""


def report(directory: Path) -> list[Figure]:
    """`lossmon report` on a file of a hundred lines, and what it imports."""
    path = logs.jsonl(directory, 100)
    command = [sys.executable, "-m", "lossmon", "report", str(path), "--format"]
    bare = [sys.executable, "-c", "import numpy"]
    figures = []
    for name in ("json", "text"):
        _timed([*command, name])  # compiled, and in the disk's cache
        turns = [(_timed([*command, name]), _timed(bare)) for _ in range(TURNS)]
        wall, spent = (min(one[kind] for one, _ in turns) for kind in (0, 1))
        wall_bare, spent_bare = (min(one[kind] for _, one in turns) for kind in (0, 1))
        figures.append(
            Figure(f"`lossmon report --format {name}` on a tiny file", wall, "s wall", 0.25,
                   False, f"{wall / wall_bare:.1f} × an interpreter with numpy started in turn "
                   f"({wall_bare:.2f} s); CPU {spent:.2f} s, {spent / spent_bare:.1f} × its")
        )  # fmt: skip
        figures.append(
            Figure(f"packages loaded by it in vain ({', '.join(NEVER[name])})",
                   len(loaded(path, name)), "packages", 0)
        )  # fmt: skip
    return figures


def _timed(command: list[str]) -> tuple[float, float]:
    """Return the wall and the CPU seconds of a command."""
    start, before = time.monotonic(), _children()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start, _children() - before


def _children() -> float:
    """CPU seconds of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def loaded(path: Path, name: str) -> list[str]:
    """Return which of the packages that are not wanted a report loads."""
    code = (
        "import sys; from lossmon.cli.main import main\n"
        f"main(['report', {str(path)!r}, '--format', {name!r}, '-o', '/dev/null'])\n"
        f"sys.stderr.write(' '.join(m for m in {NEVER[name]!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.split()


HELLO = """
import numpy
from textual.app import App
from textual.widgets import Label

class Hello(App):
    def compose(self):
        yield Label("\\u28ff" * 30)

Hello().run()
"""
"""The least that a screen with numpy can be: it shows 30 cells of braille dots."""


def first_chart(directory: Path) -> list[Figure]:
    """From the start of the process to a chart on the screen, for a tiny log.

    Beside it, in turn, the least screen of the same packages: a label.
    """
    path = logs.jsonl(directory, 100)
    times: dict[bool, list[float]] = {True: [], False: []}
    spent = []
    for turn in range(2 * TURNS + 2):
        ours = turn % 2 == 0
        with Terminal(path) if ours else Terminal(code=HELLO) as terminal:
            terminal.wait_for_chart()
            seen = terminal.play().seen(has_chart)
            if turn < 2:
                continue  # compiled, and in the disk's cache
            assert seen is not None
            times[ours].append(seen)
            if ours:
                spent.append(terminal.cpu())
    best, hello = min(times[True]), min(times[False])
    return [
        Figure("first chart of a tiny log in a terminal", best, "s wall", 0.5, False,
               f"{best / hello:.2f} × a label with numpy and Textual started in turn "
               f"({hello:.2f} s); median of {TURNS} {statistics.median(times[True]):.2f} s; "
               f"{min(spent):.2f} s CPU in all")
    ]  # fmt: skip


def _first_chart(path: Path) -> float:
    with Terminal(path) as terminal:
        terminal.wait_for_chart()
        seen = terminal.play().seen(has_chart)
    assert seen is not None
    return seen


def huge(directory: Path) -> list[Figure]:
    """A log of 1.2 GB: the first chart, keys while it is read, and when all of it is in."""
    path = logs.jsonl(directory, HUGE_LINES)
    starts = [_first_chart(path) for _ in range(TURNS + 1)][1:]  # warm, as for the tiny log
    before = _bytes_a_second(directory)
    seconds = 12.0
    with Terminal(path) as terminal:
        time.sleep(2.0)
        presses = []
        while terminal.now < seconds:
            presses.append(terminal.type("l"))
            time.sleep(0.4)
        playback = terminal.play()
        spent = terminal.cpu()
    # What the machine gives changes within a minute: the mean of before and after.
    alone = (before + _bytes_a_second(directory)) / 2
    first = playback.seen(has_chart)
    assert first is not None
    answers = playback.changes(_y_axis)
    delays = []
    for press in presses:
        later = [at for at, _ in answers if at >= press]
        if later:
            delays.append(later[0] - press)
    while playback.seen(lambda lines: False) is not None:
        pass
    share = next(
        (word for word in " ".join(playback.screen.display).split() if word.endswith("%")), "100%"
    )
    read = float(share.rstrip("%")) / 100 * path.stat().st_size
    rate = read / (seconds - first)
    return [
        Figure("first chart of a 1.2 GB log in a terminal", min(starts), "s wall", 0.7, False,
               f"median of {TURNS} {statistics.median(starts):.2f} s"),
        Figure("a key answered while it is read, median", statistics.median(delays), "s", 0.05,
               False, f"slowest of {len(delays)}: {max(delays):.2f} s"),
        Figure("speed of reading it meanwhile, relative to reading and judging without a screen",
               rate / alone, "×", 0.75, True,
               f"{rate / 1e6:.0f} of {alone / 1e6:.0f} MB/s; {share} after {seconds:.0f} s, "
               f"{spent:.1f} s CPU by then"),
    ]  # fmt: skip


def _bytes_a_second(directory: Path) -> float:
    """Return how fast such a log is read and judged where no screen is beside it (wall time)."""
    path = logs.jsonl(directory)
    began = time.monotonic()
    judge(path)
    return path.stat().st_size / (time.monotonic() - began)


def _y_axis(lines: list[str]) -> str:
    foot = " ".join(lines[-3:])
    return "log" if "logarithmic y" in foot else "linear" if "linear y" in foot else ""
