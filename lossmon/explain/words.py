"""Pages on the words that lossmon uses: run, source, series, roles; alerts and limits."""

from __future__ import annotations

from lossmon.analysis import telling
from lossmon.explain.page import Page
from lossmon.model import Role


def pages() -> tuple[Page, ...]:
    """Return the pages of this group."""
    return (*_data(), *_roles(), _alerts(), _limits())


def _data() -> tuple[Page, ...]:
    return (
        _page(
            "run",
            "Run, source, series",
            """
- run: one training: a file, a directory that a logger wrote, or a stream.
- source: where its bytes come from: a path, a glob, a directory to search, `-` (standard input),
  host:path or ssh://, an fsspec URL.
- series: one metric of a run, in order of arrival: step, epoch, time, value.

`lossmon formats SOURCE` says what a source is taken for, and why.
""",
            ("source", "series", "format"),
            ("segment", "role"),
        ),
        _page(
            "segment",
            "Segment: a stretch of a series whose step increases",
            """
A step that goes back begins a new segment: a resumed or restarted training. Older points that the
new segment overlaps stay stored, are drawn dimmed, and do not count for verdicts.
""",
            ("segments",),
            ("resume", "restart"),
        ),
    )


def _roles() -> tuple[Page, ...]:
    names = ", ".join(role.value for role in Role)
    return (
        _page(
            "role",
            "Role: what a series means",
            f"""
Found from the words of its name: {names}. The training and evaluation loss that are judged are
chosen among the losses; `--train NAME` and `--eval NAME` choose otherwise. `other` is shown, and
not judged.
""",
            ("roles", "other"),
            ("loss", "eval_loss", "learning_rate", "score"),
        ),
        _page(
            "learning_rate",
            "Learning rate: how far each step goes",
            f"""
Verdicts lean on it where it is logged: a rise while it warms up is no divergence yet; a plateau at
a rate that has decayed under {100 * telling.KEEP_DECAYED:.0f} % of its highest is the end of the
schedule and not a problem. Too high: the loss is noisy, spikes, or diverges. Too low: it falls
slowly and nearly on a straight line.
""",
            ("lr", "warmup", "warm_up", "schedule"),
            ("divergence", "plateau"),
        ),
        _page(
            "grad_norm",
            "Gradient norm: how steep the loss is at this step",
            """
Before clipping, usually. It often jumps before the loss does. NaN or infinity in it raises
`nonfinite` even where the logger hides it in the loss (mixed precision skips single overflows: so
one alone is not alarming).
""",
            ("gradient", "gradient_norm"),
            ("nonfinite", "spike"),
        ),
        _page(
            "throughput",
            "Throughput: tokens, samples or steps per second",
            """
Shown, and not judged. It says what more training costs: together with the trend, whether it is
worth it.
""",
            ("speed", "tokens_per_second"),
            ("trend",),
        ),
        _page(
            "score",
            "Score: a measure of which more is better",
            """
Accuracy, BLEU, F1, reward. Shown beside the loss, and not judged as one. Evaluation loss is a
proxy for it: a model can still gain accuracy while its evaluation loss rises, since it grows too
sure of its errors. If you have a score of what you want, keep the checkpoint by that.
""",
            ("accuracy", "bleu", "reward"),
            ("eval_loss", "best_eval"),
        ),
    )


def _alerts() -> Page:
    return _page(
        "alerts",
        "Alerts: being told without looking",
        """
`lossmon watch` and `lossmon wait` take `--on KIND[,KIND]` with

- `--bell`: the terminal's bell;
- `--notify`: a notification of the terminal (OSC 9, 99 or 777, by what it knows);
- `--run 'CMD {run} {kind} {step}'`: a command, called without a shell; each placeholder stays
  within one argument, whatever the log wrote; it is ended after a time;
- `--notify-url URL`: Slack, mail, ntfy … through apprise (`pip install 'lossmon[notify]'`);
- `--kill PID`: SIGTERM to a process of your own, named when watching starts. It is identified by
  its number and its start time, so a number that was given to another process is never hit.

Each event alerts once, and again only if it was cleared and raised anew. What stands already when
watching starts does not alert.
""",
        ("alert", "on", "kill", "notify", "bell"),
        ("event",),
    )


def _limits() -> Page:
    from lossmon.monitor.limits import LIMITS  # it gathers from rooms that other pages don't need

    bounds = "\n".join(
        f"- {limit.what}: {limit.amount}; what is beyond {limit.beyond}" for limit in LIMITS
    )
    return _page(
        "limits",
        "Limits: what is bounded, and what a loss curve cannot say",
        f"""
A log is read as untrusted data: nothing in it is executed, and all of it is bounded.

{bounds}

No test is right always. Each event's page says how often it was wrong on simulated runs with known
truth; real logs can hold what no simulation thought of. A loss curve does not say whether the
data are right, whether the evaluation data leaked into training, or whether the model does what
you want.
""",
        ("bad_records", "limit", "error_rates"),
        ("unknown", "verdict"),
    )


def _page(
    name: str, title: str, text: str, aliases: tuple[str, ...] = (), see: tuple[str, ...] = ()
) -> Page:
    return Page(name, title, "words", text, aliases, see)
