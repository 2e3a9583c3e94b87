"""From a key pressed to its answer on the screen: `python -m benchmarks.keys`.

Fifty runs of a hundred thousand points are loaded, ten of them grow; through a
pseudo-terminal keys are pressed in every view, and each is timed to the moment
at which the screen (played back through an emulator) shows what the key does,
not just anything. Beside it the same is measured of `cat`, which echoes a byte
through a terminal: what this machine, with what else runs on it, can do at all.

The wait for a processor is no part of the program, and on a busy machine most
of the time: so the CPU seconds of the screen's thread are measured too, from a
key to the end of its pause, less what the same time costs without a key (ten
runs grow). On a machine of its own a key is answered within these.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import logs
from benchmarks.live import growing_json
from benchmarks.measure import HEADER, Figure, machine
from benchmarks.terminal import Playback, Terminal

RUNS = 50
LIVE = 10
POINTS = 100_000
RATE = 5.0
PAUSE = 0.6
"""Seconds between keys: each is answered before the next, as a person presses them."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Press:
    """A key, and what on the screen is read before and after it: a change is the answer."""

    view: str
    key: str
    read: Callable[[Playback], str]


def _line(index: int) -> Callable[[Playback], str]:
    return lambda playback: playback.screen.display[index]


def _title(playback: Playback) -> str:
    """The view and the chosen run, without the time of the last point."""
    return " ".join(playback.screen.display[0].split()[1:5])


def _chosen(playback: Playback) -> str:
    """Which rows stand on another ground than the first cell of the row below the banner."""
    buffer = playback.screen.buffer
    return " ".join(str(y) for y in range(3, 38) if buffer[y][1].bg not in ("default", "121416"))


def _ticks(playback: Playback) -> str:
    """The x axis: its ticks move as a chart is zoomed or moved."""
    rows = playback.screen.display
    return "|".join(line for line in rows if "┬" in line)


_FOOT = _line(38)

KEYS = (
    *(Press("overview", key, _chosen) for key in "jjjkjk"),
    *(Press("focus", key, _title) for key in "npnp"),
    Press("focus", "x", _FOOT), Press("focus", "X", _FOOT),
    Press("focus", "l", _FOOT), Press("focus", "l", _FOOT),
    Press("focus", "s", _FOOT), Press("focus", "S", _FOOT),
    Press("focus", "z", _ticks), Press("focus", "z", _ticks), Press("focus", "\x1b[D", _ticks),
    Press("focus", "r", _FOOT),
    Press("panes", "x", _FOOT), Press("panes", "X", _FOOT),
    Press("panes", "l", _FOOT), Press("panes", "l", _FOOT),
    Press("panes", "s", _FOOT), Press("panes", "S", _FOOT),
    Press("panes", "z", _ticks), Press("panes", "r", _FOOT), Press("panes", "w", _title),
    Press("compare", "x", _FOOT), Press("compare", "X", _FOOT),
    Press("compare", "l", _FOOT), Press("compare", "l", _FOOT),
    Press("compare", "z", _ticks), Press("compare", "r", _FOOT),
    Press("metrics", "n", _title), Press("metrics", "p", _title),
    Press("metrics", "s", _FOOT), Press("metrics", "S", _FOOT),
    Press("metrics", "z", _ticks), Press("metrics", "r", _FOOT),
    Press("log", "n", _title), Press("log", "p", _title),
)  # fmt: skip
_VIEWS = {"overview": "1", "focus": "2", "panes": "3", "compare": "4", "metrics": "5", "log": "6"}


@dataclass(frozen=True, slots=True)
class Answer:
    """How long a key took, in seconds; None where no answer was seen."""

    view: str
    key: str
    seconds: float | None
    cpu: float
    """CPU seconds of the screen's thread."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key that was pressed, when, and the CPU seconds until the pause after it ended."""

    press: Press
    at: float
    cpu: float


