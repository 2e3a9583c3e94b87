"""Figures, and how they are taken: CPU seconds, peaks of memory, ratios of two in one run."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table: what was measured, and the figure that it must reach.

    `limit` is the bound in the unit of `value`; `at_least` says on which side
    of it the value must lie; `reference` names what was measured beside it.
    """

    what: str
    value: float
    unit: str
    limit: float
    at_least: bool = False
    reference: str = ""

    @property
    def share(self) -> float:
        """Value to limit; a value of 1 or less (or more, for `at_least`) reaches the figure."""
        return self.value / self.limit if self.limit else (0.0 if self.value == 0 else np.inf)

    @property
    def reached(self) -> bool:
        """Whether the value lies on the right side of the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> str:
        """Return the figure as a row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        return (
            f"| {self.what} | {number(self.value)} {self.unit} | {sign} {number(self.limit)} "
            f"{self.unit} | {self.share:.2f} | {'yes' if self.reached else '**no**'} "
            f"| {self.reference} |"
        )


HEADER = (
    "| what | measured | figure | measured / figure | reached | measured beside it |\n"
    "|---|---|---|---|---|---|"
)


def number(value: float) -> str:
    """Return a number with three significant digits and no exponent."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{min(digits, 6)}f}"


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process that one call takes."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def fastest(works: dict[str, Callable[[], object]], turns: int = 5) -> dict[str, float]:
    """Return the least CPU seconds of each, taken in turn: noise meets all of them alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(turns):
        for name, work in works.items():
            best[name] = min(best[name], cpu_seconds(work))
    return best


def peak_megabytes(code: str) -> float:
    """Return the peak of resident memory (MB) that a fresh interpreter reaches with `code`.

    From VmHWM: `ru_maxrss` of a child begins with what its parent held.
    """
    tail = (
        "\nfor line in open('/proc/self/status'):\n"
        "    if line.startswith('VmHWM'): print('PEAK', line.split()[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    peak = next(line for line in done.stdout.splitlines() if line.startswith("PEAK"))
    return float(peak.split()[1]) * 1024 / 1e6


def machine() -> str:
    """Return what the figures were taken on, in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    cpus = 0
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                cpus += 1
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{model}, {cpus} CPUs, {system}, load of others {load()}"


def load() -> str:
    """Return what the machine does beside this: loads over 1, 5 and 15 minutes."""
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())
