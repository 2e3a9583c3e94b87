"""The numbers of a run, each with a few words that say what it means to someone new to it."""

from __future__ import annotations

import math
from typing import Final

from lossmon.model import Role, RunView, SeriesView
from lossmon.record import record
from lossmon.tui.figures import MISSING, count, figure, minus, percent, rough
from lossmon.tui.progress import progress

_TIMES: Final = 9.0
"""From this share on a difference is told in times: 62 × instead of +6,100 %."""


@record
class Number:
    """One line of the panel of numbers."""

    name: str
    value: str
    words: str
    """What it means, at length."""
    brief: str = ""
    """The same in at most 22 characters, for narrow panels."""
    style: str = "text"
    """Role of the value's paint; the words say the same."""


@record
class Trend:
    """Which way the loss goes: an arrow, its ASCII twin, a word."""

    arrow: str
    plain: str
    word: str
    style: str


_FALLING = Trend("↘", "\\", "falling", "good")
_LEVEL = Trend("→", "-", "level", "text")
_RISING = Trend("↗", "/", "rising", "warn")
_UNKNOWN = Trend(" ", " ", "", "dim")


def trend(run: RunView) -> Trend:
    """Return the recent trend; rising or falling only where it is clear of its own uncertainty."""
    slope, error = run.summary.slope_per_1000_steps, run.summary.slope_error_per_1000_steps
    if slope is None or not math.isfinite(slope):
        return _UNKNOWN
    # Two standard errors: about 95 % sure of the sign.
    margin = 2 * error if error is not None and math.isfinite(error) else 0.0
    if slope < -margin:
        return _FALLING
    return _RISING if slope > margin else _LEVEL


def numbers(run: RunView) -> list[Number]:
    """Return the numbers to show for a run, the most telling first."""
    made = [
        *_loss(run),
        _learned(run),
        _trend(run),
        _gap(run),
        _best(run),
        _noise(run),
        *_half_way(run),
        *_progress(run),
        *_last_of(run, Role.LEARNING_RATE, "learn rate", "the step size now"),
        *_last_of(run, Role.GRAD_NORM, "grad norm", "gradient's length"),
        *_last_of(run, Role.THROUGHPUT, "speed", ""),
        *_last_of(run, Role.SCORE, "score", "higher is better"),
    ]
    return [item for item in made if item is not None]


def current_loss(run: RunView) -> float | None:
    """Return the loss to show as 'now': smoothed where known, else the last train or eval value."""
    if run.summary.smoothed is not None:
        return run.summary.smoothed
    series = run.train or run.eval
    return float(series.values[-1]) if series is not None and len(series) else None


def _loss(run: RunView) -> list[Number]:
    summary = run.summary
    made = []
    train, held_out = run.train, run.eval
    if train is not None and len(train):
        words = "the model's average error, smoothed; lower is better"
        brief = "average error"
        if summary.probability is not None and summary.perplexity is not None:
            belief = "< 0.1 %" if summary.probability < 1e-3 else percent(summary.probability)
            words, brief = f"the right answer gets {belief}", f"right answer: {belief}"
            if summary.perplexity < 1e5:
                words += f"; as unsure as a choice among {figure(summary.perplexity, 2)}"
        made.append(Number("loss", figure(current_loss(run)), words, brief, "strong"))
        last = float(train.values[-1])
        if not math.isfinite(last):
            made.append(
                Number(
                    "last point",
                    figure(last),
                    "not a number: training is broken",
                    "training is broken",
                    "bad",
                )
            )
    if held_out is not None and len(held_out):
        made.append(
            Number(
                "eval loss",
                figure(float(held_out.values[-1])),
                "the error on data it does not train on",
                "error on unseen data",
                "strong",
            )
        )
    return made


def _learned(run: RunView) -> Number | None:
    reduction, loss = run.summary.reduction, run.train or run.eval
    if reduction is None or loss is None or len(loss) < 2:
        return None
    rating = run.summary.reduction_rating
    if reduction < 0:
        # From one time on the share says little to people, the times do.
        above = f"{percent(-reduction)} above"
        if reduction <= -1:
            above = f"{_times(1 - reduction)} ×"
        words = f"the loss is {above} its first value"
        return Number("learned", "nothing", words, f"{above} its start", "warn")
    style = {"strong": "good", "moderate": "text", "weak": "warn"}.get(rating, "text")
    tail = "" if rating == "unknown" else f": {rating}"
    return Number(
        "learned",
        percent(reduction),
        f"of the first loss is gone{tail}",
        f"loss gone{tail}",
        style,
    )


def _trend(run: RunView) -> Number | None:
    slope, error = run.summary.slope_per_1000_steps, run.summary.slope_error_per_1000_steps
    if slope is None:
        return None
    found = trend(run)
    spread = f" ± {figure(error, 2)}" if error is not None else ""
    return Number(
        "trend",
        minus(figure(slope, 3)),
        f"per 1,000 steps{spread}: {found.word}",
        f"/1k steps: {found.word}",
        found.style,
    )


