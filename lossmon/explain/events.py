"""Pages on events: one for each kind, with how it is found, what to do, and how sure it is."""

from __future__ import annotations

from lossmon.analysis import (
    analyzer,
    divergence,
    liveness,
    nonfinite,
    not_learning,
    outlook,
    overfitting,
    plateau,
    spike,
    tail,
    verdict,
)
from lossmon.explain.measured import sentence
from lossmon.explain.page import Page
from lossmon.settings import Settings


def pages() -> tuple[Page, ...]:
    """Return the pages of this group."""
    return (
        _event(),
        _plateau(),
        _divergence(),
        _overfitting(),
        _nonfinite(),
        _spike(),
        _not_learning(),
        _resume(),
        _restart(),
        _stalled(),
        _finished(),
    )


def _event() -> Page:
    return Page(
        "event",
        "Event: something that happened at a step",
        "events",
        """
Each event has a kind, a severity (info, warning, critical), the step at which it was raised, the
step at which it began as best as can be told (its onset), and a sentence with its numbers. It
stands until it is cleared; what stands makes the verdict.

`lossmon report SOURCE` lists all events of a log; `lossmon watch --plain` prints each as a line;
`--on KIND --run 'CMD {run} {kind} {step}'` calls a command for each.
""",
        ("events", "onset", "cleared", "severity"),
        ("verdict", "alerts"),
    )


def _plateau() -> Page:
    gain = 100 * Settings().plateau_gain
    return Page(
        "plateau",
        "Plateau: training longer at this learning rate would gain next to nothing",
        "events",
        f"""
The loss is surely level, which is more than 'no fall can be seen': that would call every noisy
run a plateau.

How it is found: over windows of {100 * min(outlook.WINDOWS):.3g} to
{100 * max(outlook.WINDOWS):.3g} % of the run, the slope of the means gives what half as long again
would gain, with an interval ({outlook.SURE} standard errors, widened for few points and for
autocorrelation). It is a plateau if even the upper end is under {gain:.3g} % of R, the whole
descent so far (setting `plateau_gain`, {analyzer.DEFAULT_GAIN:g} in the code). It must hold
through {plateau.PERSIST} looks and 1/{plateau.LASTING} of the run, and last
{plateau.WAIT} times as long as the longest wait for an improvement so far, which spares stairs.
At least {plateau.MIN_BUCKETS} stretches of points are needed.

What to do: if the learning rate has decayed, training is done: stop, or begin anew with a longer
schedule. If it has not, lower it: noise from a high rate can hold the loss up. If the loss should
be lower, the model needs more capacity, other data or a higher rate earlier.

It clears when the loss surely falls again by {plateau.RETURN:.0f} errors.

{sentence("plateau")}
""",
        ("converged", "flat", "saturated"),
        ("trend", "r", "not_learning"),
    )


def _divergence() -> Page:
    return Page(
        "divergence",
        "Divergence: the loss rises and does not come back",
        "events",
        f"""
How it is found: a CUSUM adds up how far the points are above the lowest level that was held, in
units of the noise, each less {divergence.DRIFT:g} and at most {divergence.CLIP:g}; at
{divergence.WARNING:g} a rise is suspected. It becomes an event when the rise goes on: it exploded
({divergence.EXPLODED:g} times R above the start), stays above the start without falling, rises on
with a slope of {divergence.SLOPE_Z} standard errors, or stays high for
{100 * divergence.STUCK:.0f} % of the run. A rise under {100 * divergence.RISE:.0f} % of R never
counts; a rising learning rate, a spike and an epoch's sawtooth are allowed for. A rise that begins
within {divergence.EARLY} points may be a warm-up's bump and must last longer, unless it goes far
beyond the start ({divergence.TIMES_LONG:g} times it for {divergence.LONG} points, after a descent)
or lasts {divergence.TIMES_LASTED} times as long as the loss fell before.

What to do: stop, go back to a checkpoint before the onset, and lower the learning rate or warm up
for longer; clip gradients (a norm of 1 is usual); look at the data of those steps. bf16 or fp32
instead of fp16 helps where numbers overflow.

`lossmon watch … --on divergence --kill PID` ends the training; `lossmon explain alerts` says how.

{sentence("divergence")}
""",
        ("diverge", "diverged", "explosion"),
        ("diverging", "nonfinite", "spike"),
    )


def _overfitting() -> Page:
    return Page(
        "overfitting",
        "Overfitting: the model memorises instead of generalising",
        "events",
        f"""
The evaluation loss is significantly above an earlier level, while the training loss has not risen.

How it is found: two explanations of the evaluations are compared, 'never rises' and 'falls, then
rises' (a likelihood ratio of two order-restricted means: no shape of the curve is assumed). The
second must be better by z = {overfitting.Z:g} + {overfitting.Z_POOLED:g}·ln(1 + m), where m is how
many evaluations 'never rises' had to take for equal: a flat and noisy evaluation gives noise more
chances than one that falls clearly and then turns ({overfitting.NEVER_FELL:g}·ln(1 + m) more is
asked of one that never fell by {overfitting.FELL:g} times its noise). It takes
{overfitting.MIN_BUCKETS} evaluations at least, and the rise must pass
{100 * overfitting.LEAST_RISE:.0f} % of the evaluation's own descent. The noise is that of the
evaluations themselves. If the training loss rises too, it is a divergence. It clears when the last
evaluations are back at the best. The onset is the minimum of the evaluation loss.

Several evaluation sets (`eval_loss`, `eval_code_loss`): one decides the verdict (`--eval NAME`
chooses it), the others are looked at in the same way under a limit for as many chances, and one
that rises is named: `eval_code_loss rises since step 1,200 while eval_loss still falls`.

What to do: use the checkpoint of the best evaluation (`best_eval`). Next time: fewer epochs or
early stopping, more or more varied data, weight decay or dropout, a smaller model or a lower rank
of LoRA.

A wide gap alone is no overfitting; see `gap`.

{sentence("overfitting")}
""",
        ("overfit", "memorising", "memorizing"),
        ("best_eval", "gap", "eval_loss"),
    )


