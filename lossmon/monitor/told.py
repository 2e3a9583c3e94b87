"""What is told of a run beside its points: what its logs said of it, and its figures in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lossmon.model import RunInfo, Summary, Verdict, clean_text
from lossmon.sources.checkpoints import Checkpoints, nearest_checkpoint

NEAR: Final = 0.1
"""Share of its step within which a saved checkpoint stands for the best evaluation."""
NAMED: Final = 5
"""Names of series that are listed where none is a loss."""
MAX_FACTS: Final = 200
"""Facts (parameters, host …) kept a run."""


def combined(infos: Sequence[RunInfo]) -> RunInfo:
    """Return what the logs of one run said together; a later one has the last word."""
    if len(infos) == 1:
        return infos[0]
    result = RunInfo()
    for info in infos:
        result.total_steps = info.total_steps or result.total_steps
        result.total_epochs = info.total_epochs or result.total_epochs
        result.finished |= info.finished
        result.crashed |= info.crashed
        result.steps_estimated |= info.steps_estimated
        result.loss_unit = info.loss_unit or result.loss_unit
        result.name = info.name or result.name
        result.best_checkpoint = info.best_checkpoint or result.best_checkpoint
        result.facts.update(info.facts)
    return result


def facts(info: RunInfo) -> tuple[tuple[str, str], ...]:
    """Return the facts that a log told, cleaned and bounded."""
    return tuple(
        (clean_text(key, 80), clean_text(value, 400))
        for key, value in list(info.facts.items())[:MAX_FACTS]
    )


def lossless(verdict: Verdict, summary: Summary, names: Sequence[str]) -> Verdict:
    """Return a verdict that says so where a log has figures and no loss among them."""
    if verdict.status != "unknown" or summary.train or summary.eval or not names:
        return verdict
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" * (len(names) > NAMED))
    return replace(
        verdict,
        headline=clean_text(f"No loss was found to judge; this log has {listed}.", 500),
        advice=("If one of them is the loss, name it: --train NAME.",),
    )


def completed(
    summary: Summary, info: RunInfo, checkpoints: Checkpoints | None, *, cross_entropy: bool
) -> Summary:
    """Return a summary with what the unit of its loss and its saved models say of it.

    `cross_entropy`: whether losses of its format may be such.
    """
    if not cross_entropy:
        summary = replace(summary, probability=None, perplexity=None)
    if info.loss_unit == "nats" and summary.smoothed is not None and summary.smoothed >= 0:
        summary = replace(
            summary,
            probability=math.exp(-summary.smoothed),
            perplexity=math.exp(summary.smoothed) if summary.smoothed < 700 else None,
        )
    if summary.best_eval is not None:
        best = _best_checkpoint(info, summary.best_eval.step, checkpoints)
        summary = replace(summary, best_checkpoint=best)
    return summary


def _best_checkpoint(info: RunInfo, step: float, checkpoints: Checkpoints | None) -> str | None:
    if checkpoints is not None:
        found = nearest_checkpoint(checkpoints.now(), step)
        # Where only the last ones are kept, the nearest may be far: it is not the best then.
        if found is not None and abs(found.step - step) <= NEAR * step:
            return found.name
    return info.best_checkpoint
