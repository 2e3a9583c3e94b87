"""What one redraw of a chart costs: 120 × 40 cells, four runs, beside plotext alone.

CPU milliseconds a draw, median of a few; every draw has a new y range, so that
nothing of the picture can be kept, and each run has grown by one point, as it
does live. `ours` reads runs through a `LineCache`, smooths, thins and draws
to rows; `cold` is the same without a cache; `plotext` is given all points.

    python benchmarks/draw.py [--plotext-limit 100000]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lossmon.charts import LineCache, Viewport, compare_lines, draw
from lossmon.charts.frame import new_figure
from lossmon.model import Batch, Column, Run, RunView, Summary

RUNS = 4
SIZES = (300, 3_000, 100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plotext-limit", type=int, default=100_000)
    limit = parser.parse_args().plotext_limit
    print(f"{'points':>10} {'ours ms':>9} {'cold ms':>9} {'plotext ms':>11} {'ratio':>8}")
    for size in SIZES:
        runs = [_run(number, size) for number in range(RUNS)]
        ours = _ours(runs, LineCache())
        cold = _ours(runs, None)
        alone, ratio = "-", "-"
        if size <= limit:
            spent = _plotext([view(run) for run in runs])
            alone, ratio = f"{spent:.1f}", f"{spent / ours:.1f}×"
        print(f"{size:>10,} {ours:>9.2f} {cold:>9.2f} {alone:>11} {ratio:>8}")


def _run(number: int, size: int) -> Run:
    random = np.random.default_rng(number)
    steps = np.arange(size, dtype=np.float64)
    loss = 2 + 3 * np.exp(-steps / size * 6) + random.normal(0, 0.1, size) + number / 10
    run = Run(f"seed-{number}", "", "benchmark")
    run.append(Batch(steps, (Column("loss", loss),)))
    return run


def view(run: Run) -> RunView:
    series = (run.view("loss"),)
    return RunView(run.name, run.name, "", "", "live", None, 0, 1, series, Summary(train="loss"))


def _ours(runs: list[Run], cache: LineCache | None) -> float:
    viewport = Viewport(120, 40, title="seeds")

    def one(turn: int) -> None:
        for run in runs:
            run.append(Batch(np.array([float(len(run))]), (Column("loss", np.array([2.0])),)))
        lines = compare_lines([view(run) for run in runs], raw=True, cache=cache)
        picture = draw(lines, (), (), replace(viewport, y_range=(1.0, 6.0 + turn / 50)))
        assert len(picture.rows) == 40

    return _median(one, 15 if cache is not None else 5)


def _plotext(views: list[RunView]) -> float:
    def one(turn: int) -> None:
        figure = new_figure(120, 40)
        figure.ylim(1.0, 6.0 + turn / 50)
        for number, run in enumerate(views):
            series = run.series[0]
            figure.plot(
                series.steps.tolist(),
                series.values.tolist(),
                marker="braille",
                label=f"seed-{number}",
            )
        figure.build()

    return _median(one, 3)


def _median(one: Callable[[int], None], turns: int) -> float:
    one(0)
    times = []
    for turn in range(1, turns + 1):
        start = time.process_time()
        one(turn)
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