def _gap(run: RunView) -> Number | None:
    summary = run.summary
    if run.train is None:
        return None
    if run.eval is None or len(run.eval) == 0:
        return Number(
            "eval gap",
            MISSING,
            "no validation loss in this log: overfitting is not checked",
            "no eval loss logged",
            "dim",
        )
    if not (math.isfinite(run.train.values[-1]) and math.isfinite(run.eval.values[-1])):
        words = "none while a loss is not a number"
        return Number("eval gap", MISSING, words, "a loss is no number", "dim")
    if summary.gap is None:
        return Number(
            "eval gap",
            MISSING,
            "train and eval cannot be set side by side here",
            "cannot be compared here",
            "dim",
        )
    side = "above" if summary.gap >= 0 else "below"
    words, brief = {
        "healthy": ("healthy (under 10 %)", "healthy, under 10 %"),
        "monitor": ("watch it (10–30 %)", "watch it: 10–30 %"),
        "overfitting": ("wide (over 30 %)", "wide: over 30 %"),
        "unknown": ("no rating here", "no rating here"),
    }[summary.gap_rating]
    if summary.gap_rating == "overfitting" and run.verdict.status != "overfitting":
        words += "; a reading: eval loss itself does not rise for certain"
    style = {"healthy": "good", "monitor": "note", "overfitting": "warn"}.get(
        summary.gap_rating, "text"
    )
    side = "over" if summary.gap >= _TIMES else side
    return Number("eval gap", gap_figure(summary.gap), f"eval {side} train: {words}", brief, style)


def gap_figure(gap: float) -> str:
    """Return how far the evaluation's loss lies above the training's, in little room."""
    return f"{_times(1 + gap)} ×" if gap >= _TIMES else percent(gap, signed=True)


def _times(ratio: float) -> str:
    return count(round(ratio)) if ratio < 1e6 else figure(ratio, 2)


def _best(run: RunView) -> Number | None:
    best = run.summary.best_eval
    if best is None:
        return None
    keep = run.summary.best_checkpoint
    words = f"at step {count(best.step)}"
    brief = f"keep {keep}" if keep else words
    words += f": keep {keep}" if keep else ", the lowest eval loss so far"
    return Number("best eval", figure(best.value), words, brief, "note")


def _noise(run: RunView) -> Number | None:
    noise = run.summary.noise
    if noise is None:
        return None
    rating = run.summary.noise_rating
    tail = "" if rating == "unknown" else f": {rating}"
    return Number(
        "noise",
        f"± {figure(noise, 2)}",
        f"how far one point strays from the trend{tail}",
        f"of a point{tail}",
    )


def _half_way(run: RunView) -> list[Number]:
    step = run.summary.half_way_step
    if step is None:
        return []
    return [
        Number(
            "half-way",
            f"at {count(step)}",
            "half of all it learned, it knew by here",
            "half was learned",
        )
    ]


def _progress(run: RunView) -> list[Number]:
    done = progress(run)
    if done.step is None:
        return []
    value = count(done.step)
    if done.total_steps:
        value += f" / {count(done.total_steps)}"
    parts = []
    if done.seconds_left is not None:
        parts.append(f"about {rough(done.seconds_left)} to go")
    if done.epoch is not None:
        of = f" of {figure(done.total_epochs, 3)}" if done.total_epochs else ""
        parts.append(f"epoch {done.epoch:.2f}{of}")
    if run.steps_estimated:
        parts.append("estimated: the log has no step")
    if done.steps_per_second:
        parts.append(f"{figure(done.steps_per_second, 2)} steps/s")
    return [Number("step", value, ", ".join(parts), parts[0] if parts else ""), *_forecast(run)]


def _forecast(run: RunView) -> list[Number]:
    """Return where the loss is expected at the planned end, with half the interval's width."""
    found = run.forecast
    if found is None or not len(found.steps):
        return []
    low, high = float(found.low[-1]), float(found.high[-1])
    half = figure((high - low) / 2, 2)
    coverage = f"{100 * found.coverage:.0f} %"
    words = (
        f"± {half} ({coverage}) at step {count(float(found.steps[-1]))}: "
        f"{figure(low)} to {figure(high)}"
    )
    return [Number("at the end", figure(float(found.mean[-1])), words, f"± {half} ({coverage})")]


def _last_of(run: RunView, role: Role, name: str, words: str) -> list[Number]:
    series = first_of(run, role)
    if series is None or len(series) == 0:
        return []
    value, brief = float(series.values[-1]), words
    if role in (Role.SCORE, Role.THROUGHPUT):
        brief = series.name
        words = f"{series.name}; {words}" if words else series.name
    style = "text" if math.isfinite(value) else "bad"
    return [Number(name, figure(value, 3), words, brief, style)]


def first_of(run: RunView, role: Role) -> SeriesView | None:
    """Return the run's series of a role with the most points, or None."""
    found = [series for series in run.series if series.role is role]
    return max(found, key=len, default=None)
