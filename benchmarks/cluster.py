"""How much faster a second worker makes a sweep: `python -m benchmarks.cluster --runs 10000`.

A scheduler and one, then two workers, each a process on loopback with one
thread, read the same runs (a directory each, three series) by the code of
`lossmon compare --dask`. Wall time is what matters here and what other load on
the machine spoils: the workers' CPU time a run, which other load hardly
changes, is printed beside it, and so is the share of the two processors that
all of it had; below about 90 % the ratio says more of the machine than of the
program. A limit on the ratio is checked in no test.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lossmon.cluster import Job, gather, spread
from lossmon.settings import Settings


def make_runs(root: Path, runs: int, points: int) -> None:
    """Write runs as a JSON-lines log each: 20 configurations, seeds below them."""
    for number in range(runs):
        noise = random.Random(number)
        folder = root / f"lr-{number % 20}" / f"seed-{number // 20}"
        folder.mkdir(parents=True)
        rows = []
        for step in range(points):
            row = {"step": 10 * step, "loss": 1 + 3 * math.exp(-step / 120) + noise.gauss(0, 0.05)}
            row["learning_rate"] = 1e-3 * (1 - step / points)
            if step % 25 == 24:
                row["eval_loss"] = 1.1 + 3 * math.exp(-step / 120)
            rows.append(json.dumps(row))
        (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n")


@contextlib.contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and workers; yield the address and the workers' process numbers."""
    from distributed import Client

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
            client = Client(address, set_as_default=False)
            client.wait_for_workers(workers, timeout=120)
            client.close()
            yield address, [process.pid for process in processes[1:]]
        finally:
            # Workers first: one whose scheduler is gone waits for it. Nothing is lost by force.
            for process in reversed(processes):
                process.kill()
                process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(root: Path, workers: int, folder: Path) -> dict[str, float]:
    """Read the sweep on so many workers."""
    with cluster(workers, folder) as (address, pids):
        before = [cpu_seconds(pid) for pid in pids]
        begin, own = time.perf_counter(), time.process_time()
        found = spread([str(root)], Settings())
        divided = time.perf_counter() - begin
        runs = sum(len(one.runs) for one in gather(address, found, Job(found.root, Settings())))
        wall, client = time.perf_counter() - begin, time.process_time() - own
        spent = [cpu_seconds(pid) - start for pid, start in zip(pids, before, strict=True)]
    return {
        "workers": workers, "runs": runs, "wall": wall, "divided": divided, "client": client,
        "cpu": sum(spent), "balance": min(spent) / max(spent),
        "busy": (sum(spent) + client) / wall,
    }  # fmt: skip


def main() -> None:
    """Print a row for each number of workers, and the gain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--points", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_runs(folder / "sweep", options.runs, options.points)
        rows = [measure(folder / "sweep", workers, folder) for workers in (1, 2)]
    print("workers   runs   wall s  runs/s  worker CPU s  CPU ms/run  client CPU s  CPUs in use")
    for row in rows:
        print(
            f"{row['workers']:7.0f} {row['runs']:6.0f} {row['wall']:8.1f} "
            f"{row['runs'] / row['wall']:7.1f} {row['cpu']:13.1f} "
            f"{1000 * row['cpu'] / row['runs']:11.1f} {row['client']:13.2f} {row['busy']:12.2f}"
        )
    one, two = rows
    print(f"wall time, one worker to two: {one['wall'] / two['wall']:.2f} times faster")
    print(
        f"CPU time a run, two workers to one: {two['cpu'] / one['cpu']:.2f}; the less busy of two "
        f"workers had {100 * two['balance']:.0f} % of the other's CPU time"
    )
    # What wall times would be if each process had a processor: the client works beside workers.
    ideal = [max(row["client"], row["cpu"] / row["workers"]) + row["divided"] for row in rows]
    print(f"from CPU times, with a processor each: {ideal[0] / ideal[1]:.2f} times faster")


if __name__ == "__main__":
    main()
