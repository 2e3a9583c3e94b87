"""`python -m benchmarks [NAME…]`: each figure of speed beside its limit, measured in one run.

Without a name all of them, which takes some minutes and 1.5 GB of disk for the
logs (kept in the system's temporary directory for the next time). Limits that
are ratios are measured in the same run, on the same bytes: machines differ.
What fails is said in its row, and the others go on. `--write` puts the table
into `benchmarks/RESULTS.md` as well.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import ingest, keys, live, scale, start
from benchmarks.measure import HEADER, Figure, load, machine

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


RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Measure, print a Markdown table; exit 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    parser.add_argument(
        "--logs", type=Path, default=Path(tempfile.gettempdir()) / "lossmon-benchmarks"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md too")
    options = parser.parse_args()
    # Installed programs are compiled; where this is set each start would compile anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    start = time.monotonic()
    say(f"{machine()}; {time.strftime('%Y-%m-%d %H:%M')}\n\n{HEADER}")
    missed = 0
    for name in options.names or BENCHMARKS:
        try:
            figures = BENCHMARKS[name](options.logs)
        except Exception as error:  # noqa: BLE001 - one that fails must not cost the others
            traceback.print_exc()
            say(f"| {name} | failed: {type(error).__name__} | | | **no** | {str(error)[:80]} |")
            missed += 1
            continue
        for figure in figures:
            say(figure.row())
            missed += not figure.reached
    told = f"{missed} not reached" if missed else "all reached"
    say(f"\n{told}, in {time.monotonic() - start:.0f} s; load of others now {load()}")
    if options.write:
        command = " ".join(["python -m benchmarks", *options.names])
        text = "\n".join(lines)
        RESULTS.write_text(f"# Results\n\n`{command}`, on {text}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
