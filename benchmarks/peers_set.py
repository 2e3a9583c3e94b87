"""198 labelled runs like those that other tools were scored on: `python -m benchmarks.peers_set`.

A base of 12 classes × 3 noise levels × 3 seeds, and 90 harder ones (10 classes
× 3 × 3); each of 2,000 points and 20 evaluations. A run is right if its last
verdict has a status of its class, every event that the class must show was
raised, and no alarm of another kind was ever raised, cleared or not: a tool
that withdraws a false alarm has raised it. The classes are the ones that such
tools name; the curves are of other families than `benchmarks.simulator`'s.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column

Array = npt.NDArray[np.float64]

POINTS: Final = 2000
EVALS: Final = 20
LEVELS: Final = (0.005, 0.02, 0.06)
"""Standard deviation of a point's noise over the loss's whole descent."""
SEEDS: Final = 3
ALARMS: Final = frozenset(
    ("plateau", "divergence", "spike", "overfitting", "nonfinite", "not_learning")
)


@dataclass
class Made:
    """One run: arrays of shape (2000,) but the evaluations', and the seed's generator."""

    rng: np.random.Generator
    t: Array
    mean: Array
    eval_mean: Array
    rates: Array | None = None
    steps: Array | None = None
    epochs: Array | None = None
    noise: float = 1.0
    """Times the level of the noise."""
    correlation: float = 0.0
    after: list[Callable[[Array], None]] = field(default_factory=list)
    """Changes of the noisy values in place."""


@dataclass(frozen=True)
class Class:
    """What a class's runs must come to."""

    make: Callable[[Made], None]
    statuses: frozenset[str]
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    harder: bool = False


def _base(rng: np.random.Generator) -> Made:
    """A healthy run: a loss that falls to the end, and an evaluation that goes with it."""
    t = np.arange(POINTS, dtype=float)
    x = t / POINTS
    low, fast, slow = rng.uniform(0.5, 2), rng.uniform(0.02, 0.06), rng.uniform(0.5, 0.9)
    mean = low + 1.2 * np.exp(-x / fast) + 1.5 * np.exp(-x / slow)
    return Made(rng, t, mean, mean * 1.03 + 0.02)


def _at(made: Made, low: float = 0.3, high: float = 0.6) -> int:
    return int(made.rng.uniform(low, high) * POINTS)


def _nothing(made: Made) -> None:
    return None


def _power(made: Made) -> None:
    made.mean = 1.5 + 3 * (1 + made.t / 30) ** -made.rng.uniform(0.25, 0.5)
    made.eval_mean = made.mean * 1.02


def _plateau(made: Made) -> None:
    x = made.t / POINTS
    made.mean = 1.2 + 2.5 * np.exp(-x / made.rng.uniform(0.04, 0.08))
    made.eval_mean = made.mean * 1.04


def _diverging(made: Made) -> None:
    at = _at(made)
    after = np.clip(made.t - at, 0, None) / POINTS
    made.mean = made.mean + 0.03 * np.expm1(np.minimum(after / made.rng.uniform(0.03, 0.06), 6))
    made.eval_mean = made.mean * 1.02


def _nan(made: Made) -> None:
    at = _at(made)

    def lost(values: Array) -> None:
        values[at:] = np.nan

    made.after.append(lost)


def _overfitting(made: Made) -> None:
    at = _at(made)
    after = np.clip(made.t - at, 0, None) / (POINTS - at)
    held = np.where(made.t > at, made.eval_mean[at], made.eval_mean)
    made.eval_mean = held + made.rng.uniform(0.6, 1.2) * after


def _spikes(made: Made) -> None:
    places = made.rng.choice(np.arange(300, 1900), 3, replace=False)
    heights = made.rng.uniform(1.5, 4, 3)

    def lift(values: Array) -> None:
        for at, height in zip(places, heights, strict=True):
            values[at : at + 3] += height * np.array([1.0, 0.5, 0.2])[: len(values[at : at + 3])]

    made.after.append(lift)


def _noisy(made: Made) -> None:
    made.noise, made.correlation = 3.0, 0.3


def _not_learning(made: Made) -> None:
    made.mean = np.full(POINTS, made.rng.uniform(2, 6))
    made.eval_mean = made.mean * 1.01


def _restart(made: Made) -> None:
    at = _at(made)
    after = np.clip(made.t - at, 0, None)
    made.mean = made.mean + (made.t >= at) * 0.4 * (1 - np.exp(-after / 5)) * np.exp(-after / 80)
    x = made.t / POINTS
    made.rates = np.where(made.t < at, 1e-3 * np.cos(x * 1.2), 1e-3 * np.cos((x - at / POINTS) * 2))


