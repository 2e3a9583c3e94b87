"""The report as text for people: chart, verdict, numbers and events of each run."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from lossmon.analysis import ratings
from lossmon.model import Event, RunView, rounded
from lossmon.monitor.left_out import sentences
from lossmon.report import words
from lossmon.report.evidence import MOST, evidence_words
from lossmon.width import text_width

if TYPE_CHECKING:
    from lossmon.report.comparison import Digest

MAX_WIDTH: Final = 110
"""Lines longer than this are hard to read; a chart gains nothing from them."""

CHART_HEIGHT: Final = 16

_STRONG, _MODERATE, _HEALTHY, _OVERFITTING = (
    f"{100 * share:.0f}"
    for share in (ratings.STRONG, ratings.MODERATE, ratings.HEALTHY_GAP, ratings.OVERFITTING_GAP)
)

RATING_WORDS: Final = {
    "unknown": "",
    "strong": f"strong learning by the rule of thumb (over {_STRONG} %)",
    "moderate": f"moderate learning by the rule of thumb ({_MODERATE}–{_STRONG} %)",
    "weak": f"weak by the rule of thumb (under {_MODERATE} %)",
    "healthy": f"healthy by the rule of thumb (under {_HEALTHY} %)",
    "monitor": f"to be watched by the rule of thumb ({_HEALTHY}–{_OVERFITTING} %)",
    "overfitting": f"over {_OVERFITTING} %: overfitting by the rule of thumb alone",
}


def render(runs: Iterable[RunView]) -> str:
    """Return the report of all runs, as wide as the terminal (at most `MAX_WIDTH`)."""
    width = text_width(MAX_WIDTH)
    colour = sys.stdout.isatty()
    return assemble(run_text(run, width, colour) for run in runs)


def piece(run: RunView) -> str:
    """Return one run's report for a reader whose terminal is not known."""
    return run_text(run, MAX_WIDTH)


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return the report of all runs."""
    return "\n".join(pieces)


def run_text(run: RunView, width: int, colour: bool = False) -> str:
    """Return one run's report, its lines at most `width` cells wide."""
    lines = [_title(run, width)]
    if not run.series:
        lines.append(f"  nothing read: {run.error or 'no series found in it'}")
        return "\n".join(lines) + "\n"
    if run.error:
        lines.append(f"  ! {run.error}")
    lines += [f"  ! {said}" for said in sentences(run.left_out)]
    lines += ["", *_wrapped(run.verdict.headline, width, "  ")]
    because = " · ".join(f"{label} {value}" for label, value in evidence_words(run.verdict, MOST))
    if because:
        lines += _wrapped(f"because: {because}", width, "  ")
    chart = _chart(run, width, colour)
    if chart:
        lines += ["", chart.rstrip("\n")]
    lines += ["", *_numbers(run, width)]
    if run.events:
        lines += ["", "  Events", *_events(run.events, width)]
    if run.verdict.advice:
        lines += ["", "  What to do"]
        for advice in run.verdict.advice:
            lines += _wrapped(advice, width, "    ", "  - ")
    return "\n".join(lines) + "\n"


def _title(run: RunView, width: int) -> str:
    text = f"{run.name}  {run.verdict.status}  {run.state}  {run.format}"
    return f"── {text} " + "─" * max(0, width - len(text) - 4)


def _wrapped(text: str, width: int, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first or indent, subsequent_indent=indent) or [
        indent
    ]


def _chart(run: RunView, width: int, colour: bool) -> str:
    from lossmon.charts.text import text_chart

    return text_chart(run, width=width, height=CHART_HEIGHT, colour=colour)


def _numbers(run: RunView, width: int) -> list[str]:
    label_width = max(len(label) for label, _ in number_rows(run)) + 2
    lines: list[str] = []
    for label, text in number_rows(run):
        head = f"  {label:<{label_width}}"
        lines += _wrapped(text, width, " " * len(head), head)
    return lines


def number_rows(run: RunView) -> Sequence[tuple[str, str]]:
    """Return the numbers, each as its label and a sentence that a newcomer understands."""
    found = run.summary
    rows = [("read", _read(run))]
    if found.smoothed is not None:
        text = f"{words.loss(found.smoothed)} (smoothed {found.train})"
        if found.probability is not None:
            text += f": the right answer gets {words.percent(found.probability)}"
        if found.perplexity is not None:
            text += f", perplexity {words.loss(found.perplexity)}"
        rows.append(("loss", text))
    if found.slope_per_1000_steps is not None:
        error = found.slope_error_per_1000_steps
        text = f"{rounded(found.slope_per_1000_steps, 3, '+')} per 1,000 steps"
        rows.append(("trend", text if error is None else f"{text} (± {rounded(error, 2)})"))
    if found.reduction is not None:
        rating = RATING_WORDS[found.reduction_rating]
        text = f"{words.percent(found.reduction)} of the first loss is gone"
        if found.reduction < 0:
            text = f"none: the loss is {rounded(1 - found.reduction, 3)} times the first one"
        if found.half_way_step is not None:
            text += f", half of it by step {words.step(found.half_way_step)}"
        rows.append(("reduction", f"{text}; {rating}" if rating else text))
    if found.noise is not None:
        rows.append(("noise", f"{words.loss(found.noise)} a point: {found.noise_rating}"))
    if found.gap is not None:
        rating = RATING_WORDS[found.gap_rating]
        side = "above" if found.gap >= 0 else "below"
        text = f"eval is {words.percent(abs(found.gap))} {side} train"
        rows.append(("gap", f"{text}; {rating}" if rating else text))
    best = found.best_eval
    if best is not None:
        text = f"{words.loss(best.value)} at step {words.step(best.step)} ({found.eval})"
        if found.best_checkpoint is not None:
            text += f"; keep {found.best_checkpoint}"
        rows.append(("best eval", text))
    rows += [("note", note) for note in found.notes]
    return rows


def _read(run: RunView) -> str:
    points = ", ".join(
        f"{len(series):,} {series.name}" for series in (run.train, run.eval) if series is not None
    )
    text = f"{points or 'no loss'}; {len(run.series)} series"
    if run.summary.steps is not None:
        text += f", to step {words.step(run.summary.steps)}"
    if run.total_steps:
        text += f" of {words.step(run.total_steps)}"
    if run.steps_estimated:
        text += " (steps estimated)"
    return text


def _events(events: Sequence[Event], width: int) -> list[str]:
    lines: list[str] = []
    for event in events:
        cleared = (
            "" if event.cleared_step is None else f" Cleared at {words.step(event.cleared_step)}."
        )
        head = f"    step {words.step(event.step):>9}  {event.kind:<12} "
        lines += _wrapped(event.message + cleared, width, " " * len(head), head)
    return lines