def _nonfinite() -> Page:
    return Page(
        "nonfinite",
        "Non-finite: NaN or infinity in the loss",
        "events",
        f"""
A loss that is no number, in the training loss, the evaluation loss or the gradient norm. The first
one raises the event; {nonfinite.LASTING} in a row are critical. It is over after
{nonfinite.RECOVERED} finite points in a row: a single bad batch can be skipped.

Some loggers hide it: Hugging Face's Trainer replaces NaN by an average
(`logging_nan_inf_filter=True`), so that the log shows exact zeros. A zero where every recent loss
was above {100 * nonfinite.MASK_SHARE:.0f} % of the first one counts as such a mask.

What to do: stop; weights that are NaN do not recover. Go back to a checkpoint before it; lower the
learning rate, clip gradients, use bf16 or fp32 instead of fp16, look for bad samples.

{sentence("nonfinite")}
""",
        ("nan", "inf", "infinity", "infinite", "non_finite"),
        ("divergence",),
    )


def _spike() -> Page:
    return Page(
        "spike",
        "Spike: a jump that comes back",
        "events",
        f"""
One or a few points far above their surroundings: over {spike.LIMIT:g} times the noise above the
median of the points before. Where past points show heavy tails the limit is lifted to what noise
alone passes in less than one run in two hundred, {tail.MOST:g} at most; a point between the two
counts if the next one is high as well. It needs {spike.MIN_POINTS} points. It is over after
{spike.QUIET} quiet points; a jump that lasts longer than {spike.LONGEST} is a change of level
(other data, a restart), and judged as a rise. A last row that is the mean of the run is called a
summary row, and is no spike.

What to do: nothing, if it is rare and comes back. Many spikes: clip gradients, lower the rate or
β₂ of Adam (0.95), look at the batches.

{sentence("spike")}
""",
        ("spikes", "jump"),
        ("noise", "divergence"),
    )


def _not_learning() -> Page:
    return Page(
        "not_learning",
        "Not learning: the loss never left its start",
        "events",
        f"""
How it is found: the level of the first eighth of the run less that of the last quarter is the
descent; its upper bound ({not_learning.Z:g} standard errors) must be under
{100 * not_learning.SHARE:.0f} % of the scatter of one point. At least
{not_learning.MIN_BUCKETS} stretches of points are needed, and {not_learning.WARMUP:g} times the
length of the warm-up must have passed. Short of that proof, a loss within
{100 * verdict.HARDLY:.0f} % of its first value is said to have hardly moved.

What to do: check that the parameters meant to be trained are trained (requires_grad, the
optimizer's groups, the adapter's layers), that the labels are not all masked (−100), and that the
learning rate is not zero or far too small.

{sentence("not_learning")}
""",
        ("never_learned", "unlearned", "stuck"),
        ("plateau", "learning_rate"),
    )


def _resume() -> Page:
    return Page(
        "resume",
        "Resume: training went on from an earlier step",
        "events",
        """
The step went back: the run was ended and taken up again from a checkpoint. From there a new
segment begins; older points at the same or later steps stay stored and are drawn dimmed, but do
not count for verdicts. Nothing is wrong; a jump of the loss at this place is usual if the
optimizer's state was not saved.
""",
        ("resumed",),
        ("segment", "restart"),
    )


def _restart() -> Page:
    return Page(
        "restart",
        "Restart: training began anew in the same log",
        "events",
        """
The step went back to the beginning: another training writes to the same file. What was before is
drawn dimmed and does not count. If that was not meant, give each training its own directory.
""",
        ("restarted",),
        ("segment", "resume"),
    )


def _stalled() -> Page:
    return Page(
        "stalled",
        "Stalled: the log has been silent for too long",
        "events",
        f"""
The run has not written for {liveness.FACTOR_TYPICAL:.0f} of its typical gaps and
{liveness.FACTOR_LONGEST:.0f} times its longest one, at least {liveness.MIN_SILENCE:.0f} s. It
clears when the log grows.

What to do: look whether the process lives, at the GPU's load, the disk, the data loader, and for
distributed training at the slowest rank. A buffered log looks the same: `python -u`, or
PYTHONUNBUFFERED=1.
""",
        ("stall", "hang", "hung"),
        ("state",),
    )


def _finished() -> Page:
    return Page(
        "finished",
        "Finished: training ended",
        "events",
        """
The log says so: its framework writes a closing line or record, or the last of the announced steps
was reached. `lossmon wait SOURCE --until finished` waits for it.
""",
        ("done", "end"),
        ("state", "stalled"),
    )
