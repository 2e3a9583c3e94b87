"""How much faster a second worker reads a sweep: `python -m benchmarks.cluster --runs 10000`.

Two clusters stand at once, each a scheduler and workers as processes on
loopback, one thread each: one cluster has one worker, the other two. The sweep
(a directory a run, three series) is read in rounds by the code of `lossmon
compare --dask`: each round's runs by both clusters, in turns, so that what else
the machine does hits both alike. All processes are warm: a few runs are read
before. The logs are short, which is the harder case: what a cluster costs, it
costs a run or a task, whatever a log's length.

Two workers can gain no more than the machine gives two processes. So each round
also times a loop of plain arithmetic, its work done by one process and then
divided over two; the gain of the workers stands beside that of the loop. What
the cluster costs is the workers' CPU time a run beside that of the same reading
in this process. `--write` puts it all into `benchmarks/CLUSTER.md`. A limit on
the ratio is checked in no test.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from lossmon.cluster import Job, gather, read_shares, spread
from lossmon.settings import Settings

RESULTS = Path(__file__).with_name("CLUSTER.md")
DIFFERENT = 64
"""Logs that are written; the runs' logs are hard links to them."""
CONFIGURATIONS = 20
EVAL_EVERY = 5
TIME = 10
"""Points in which the loss falls by a factor of e."""
LOOP_SHARE = 0.3
"""Work of a round's loop to that of its reading: enough to time, no more."""
WARM = 48
"""Runs that each cluster reads before anything is timed."""
LOOP = """
import sys, time
for line in sys.stdin:
    total = 0
    for number in range(int(line)):
        total += number * number % 7
    print(total, flush=True)
"""


def make_runs(root: Path, runs: int, points: int, rounds: int) -> list[Path]:
    """Make runs below a directory for each round; return those directories.

    Configurations with seeds below them. A run's file is its own, its bytes are those
    of one of `DIFFERENT` logs: written once, they cost less than their reading.
    """
    logs = []
    (root / "logs").mkdir(parents=True)
    for number in range(min(DIFFERENT, runs)):
        noise = random.Random(number)
        rows = []
        for step in range(points):
            row = {"step": 10 * step, "loss": 1 + 3 * math.exp(-step / TIME) + noise.gauss(0, 0.05)}
            row["learning_rate"] = 1e-3 * (1 - step / points)
            if step % EVAL_EVERY == 0:
                row["eval_loss"] = 1.1 + 3 * math.exp(-step / TIME) + noise.gauss(0, 0.01)
            rows.append(json.dumps(row))
        logs.append(root / "logs" / f"{number}.jsonl")
        logs[-1].write_text("\n".join(rows) + "\n")
    parts = [root / f"part-{number}" for number in range(rounds)]
    for number in range(runs):
        inside = number // rounds
        name = f"lr-{inside % CONFIGURATIONS}/seed-{inside // CONFIGURATIONS}"
        folder = parts[number % rounds] / name
        folder.mkdir(parents=True)
        (folder / "metrics.jsonl").hardlink_to(logs[number % len(logs)])
    return parts


@contextlib.contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and workers; yield the address and the workers' process numbers."""
    distributed: Any = importlib.import_module("distributed")

    file = folder / f"scheduler-{workers}.json"
    modules = [["distributed.cli.dask_scheduler", "--port", "0"]]
    modules += [["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny"]] * workers
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    processes = []
    with (folder / "log.txt").open("ab") as log:
        try:
            for module, *options in modules:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", module, *options, *common],
                        cwd=folder, stdout=log, stderr=log,
                    )
                )  # fmt: skip
                while not file.exists():
                    time.sleep(0.05)
            address = json.loads(file.read_text())["address"]
            client = distributed.Client(address, set_as_default=False)
            client.wait_for_workers(workers, timeout=120)
            client.close()
            yield address, [process.pid for process in processes]
        finally:
            # Workers first: one whose scheduler is gone waits for it. Nothing is lost by force.
            for process in reversed(processes):
                process.kill()
                process.wait()