def answers(directory: Path, rounds: int = ROUNDS) -> tuple[list[Answer], float]:
    """Return the answers to all keys, and the program's share of a core meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        paths = _runs(directory, Path(name))
        with Terminal(name) as terminal:
            _wait_loaded(terminal)
            with growing_json(paths[:LIVE], RATE, POINTS):
                time.sleep(3.0)
                cpu, at = terminal.cpu(), terminal.now
                pressed = [_press_all(terminal) for _ in range(rounds)]
                share = (terminal.cpu() - cpu) / (terminal.now - at)
            playback = terminal.play()
    found = []
    for one in (one for turn in pressed for one in turn):
        press, at = one.press, one.at
        playback.until(at)
        before = press.read(playback)
        moment = playback.seen_as(_changed(press, playback, before), at + PAUSE)
        found.append(
            Answer(press.view, press.key, None if moment is None else moment - at, one.cpu)
        )
    return found, share


def _changed(press: Press, playback: Playback, before: str) -> Callable[[], bool]:
    return lambda: press.read(playback) != before


def _runs(directory: Path, target: Path) -> list[Path]:
    paths = []
    for seed in range(RUNS):
        source = logs.jsonl(directory / "keys", POINTS, seed)
        path = target / f"run-{seed:02d}.jsonl"
        shutil.copyfile(source, path)
        paths.append(path)
    return paths


def _wait_loaded(terminal: Terminal, patience: float = 600.0) -> None:
    deadline = terminal.now + patience
    while terminal.now < deadline:
        terminal.quiet(5.0, patience)
        cpu, at = terminal.cpu(), terminal.now
        time.sleep(2.0)
        if (terminal.cpu() - cpu) / (terminal.now - at) < 0.1:
            return


def _press_all(terminal: Terminal) -> list[Pressed]:
    pressed = []
    view, usual = "", 0.0
    for press in KEYS:
        if press.view != view:
            view = press.view
            pressed.append(_press(terminal, Press(view, _VIEWS[view], _title), usual))
            time.sleep(PAUSE)
            cpu = terminal.screen_cpu()
            time.sleep(3 * PAUSE)
            usual = (terminal.screen_cpu() - cpu) / 3
        pressed.append(_press(terminal, press, usual))
    return pressed


def _press(terminal: Terminal, press: Press, usual: float) -> Pressed:
    """Press a key; `usual` are the CPU seconds that a pause costs without one."""
    cpu = terminal.screen_cpu()
    at = terminal.type(press.key)
    time.sleep(PAUSE)
    return Pressed(press, at, max(terminal.screen_cpu() - cpu - usual, 0.0))


def echo(times: int = 60) -> list[float]:
    """Return the seconds that `cat` takes to echo a byte, with the same pauses."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    process = subprocess.Popen(["cat"], stdin=slave, stdout=slave)
    os.close(slave)
    took = []
    for _ in range(times):
        begin = time.monotonic()
        os.write(master, b"x")
        select.select([master], [], [], 5.0)
        os.read(master, 10)
        took.append(time.monotonic() - begin)
        time.sleep(0.05)
    process.terminate()
    process.wait()
    os.close(master)
    return took


def keys(directory: Path) -> list[Figure]:
    """The table's rows: all keys together, then each view."""
    return figures(*answers(directory))


def figures(found: list[Answer], share: float) -> list[Figure]:
    """Return the rows of what was measured."""
    took = np.array([one.seconds for one in found if one.seconds is not None])
    base = np.array(echo())
    words = (
        f"median {1000 * np.median(took):.0f} ms; cat's echo: median {1000 * np.median(base):.1f}, "
        f"p95 {1000 * np.quantile(base, 0.95):.1f} ms; lossmon {100 * share:.0f} % of a core"
    )
    spent = np.array([one.cpu for one in found])
    rows = [
        Figure(f"key to its answer, p95 of {len(took)} ({len(found) - len(took)} not seen)",
               1000 * float(np.quantile(took, 0.95)), "ms", 50, False, words),
        Figure(f"CPU of the screen's thread for a key, p95 of {len(spent)}",
               1000 * float(np.quantile(spent, 0.95)), "ms", 50, False,
               f"median {1000 * np.median(spent):.0f} ms"),
    ]  # fmt: skip
    for view in _VIEWS:
        part = [one for one in found if one.view == view]
        waits = np.array([one.seconds for one in part if one.seconds is not None])
        cpu = np.array([one.cpu for one in part])
        seen = f"answer: median {1000 * np.median(waits):.0f} ms" if len(waits) else "none seen"
        rows.append(
            Figure(f"… CPU in {view}, p95 of {len(part)}", 1000 * float(np.quantile(cpu, 0.95)),
                   "ms", 50, False, seen)
        )  # fmt: skip
    return rows


def main() -> int:
    """Measure and print; exit 1 if the figure is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keys", description=__doc__)
    parser.add_argument("--logs", type=Path,
                        default=Path(tempfile.gettempdir()) / "lossmon-benchmarks")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--each", action="store_true", help="print every key")
    options = parser.parse_args()
    print(f"{machine()}; {time.strftime('%Y-%m-%d %H:%M')}\n")
    found, share = answers(options.logs, options.rounds)
    if options.each:
        for one in found:
            took = "not seen" if one.seconds is None else f"{1000 * one.seconds:6.1f} ms"
            print(f"{one.view:10}{one.key!r:14}{took:>12}  CPU {1000 * one.cpu:6.1f} ms")
        print()
    rows = figures(found, share)
    print(HEADER)
    for row in rows:
        print(row.row())
    return 0 if rows[0].reached else 1


if __name__ == "__main__":
    sys.exit(main())
