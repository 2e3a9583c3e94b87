"""Runs in little room: the list beside a chart, one line of tabs, the line that heads a view."""

from __future__ import annotations

from rich.cells import cell_len

from lossmon.charts.palette import line_style, marker
from lossmon.charts.spec import Row, Span
from lossmon.model import RunView
from lossmon.tui.desk import Desk
from lossmon.tui.figures import clock, figure
from lossmon.tui.look import Look, over
from lossmon.tui.marks import STATES, Mark, verdict_mark
from lossmon.tui.numbers import current_loss, trend
from lossmon.tui.panels.details import heading
from lossmon.tui.rows import fit_middle, right, row, width_of, wrap


def state_words(look: Look, run: RunView) -> tuple[Mark, str]:
    """Return a run's state mark, and words with when it last grew (a moment never goes stale)."""
    mark = STATES[run.state]
    if run.loading is not None:
        # No bytes are counted while a far directory is still being listed.
        listing = run.format == "unknown"
        return mark, run.verdict.headline if listing else f"reading {run.loading:.0%}"
    if run.format == "unknown" and run.error is None:
        return mark, "waiting"
    if run.last_growth is None:
        return mark, mark.word
    lead = {"stalled": "stalled since", "live": "live,"}.get(run.state, mark.word)
    return mark, f"{lead} {clock(run.last_growth, look.today)}"


def run_marker(look: Look, color: int) -> Span:
    """Return the run's own mark: the shape and hue that its line has in charts."""
    return Span(marker(color, look.glyphs), line_style(look.paint.palette, "ema", color))


def list_first(desk: Desk, height: int) -> int:
    """Return the first run that the list shows in `height` rows: the chosen one stays in view."""
    room = max((height - 2) // 2, 1)
    at = next((i for i, run in enumerate(desk.urgent) if run.id == desk.chosen), 0)
    if len(desk.runs) * 2 + 1 <= height:
        return 0
    return max(min(at - room // 2, len(desk.runs) - room), 0)


def list_rows(desk: Desk, width: int, height: int, first: int = 0) -> list[Row]:
    """Return the list of runs, two lines each: name with loss, state with verdict.

    They stand in the overview's order: `n` goes to the run that stands below there too.
    """
    look = desk.look
    rows = [heading(look, width, "runs", str(len(desk.runs)))]
    shown = 0
    for run in desk.urgent[first:]:
        if len(rows) + 2 > height:
            break
        rows += _list_entry(desk, run, width)
        shown += 1
    below = len(desk.runs) - first - shown
    if below > 0 or first > 0:
        words = [f"{first} above"] * (first > 0) + [f"{below} below"] * (below > 0)
        rows = [*rows[: height - 1], row(width, look.text(f"  {', '.join(words)}", "dim"))]
    return rows[:height]


def _list_entry(desk: Desk, run: RunView, width: int) -> list[Row]:
    look = desk.look
    chosen = look.paint.chosen if run.id == desk.chosen else ""
    verdict = verdict_mark(run)
    state, words = state_words(look, run)
    pointer = ">" if look.ascii else "▸"

    def span(text: str, style: str = "") -> Span:
        return Span(look.text(text).text, over(style, chosen))

    own = run_marker(look, desk.color(run.id))
    loss = figure(current_loss(run), 3 if abs(current_loss(run) or 1) < 0.1 else 4)
    arrow = trend(run)
    tail = f" {loss} {arrow.plain if look.ascii else arrow.arrow}"
    flag = "*" if run.id in desk.marked else " "
    name = desk.short(run, max(width - 4 - len(tail), 1))
    top = row(
        width,
        span(pointer if chosen else " ", look.paint.key),
        span(own.text, own.style),
        span(flag, look.paint.note),
        span(name, look.paint.strong if chosen else ""),
        span(tail, look.paint.style(arrow.style)),
        fill=chosen,
    )
    status = f"{verdict.char(look.ascii)} {verdict.word}"
    room = width - 6 - len(status)
    tail = f"{state.char(look.ascii)} {words}"
    if len(tail) > room:
        tail = f"{state.char(look.ascii)} {state.word}"
    if len(tail) > room:
        tail = state.char(look.ascii)
    low = row(
        width,
        span("   "),
        span(status, look.paint.style(verdict.style)),
        span("  "),
        span(right(tail, max(room, 0)), look.paint.style(state.style)),
        fill=chosen,
    )
    return [top, low]


def title_row(desk: Desk, view: str, width: int) -> Row:
    """Return the first line of a view: what is watched, how many runs, which one is chosen."""
    look = desk.look
    bar = look.paint.bar
    run = desk.run

    def span(text: str, style: str = "") -> Span:
        return Span(look.text(text).text, over(style, bar))

    live = sum(one.state == "live" for one in desk.runs)
    alarmed = sum(bool(desk.alarms(one)) for one in desk.runs)
    if not desk.runs:
        counts = "searching …" if desk.scanning else "no runs"
    elif len(desk.runs) == 1:
        counts = ""
    else:
        counts = f"{len(desk.runs)} runs, {live} live"
        if alarmed:
            counts += f", {alarmed} with a warning"
    left = [span(" lossmon ", look.paint.title), span(f" {view}", look.paint.dim)]
    if run is not None and view not in ("runs", "compare"):
        own = run_marker(look, desk.color(run.id))
        place = f"{desk.place_of(run)}/{len(desk.runs)} " if len(desk.runs) > 1 else ""
        left += [span("  "), span(own.text, own.style), span(f" {place}", look.paint.dim)]
        state, words = state_words(look, run)
        after = [span(f"  {state.char(look.ascii)} {words}", look.paint.style(state.style))]
        if run.loading is None and run.error:
            after += [span("  damaged", look.paint.warn)]
        # However long the name, whether the run lives stands beside it.
        room = max(width - width_of(*left, *after), 8)
        name = run.name if cell_len(run.name) <= room else desk.short(run, room).rstrip()
        left += [span(name, look.paint.strong), *after]
    tail = f" {counts} "
    room = width - width_of(*left) - len(tail)
    if room > 12 and desk.place:
        tail = f" {fit_middle(desk.place, min(room - 2, len(desk.place))).strip()} {tail}"
    used = width_of(*left)
    if used + len(tail) > width:
        return row(width, *left, fill=bar)
    return row(width, *left, span(" " * (width - used - len(tail))), span(tail, look.paint.dim))


def empty_rows(desk: Desk, width: int, height: int, looked_for: str) -> list[Row]:
    """Return what a screen without runs says: what it looks for, where, and what would help."""
    look = desk.look
    place = desk.place or "here"
    if desk.scanning:
        lines = [(f"Searching {place} …", "strong"), ("", "")]
    else:
        lines = [(f"No runs yet in {place}.", "strong"), ("", "")]
    texts = [
        (f"Looking for {looked_for}.", "text"),
        ("", ""),
        ("A run appears here by itself as soon as its log has a line with a loss.", "text"),
        (
            "Another place: lossmon PATH. What a file was taken for, and why: "
            "lossmon formats PATH. To see it all at work: lossmon demo.",
            "dim",
        ),
        *((notice, "warn") for notice in desk.notices),
    ]
    inner = min(width - 4, 76)
    made: list[Row] = []
    for text, role in [*lines, *texts]:
        pieces = wrap(text, inner) or [""]
        made += [row(width, "  ", look.text(piece, role or "text")) for piece in pieces]
    top = max((height - len(made)) // 3, 0)
    return [row(width)] * top + made[: height - top]
