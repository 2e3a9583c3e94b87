"""Events of all runs, the newest first: what a person who was away wants to read."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.charts.spec import Row, Span
from lossmon.model import Event, RunView
from lossmon.tui.desk import Desk
from lossmon.tui.figures import clock, count
from lossmon.tui.look import over
from lossmon.tui.marks import EVENTS, SEVERITIES
from lossmon.tui.panels.details import heading
from lossmon.tui.panels.runs import run_marker
from lossmon.tui.rows import fit, row, wrap

Happening = tuple[RunView, Event]


def happenings(runs: Sequence[RunView]) -> list[Happening]:
    """Return the events of all runs, the newest first; ends of runs are no news."""
    found = [(run, event) for run in runs for event in run.events if event.kind != "finished"]
    # Logs without times: the run's last growth stands for when.
    return sorted(
        found,
        key=lambda one: (-(one[1].time or one[0].last_growth or 0.0), one[0].name, -one[1].step),
    )


def happening_rows(
    desk: Desk, found: Sequence[Happening], chosen: int, title: str, width: int, height: int
) -> list[Row]:
    """Return a heading, a row an event (the chosen one in view, told in full below), the keys."""
    look = desk.look
    keys = look.text("  enter: go there · j/k: choose · v: one kind alone · esc: back", "dim")
    if not found:
        words = "  Nothing has happened in any run yet."
        return [heading(look, width, title), row(width, look.text(words, "dim")), row(width, keys)]
    timed = any(event.time for _, event in found)
    full = wrap(found[chosen][1].message, width - 4, 3)
    room = max(height - 2 - len(full), 1)
    first = max(min(chosen - room // 2, len(found) - room), 0)
    rows = [heading(look, width, title, f"{chosen + 1} of {len(found)}")]
    shown = found[first : first + room]
    kinds = max(len(_kind(event)) for _, event in shown) + 2
    for index, (run, event) in enumerate(shown, start=first):
        rows.append(_row(desk, run, event, width, index == chosen, timed, kinds))
    rows += [row(width)] * (room - (len(rows) - 1))
    rows += [row(width, "    ", look.text(line)) for line in full]
    rows.append(row(width, keys))
    return rows[:height]


def _kind(event: Event) -> str:
    over_now = "" if event.stands or event.severity == "info" else " (over)"
    return EVENTS[event.kind] + over_now


def _row(
    desk: Desk, run: RunView, event: Event, width: int, chosen: bool, timed: bool, kinds: int
) -> Row:
    look = desk.look
    ground = look.paint.chosen if chosen else ""
    mark = SEVERITIES[event.severity]
    own = run_marker(look, desk.color(run.id))
    style = look.paint.style(mark.style)
    pointer = ">" if look.ascii else "▸"
    cells = (
        (pointer if chosen else " ", look.paint.key),
        (f"{mark.char(look.ascii)} ", style),
        (fit(clock(event.time, look.today) if event.time else "", 13 * timed), look.paint.dim),
        (f"{own.text} ", own.style),
        (desk.short(run, min(max(width // 5, 14), 30)) + "  ", look.paint.strong),
        (fit(_kind(event), kinds), style),
        (fit(f"step {count(event.step)}", 14) + " ", ""),
        (event.message, look.paint.dim),
    )
    spans = [Span(look.text(text).text, over(style, ground)) for text, style in cells]
    return row(width, *spans, fill=ground)
