"""`python -m benchmarks [NAME…]`: each figure of speed beside its limit, measured in one run.

Without a name all of them, which takes some minutes and 1.5 GB of disk for the
logs (kept in the system's temporary directory for the next time). Limits that
are ratios are measured in the same run, on the same bytes: machines differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import ingest, keys, live, scale, start
from benchmarks.measure import HEADER, Figure, machine

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "jsonl": ingest.jsonl,
    "csv": ingest.csv,
    "hf-console": ingest.hf_console,
    "text": ingest.text,
    "tensorboard": ingest.tensorboard,
    "report": start.report,
    "first-chart": start.first_chart,
    "huge": start.huge,
    "memory": scale.memory,
    "analyzer-state": scale.analyzer_state,
    "constant-cost": scale.constant_cost,
    "many-runs": scale.many_runs,
    "focus": live.focus,
    "panes": live.panes,
    "idle": live.idle,
    "latency": live.latency,
    "keys": keys.keys,
}


def main() -> int:
    """Measure, print a Markdown table; exit 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    parser.add_argument(
        "--logs", type=Path, default=Path(tempfile.gettempdir()) / "lossmon-benchmarks"
    )
    options = parser.parse_args()
    print(f"{machine()}; {time.strftime('%Y-%m-%d %H:%M')}\n\n{HEADER}", flush=True)
    missed = 0
    for name in options.names or BENCHMARKS:
        for figure in BENCHMARKS[name](options.logs):
            print(figure.row(), flush=True)
            missed += not figure.reached
    print(f"\n{missed} not reached" if missed else "\nall reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
