"""The panels beside a chart: the verdict, the numbers in words, the events, the facts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from lossmon.charts.spec import Row, Span
from lossmon.model import Event, RunView
from lossmon.monitor.left_out import sentences
from lossmon.report.evidence import MOST, evidence_words
from lossmon.tui.figures import clock, clock_seconds, count
from lossmon.tui.look import Look, over
from lossmon.tui.marks import EVENTS, SEVERITIES, STATES, verdict_mark
from lossmon.tui.numbers import numbers
from lossmon.tui.rows import fit, fit_middle, right, row, width_of, wrap

_NAME = 10
_VALUE = 16


def heading(look: Look, width: int, title: str, note: str = "") -> Row:
    """Return the line above a panel: its title in a rule, a note at the right."""
    lead = look.text(f"{look.rule} ", "rule")
    name = look.text(title, "title")
    tail = look.text(f" {note} ", "dim") if note else Span("")
    left = width - width_of(lead, name, tail) - 2
    if left < 0:
        return row(width, lead, name)
    return row(
        width,
        lead,
        name,
        look.text(" " + look.rule * left, "rule"),
        tail,
        look.text(look.rule, "rule"),
    )


def clipped(rows: list[Row], width: int, height: int) -> list[Row]:
    """Return at most `height` rows; where some are left out, the last one shown says so."""
    if len(rows) <= height:
        return rows
    if height <= 0:
        return []
    last = rows[height - 1]
    text = "".join(span.text for span in last).rstrip()
    if text.endswith("…"):
        return rows[:height]
    kept = min(cell_len(text), width - 1)
    gap = " " if kept < width - 1 else ""
    whole = row(kept, *last)
    if whole and whole[-1].text.endswith("…"):
        return [*rows[: height - 1], row(width, *whole)]
    return [*rows[: height - 1], row(width, *whole, f"{gap}…")]


def verdict_rows(look: Look, run: RunView, width: int, height: int, machine: str = "") -> list[Row]:
    """Return the verdict: the sentence, what to do, the evidence that it rests on.

    `machine` is a sentence on this machine, for a run that fell silent.
    """
    mark = verdict_mark(run)
    state = STATES[run.state]
    title = "verdict" if run.loading is None else "verdict so far"
    rows = [
        heading(look, width, title, f"{state.char(look.ascii)} {state.word}"),
    ]
    if run.error:
        rows += [
            row(width, look.text(line, "bad"))
            for line in wrap(f"Cannot read all of it: {run.error}", width, 2)
        ]
    else:
        rows += [
            row(width, look.text(line, "warn"))
            for said in sentences(run.left_out)
            for line in wrap(f"{said}.", width, 2)
        ]
    inner = width - 2
    stalled = run.state == "stalled"
    if stalled:
        rows += _silence(look, run, width)
    rows += [row(width, look.text(line, "note")) for line in wrap(machine, width, 2)]
    # In little room what to do goes before the end of the sentence, which the banner has too.
    room = 2 + (height >= 7) if height <= 8 and run.verdict.advice else height
    lines = wrap(run.verdict.headline, inner, max(min(room, height - len(rows)), 1))
    for index, line in enumerate(lines):
        lead = look.shape(mark) if index == 0 else Span(" ")
        rows.append(
            row(
                width,
                lead,
                " ",
                look.text(line, mark.style if index == 0 and mark.style != "dim" else "text"),
            )
        )
    # To a run that writes no more, 'keep going' is no advice.
    silenced = stalled and run.verdict.status in ("healthy", "unknown")
    for advice in () if silenced else run.verdict.advice:
        for index, line in enumerate(wrap(advice, inner - 2)):
            bullet = "▸ " if index == 0 else "  "
            rows.append(row(width, "  ", look.text(bullet, "note"), look.text(line, "text")))
    if height >= 10:
        rows += _evidence(look, run, width)
    return clipped(rows, width, height)


def _silence(look: Look, run: RunView, width: int) -> list[Row]:
    """Return what is to be said first of a run that fell silent."""
    mark = STATES["stalled"]
    since = f" since {clock(run.last_growth, look.today)}" if run.last_growth is not None else ""
    asked = "Does its process live? Output that is buffered looks dead too: python -u."
    lines = wrap(asked, width - 4)
    return [
        row(width, look.shape(mark), " ", look.text(f"Nothing was written{since}.", mark.style)),
        *(
            row(width, "  ", look.text("▸ " if index == 0 else "  ", "note"), look.text(line))
            for index, line in enumerate(lines)
        ),
    ]


def _evidence(look: Look, run: RunView, width: int) -> list[Row]:
    if not run.verdict.evidence:
        return []
    # The number of points changes with every point, and the numbers tell the step.
    told = [item for item in evidence_words(run.verdict) if item[0] != "points read"][:MOST]
    words = [f"{label} {value}" for label, value in told]
    return [
        row(width, "  ", look.text(line, "dim"))
        for line in wrap("because: " + " · ".join(words), width - 2)
    ]


def numbers_rows(look: Look, run: RunView, width: int, height: int) -> list[Row]:
    """Return the numbers with their words; the words wrap under themselves where there is room."""
    found = numbers(run)
    rows = [heading(look, width, "numbers")]
    if not found:
        rows.append(row(width, look.text("No numbers yet.", "dim")))
        return rows
    shown = found[: max(height - 1, 1)]
    # A blank stands between the longest name and the longest value.
    value_width = min(max(len(item.value) for item in shown) + 1, _VALUE)
    room = width - _NAME - value_width - 2
    # Whole explanations where they all fit, else the brief ones: numbers before words.
    wrapped = [wrap(item.words, room) if room >= 18 else [] for item in found]
    if sum(max(len(lines), 1) for lines in wrapped) > height - 1:
        wrapped = [[item.words if len(item.words) <= room else item.brief] for item in found]
    for item, lines in zip(found, wrapped, strict=True):
        rows.append(
            row(
                width,
                look.text(fit(item.name, _NAME), "dim"),
                look.text(right(item.value, value_width), item.style),
                "  ",
                look.text(lines[0] if lines else "", "dim"),
            )
        )
        rows.extend(
            row(width, " " * (_NAME + value_width + 2), look.text(line, "dim"))
            for line in lines[1:]
        )
    return clipped(rows, width, height)


def events_rows(
    look: Look, events: Sequence[Event], width: int, height: int, selected: int | None = None
) -> list[Row]:
    """Return events in order of time, newest at the foot; the selected one stays in view."""
    standing = sum(event.stands and event.severity != "info" for event in events)
    note = f"{len(events)}" + (f", {standing} standing" if standing else "")
    rows = [heading(look, width, "events", note if events else "")]
    room = height - 1
    if not events:
        rows += [
            row(width, look.text(line, "dim"))
            for line in wrap(
                "Nothing has happened yet: spikes, plateaus, divergence, "
                "overfitting and NaN will be listed here with their step.",
                width,
                max(room, 1),
            )
        ]
        return clipped(rows, width, height)
    anchor = len(events) - 1 if selected is None else min(max(selected, 0), len(events) - 1)
    first = max(min(anchor - room // 2, len(events) - room), 0)
    for index, event in enumerate(events[first : first + room], start=first):
        rows.append(event_row(look, event, width, index == selected))
    if selected is not None and room > 0:
        # What is selected is told in full, in what the list leaves free.
        full = wrap(events[anchor].message, width - 2)
        for line in full[: max(height - len(rows), 0)]:
            rows.append(row(width, "  ", look.text(line, "dim")))
    return clipped(rows, width, height)


def event_row(look: Look, event: Event, width: int, selected: bool = False) -> Row:
    """Return one event on one line: mark, time or step, kind, message."""
    mark = SEVERITIES[event.severity]
    chosen = look.paint.chosen if selected else ""
    when = clock_seconds(event.time) if width >= 50 else ""
    step = f"step {count(event.step)}"
    kind = EVENTS[event.kind]
    cleared = "" if event.stands or event.severity == "info" else " (over)"
    style = look.paint.style(mark.style) if event.stands else look.paint.dim

    def span(text: str, own: str) -> Span:
        painted = look.text(text)
        return Span(painted.text, over(own, chosen))

    spans = [
        span(f"{mark.char(look.ascii)} ", style),
        span(fit(step, 12) + " ", look.paint.text),
        span(fit(when, 9) if when else "", look.paint.dim),
        span(f"{kind}{cleared}", style),
        span(f"  {event.message}", look.paint.dim),
    ]
    return row(width, *spans, fill=chosen)


def facts_rows(look: Look, run: RunView, width: int, height: int) -> list[Row]:
    """Return what is known of the run itself: where it is, how it was read, what it says."""
    points = sum(len(series) for series in run.series)
    pairs = [
        ("source", run.source),
        ("format", run.format),
        *(("left out", said) for said in sentences(run.left_out)),
        ("series", f"{len(run.series)} with {count(points)} points"),
        *run.facts,
    ]
    name_width = min(max(len(name) for name, _ in pairs), 18) + 2
    rows = [heading(look, width, "about this run")]
    for name, value in pairs:
        rows.append(
            row(
                width,
                look.text(fit(name, name_width), "dim"),
                look.text(fit_middle(value, width - name_width)),
            )
        )
    for note in run.summary.notes:
        rows += [row(width, look.text(line, "dim")) for line in wrap(note, width)]
    return clipped(rows, width, height)
