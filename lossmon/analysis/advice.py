"""What to try for each verdict, the likeliest first, each tied to what was seen.

Pure functions from findings to sentences. None is surer than its test: a cause
is named only where a series shows it.
"""

from __future__ import annotations

from typing import Final

from lossmon.model import Status
from lossmon.record import record

HIGH: Final = 0.9
"""From this share of its highest on a learning rate counts as high."""
NOISY: Final = 0.15
"""Scatter of a point over the descent, from which single points tell little."""
GROWN: Final = 2.0
"""So many times their usual norm gradients are large."""
MANY_TIMES: Final = 10
"""Beyond so many times what was read, a number of points is no plan."""


@record
class Facts:
    """What advice may lean on; None where it is not known."""

    rate_known: bool = False
    rate_share: float = 1.0
    """Learning rate over its highest so far."""
    rate_rose: int | None = None
    """Points from the newest rise of the learning rate to that of the loss, if it came shortly
    before."""
    warming: bool = False
    """The loss rose while the learning rate still warmed up."""
    gradients: float | None = None
    """Newest gradient norms over the usual ones."""
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
            f"{name} was best at step {step:,.12g}: keep that checkpoint if its data matters."
            for name, step in facts.rising_elsewhere
        ]
    if not facts.has_eval and status != "nonfinite":
        lines.append("Log an evaluation loss: without one overfitting cannot be seen.")
    noisy = facts.noise_share is not None and facts.noise_share > NOISY
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
    lines += _unstable(facts)
    if not lines[1:]:
        lines.append("Then try a lower learning rate or longer warm-up, and gradient clipping.")
    lines.append(
        "Try bf16 or fp32 instead of fp16, where infinities begin at 65,504; look for bad samples "
        "in the batch at that step."
    )
    return lines


def _diverging(facts: Facts) -> list[str]:
    lines = ["Stop and resume from a checkpoint before the rise."]
    causes = _unstable(facts)
    if not causes:
        causes = [
            "Lower the learning rate, and clip gradients (a norm of 1 is usual): neither is in the "
            "log, so that nothing shows which of them it was."
            if not facts.rate_known and facts.gradients is None
            else "Lower the learning rate, and clip gradients (a norm of 1 is usual)."
        ]
    return [*lines, *causes, "Look at the data of those steps."]


def _unstable(facts: Facts) -> list[str]:
    """What may have made training unstable, the likeliest first: what was seen right before."""
    lines = []
    if facts.warming:
        lines.append(
            "It rose while the learning rate warmed up: a lower peak, or a longer warm-up."
        )
    elif facts.rate_rose is not None:
        lines.append(
            f"The learning rate rose {facts.rate_rose} points before: raise it less, or slower."
        )
    elif facts.rate_known and facts.rate_share > HIGH:
        lines.append(
            f"The learning rate is at {facts.rate_share:.0%} of its highest: halve it, or warm up "
            "for longer."
        )
    if facts.gradients is not None and facts.gradients > GROWN:
        lines.append(
            f"Gradients have {facts.gradients:.2g} times their usual norm: clip them (a norm of 1 "
            "is usual)."
        )
    elif facts.spikes:
        times = "once" if facts.spikes == 1 else f"{facts.spikes} times"
        lines.append(f"The loss jumped {times} before: clip gradients (a norm of 1 is usual).")
    if facts.rate_known and not lines and facts.rate_share <= HIGH:
        lines.append(
            f"The learning rate is down to {facts.rate_share:.1%} of its highest and hardly the "
            "cause: clip gradients (a norm of 1 is usual), and suspect the data first."
        )
    return lines


def _overfitting(facts: Facts) -> list[str]:
    best = f" of step {facts.best_step:,.12g}" if facts.best_step is not None else ""
    return [
        f"Use the checkpoint{best}: it is the best so far on the evaluation data.",
        "For the next run: fewer epochs or early stopping, more or more varied data, weight "
        "decay or dropout, or fewer trained parameters (a lower LoRA rank).",
    ]


def _plateau(facts: Facts) -> list[str]:
    if facts.rate_known and facts.rate_share < 0.1:
        return [
            f"The learning rate has decayed to {facts.rate_share:.1%} of its highest: at this rate "
            "training is done. Stop here, or begin anew with a higher rate or a longer schedule.",
        ]
    lines = []
    if facts.rate_known and facts.rate_share > HIGH:
        lines.append(
            f"The learning rate is still at {facts.rate_share:.0%} of its highest: lower it (by 3 "
            "to 10 times), which often lets a flat loss fall again; or stop here."
        )
    else:
        lines.append("Training longer as now would bring little: lower the rate, or stop here.")
    if facts.noise_share is not None and facts.noise_share > NOISY:
        lines.append("Points scatter widely: a larger batch does what a lower rate does.")
    if facts.gap is not None and 0 <= facts.gap < 0.1:
        lines.append(
            f"The gap to the evaluation is {facts.gap:.1%}: nothing is overfitted, and more "
            "capacity or less regularisation may bring the loss down."
        )
    else:
        lines.append(
            "If the loss should be lower: more capacity, other data, or a higher rate before."
        )
    return lines
