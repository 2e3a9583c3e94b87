"""What grows with the data, and what must not: memory, the analyzer's state, cost a point."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import logs
from benchmarks.measure import Figure, cpu_seconds, peak_megabytes
from benchmarks.terminal import Terminal
from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column

RUNS = 100
POINTS = 100_000
PIECE = 2_000


def memory(directory: Path) -> list[Figure]:
    """Bytes of resident memory a stored value, five series over one step column."""
    size = 2_000_000
    code = (
        "import numpy as np\n"
        "from lossmon.model import Batch, Column, Run\n"
        "def rss():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "run = Run('r', 's', 'f')\n"
        "before = rss()\n"
        f"for start in range(0, {size}, {PIECE}):\n"
        f"    steps = np.arange(start, start + {PIECE}, dtype=float)\n"
        "    run.append(Batch(steps, tuple(Column(f'm{i}', steps + i) for i in range(5))))\n"
        f"print('BYTES', (rss() - before) / (5 * {size}))"
    )
    return [Figure("memory a stored value", _printed(code, "BYTES"), "bytes", 11)]


def _printed(code: str, word: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith(word))
    return float(line.split()[1])


def _feed(analyzer: Analyzer, loss: np.ndarray, start: int) -> None:
    for begin in range(0, len(loss), PIECE):
        part = loss[begin : begin + PIECE]
        steps = np.arange(start + begin, start + begin + len(part), dtype=float)
        analyzer.consume(Batch(steps, (Column("loss", part), Column("eval_loss", part + 0.05))))


def analyzer_state(directory: Path) -> list[Figure]:
    """Bytes of the analyzer's state a series after a million points."""
    analyzer = Analyzer()
    _feed(analyzer, logs.curve(1_000_000), 0)
    return [
        Figure("analyzer state a series, after 1 M points", len(pickle.dumps(analyzer)) / 2 / 1000,
               "kB", 64)
    ]  # fmt: skip


def constant_cost(directory: Path) -> list[Figure]:
    """CPU a point from 10³ to 10⁷ points: the dearest decade to the cheapest after the first.

    Cost is that of decades: points 10³ to 10⁴, to 10⁵ …, so that an early saving cannot hide
    a later loss.
    """
    loss = logs.curve(10_000_000)
    analyzer = Analyzer()
    _feed(analyzer, loss[:1000], 0)
    costs = []
    for decade in (3, 4, 5, 6):
        low, high = 10**decade, 10 ** (decade + 1)
        spent = cpu_seconds(lambda low=low, high=high: _feed(analyzer, loss[low:high], low))  # type: ignore[misc]
        costs.append(spent / (high - low) * 1e9)
    words = ", ".join(f"{cost:.0f}" for cost in costs)
    return [
        Figure("analyzer cost a point in the last decade (10⁶ to 10⁷) to the one before",
               costs[-1] / costs[-2], "×", 1.2, False, f"ns a row by decade from 10³: {words}")
    ]  # fmt: skip


def many_runs(directory: Path) -> list[Figure]:
    """A hundred runs of 100,000 points in four series: CPU and memory to load, a key to scroll."""
    folder = directory / "many"
    for number in range(RUNS):
        logs.jsonl(folder, POINTS, number)
    code = (
        "import time\nfrom lossmon.monitor import Monitor\nstart = time.process_time()\n"
        f"found = Monitor([{str(folder)!r}]).read_all()\n"
        "print('CPU', time.process_time() - start)\n"
        f"assert len(found.runs) == {RUNS}"
    )
    spent = _printed(code, "CPU")
    peak = peak_megabytes(code) - peak_megabytes("pass")
    return [
        Figure(f"{RUNS} runs × {POINTS:,} points × 4 series, loading", spent, "s CPU", 60),
        Figure("the same, peak of memory over the interpreter", peak, "MB", 500),
        *_scrolling(folder, spent),
    ]


def _scrolling(folder: Path, patience: float) -> list[Figure]:
    with Terminal(folder) as terminal:
        deadline = terminal.now + 6 * patience + 20
        while terminal.now < deadline:
            before = terminal.cpu()
            time.sleep(1.0)
            if terminal.now > 5 and terminal.cpu() - before < 0.1:
                break
        terminal.type("1")
        terminal.quiet(0.5)
        presses = []
        for _ in range(20):
            presses.append(terminal.type("j"))
            time.sleep(0.25)
        chunks = list(terminal.chunks)
    delays = [
        min((at - press for at, _ in chunks if at >= press), default=float("inf"))
        for press in presses
    ]
    return [Figure("the same, a key in the overview, median", float(np.median(delays)), "s", 0.05)]
