"""Do 80 % intervals hold 80 %? `python -m benchmarks.extrapolation [LOG…]`.

Of each run the first 60 % are read and the loss at its end is predicted: on
simulated runs (healthy ones and every benign kind, plateaus and overfitting:
whatever the predictor cannot know is in them), and on the runs found in the
logs given (files or directories; each run once, however many files hold it).
The truth is the mean of the last bucket's worth of points. Printed are the
share of intervals that hold it, with 95 % Wilson intervals, their width in
units of R, and the share of runs for which nothing is said, by kind.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.simulator import BENIGN, simulate
from benchmarks.verdicts import MEASURED, wilson
from lossmon.analysis.analyzer import Analyzer
from lossmon.api import read
from lossmon.errors import LossmonError
from lossmon.model import Batch, Column
from lossmon.model.batch import FloatArray

SEEN = 0.6
MIN_POINTS = 40
SEEDS = 4_000_000
"""First seed of the figures that are reported: the shares were fitted on those below 100,000, what
makes a jump on those from 6,000,000."""


@dataclass(frozen=True)
class Outcome:
    """One run: whether an interval was given, holds the truth, and how wide it is."""

    kind: str
    name: str
    given: bool
    holds: bool = False
    width: float = 0.0
    """Over R, what the last 90 % of the part that was seen bought."""
    score: float = 0.0
    """(truth − mean) over the interval's standard deviation."""


def predict(
    kind: str, name: str, steps: FloatArray, values: FloatArray, rates: FloatArray | None = None
) -> Outcome:
    """Read the first 60 % of a loss, shapes (n,), and predict its end."""
    seen = int(SEEN * len(values))
    columns = [Column("loss", values[:seen])]
    if rates is not None:
        columns.append(Column("learning_rate", rates[:seen]))
    analyzer = Analyzer(train="loss")
    analyzer.consume(Batch(steps[:seen], tuple(columns)))
    found = analyzer.forecast(float(steps[-1]))
    track = analyzer._train
    if found is None or track is None:
        return Outcome(kind, name, given=False)
    tail = values[-track.curve.buckets.width :]
    truth = float(tail.mean())
    low, mean, high = (float(array[-1]) for array in (found.low, found.mean, found.high))
    unit = track.curve.loss(track.curve.descent)
    return Outcome(
        kind, name, True, low <= truth <= high, (high - low) / unit if unit > 0 else np.inf,
        (truth - mean) / ((high - low) / 2.563),
    )  # fmt: skip


def simulated(healthy: int, others: int, seed: int) -> list[Outcome]:
    """Outcomes on simulated runs."""
    jobs = [("healthy", seed + i) for i in range(healthy)]
    # A summary row at the end is no loss at the end.
    kinds = [kind for kind in BENIGN if kind != "summary_row"] + ["plateau", "overfitting"]
    jobs += [(kind, seed + i) for kind in kinds for i in range(others)]
    outcomes = []
    for kind, number in jobs:
        run = simulate(kind, number)
        name = kind
        if "change_at" in run.tags:
            # No past tells of a change of data that is still to come.
            seen = run.tags["change_at"] < SEEN * len(run)
            name = f"{kind}, {'seen' if seen else 'still to come'}"
        outcomes.append(predict(name, str(number), run.steps, run.values, run.rates))
    return outcomes


def logged(paths: list[Path]) -> list[Outcome]:
    """Outcomes on the judged loss of each run found under the paths, each run once."""
    outcomes = []
    known = set()
    for path in paths:
        try:
            runs = read(path)
        except LossmonError:
            continue
        for run in runs:
            series = run.train or run.eval
            if series is None or len(series) < MIN_POINTS:
                continue
            steps, values = series.steps[series.current], series.values[series.current]
            key = (len(values), repr(values[-1]), repr(values[len(values) // 2]))
            if len(values) < MIN_POINTS or key in known:
                continue
            known.add(key)
            outcome = predict("log", str(path), steps, values)
            if np.isfinite(outcome.score):
                outcomes.append(outcome)
    return outcomes


def row(kind: str, outcomes: list[Outcome]) -> str:
    """One row of the table."""
    given = [outcome for outcome in outcomes if outcome.given]
    held = sum(outcome.holds for outcome in given)
    low, high = wilson(held, len(given))
    share = f"{held / len(given):.1%} ({low:.0%}–{high:.0%}) of {len(given)}" if given else "–"
    width = f"{np.median([outcome.width for outcome in given]):.2f}" if given else "–"
    return f"| {kind} | {share} | {width} | {len(outcomes) - len(given)} |"


def keep(outcomes: list[Outcome], real: list[Outcome], sizes: str) -> None:
    """Write what `lossmon explain forecast` cites beside the other figures."""
    entry: dict[str, object] = {
        "command": f"python -m benchmarks.extrapolation {sizes}", "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    for name, found in (("simulated", outcomes), ("real", real)):
        given = [outcome for outcome in found if outcome.given]
        entry[name] = {"runs": len(given), "held": sum(outcome.holds for outcome in given)}
    known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}
    text = json.dumps({**known, "forecast": entry}, indent=2)
    MEASURED.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("logs", nargs="*", type=Path, help="logs and directories of logs")
    parser.add_argument("--healthy", type=int, default=500)
    parser.add_argument("--others", type=int, default=40, help="runs of each other kind")
    parser.add_argument("--seed", type=int, default=SEEDS, help="first seed")
    parser.add_argument("--misses", action="store_true", help="name the logs that were missed")
    parser.add_argument(
        "--keep", action="store_true", help=f"write the figures to {MEASURED}, for `explain`"
    )
    options = parser.parse_args()
    outcomes = simulated(options.healthy, options.others, options.seed)
    print("| runs | 80 % interval holds the end | width / R, median | nothing said |")
    print("|---|---|---|---|")
    print(row("all simulated", outcomes))
    real = logged(options.logs)
    if real:
        print(row("all real", real))
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.kind].append(outcome)
    for kind, found in kinds.items():
        print(row(kind, found))
    if options.keep:
        keep(outcomes, real, f"--healthy {options.healthy} --others {options.others}")
    if options.misses:
        for outcome in real:
            if outcome.given and not outcome.holds:
                print(f"- missed by {outcome.score:+.1f} sd: {outcome.name}")


if __name__ == "__main__":
    main()
