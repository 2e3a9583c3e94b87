"""Runs for the screen's tests: fixed data without a clock, verdicts set by hand.

What the analysis would say is not what is tested here: each run shows one
state of the screen, so that a picture changes only when the screen does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lossmon.machine import Gpu, Machine
from lossmon.model import Batch, Column, Event, Point, Run, RunView, Summary, Verdict
from lossmon.monitor.snapshot import Snapshot

T0 = 1_770_000_000.0
"""2026-02-02 02:40 UTC: when all logs begin."""
TODAY = T0 + 7200

GPU = Gpu(0, "NVIDIA A100", 0.93, 30_000_000_000, 80_000_000_000, 61.0, 312.4)
BUSY = Machine(T0, 0.42, 8, 3.5, 12_000_000_000, 32_000_000_000, (GPU,))
"""A machine at work."""


def make_run(
    name: str = "alpha",
    points: int = 200,
    *,
    state: str = "live",
    final: float = 1.0,
    bad_eval: bool = False,
    nan_from: int | None = None,
    seed: int = 0,
    **fields: object,
) -> RunView:
    """Return a run of `points` points every 10 steps, with evals, learning rate, gradient norm."""
    rng = np.random.default_rng(seed)
    index = np.arange(points)
    steps = index * 10.0
    share = index / max(points - 1, 1)
    loss = final + 2.0 * np.exp(-4 * share) + rng.normal(0, 0.05, points)
    if nan_from is not None:
        loss[nan_from:] = np.nan
    rows = np.arange(0, points, 20)
    held = final + 0.1 + 2.0 * np.exp(-4 * share[rows])
    if bad_eval:
        held = held + np.maximum(share[rows] - 0.4, 0) * 2
    run = Run(name, f"runs/{name}/log.jsonl", "jsonl")
    run.append(
        Batch(
            steps,
            (
                Column("loss", loss),
                Column("eval_loss", held, rows.astype(np.int64)),
                Column("learning_rate", 2e-4 * (1 - share)),
                Column("grad_norm", 1 + 0.3 * rng.random(points)),
            ),
            epochs=share * 3,
            times=T0 + index * 2.0,
        )
    )
    best = int(held.argmin()) if len(held) else 0
    summary = Summary(
        train="loss",
        eval="eval_loss",
        steps=float(steps[-1]),
        epochs=3.0,
        reduction=0.62,
        reduction_rating="strong",
        smoothed=final + 0.03,
        slope_per_1000_steps=-0.21,
        slope_error_per_1000_steps=0.03,
        noise=0.05,
        noise_rating="moderate",
        gap=0.09,
        gap_rating="healthy",
        best_eval=Point(float(rows[best] * 10), 1.0, float(held[best])),
        probability=float(np.exp(-final)),
        perplexity=float(np.exp(final)),
        half_way_step=310.0,
    )
    verdict = Verdict(
        "healthy",
        "exponential",
        "Loss still falls: 50 % more training would gain 0.12 ± 0.03.",
        ("Go on.",),
        {"expected gain": 0.12, "noise": 0.05},
    )
    view = RunView(
        id=f"id-{name}",
        name=name,
        source=f"runs/{name}/log.jsonl",
        format="jsonl",
        state="live",
        error=None,
        version=1,
        series=tuple(run.view(one) for one in run.series),
        summary=summary,
        verdict=verdict,
        total_steps=4000.0,
        total_epochs=6.0,
        last_growth=T0 + points * 2.0,
        facts=(("framework", "transformers"),),
    )
    return replace(view, state=state, **fields)  # type: ignore[arg-type]


def overfit(name: str = "beta", **fields: object) -> RunView:
    """Return a run whose eval loss rises."""
    event = Event(
        "overfitting",
        "warning",
        1400.0,
        800.0,
        None,
        "eval_loss rose 0.31 above its minimum of 1.62 at step 800 (± 0.04).",
        "eval_loss",
        {"rise": 0.31},
        T0 + 280,
    )
    spike = Event(
        "spike", "info", 450.0, 450.0, 470.0, "loss jumped to 4.1 at step 450.", "loss", {}, T0 + 90
    )
    verdict = Verdict(
        "overfitting",
        "exponential",
        "Eval loss rises since step 800 while train loss falls.",
        ("Keep the checkpoint of step 800.", "Stop, or regularise."),
        {"rise": 0.31},
    )
    run = make_run(name, bad_eval=True, seed=2, verdict=verdict, events=(spike, event))
    best = replace(
        run.summary, gap=0.42, gap_rating="overfitting", best_checkpoint="checkpoint-800"
    )
    return replace(run, summary=best, **fields)  # type: ignore[arg-type]


def broken(name: str = "gamma") -> RunView:
    """Return a run that turned NaN."""
    event = Event(
        "nonfinite",
        "critical",
        1500.0,
        1500.0,
        None,
        "loss is NaN at step 1,500.",
        "loss",
        {},
        T0 + 300,
    )
    verdict = Verdict(
        "nonfinite",
        "unknown",
        "loss is NaN since step 1,500.",
        ("Stop: weights that are NaN do not recover.",),
        {},
    )
    return make_run(name, nan_from=150, seed=3, state="crashed", verdict=verdict, events=(event,))


def fresh(name: str = "delta") -> RunView:
    """Return a run with its first few points."""
    return make_run(
        name,
        5,
        seed=4,
        verdict=Verdict(headline="Too few points to judge: 5."),
        summary=Summary(train="loss", eval="eval_loss", steps=40.0),
    )


def some_runs() -> tuple[RunView, ...]:
    """Return one run of each kind."""
    return make_run(), overfit(), broken(), fresh()


def snapshot(*runs: RunView, version: int = 1, scanning: bool = False) -> Snapshot:
    """Return a snapshot of runs."""
    return Snapshot(tuple(runs), (), scanning, version)


class HandFeed:
    """A feed without a thread: snapshots are handed in by the test."""

    def __init__(self, *runs: RunView, scanning: bool = False) -> None:
        self._first = snapshot(*runs, scanning=scanning)
        self._on_change: Callable[[Snapshot], None] | None = None
        self.stopped = False
        self.rests: list[float] = []
        self.ways: list[float] = []

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        """Hand up the first snapshot at once."""
        self._on_change = on_change
        on_change(self._first)

    def rest(self, seconds: float) -> None:
        """Remember for how long nobody looks."""
        self.rests.append(seconds)

    def give_way(self, seconds: float) -> None:
        """Remember for how long it was to give way."""
        self.ways.append(seconds)

    def stop(self) -> None:
        """Remember that it was stopped."""
        self.stopped = True

    def send(self, *runs: RunView, version: int = 2) -> None:
        """Hand up another snapshot."""
        assert self._on_change is not None
        self._on_change(snapshot(*runs, version=version))
