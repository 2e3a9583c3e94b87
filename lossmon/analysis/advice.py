"""What to try for each verdict, the likeliest first, each tied to what was seen.

Pure functions from findings to sentences. None is surer than its test: a cause
is named only where a series shows it.
"""

from __future__ import annotations

from typing import Final

from lossmon.model import Status
from lossmon.record import record

MANY_TIMES: Final = 10
"""Beyond so many times what was read, a number of points is no plan."""


@record
class Facts:
    """What advice may lean on; None where it is not known."""

    rate_known: bool = False
    rate_share: float = 1.0
    """Learning rate over its highest so far."""
    noise_share: float | None = None
    gap: float | None = None
    best_step: float | None = None
    has_eval: bool = True
    hidden: bool = False
    """NaN that the logger hides (zeros, or NaN gradients alone)."""
    improving: bool = False
    points: int = 0
    """Points read."""
    points_needed: int | None = None
    spikes: int = 0
    unlearned: bool = False
    rising_elsewhere: tuple[tuple[str, float], ...] = ()
    """Other evaluation losses that rise, with the step of their best."""


def points_wanted(needed: int, seen: int) -> str:
    """Say how many more points would tell; far beyond what was read, the figure means nothing."""
    if needed > MANY_TIMES * seen:
        return "more than ten times as many points would be needed"
    return f"about {needed:,} more points would tell"


def advise(status: Status, facts: Facts) -> tuple[str, ...]:
    """Return sentences for a status, the likeliest remedy first."""
    lines: list[str] = []
    if facts.unlearned and status in ("healthy", "unknown", "plateau"):
        lines += [
            "The loss never left its start: check that the right parameters are trained, that "
            "labels are not all masked, and that the learning rate is not zero or far too small.",
        ]
    elif status == "nonfinite":
        lines += _nonfinite(facts)
    elif status == "diverging":
        lines += _diverging(facts)
    elif status == "overfitting":
        lines += _overfitting(facts)
    elif status == "plateau":
        lines += _plateau(facts)
    elif status == "healthy":
        if facts.improving:
            lines.append("Keep going: the loss still falls.")
        elif facts.points_needed:
            needed = points_wanted(facts.points_needed, facts.points)
            lines.append(f"Noise hides whether it still falls: {needed}.")
    if status not in ("nonfinite", "diverging"):
        lines += [
            f"{name} was best at step {step:g}: keep that checkpoint if its data matters."
            for name, step in facts.rising_elsewhere
        ]
    if not facts.has_eval and status != "nonfinite":
        lines.append("Log an evaluation loss: without one overfitting cannot be seen.")
    noisy = facts.noise_share is not None and facts.noise_share > 0.15
    if noisy and status in ("healthy", "unknown", "plateau"):
        lines.append(
            "Single points scatter widely: a larger batch, gradient accumulation or logging "
            "means over more steps would make the curve easier to read."
        )
    return tuple(lines)


def _nonfinite(facts: Facts) -> list[str]:
    lines = ["Stop: weights that are NaN do not recover. Resume from a checkpoint before it."]
    if facts.hidden:
        lines.append("Set logging_nan_inf_filter=False to see it in the loss itself next time.")
    lines.append(
        "Then try a lower learning rate or longer warm-up, gradient clipping, and bf16 or fp32 "
        "instead of fp16; look for bad samples in the batch at that step."
    )
    return lines


def _diverging(facts: Facts) -> list[str]:
    lines = ["Stop and resume from a checkpoint before the rise, with a lower learning rate."]
    if facts.rate_known and facts.rate_share > 0.9:
        lines.append("The learning rate is at its highest: halve it, or warm up for longer.")
    lines.append("Clip gradients (a norm of 1 is usual), and look at the data of those steps.")
    return lines


def _overfitting(facts: Facts) -> list[str]:
    best = f" of step {facts.best_step:g}" if facts.best_step is not None else ""
    return [
        f"Use the checkpoint{best}: it is the best so far on the evaluation data.",
        "For the next run: fewer epochs or early stopping, more or more varied data, weight "
        "decay or dropout, or fewer trained parameters (a lower LoRA rank).",
    ]


def _plateau(facts: Facts) -> list[str]:
    if facts.rate_known and facts.rate_share < 0.1:
        return [
            "The learning rate has decayed: at this rate training is done. Stop here, or begin "
            "anew with a higher rate or a longer schedule to get further.",
        ]
    lines = ["Training longer at this learning rate would bring little: lower it, or stop here."]
    lines.append("If the loss should be lower: more capacity, other data, or a higher rate before.")
    return lines
