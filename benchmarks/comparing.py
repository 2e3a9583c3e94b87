"""Do 95 % intervals of a difference hold it? `python -m benchmarks.comparing`.

Pairs of simulated runs of known final levels, under noise whose neighbours are
alike (AR(1)), flat at their end or still falling; what is compared are the
final losses of one run each (`analysis.compare`), and of three seeds each whose
levels scatter (`analysis.seeds`). Printed are the share of intervals that hold
the true difference, with 95 % Wilson intervals, and how often a difference of
nothing was called one.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from benchmarks.verdicts import wilson
from lossmon.analysis.compare import FINAL_SHARE, Estimate, difference, final_loss
from lossmon.analysis.seeds import welch
from lossmon.model.batch import FloatArray

SIZES = (200, 600, 2000)
NOISE = 0.05


def correlated(rng: np.random.Generator, n: int, rho: float) -> FloatArray:
    """AR(1) noise of variance one, shape (n,)."""
    noise = rng.standard_normal(n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + math.sqrt(1 - rho * rho) * noise[i]
    return noise


def run(rng: np.random.Generator, n: int, rho: float, level: float, slope: float) -> FloatArray:
    """A loss that reaches `level` at its end, falling by `slope` over its whole length."""
    t = np.arange(n) / n
    mean: FloatArray = level + slope * (1 - t) + np.exp(-20 * t)
    return mean + NOISE * correlated(rng, n, rho)


def estimate(values: FloatArray) -> Estimate:
    """The final loss; these runs always have one."""
    found = final_loss(values)
    assert found is not None
    return found


def pairs(count: int, n: int, rho: float, slope: float, seed: int) -> int:
    """How many of the intervals hold the difference of the true final levels."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(count):
        gap = rng.uniform(-0.1, 0.1)
        first = estimate(run(rng, n, rho, 1.0 + gap, slope))
        second = estimate(run(rng, n, rho, 1.0, slope))
        low, high = difference(first, second).interval
        held += low <= gap <= high
    return held


def seeds(count: int, scatter: float, seed: int) -> tuple[int, int]:
    """Of groups of three seeds: intervals that hold the difference, and differences made up."""
    rng = np.random.default_rng(seed)
    held = made_up = 0
    for _ in range(count):
        for gap in (0.0, 0.1):
            groups = [
                [
                    estimate(run(rng, 200, 0.3, level + scatter * rng.standard_normal(), 0.0)).value
                    for _ in range(3)
                ]
                for level in (1.0 + gap, 1.0)
            ]
            found = welch(*groups)
            held += found.low <= gap <= found.high
            made_up += gap == 0.0 and found.larger == "yes"
    return held, made_up


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--pairs", type=int, default=300, help="pairs of each kind")
    parser.add_argument("--seed", type=int, default=900_000, help="first seed")
    options = parser.parse_args()
    print(f"The last {FINAL_SHARE:.0%} of two runs each; 95 % intervals of their difference.\n")
    print("| points | neighbours alike | at its end | interval holds the difference |")
    print("|---|---|---|---|")
    for n in SIZES:
        for rho in (0.0, 0.3, 0.6):
            for slope, words in ((0.0, "flat"), (0.2, "falling")):
                held = pairs(options.pairs, n, rho, slope, options.seed)
                low, high = wilson(held, options.pairs)
                share = held / options.pairs
                print(f"| {n:,} | {rho:g} | {words} | {share:.1%} ({low:.0%}–{high:.0%}) |")
    print("\nThree seeds against three, whose levels scatter:\n")
    print("| scatter over noise | interval holds the difference | differences made up |")
    print("|---|---|---|")
    for scatter in (0.2, 1.0):
        held, made_up = seeds(options.pairs, scatter * NOISE, options.seed)
        total = 2 * options.pairs
        low, high = wilson(held, total)
        false = f"{made_up / options.pairs:.1%}"
        print(f"| {scatter:g} | {held / total:.1%} ({low:.0%}–{high:.0%}) | {false} |")


if __name__ == "__main__":
    main()
