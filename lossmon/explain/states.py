"""Pages on verdicts: what holds now, for each status, and on what a run is doing."""

from __future__ import annotations

from lossmon.analysis import liveness, outlook, verdict
from lossmon.explain.page import Page


def pages() -> tuple[Page, ...]:
    """Return the pages of this group."""
    return (_verdict(), _healthy(), _diverging(), _unknown(), _state())


def _verdict() -> Page:
    from lossmon.monitor import ahead  # a room that other pages don't need

    order = ", ".join(dict.fromkeys(status for _, status in verdict._ORDER))
    return Page(
        "verdict",
        "Verdict: what holds now",
        "verdicts",
        f"""
An event is something that happened at a step; the verdict is what holds now. It is read from the
events that stand, the gravest first: {order}, healthy; `unknown` until there is enough to say.

Each verdict has one sentence with the numbers that it rests on, the shape of the curve, evidence
and advice. Reading a finished log replays it through the same analysis that watches a live run,
point by point: what it says is what a watcher would have seen. While a long log is being read the
screen says how far it is, calls the verdict 'so far' and raises no banner: what holds of the
beginning may be long over. Where steps are written in its lines, the curve that is not read yet
stands there faintly, from some {ahead.PLACES} places of the file (of {ahead.LEAST_BYTES >> 20} MiB
or more); nothing is judged by it.

`lossmon check SOURCE --fail-on KIND` turns what stands into an exit code, `lossmon wait SOURCE
--until KIND` waits for it.
""",
        ("status", "verdicts", "headline", "advice", "evidence"),
        ("healthy", "plateau", "overfitting", "divergence", "nonfinite", "unknown"),
    )


def _healthy() -> Page:
    return Page(
        "healthy",
        "Healthy: nothing speaks against going on",
        "verdicts",
        f"""
At least {verdict.MIN_POINTS} points were read and no warning stands. The sentence says what more
training is expected to gain, if the noise lets that be told, or how many more points would tell.
'Hardly falls any more' is a plateau in the making: it is called one once it has lasted longer
than the longest pause before it (and an epoch, where the log shows epochs).

With fewer points, a loss is called healthy only if they fall in such an order as chance would
give once in twenty times (Mann–Kendall, from {verdict.MIN_ORDERED} points on).

Healthy does not mean good: nothing in a loss curve says whether the model is useful, and without
an evaluation loss overfitting is not even looked for.
""",
        see=("verdict", "eval_loss", "reading"),
    )


def _diverging() -> Page:
    return Page(
        "diverging",
        "Diverging: the loss rises and does not come back",
        "verdicts",
        """
The verdict while an event `divergence` stands; its page says how that is found and what to do.
""",
        see=("divergence", "nonfinite"),
    )


def _unknown() -> Page:
    return Page(
        "unknown",
        "Unknown: there is not enough to say",
        "verdicts",
        f"""
Under {verdict.MIN_POINTS} points say nothing that noise could not say too. A number or a rating is
unknown where it has no meaning, and the notes say why: a share of a loss that is not positive, a
gap without evaluation loss, a trend of too few points.

'Rises, whether it diverges is not sure yet': a line over the newest points surely rises
({verdict.RISES * outlook.SURE:.1f} standard errors), which a warm-up or another learning rate also
makes; as a divergence it is raised once it has lasted or gone too far for that (`divergence`).

A tool that always answers is wrong exactly where it matters; this one says that it does not know.
""",
        ("not_known", "notes", "note"),
        ("verdict", "limits"),
    )


def _state() -> Page:
    return Page(
        "state",
        "State: what a run is doing",
        "verdicts",
        f"""
- live: its log grew lately.
- finished: the log says that training ended, or its last step was reached.
- stalled: silent for much longer than its own rhythm.
- crashed: the log ends with a traceback, or its framework says that it failed.
- unknown: quiet, and the log does not say whether it ended.

A stall is measured by the run itself: silent for {liveness.FACTOR_TYPICAL:.0f} typical gaps and
{liveness.FACTOR_LONGEST:.0f} times its longest one, and for {liveness.MIN_SILENCE:.0f} s in any
case. Before {liveness.MIN_GAPS} gaps were seen it is an hour
({liveness.DEFAULT_SILENCE:.0f} s); `--stalled-after 10m` of `lossmon wait` sets it.
""",
        ("live", "crashed", "states"),
        ("stalled", "finished"),
    )
