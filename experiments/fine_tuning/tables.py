"""The statistics of the tables: what many fine-tunings say of a loss curve.

Every function takes `Captured` runs and returns rows of a table, each number with
an error: sd over seeds, or a 95 % interval by a bootstrap over runs (Efron 1979,
percentiles of 500 resamplings; whole runs are drawn, since the checkpoints of one
run depend on each other). Shares have Wilson's interval.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from experiments.fine_tuning.tasks import HELD_OUT

RESAMPLINGS: Final = 500
GOOD: Final = 0.9
"""A score that is 'good enough' where nothing else is said."""


@dataclass(frozen=True)
class Captured:
    """One run as it was captured: its setting, its curves, and what lossmon said of it.

    `train`: (step, loss) pairs; `evals`: (step, loss, score) triples, the first of
    them before any training.
    """

    setting: dict[str, Any]
    train: list[tuple[float, float]]
    evals: list[tuple[float, float, float]]
    status: str
    shape: str
    reduction: float | None
    reduction_rating: str
    gap: float | None
    gap_rating: str
    noise: float | None
    half_way_step: float | None
    overfitting_step: float | None

    @property
    def eval_losses(self) -> np.ndarray:
        """Evaluation losses, shape (m,), nats a token."""
        return np.array([loss for _, loss, _ in self.evals], dtype=float)

    @property
    def scores(self) -> np.ndarray:
        """Scores, shape (m,), 0 to 1."""
        return np.array([score for *_, score in self.evals], dtype=float)

    @property
    def usable(self) -> bool:
        """Whether all evaluations are finite."""
        return bool(np.isfinite(self.eval_losses).all()) and len(self.evals) > 3

    @property
    def broken(self) -> bool:
        """Whether it diverged, by its verdict."""
        return self.status in ("diverging", "nonfinite")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON holds it."""
        return asdict(self)


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties with their mean, shape (n,)."""
    order = np.argsort(values, kind="stable")
    found = np.empty(len(values))
    found[order] = np.arange(1, len(values) + 1)
    for value in np.unique(values):
        same = values == value
        found[same] = found[same].mean()
    return found


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays of shape (n,); NaN if one is constant."""
    x, y = ranks(a) - (len(a) + 1) / 2, ranks(b) - (len(b) + 1) / 2
    size = math.sqrt(float((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / size if size > 0 else math.nan


def wilson(found: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927); (0, 1) of none."""
    if of == 0:
        return 0.0, 1.0
    z, p = 1.959964, found / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(
    runs: Sequence[Captured], statistic: Callable[[Sequence[Captured]], float]
) -> tuple[float, float, float]:
    """A statistic of runs with its 95 % interval over resampled runs; NaN ones left out."""
    generator = np.random.default_rng(0)
    drawn = [
        statistic([runs[at] for at in generator.integers(0, len(runs), len(runs))])
        for _ in range(RESAMPLINGS)
    ]
    finite = np.array([value for value in drawn if math.isfinite(value)])
    if not len(finite):
        return statistic(runs), math.nan, math.nan
    low, high = np.percentile(finite, [2.5, 97.5])
    return statistic(runs), float(low), float(high)


def by(runs: Iterable[Captured], *names: str) -> dict[tuple[Any, ...], list[Captured]]:
    """Runs grouped by some of their settings, in order."""
    groups: dict[tuple[Any, ...], list[Captured]] = defaultdict(list)
    for run in runs:
        groups[tuple(run.setting[name] for name in names)].append(run)
    return dict(sorted(groups.items(), key=lambda item: str(item[0])))


def share(found: int, of: int) -> str:
    """A share in words: '12 of 20, 60 % (39–78)'."""
    low, high = wilson(found, of)
    return f"{found} of {of}, {found / of:.0%} ({low * 100:.0f}–{high * 100:.0f})" if of else "none"


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean ± sd over runs."""
    array = np.array(values, dtype=float)
    if not len(array):
        return "–"
    sd = f" ± {array.std(ddof=1):.{digits}f}" if len(array) > 1 else ""
    return f"{array.mean():.{digits}f}{sd}"


def seeds(runs: Sequence[Captured], base: dict[str, Any]) -> list[list[str]]:
    """How much the seed alone changes: the base configuration of each task over its seeds.

    The last column holds the sd of the final evaluation loss over the seeds as a share
    of its spread over learning rates and batch sizes (sd of their means, diverged runs
    left out): below 1 the setting matters more than the seed.
    """
    rows = []
    for (task,), mine in by(runs, "task").items():
        same = [run for run in mine if _like(run, base) and run.usable]
        if len(same) < 2:
            continue
        final = [float(run.eval_losses[-1]) for run in same]
        grid = by(
            (
                run
                for run in mine
                if run.usable and not run.broken and run.setting["examples"] == base["examples"]
            ),
            "rate",
            "batch",
        )
        means = [np.mean([run.eval_losses[-1] for run in group]) for group in grid.values()]
        half = [run.half_way_step for run in same if run.half_way_step is not None]
        rows.append(
            [
                task,
                str(len(same)),
                spread(final),
                f"{np.std(final, ddof=1) / np.mean(final):.0%}",
                spread([float(run.scores[-1]) for run in same], 2),
                spread(half, 0),
                f"{np.std(final, ddof=1) / np.std(means, ddof=1):.2f}" if len(means) > 2 else "–",
            ]
        )
    return rows


def settings(runs: Sequence[Captured], base: dict[str, Any]) -> list[list[str]]:
    """What became of each setting, over all task types and seeds; the base one first."""
    groups: dict[str, list[Captured]] = defaultdict(list)
    for run in runs:
        changed = [name for name, value in base.items() if run.setting[name] != value]
        groups[", ".join(f"{name} {run.setting[name]}" for name in changed)].append(run)
    return [
        [
            name or "base",
            str(len(mine)),
            spread([float(run.scores.max()) for run in mine], 2),
            spread([float(run.scores[-1]) for run in mine], 2),
            ", ".join(f"{status} {count}" for status, count in by_count(r.status for r in mine)),
        ]
        for name, mine in sorted(groups.items(), key=lambda item: (item[0] != "", item[0]))
    ]


def _like(run: Captured, base: dict[str, Any]) -> bool:
    return all(run.setting[name] == value for name, value in base.items())


def proxy(runs: Sequence[Captured]) -> list[list[str]]:
    """Whether evaluation loss stands in for the score: rank correlations, −1 is perfect.

    Over the checkpoints of one run (mean over runs), and over runs at their ends. The
    last column: what is lost by keeping the checkpoint of the lowest evaluation loss
    instead of that of the highest score.
    """
    rows = []
    for (task,), mine in by((run for run in runs if run.usable), "task").items():
        of_run = {id(run): spearman(run.eval_losses, run.scores) for run in mine}

        def within(some: Sequence[Captured], of_run: dict[int, float] = of_run) -> float:
            finite = [of_run[id(run)] for run in some if math.isfinite(of_run[id(run)])]
            return float(np.mean(finite)) if finite else math.nan

        def between(some: Sequence[Captured]) -> float:
            return spearman(
                np.array([run.eval_losses[-1] for run in some]),
                np.array([run.scores[-1] for run in some]),
            )

        def lost(some: Sequence[Captured]) -> float:
            return float(
                np.mean([run.scores.max() - run.scores[run.eval_losses.argmin()] for run in some])
            )

        rows.append(
            [
                task,
                str(len(mine)),
                *(
                    f"{value:.2f} ({low:.2f} to {high:.2f})"
                    for value, low, high in (
                        bootstrap(mine, within),
                        bootstrap(mine, between),
                        bootstrap(mine, lost),
                    )
                ),
            ]
        )
    return rows


def task_types(runs: Sequence[Captured], base: dict[str, Any]) -> list[list[str]]:
    """How curves differ between task types, at the base configuration over its seeds."""
    rows = []
    for (task,), mine in by((r for r in runs if _like(r, base) and r.usable), "task").items():
        steps = mine[0].setting["steps"]
        shapes = by_count(run.shape for run in mine)
        rows.append(
            [
                task,
                spread([float(run.eval_losses[0]) for run in mine], 2),
                spread([run.reduction for run in mine if run.reduction is not None], 2),
                spread([r.half_way_step / steps for r in mine if r.half_way_step is not None], 2),
                spread([run.noise for run in mine if run.noise is not None]),
                spread([run.gap for run in mine if run.gap is not None], 2),
                ", ".join(f"{shape} {count}" for shape, count in shapes),
            ]
        )
    return rows


def by_count(words: Iterable[str]) -> list[tuple[str, int]]:
    """Words with how often they come, the most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for word in words:
        counts[word] += 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def loss_for_score(runs: Sequence[Captured], wanted: float) -> float:
    """The evaluation loss at or below which the score is `wanted`, by isotonic regression.

    Score as a falling function of loss over all checkpoints (pool adjacent violators;
    Ayer 1955), read where it crosses `wanted`; NaN where no checkpoint gets there.
    """
    losses = np.concatenate([run.eval_losses for run in runs])
    scores = np.concatenate([run.scores for run in runs])
    order = np.argsort(losses, kind="stable")
    fitted = falling_fit(scores[order])
    good = np.flatnonzero(fitted >= wanted)
    return float(losses[order][good[-1]]) if len(good) else math.nan


def falling_fit(values: np.ndarray) -> np.ndarray:
    """The least-squares fit of `values`, shape (n,), that never rises."""
    blocks: list[list[float]] = []  # mean, weight
    for value in values:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            mean, weight = blocks.pop()
            total = blocks[-1][1] + weight
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + mean * weight) / total
            blocks[-1][1] = total
    return np.repeat([mean for mean, _ in blocks], [int(weight) for _, weight in blocks])


def good_enough(runs: Sequence[Captured]) -> list[list[str]]:
    """Which evaluation loss goes with a score of 50, 90 and 99 %, and the token probability."""
    rows = []
    for (task,), mine in by((run for run in runs if run.usable), "task").items():
        row = [task, str(sum(len(run.evals) for run in mine))]
        for wanted in (0.5, GOOD, 0.99):

            def reach(some: Sequence[Captured], wanted: float = wanted) -> float:
                return loss_for_score(some, wanted)

            value, low, high = bootstrap(mine, reach)
            row.append(
                f"{value:.3f} ({low:.3f} to {high:.3f}), p {math.exp(-value):.0%}"
                if math.isfinite(value)
                else "not reached"
            )
        rows.append(row)
    return rows


def reduction_rule(runs: Sequence[Captured]) -> list[list[str]]:
    """The 50/20 % rule against the score: how many runs of each rating end good (≥ 0.9)."""
    rows = []
    for rating in ("strong", "moderate", "weak", "unknown"):
        mine = [run for run in runs if run.reduction_rating == rating]
        good = sum(bool(run.usable and run.scores[-1] >= GOOD) for run in mine)
        useless = sum(not run.usable or run.scores[-1] < 0.5 for run in mine)
        rows.append([rating, str(len(mine)), share(good, len(mine)), share(useless, len(mine))])
    return rows


def harmed(run: Captured) -> bool:
    """Whether the score fell from its best by more than chance allows at the end.

    Both are shares of the same n prompts; a fall of over 2·√(p(1−p)·2/n), and of at
    least 5 points.
    """
    best, last = float(run.scores.max()), float(run.scores[-1])
    pooled = min(max((best + last) / 2, 1 / HELD_OUT), 1 - 1 / HELD_OUT)
    return best - last > max(0.05, 2 * math.sqrt(2 * pooled * (1 - pooled) / HELD_OUT))


def gap_rule(runs: Sequence[Captured]) -> list[list[str]]:
    """The 10/30 % rule and lossmon's overfitting event, against a score that really fell."""
    usable = [run for run in runs if run.usable]
    rows = []
    for name, raised in (
        ("gap rated healthy (< 10 %)", lambda run: run.gap_rating == "healthy"),
        ("gap rated monitor (10–30 %)", lambda run: run.gap_rating == "monitor"),
        ("gap rated overfitting (> 30 %)", lambda run: run.gap_rating == "overfitting"),
        ("overfitting event raised", lambda run: run.overfitting_step is not None),
        ("no overfitting event", lambda run: run.overfitting_step is None),
    ):
        mine = [run for run in usable if raised(run)]
        rose = sum(bool(run.eval_losses[-1] > 1.05 * run.eval_losses.min()) for run in mine)
        fell = sum(harmed(run) for run in mine)
        rows.append([name, str(len(mine)), share(rose, len(mine)), share(fell, len(mine))])
    return rows


def methods(runs: Sequence[Captured], base: dict[str, Any]) -> list[list[str]]:
    """LoRA beside QLoRA at the base configuration, on the seeds that both have."""
    rows = []
    for (task,), mine in by(runs, "task").items():
        plain = {r.setting["seed"]: r for r in mine if _like(r, base)}
        four_bits = {r.setting["seed"]: r for r in mine if _like(r, {**base, "method": "qlora"})}
        both = sorted(plain.keys() & four_bits.keys())
        if both:
            pairs = [[found[seed] for seed in both] for found in (plain, four_bits)]
            rows.append(
                [
                    task,
                    str(len(both)),
                    *(spread([float(run.eval_losses[-1]) for run in kind]) for kind in pairs),
                    *(spread([float(run.scores[-1]) for run in kind], 2) for kind in pairs),
                ]
            )
    return rows


def findings(runs: Sequence[Captured], base: dict[str, Any]) -> dict[str, Any]:
    """What `lossmon explain` cites of the LoRA runs: counts and shares, by question."""
    usable = [run for run in runs if run.usable]
    spreads = {}
    for (task,), mine in by((run for run in usable if _like(run, base)), "task").items():
        final = [float(run.eval_losses[-1]) for run in mine]
        if len(final) > 1:
            spreads[task] = round(float(np.std(final, ddof=1) / np.mean(final)), 3)
    within = [spearman(run.eval_losses, run.scores) for run in usable]
    ranked = [value for value in within if math.isfinite(value)]
    strong = [run for run in runs if run.reduction_rating == "strong"]
    wide = [run for run in usable if run.gap_rating == "overfitting"]
    raised = [run for run in usable if run.overfitting_step is not None]
    return {
        "runs": len(runs),
        "seed_spread": spreads,
        "proxy": {"runs": len(ranked), "rank_correlation": round(float(np.median(ranked)), 2)},
        "strong": {
            "runs": len(strong),
            "good": sum(bool(run.usable and run.scores[-1] >= GOOD) for run in strong),
        },
        "wide_gap": {"runs": len(wide), "fell": sum(map(harmed, wide))},
        "overfitting": {"runs": len(raised), "fell": sum(map(harmed, raised))},
    }
