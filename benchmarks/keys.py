"""From a key pressed to its answer on the screen: `python -m benchmarks.keys`.

Fifty runs of a hundred thousand points are loaded, ten of them grow; through a
pseudo-terminal keys are pressed in every view, and each is timed to the moment
at which the screen (played back through an emulator) shows what the key does,
not just anything. Beside it the same is measured of `cat`, which echoes a byte
through a terminal: what this machine, with what else runs on it, can do at all.

The wait for a processor is no part of the program, and on a busy machine most
of the time: so the CPU seconds that the screen's thread spends on a key are
measured too, in this process, over the same number of runs and points; before
each key ten of the runs grow. On a machine of its own a key is answered within
these.
"""

from __future__ import annotations

import argparse
import asyncio
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
from textual.screen import Screen

from benchmarks import logs
from benchmarks.live import growing_json
from benchmarks.measure import HEADER, Figure, machine
from benchmarks.terminal import Playback, Terminal
from lossmon.model import Batch, Column, Run, RunView, Summary
from lossmon.monitor.snapshot import Snapshot
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp

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
    for press, at in (one for turn in pressed for one in turn):
        playback.until(at)
        before = press.read(playback)
        moment = playback.seen_as(_changed(press, playback, before), at + PAUSE)
        found.append(Answer(press.view, press.key, None if moment is None else moment - at))
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


def _press_all(terminal: Terminal) -> list[tuple[Press, float]]:
    pressed = []
    view = ""
    for press in KEYS:
        if press.view != view:
            view = press.view
            pressed.append((Press(view, _VIEWS[view], _title), terminal.type(_VIEWS[view])))
            time.sleep(2 * PAUSE)
        pressed.append((press, terminal.type(press.key)))
        time.sleep(PAUSE)
    return pressed


# ---- CPU, in this process


class _Growing:
    """Fifty runs as the monitor hands them up; `grow` adds a point to ten of them."""

    def __init__(self) -> None:
        self._runs = []
        steps = np.arange(POINTS, dtype=np.float64)
        for seed in range(RUNS):
            run = Run(f"run-{seed:02d}", f"run-{seed:02d}.jsonl", "jsonl")
            loss = logs.curve(POINTS, seed)
            columns = (Column("loss", loss), Column("eval_loss", loss + 0.05), Column("lr", loss))
            run.append(Batch(steps, columns, None, steps))
            self._runs.append(run)
        self._views = [self._view(run, 1) for run in self._runs]
        self._step = POINTS

    def _view(self, run: Run, version: int) -> RunView:
        return RunView(
            id=run.name, name=run.name, source=run.source, format=run.format, state="live",
            error=None, version=version,
            series=tuple(run.view(series) for series in run.series),
            summary=Summary(train="loss", eval="eval_loss", smoothed=1.2),
        )  # fmt: skip

    def grow(self) -> Snapshot:
        """Return the next snapshot."""
        self._step += 1
        at = np.array([float(self._step)])
        for index in range(LIVE):
            value = np.array([1.2])
            columns = (Column("loss", value), Column("eval_loss", value), Column("lr", value))
            self._runs[index].append(Batch(at, columns, None, at))
            self._views[index] = self._view(self._runs[index], self._step)
        return Snapshot(tuple(self._views), (), False, self._step)


class _Feed:
    def __init__(self, first: Snapshot) -> None:
        self._first = first

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        on_change(self._first)

    def stop(self) -> None:
        pass


_NAMES = {"\x1b[D": "left"}


async def _spent(rounds: int) -> list[Answer]:
    growing = _Growing()
    app = LossmonApp(_Feed(growing.grow()), Settings(theme="dark"), view="overview")
    found = []
    sent: list[float] = []
    refresh = Screen._compositor_refresh

    def spy(self: Screen[object]) -> None:
        refresh(self)
        sent.append(time.thread_time())

    Screen._compositor_refresh = spy  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(rounds):
            view = ""
            for press in KEYS:
                keys = [press.key] if press.view == view else [_VIEWS[press.view], press.key]
                view = press.view
                for key in keys:
                    app.take(growing.grow())
                    await pilot.pause()
                    sent.clear()
                    begin = time.thread_time()
                    await pilot.press(_NAMES.get(key, key))
                    await pilot.pause()
                    found.append(Answer(view, key, (sent or [time.thread_time()])[0] - begin))
    return found


def spent(rounds: int = ROUNDS) -> list[Answer]:
    """Return the CPU seconds of the screen's thread from each key to the first picture after it.

    The keys that open a view for the first time are among them.
    """
    return asyncio.run(_spent(rounds))


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
    """The table's rows."""
    return figures(*answers(directory), spent())


def figures(found: list[Answer], share: float, cpu: list[Answer]) -> list[Figure]:
    """Return the rows of what was measured."""
    took = _seconds(found)
    base = np.array(echo())
    words = (
        f"median {1000 * np.median(took):.0f} ms; cat's echo: median {1000 * np.median(base):.1f}, "
        f"p95 {1000 * np.quantile(base, 0.95):.1f} ms; lossmon {100 * share:.0f} % of a core"
    )
    return [
        Figure(f"key to its answer, p95 of {len(took)} ({len(found) - len(took)} not seen)",
               1000 * float(np.quantile(took, 0.95)), "ms", 50, False, words),
        *cpu_figures(cpu),
    ]  # fmt: skip


def cpu_figures(cpu: list[Answer]) -> list[Figure]:
    """Return the rows of what the screen's thread spends: all keys, then each view's."""
    rows = []
    for view in ("", *_VIEWS):
        part = _seconds([one for one in cpu if view in ("", one.view)])
        what = f"… in {view}" if view else "CPU of the screen's thread for a key"
        rows.append(
            Figure(f"{what}, p95 of {len(part)}", 1000 * float(np.quantile(part, 0.95)), "ms", 50,
                   False, f"median {1000 * np.median(part):.0f} ms")
        )  # fmt: skip
    return rows


def _seconds(found: list[Answer]) -> np.ndarray:
    return np.array([one.seconds for one in found if one.seconds is not None] or [np.nan])


def main() -> int:
    """Measure and print; exit 1 if the figure is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keys", description=__doc__)
    parser.add_argument("--logs", type=Path,
                        default=Path(tempfile.gettempdir()) / "lossmon-benchmarks")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--cpu", action="store_true", help="the CPU of the screen's thread alone")
    parser.add_argument("--each", action="store_true", help="print every key")
    options = parser.parse_args()
    print(f"{machine()}; {time.strftime('%Y-%m-%d %H:%M')}\n")
    cpu = spent(options.rounds)
    found, share = ([], 0.0) if options.cpu else answers(options.logs, options.rounds)
    if options.each:
        for one in [*found, *cpu]:
            took = "not seen" if one.seconds is None else f"{1000 * one.seconds:6.1f} ms"
            print(f"{one.view:10}{one.key!r:14}{took:>12}")
        print()
    rows = cpu_figures(cpu) if options.cpu else figures(found, share, cpu)
    print(HEADER)
    for row in rows:
        print(row.row())
    return 0 if rows[0].reached else 1


if __name__ == "__main__":
    sys.exit(main())