class Loops:
    """Processes that do plain arithmetic when asked."""

    def __init__(self, count: int) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            for _ in range(count)
        ]
        self.seconds(1000, count)

    def seconds(self, work: int, over: int) -> float:
        """Return the wall time that `work` rounds of the loop take, divided over processes."""
        begin = time.perf_counter()
        asked = self._processes[:over]
        for process in asked:
            assert process.stdin is not None
            process.stdin.write(b"%d\n" % (work // over))
            process.stdin.flush()
        for process in asked:
            assert process.stdout is not None
            process.stdout.readline()
        return time.perf_counter() - begin

    def close(self) -> None:
        """End them."""
        for process in self._processes:
            process.kill()
            process.communicate()


def loops_in(seconds: float) -> int:
    """Return how many rounds of the loop take so many CPU seconds."""
    tried, total = 1_000_000, 0
    begin = time.process_time()
    for number in range(tried):
        total += number * number % 7
    return max(1000, int(tried * seconds / (time.process_time() - begin)))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """One round on one cluster: seconds of wall time and of CPU time, by who spent them."""

    runs: int
    wall: float
    divided: float
    client: float
    scheduler: float
    workers: tuple[float, ...]


def read(part: Path, address: str, pids: Sequence[int]) -> Reading:
    """Read a round's runs on a cluster."""
    before = [cpu_seconds(pid) for pid in pids]
    begin, own = time.perf_counter(), time.process_time()
    found = spread([str(part)], Settings())
    divided = time.perf_counter() - begin
    runs = sum(len(one.runs) for one in gather(address, found, Job(found.root, Settings())))
    wall, client = time.perf_counter() - begin, time.process_time() - own
    spent = [cpu_seconds(pid) - start for pid, start in zip(pids, before, strict=True)]
    return Reading(runs, wall, divided, client, spent[0], tuple(spent[1:]))


def here(part: Path, runs: int) -> float:
    """Return the CPU seconds a run that the same reading takes in this process, without Dask."""
    found = spread([str(part)], Settings())
    job = Job(found.root, Settings())
    begin = time.process_time()
    read_shares(found.shares[:runs], job)
    return (time.process_time() - begin) / min(runs, len(found.shares))


def told(
    one: Sequence[Reading],
    two: Sequence[Reading],
    loops: Sequence[tuple[float, float]],
    alone: float,
) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"{len(loops)} rounds.",
        "",
        "| workers | runs | wall s | runs/s | CPU ms a run: workers | client | scheduler "
        "| idlest worker's CPU time to the busiest's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rows in (one, two):
        runs = sum(row.runs for row in rows)
        wall = sum(row.wall for row in rows)
        spent = [sum(each) for each in zip(*(row.workers for row in rows), strict=True)]
        cpu = (sum(spent), sum(row.client for row in rows), sum(row.scheduler for row in rows))
        each = " | ".join(f"{1000 * seconds / runs:.2f}" for seconds in cpu)
        lines.append(
            f"| {len(spent)} | {runs} | {wall:.1f} | {runs / wall:.0f} | {each} "
            f"| {min(spent) / max(spent):.2f} |"
        )
    gains = [a.wall / b.wall for a, b in zip(one, two, strict=True)]
    limits = [a / b for a, b in loops]
    gain = sum(row.wall for row in one) / sum(row.wall for row in two)
    limit = sum(a for a, _ in loops) / sum(b for _, b in loops)
    divided = sum(row.divided for row in two) / sum(row.wall for row in two)
    lines += [
        "",
        f"- Gain of the second worker in wall time: **{gain:.2f}** (rounds: {ranged(gains)}).",
        f"- Gain of a second plain process on a loop of arithmetic, in the same rounds: "
        f"**{limit:.2f}** (rounds: {ranged(limits)}).",
        f"- Gain to that limit: **{gain / limit:.2f}** "
        f"(rounds: {ranged([a / b for a, b in zip(gains, limits, strict=True)])}).",
        f"- The same reading in one process without a cluster takes {1000 * alone:.2f} ms of CPU "
        f"a run. Dividing the sources into shares, which no worker helps with, took "
        f"{divided:.0%} of the wall time with two workers.",
    ]
    return "\n".join(lines)


def ranged(values: Sequence[float]) -> str:
    """Return the median and the quartiles of rounds."""
    if len(values) < 4:
        return ", ".join(f"{value:.2f}" for value in values)
    low, middle, high = statistics.quantiles(values, n=4)
    return f"median {middle:.2f}, quartiles {low:.2f} and {high:.2f}"


def measure(folder: Path, runs: int, points: int, rounds: int, seconds: float) -> str:
    """Return what is said of all rounds; none begins after so many seconds."""
    over = time.monotonic() + seconds
    parts = make_runs(folder / "sweep", runs, points, rounds)
    (warm,) = make_runs(folder / "warm", WARM, points, 1)
    one: list[Reading] = []
    two: list[Reading] = []
    loops: list[tuple[float, float]] = []
    with (
        contextlib.closing(Loops(2)) as plain,
        cluster(1, folder) as first,
        cluster(2, folder) as second,
    ):
        for address, pids in (first, second):
            read(warm, address, pids)
        here(warm, WARM)
        alone = here(warm, WARM)
        work = loops_in(LOOP_SHARE * alone * runs / rounds)
        for number, part in enumerate(parts):
            if loops and time.monotonic() > over:
                break
            order = [(first, one), (second, two)]
            for (address, pids), rows in order if number % 2 else order[::-1]:
                rows.append(read(part, address, pids))
            loops.append((plain.seconds(work, 1), plain.seconds(work, 2)))
            print(
                f"round {number + 1}/{rounds}: gain {one[-1].wall / two[-1].wall:.2f}, "
                f"of the loop {loops[-1][0] / loops[-1][1]:.2f}",
                file=sys.stderr,
            )
    return told(one, two, loops, alone)


def main() -> None:
    """Print the figures; with `--write` keep them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(
        "--minutes", type=float, default=60, help="no round begins after so many minutes (60)"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/CLUSTER.md too")
    options = parser.parse_args()
    rounds = max(1, min(options.rounds, options.runs // 20))
    before = machine()
    # Ended from outside, it ends its processes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="lossmon-cluster-") as name:
        figures = measure(Path(name), options.runs, options.points, rounds, 60 * options.minutes)
    print(figures)
    if options.write:
        command = (
            f"python -m benchmarks.cluster --runs {options.runs} --points {options.points} "
            f"--rounds {options.rounds} --minutes {options.minutes:g} --write"
        )
        RESULTS.write_text(
            f"# A second worker\n\n`{command}`, on {before}; measured "
            f"{time.strftime('%Y-%m-%d')}. What it measures stands in `benchmarks/cluster.py`.\n\n"
            f"{figures}\n"
        )


if __name__ == "__main__":
    main()