def _warmup(made: Made) -> None:
    until = int(made.rng.uniform(0.03, 0.06) * POINTS)
    bump = np.sin(np.pi * np.clip(made.t / (2 * until), 0, 1))
    made.mean = made.mean + made.rng.uniform(0.3, 0.9) * bump
    made.rates = 1e-3 * np.clip((made.t + 1) / until, 0, 1)


def _memorising(made: Made) -> None:
    """Training falls to near zero, the evaluation ends flat: a wide gap, and no rise."""
    x = made.t / POINTS
    made.mean = 2.5 * np.exp(-x / 0.35)
    made.eval_mean = 1.0 + 1.5 * np.exp(-x / 0.2)
    made.noise = 0.3


# ---- harder ones ------------------------------------------------------------------------------


def _jump(made: Made) -> None:
    """The loss jumps up by 60 % of itself, and stays there."""
    at = _at(made)
    made.mean = np.where(made.t >= at, made.mean[at] * 1.6, made.mean)
    made.eval_mean = made.mean * 1.02


def _ushape(made: Made) -> None:
    """The training loss turns, and rises slowly to the end."""
    at = _at(made, 0.35, 0.5)
    after = np.clip(made.t - at, 0, None) / (POINTS - at)
    made.mean = np.where(made.t > at, made.mean[at] + made.rng.uniform(0.7, 1.2) * after, made.mean)
    made.eval_mean = made.mean * 1.02


def _eval_ushape(made: Made) -> None:
    """The evaluation turns early and rises as a parabola, while training falls on."""
    at = _at(made, 0.2, 0.4)
    after = np.clip(made.t - at, 0, None) / (POINTS - at)
    held = np.where(made.t > at, made.eval_mean[at], made.eval_mean)
    made.eval_mean = held + made.rng.uniform(0.5, 0.9) * after**2


def _decayed(made: Made) -> None:
    """Flat under a rate that a cosine took to zero."""
    _plateau(made)
    made.rates = 1e-3 * 0.5 * (1 + np.cos(np.pi * made.t / POINTS)) + 1e-7


def _curriculum(made: Made) -> None:
    """Harder data from one point on: the loss jumps, and falls on from there."""
    at = _at(made)
    after = np.clip(made.t - at, 0, None) / POINTS
    made.mean = made.mean + (made.t >= at) * made.rng.uniform(0.3, 0.6) * np.exp(-after / 0.15)
    made.eval_mean = made.mean * 1.02


def _resumed(made: Made) -> None:
    at, back = _at(made), int(made.rng.integers(40, 120))
    made.steps = np.concatenate([np.arange(at), np.arange(at - back, POINTS - back)]).astype(float)
    made.mean = np.interp(made.steps, made.t, made.mean)
    made.eval_mean = made.mean * 1.02


def _stairs(made: Made) -> None:
    count = int(made.rng.integers(3, 6))
    made.epochs = made.t / POINTS * count
    made.mean = 2.5 - 0.35 * np.floor(made.epochs) - 0.2 * made.t / POINTS
    made.eval_mean = made.mean * 1.05


def _masked(made: Made) -> None:
    """NaN that the logger writes as zeros."""
    at = _at(made)

    def mask(values: Array) -> None:
        values[at:] = 0.0

    made.after.append(mask)


def _negative(made: Made) -> None:
    """A log-likelihood: falls through zero and on."""
    made.mean = made.mean - 2.5
    made.eval_mean = made.mean + 0.05


def _smoothed(made: Made) -> None:
    """Logged as the mean of the last 20 points."""

    def smooth(values: Array) -> None:
        padded = np.concatenate((np.full(19, values[0]), values))
        values[:] = np.convolve(padded, np.ones(20) / 20, "valid")

    made.after.append(smooth)
    made.noise = 2.0


def _one_of(*names: str) -> frozenset[str]:
    return frozenset(names)


