"""Pages on loss itself: what it measures, how curves look, how to read one."""

from __future__ import annotations

import math

from lossmon.analysis import ema, outlook, ratings
from lossmon.analysis.probability import MAX_START, perplexity, probability
from lossmon.explain import measured
from lossmon.explain.page import Page


def pages() -> tuple[Page, ...]:
    """Return the pages of this group."""
    return (
        _loss(),
        _probability(),
        _perplexity(),
        _shapes(),
        _reading(),
        _eval(),
        _capability(),
        _smoothing(),
    )


def _table() -> str:
    rows = ["  loss   probability of the right token   perplexity"]
    for loss in (0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, math.log(50_257)):
        share, choices = probability(loss), perplexity(loss)
        assert share is not None
        assert choices is not None
        percent = f"{100 * share:.1f} %" if share > 0.001 else f"{100 * share:.3f} %"
        rows.append(f"  {loss:>5.2f}  {percent:>30}  {choices:>11,.1f}")
    return "\n".join(rows)


def _loss() -> Page:
    return Page(
        "loss",
        "Loss: how wrong the model is, on average",
        "basics",
        f"""
Training lowers one number, the loss. For language models and classifiers it is the
cross-entropy in nats: −ln(p), where p is the probability that the model gave to the right
token or class, averaged over all of them. A sure and right model has loss 0; one that is
surprised by the data has a high loss.

{_table()}

The last line is a model that knows nothing and spreads its belief over the 50,257 tokens of
GPT-2's vocabulary: ln 50,257 = {math.log(50_257):.2f}. A language model trained from nothing
begins near that number; fine-tuning begins where the base model already is, often between 1
and 3.

The table holds for a mean cross-entropy in nats alone. A sum over tokens, a squared error, bits
per byte or a loss of reinforcement learning has another scale; lossmon then shows no
probability, and verdicts rest on the curve's form, not on its height.

What to do with it: compare a loss with others on the same data and tokenizer only. A lower
training loss is not a better model: that is told by data the model has not seen.
""",
        ("cross_entropy", "crossentropy", "train_loss", "training_loss", "nats"),
        ("probability", "perplexity", "eval_loss", "shapes", "reading"),
    )


def _probability() -> Page:
    one = probability(1.0)
    return Page(
        "probability",
        "Probability: the loss as belief in the right answer",
        "basics",
        f"""
e to the power of −loss: the probability that the model gives to the right token, as a geometric
mean over all tokens. Loss 1.0 is {100 * (one or 0):.1f} %. Halving a loss takes the square root:
from loss 2.0 to 1.0 the probability goes from {100 * math.exp(-2):.1f} % to
{100 * math.exp(-1):.1f} %.

{_table()}

It is computed from the smoothed loss, and only where the loss looks like a cross-entropy in nats:
the name does not say otherwise (mse, bpb, reward …) and the first value is between 0 and
{MAX_START:g}.
""",
        see=("loss", "perplexity"),
    )


def _perplexity() -> Page:
    return Page(
        "perplexity",
        "Perplexity: between how many tokens the model hesitates",
        "basics",
        f"""
e to the power of the loss: a model of perplexity 20 is as unsure as if it threw a fair die
with 20 sides for each token. It says the same as the loss, on a scale where small changes of
a high loss look large.

{_table()}

Perplexities can be compared only for the same data and the same tokenizer: longer tokens are
harder to guess, each, and need fewer guesses.
""",
        ("ppl",),
        ("loss", "probability"),
    )


def _shapes() -> Page:
    return Page(
        "shapes",
        "Shapes: how loss curves look",
        "basics",
        """
Exponential: a sharp drop, then ever slower. Most fine-tuning looks like this. A fixed share of
what is left to learn is learned in each stretch.

  *
  *
   **
     ***
        *********

Power: falls for ever, in steps that get ten times longer. Pre-training on much data looks like
this; on a logarithmic x axis it is nearly straight.

  *
  *
   *
    ***
       ******
             ***********

Linear: a steady fall without bend. Either the run has only begun, or the learning rate is low
for what there is to learn.

  **
    ***
       ***
          ***
             ***

Plateau: the loss is level; see `plateau`. Diverging: it rises and does not come back; see
`divergence`.

How it is found: the families are fitted to means over stretches of the run, and the one that
explains them best for its number of parameters (BIC) is named. Where the runner-up is nearly
as good the shape is `unknown`: a short or noisy curve fits them all.
""",
        ("shape", "exponential", "power", "linear", "curve", "curves"),
        ("plateau", "divergence", "reading"),
    )


