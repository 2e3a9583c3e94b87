"""Pages on numbers: each key of the summary and each number on the screen."""

from __future__ import annotations

from lossmon.analysis import (
    compare,
    divergence,
    ema,
    extrapolation,
    noise,
    outlook,
    plateau,
    ratings,
)
from lossmon.explain import measured
from lossmon.explain.page import Page
from lossmon.settings import Settings


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def pages() -> tuple[Page, ...]:
    """Return the pages of this group."""
    return (
        _page(
            "reduction",
            "Reduction: how much of the first loss is gone",
            f"""
(first loss − smoothed loss) / first loss. Over {_percent(ratings.STRONG)} is rated strong,
{_percent(ratings.MODERATE)} to {_percent(ratings.STRONG)} moderate, less weak. The rating is a rule
of thumb: the number depends on when logging began and on what the model already knew. It is
unknown where the loss is not positive.

A weak reduction with a falling trend wants more steps; with a plateau, another learning rate, more
capacity or other data.

{measured.reduction_rule()}
""",
            ("learned", "reduction_rating", "strong", "moderate", "weak"),
            ("loss", "half_way_step", "r"),
        ),
        _page(
            "smoothed",
            "Smoothed: the loss now",
            f"""
The debiased moving average at the end of the judged loss, with a time constant of
{_percent(ema.SHARE)} of the points. A single point says less: it holds one batch.
""",
            ("train",),
            ("smoothing", "loss"),
        ),
        _page(
            "trend",
            "Trend: slope per 1,000 steps",
            f"""
How much the loss changes in 1,000 steps now, with its standard error. It is the slope of a line
through the means of the last {_percent(min(outlook.WINDOWS))} to {_percent(plateau.SHORT)} of the
run; the error allows for autocorrelation, since neighbouring points are alike. A slope smaller
than about two errors cannot be told from zero.
""",
            ("slope", "slope_per_1000_steps", "slope_error_per_1000_steps"),
            ("plateau", "noise"),
        ),
        _page(
            "forecast",
            "Forecast: the loss at the planned end",
            f"""
Where the smoothed loss is expected at the end of the plan, with a band of
{_percent(extrapolation.COVERAGE)}: exponentials, power laws, the logarithm and the line, averaged
by how well they explain the run so far (without its first {_percent(extrapolation.SKIP)}). The band
is scaled by the run itself: its newest level is predicted from {len(extrapolation.ORIGINS)} earlier
moments, and errors made there make it wider.

Nothing is said under {extrapolation.MIN_BUCKETS} means, for an end more than
{extrapolation.LONGEST:g} times as far as what was seen, and while the run diverges, is no number or
never learned. After a sudden rise that lasts (other data or settings) only what came since counts,
so that nothing may be said for a while. A learning rate that will be cut, or data that will change,
no past can foretell.

{measured.forecast()}
""",
            ("extrapolation", "predict", "eta_loss"),
            ("shapes", "trend"),
        ),
        _page(
            "noise",
            "Noise: how far single points stray from the trend",
            f"""
A robust standard deviation of one point: the median of the absolute differences of neighbours in
the last {noise.WINDOW} points, followed over some {noise.MEMORY:.0f}, divided by what pure noise
would give. No trend enters it. Over R, the whole descent, it is rated: under
{_percent(ratings.SMOOTH)} smooth, over {_percent(ratings.NOISY)} noisy.

A noisy curve wants a larger batch, gradient accumulation, or means over more steps in each logged
point. Noise of one point does not hurt by itself; it hides what you want to see.
""",
            ("noise_rating", "smooth", "noisy", "sigma", "scatter"),
            ("smoothing", "trend", "r"),
        ),
        _page(
            "gap",
            "Gap: evaluation loss over training loss",
            f"""
(last evaluation loss − smoothed training loss) / smoothed training loss. Under
{_percent(ratings.HEALTHY_GAP)} is rated healthy, {_percent(ratings.HEALTHY_GAP)} to
{_percent(ratings.OVERFITTING_GAP)} monitor, more overfitting. That is a rule of thumb: a wide gap
is usual for a large model on little data, and no harm while the evaluation loss falls. The event
`overfitting` needs a significant rise of the evaluation loss itself. Unknown where there is no
evaluation loss, where a loss is not positive, or where the two have different scales.

{measured.gap_rule()}
""",
            ("gap_rating", "monitor", "eval_gap"),
            ("overfitting", "eval_loss"),
        ),
        _page(
            "best_eval",
            "Best evaluation, and the checkpoint to keep",
            """
The lowest evaluation loss so far, with its step. `best_checkpoint` names the checkpoint of that
step, or the nearest one within a tenth of it, where lossmon finds any beside the log. The lowest of
many noisy evaluations is low partly by luck: two that differ by less than the noise are equal.
""",
            ("best", "best_checkpoint", "checkpoint"),
            ("overfitting", "eval_loss"),
        ),
        _page(
            "half_way_step",
            "Half-way step: how fast it learned",
            """
The first step at which half of the whole reduction was done. Early, against the length of the run:
most of the training went into little. Unknown where nothing was surely reduced.
""",
            ("half_way", "halfway", "half"),
            ("reduction",),
        ),
        _page(
            "r",
            "R: the whole descent of a run",
            f"""
The level at the start less the level now, in units of the loss: the measure for everything else.
Noise is rated by σ/R; a plateau is where half as much training again would gain less than
{_percent(Settings().plateau_gain)} of R; a rise under {_percent(divergence.RISE)} of R is no
divergence. Measured so, a verdict does not depend on the loss's unit or its zero.
""",
            ("descent", "epsilon", "plateau_gain"),
            ("reduction", "plateau", "noise"),
        ),
        _page(
            "steps",
            "Steps and epochs",
            """
A step is one update of the weights, an epoch one pass through the training data. lossmon takes
both from the log as they are; where a log has no step it counts, or estimates it, and says so
(`steps_estimated`). So with the Hugging Face Trainer's lines where no bar stands beside them: each
says its epoch alone, and the likeliest logging interval gives the steps. `steps` and `epochs` of a
summary are the last ones read.
""",
            ("step", "epochs", "epoch"),
            ("segment",),
        ),
        _page(
            "final_loss",
            "Final loss, and comparing runs",
            f"""
`lossmon compare` takes the mean of the last {_percent(compare.FINAL_SHARE)} of the points (at
least {compare.MIN_FINAL}), with a standard error from the noise. For evaluation losses, few and
each an average already, it is the last ones' mean.

Two runs that differ by seed alone end at different losses. So a difference between configurations
counts only against the scatter over seeds: Welch's t test on the seeds' final losses says how
often chance alone would give as large a difference. With one seed the answer is `unknown`, however
smooth the curves are.

Name runs `seed-1`, `seed=2` or `…_s3`, or group them with `--by NAME` of a fact of the run
(`lossmon report --format json` lists them).
""",
            ("compare", "seeds", "seed", "welch", "target"),
            ("noise", "smoothed"),
        ),
    )


def _page(
    name: str, title: str, text: str, aliases: tuple[str, ...] = (), see: tuple[str, ...] = ()
) -> Page:
    return Page(name, title, "numbers", text, aliases, see)
