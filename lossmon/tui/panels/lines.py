"""The single lines around a view: the banner under its title, the status and keys at its foot."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

from lossmon.charts.spec import Row, Span
from lossmon.tui.desk import Desk
from lossmon.tui.figures import count, figure, percent
from lossmon.tui.keys import CHART_VIEWS, Key, keys_of
from lossmon.tui.look import Look, over
from lossmon.tui.marks import EVENTS, SEVERITIES, verdict_mark
from lossmon.tui.numbers import current_loss, gap_figure, trend
from lossmon.tui.rows import row, width_of


def banner_row(desk: Desk, width: int) -> Row:
    """Return the verdict in one line; painted as a banner while an alarm was not acknowledged."""
    look, run = desk.look, desk.run
    if run is None:
        return row(width)
    events = desk.alarms(run)
    if events:
        event = events[0]
        style = look.paint.banner_bad if event.severity == "critical" else look.paint.banner_warn
        shape = SEVERITIES[event.severity].char(look.ascii)
        since = event.onset_step if event.onset_step is not None else event.step
        kind = EVENTS[event.kind].upper() if EVENTS[event.kind] != "NaN" else "NaN"
        more = f" (+{len(events) - 1} more)" if len(events) > 1 else ""
        tail = "  a: seen " if width >= 100 else " a "
        lead = f" {shape} {kind} since step {count(since)}{more}: "
        lead += clause(event.message, width - width_of(lead) - len(tail))
        left = row(width - len(tail), Span(look.text(lead).text, style), fill=style)
        return row(width, *left, Span(tail, style))
    mark = verdict_mark(run)
    spans: list[Span | str] = [" ", *look.mark(mark), look.text(f": {run.verdict.headline}")]
    if run.loading is not None and run.format != "unknown":
        spans = [
            look.text(f" {_bar(look, run.loading)} reading {run.loading:.0%}, so far", "note"),
            *spans,
        ]
    return row(width, *spans)


_ENDS: Final = re.compile(r" \(|[,;:] | and | at step | in \d")
"""Where a sentence may end earlier and still say something."""


def clause(text: str, room: int) -> str:
    """Return a sentence, or as many of its clauses as fit `room` cells; cut where none does."""
    if cell_len(text) <= room:
        return text
    fits = [text[: end.start()] for end in _ENDS.finditer(text) if end.start() <= room]
    return fits[-1] if fits and len(fits[-1]) >= room // 3 else text


def _bar(look: Look, share: float) -> str:
    """Return a bar of 16 cells, filled to `share`."""
    full = round(min(max(share, 0.0), 1.0) * 16)
    return ("#" * full + "." * (16 - full)) if look.ascii else "█" * full + "░" * (16 - full)


def status_row(desk: Desk, view: str, width: int, message: str = "") -> Row:
    """Return the line with what just happened, or the latest alarm of any run, or the options."""
    look = desk.look
    if message:
        return row(width, " ", look.text(message, "note"))
    options = look.text(f"{desk.options.words} " if view in CHART_VIEWS else "", "dim")
    spans: list[Span | str] = [" "]
    alarm = desk.latest_alarm()
    if alarm is not None and alarm[0].id != desk.chosen:
        run, event = alarm
        mark = SEVERITIES[event.severity]
        spans += [
            look.shape(mark),
            " ",
            look.text(f"{run.name}: ", "strong"),
            look.text(event.message),
        ]
    elif desk.notices:
        spans.append(look.text(desk.notices[-1], "dim"))
    left = row(max(width - width_of(options) - 1, 0), *spans)
    return row(width, *left, " ", options)


def brief_row(desk: Desk, width: int, message: str = "") -> Row:
    """Return the one status line of a tiny screen: run, loss, what is known, how to get help."""
    look, run = desk.look, desk.run
    if message:
        return row(width, look.text(f" {message}", "note"))
    help_hint = look.text(" ? help ", "key")
    if run is None:
        return row(width, help_hint)
    arrow = trend(run)
    spans: list[Span | str] = [
        " ",
        look.text(run.name[:20], "strong"),
        "  ",
        look.text(f"loss {figure(current_loss(run))} ", ""),
        look.text(arrow.plain if look.ascii else arrow.arrow, arrow.style),
    ]
    if run.summary.reduction is not None:
        learned = run.summary.reduction
        words = percent(learned) if learned >= 0 else "nothing"
        spans.append(look.text(f"  learned {words}", "dim"))
    if run.summary.gap is not None:
        spans.append(look.text(f"  gap {gap_figure(run.summary.gap)}", "dim"))
    left = row(width - width_of(help_hint), *spans)
    return row(width, *left, help_hint)


def _place(key: Key) -> int:
    if key.action in ("help", "quit", "next_view"):
        return 0
    return 2 if {"all", "chart"} & set(key.scopes) else 1


@lru_cache(maxsize=32)
def keys_row(look: Look, view: str, width: int) -> tuple[Row, tuple[tuple[int, int, Key], ...]]:
    """Return the footer's keys, as many as fit, and where each stands (for the mouse)."""
    bar = look.paint.bar
    spans: list[Span] = [Span(" ", bar)]
    places: list[tuple[int, int, Key]] = []
    used = 1
    named = [key for key in keys_of(view) if key.footer and key.short]
    # How to get on and away first, then what only this view has, then what all charts have.
    for key in sorted(named, key=_place):
        shown, words = look.text(key.shown).text, f" {key.short}  "
        size = width_of(shown, words)
        if used + size > width + 2:
            continue
        # At the end of the row the blanks after a key have no room, and need none.
        words = words[: width - used - width_of(shown)]
        spans += [Span(shown, over(look.paint.key, bar)), Span(words, bar)]
        places.append((used, used + size - 2, key))
        used += size
    return row(width, *spans, fill=bar), tuple(places)