CLASSES: Final[dict[str, Class]] = {
    "healthy": Class(_nothing, _one_of("healthy")),
    "power law": Class(_power, _one_of("healthy")),
    "plateau": Class(_plateau, _one_of("plateau"), _one_of("plateau")),
    "diverging": Class(_diverging, _one_of("diverging"), _one_of("divergence")),
    "NaN": Class(_nan, _one_of("nonfinite"), _one_of("nonfinite")),
    "overfitting": Class(_overfitting, _one_of("overfitting"), _one_of("overfitting")),
    "spikes": Class(_spikes, _one_of("healthy"), _one_of("spike")),
    "noisy": Class(_noisy, _one_of("healthy")),
    "not learning": Class(_not_learning, _one_of("plateau"), _one_of("not_learning")),
    "rate restart": Class(_restart, _one_of("healthy")),
    "warm-up": Class(_warmup, _one_of("healthy")),
    "memorising": Class(_memorising, _one_of("healthy")),
    "+60 % jump": Class(_jump, _one_of("diverging"), _one_of("divergence"), _one_of("spike"), True),
    "U-shape": Class(_ushape, _one_of("diverging"), _one_of("divergence"), harder=True),
    "U-shape of eval": Class(
        _eval_ushape, _one_of("overfitting"), _one_of("overfitting"), harder=True
    ),
    "decayed rate": Class(_decayed, _one_of("plateau"), _one_of("plateau"), harder=True),
    "harder data": Class(_curriculum, _one_of("healthy"), may=_one_of("spike"), harder=True),
    "resumed": Class(_resumed, _one_of("healthy"), _one_of("resume"), harder=True),
    "stairs": Class(_stairs, _one_of("healthy"), harder=True),
    "masked NaN": Class(_masked, _one_of("nonfinite"), _one_of("nonfinite"), harder=True),
    "negative": Class(_negative, _one_of("healthy"), harder=True),
    "window means": Class(_smoothed, _one_of("healthy"), harder=True),
}


def batch(name: str, level: float, seed: int) -> Batch:
    """The rows of one run of a class."""
    rng = np.random.default_rng([seed, round(1e4 * level), *map(ord, name)])
    made = _base(rng)
    CLASSES[name].make(made)
    spread = float(np.ptp(made.mean)) or 1.0
    e = rng.standard_normal(POINTS)
    if made.correlation:
        for i in range(1, POINTS):
            e[i] = made.correlation * e[i - 1] + np.sqrt(1 - made.correlation**2) * e[i]
    values = made.mean + made.noise * level * min(spread, 2.5) * e
    for change in made.after:
        change(values)
    at = np.linspace(POINTS / EVALS, POINTS, EVALS).astype(np.int64) - 1
    # An evaluation is a mean over many batches: it scatters by a fifth of a point's noise.
    evals = made.eval_mean[at] + 0.2 * level * min(spread, 2.5) * rng.standard_normal(EVALS)
    if name == "NaN":
        evals[np.isnan(values[at])] = np.nan
    columns = [Column("loss", values), Column("eval_loss", evals, at)]
    if made.rates is not None:
        columns.append(Column("learning_rate", made.rates))
    steps = made.t if made.steps is None else made.steps
    return Batch(steps, tuple(columns), made.epochs)


def judge(name: str, rows: Batch) -> tuple[bool, str]:
    """Whether the verdict on a run of a class is right, and what was found."""
    wanted = CLASSES[name]
    analyzer = Analyzer()
    analyzer.consume(rows)
    raised = {event.kind for event in analyzer.events if event.severity != "info"}
    named = {event.kind for event in analyzer.events}
    status = analyzer.verdict.status
    right = (
        status in wanted.statuses
        and wanted.must <= named
        and not (raised & ALARMS) - wanted.must - wanted.may
    )
    return right, f"{status}, {', '.join(sorted(named)) or 'no event'}"


def main() -> None:
    """Judge the set and print what was right, by class."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=700, help="first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds of each class and level")
    options = parser.parse_args()
    totals = {False: [0, 0], True: [0, 0]}
    print("| class | right at noise " + ", ".join(f"{level:.1%}" for level in LEVELS) + " | |")
    print("|---|---|---|")
    for name, wanted in CLASSES.items():
        counts, misses = [], []
        for level in LEVELS:
            right = 0
            for seed in range(options.seed, options.seed + options.seeds):
                good, found = judge(name, batch(name, level, seed))
                right += good
                if not good:
                    misses.append(f"{level:.1%}, seed {seed}: {found}")
            counts.append(right)
        totals[wanted.harder][0] += sum(counts)
        totals[wanted.harder][1] += options.seeds * len(LEVELS)
        print(f"| {name} | {' '.join(map(str, counts))} | {'; '.join(misses)} |", flush=True)
    base, harder = totals[False], totals[True]
    print(
        f"\n{base[0]} of {base[1]} of the base, {harder[0]} of {harder[1]} harder ones: "
        f"{base[0] + harder[0]} of {base[1] + harder[1]}."
    )


if __name__ == "__main__":
    main()
