"""What grows with the data, and what must not: memory, the analyzer's state, cost a point."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import logs
from benchmarks.measure import Figure, peak_megabytes
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
    return _all_printed(code)[word]


def _all_printed(code: str) -> dict[str, float]:
    """Run Python; return the numbers that it prints behind words, one a line."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


def _feed(analyzer: Analyzer, loss: np.ndarray, start: int) -> np.ndarray:
    """Feed the analyzer; return the CPU seconds of each piece of `PIECE` rows."""
    spent = []
    for begin in range(0, len(loss), PIECE):
        part = loss[begin : begin + PIECE]
        steps = np.arange(start + begin, start + begin + len(part), dtype=float)
        batch = Batch(steps, (Column("loss", part), Column("eval_loss", part + 0.05)))
        before = time.process_time()
        analyzer.consume(batch)
        spent.append(time.process_time() - before)
    return np.array(spent)


def analyzer_state(directory: Path) -> list[Figure]:
    """Bytes of the analyzer's state a series after a million points."""
    analyzer = Analyzer()
    _feed(analyzer, logs.curve(1_000_000), 0)
    return [
        Figure("analyzer state a series, after 1 M points", len(pickle.dumps(analyzer)) / 2 / 1000,
               "kB", 64)
    ]  # fmt: skip


TURNS = 12
"""A tenth of a second, which a decade takes, is easily lost to others who share the machine …"""

LONG_TURNS = 6
"""… and of three seconds, which the longest takes, fewer turns will do."""


def looks(points: int) -> float:
    """Return how often the detectors looked at the means of a series by then.

    64 to 128 buckets cover the run: 128 looks, then 64 each time it doubles.
    """
    return min(points, 128) + 64 * max(0.0, float(np.log2(max(points, 1) / 128)))


def constant_cost(directory: Path) -> list[Figure]:
    """CPU a point from 10³ to 10⁷ points, decade by decade: an early saving hides no later loss.

    A run costs so much a look (`looks`: they grow with the logarithm of its
    length, and are nearly all that a short run costs) and so much a point. Each
    turn does the same, piece by piece, and of each piece the least counts: what
    others on the machine take comes and goes within a decade.
    """
    loss = logs.curve(10_000_000)
    edges = [0, 1000, 10**4, 10**5, 10**6, 10**7]
    least: list[np.ndarray] = [np.array(np.inf)] * 5
    for turn in range(TURNS):
        analyzer = Analyzer()
        decades = list(pairwise(edges))
        for index, (low, high) in enumerate(decades if turn < LONG_TURNS else decades[:-1]):
            least[index] = np.minimum(least[index], _feed(analyzer, loss[low:high], low))
    spent = np.array([pieces.sum() for pieces in least])
    rows = np.diff(edges).astype(float)
    looked = np.diff([looks(edge) for edge in edges])
    # Relative errors are what counts: each decade weighs the same.
    parts = np.column_stack([looked, rows]) / spent[:, None]
    (a_look, a_point), *_ = np.linalg.lstsq(parts, np.ones(5), rcond=None)
    costs = spent / rows
    growth = max(costs[later] / costs[:later].min() for later in range(1, 5))
    words = ", ".join(f"{cost * 1e9:.0f}" for cost in costs)
    return [
        Figure("analyzer cost a point, most of a decade to the least of those before (10³ to 10⁷)",
               growth, "×", 1.2, False, f"ns a row by decade from 0: {words}"),
        Figure("the same as looks and points: the decade that is dearest beside constant costs",
               float((1 / (parts @ [a_look, a_point])).max()), "×", 1.2, False,
               f"{a_look * 1e6:.0f} µs a look ({looked[1]:.0f} of them from 10³ to 10⁴), "
               f"{a_point * 1e9:.0f} ns a row; the first 1,000 rows {spent[0] * 1e3:.0f} ms"),
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
        f"assert len(found.runs) == {RUNS}, len(found.runs)\n"
        "for line in open('/proc/self/status'):\n"
        "    if line.startswith('VmHWM'): print('PEAK', line.split()[1])\n"
    )
    printed = _all_printed(code)
    peak = printed["PEAK"] * 1024 / 1e6 - peak_megabytes("pass")
    return [
        Figure(f"{RUNS} runs × {POINTS:,} points × 4 series, loading", printed["CPU"], "s CPU", 60),
        Figure("the same, peak of memory over the interpreter", peak, "MB", 500),
        *_scrolling(folder, printed["CPU"]),
    ]


def _scrolling(folder: Path, patience: float) -> list[Figure]:
    with Terminal(folder) as terminal:
        deadline = terminal.now + min(6 * patience + 20, 150)
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