def _reading() -> Page:
    return Page(
        "reading",
        "Reading a run: four questions",
        "basics",
        f"""
1. Did it learn? The reduction says how much of the first loss is gone: over
{100 * ratings.STRONG:.0f} % is strong, {100 * ratings.MODERATE:.0f}–{100 * ratings.STRONG:.0f} %
moderate, less is weak by the rule of thumb. It depends on when logging began: fine-tuning a good
model can be a success with 10 %.

2. Has it stopped learning? `plateau` says that half as long again would gain next to nothing. If
neither that nor a falling trend can be told from the noise, lossmon says how many more points
would tell.

3. Does it still generalise? The gap between evaluation and training loss is a reading: under
{100 * ratings.HEALTHY_GAP:.0f} % is healthy, over {100 * ratings.OVERFITTING_GAP:.0f} % is wide.
What counts is whether the evaluation loss itself rises for certain (`overfitting`): a wide gap
that both losses fall along is fine.

4. Is it quiet enough to read? Noise under {100 * ratings.SMOOTH:.0f} % of the whole descent is
smooth, over {100 * ratings.NOISY:.0f} % is noisy: a larger batch, gradient accumulation, or
logging means over more steps helps.

Rules of thumb rate; they never alarm. An event needs statistical evidence.
""",
        ("questions", "rules_of_thumb", "ratings", "rating", "interpret"),
        ("reduction", "plateau", "overfitting", "gap", "noise"),
    )


def _eval() -> Page:
    return Page(
        "eval_loss",
        "Evaluation loss: the loss on data that is not trained on",
        "basics",
        """
The same number on held-out data. Training loss says how well the model knows its training data;
evaluation loss says how well it will do on other data of the kind. Without one, overfitting
cannot be seen, and lossmon says so.

Both fall together in a healthy run. The training loss may even be above it: it is measured with
dropout, and before the step, as a mean over an epoch in which the model was worse.

What to do: log an evaluation loss several times an epoch, on a few hundred samples at least,
always the same ones. More evaluations let an overfitting be told earlier.
""",
        ("eval", "evaluation", "validation", "val_loss", "validation_loss", "train_eval"),
        ("overfitting", "gap", "best_eval"),
    )


def _capability() -> Page:
    told = "\n\n".join(
        sentence
        for sentence in (
            measured.experiments(),
            measured.proxy(),
            measured.seeds(),
            measured.reduction_rule(),
            measured.gap_rule(),
        )
        if sentence
    )
    return Page(
        "capability",
        "Capability: what a loss curve can and cannot tell",
        "basics",
        f"""
The loss says how probable the right answer is, not whether it comes first. A model answers rightly
once the right token is likelier than every other one; from there on a lower loss changes little,
and a higher one, of a model that grew too sure, may cost nothing. So a loss that is good enough
differs by task, and is found by scoring what the model does on data it has not seen.

{told}

What to do with it: score a few checkpoints on the task itself, and keep the best by that score;
compare runs over several seeds before believing a small difference.
""",
        ("good_enough", "proxy", "scores_and_loss"),
        ("loss", "eval_loss", "reduction", "gap"),
    )


def _smoothing() -> Page:
    return Page(
        "smoothing",
        "Smoothing: the strong line through the points",
        "basics",
        f"""
An exponential moving average with its bias taken out: s ← βs + (1 − β)x, divided by 1 − βⁿ, so
that the first points are averaged rightly. By default its time constant is
{100 * ema.SHARE:.0f} % of the points (at most {ema.MAX_TIME_CONSTANT:,.0f} of them), so that
the line looks alike whether a run logs every step or every thousandth; `--smoothing BETA`
fixes β (TensorBoard's usual one is 0.6).

A smoothed line lags behind by about its time constant. Verdicts don't use it: they look at means
over stretches of the run (from {100 * min(outlook.WINDOWS):.3g} to
{100 * max(outlook.WINDOWS):.3g} % of it for a plateau), with their errors.
""",
        ("ema", "beta", "smoothed_line"),
        ("smoothed", "noise"),
    )
