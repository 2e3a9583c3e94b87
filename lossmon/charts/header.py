"""The row above the canvas: title, legend, what is not shown; under the crosshair, its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lossmon.charts.cells import cell_len, set_cell_size
from lossmon.charts.palette import as_ascii, band_style, line_style, part_style
from lossmon.charts.spec import Band, CursorValue, Glyphs, Line, Mark, Row, Span, Viewport
from lossmon.charts.ticks import number, on_axis
from lossmon.record import record

_GAP: Final = 2
"""Cells between entries."""


@record
class Entry:
    """A sample, what it stands for, and the same in fewer words."""

    sample: Span
    words: str
    brief: str
    """Empty: where there is little room, it goes without saying."""
    style: str = ""

    def spans(self, brief: bool = False) -> tuple[Span, Span]:
        """Return what is shown."""
        return self.sample, Span(f" {self.brief if brief else self.words}", self.style)


def _width(spans: Sequence[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)


def legend_width(entries: Sequence[Entry]) -> int:
    """Return the cells of a legend in full."""
    return sum(_width(entry.spans()) + _GAP for entry in entries) - _GAP


def sample(line: Line, glyphs: Glyphs) -> str:
    """Return the glyphs that stand for a line in the legend."""
    plain = glyphs is Glyphs.ASCII
    if line.role == "raw":
        return ".." if plain else ("▒▒" if glyphs is Glyphs.BLOCK else "⢔⢕")
    if line.role == "dimmed":
        return ",," if plain else "··"
    if line.role == "eval":
        return (as_ascii(line.marker) if plain else line.marker) or ("o" if plain else "◆")
    if line.marker:
        return f"-{as_ascii(line.marker)}-" if plain else f"─{line.marker}─"
    return (
        ("**" if line.role == "ema" else "--") if plain else ("━━" if line.role == "ema" else "──")
    )


def legend(
    lines: Sequence[Line], marks: Sequence[Mark], bands: Sequence[Band], view: Viewport
) -> list[Entry]:
    """Return the legend's entries: the chosen line, smoothed ones, evaluations, points."""
    order = {"ema": 0, "other": 0, "eval": 1, "raw": 2, "dimmed": 3}
    entries: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    smoothed = {(line.color, line.role) for line in lines}
    for line in sorted(lines, key=lambda line: (not line.strong, order[line.role])):
        key = (line.label, line.role)
        if not line.legend or not line.label or key in seen or len(line.x) == 0:
            continue
        seen.add(key)
        style = line_style(view.palette, line.role, line.color)
        # A faint sample with a readable word.
        word = part_style(view.palette, "tick") if line.role in ("raw", "dimmed") else ""
        # Beside its own smoothed line, which has the name, the raw one needs no second.
        label = "raw" if line.role == "raw" and (line.color, "ema") in smoothed else line.label
        brief = "" if label == "raw" else label.removesuffix(" smoothed")
        entries.append(Entry(Span(sample(line, view.glyphs), style), label, brief, word))
    for band in bands:
        if band.label and len(band.x):
            dots = "::" if view.glyphs is Glyphs.ASCII else "⢕⢕"
            shown = Span(dots, band_style(view.palette, band.color))
            entries.append(Entry(shown, band.label, band.label))
    best = next((mark for mark in marks if mark.kind == "best_eval" and mark.y is not None), None)
    if best is not None and best.y is not None:
        star = "B" if view.glyphs is Glyphs.ASCII else "★"
        where = on_axis(best.x, view.x_axis, view.timezone)
        brief = f"{number(best.y)} @ {where}"
        shown = Span(star, line_style(view.palette, "eval", best.color))
        entries.append(Entry(shown, f"{best.label or 'best'} {brief}", brief))
    return entries


def header_rows(
    view: Viewport, entries: Sequence[Entry], notes: Sequence[str], count: int
) -> list[Row]:
    """Return `count` rows: title and legend from the left, notes at the right of the first.

    Entries that do not fit are said in fewer words first; then the last ones are counted.
    """
    if count == 0:
        return []
    rows, left_out = _header_rows(view, [entry.spans() for entry in entries], notes, count)
    if left_out:
        brief = [entry.spans(brief=True) for entry in entries if entry.brief]
        rows, _ = _header_rows(view, brief, notes, count)
    return rows


def _header_rows(
    view: Viewport, entries: Sequence[tuple[Span, ...]], notes: Sequence[str], count: int
) -> tuple[list[Row], int]:
    note = "  ".join(notes)
    width = view.width
    right = cell_len(note) + _GAP if note else 0
    if right > width:
        note, right = set_cell_size(note, max(width, 0)), width
    rows: list[list[Span]] = [[] for _ in range(count)]
    used = [0] * count
    room = [width - right] + [width] * (count - 1)
    if view.title and room[0] >= 4:
        text = _cut(view.title, max(room[0] if not entries else room[0] * 2 // 3, 4))
        rows[0].append(Span(text, part_style(view.palette, "title")))
        used[0] = cell_len(text)
    left_out = 0
    row = 0
    for position, entry in enumerate(entries):
        size = _width(entry)
        gap = _GAP if used[row] else 0
        while row + 1 < count and used[row] + gap + size > room[row]:
            row += 1
            gap = _GAP if used[row] else 0
        rest = len(entries) - position - 1
        told = _more(view, rest)
        more = cell_len(told) + _GAP if told and row == count - 1 and rest else 0
        if used[row] + gap + size + more > room[row]:
            left_out = len(entries) - position
            break
        rows[row] += [Span(" " * gap), *entry] if gap else list(entry)
        used[row] += gap + size
    told = _more(view, left_out)
    more_words = f"  {told}" if left_out and told else ""
    if more_words and used[row] + cell_len(more_words) <= room[row]:
        rows[row].append(Span(more_words, part_style(view.palette, "tick")))
        used[row] += cell_len(more_words)
    for index, spans in enumerate(rows):
        free = width - used[index] - (cell_len(note) if index == 0 else 0)
        spans.append(Span(" " * max(free, 0)))
        if index == 0 and note:
            spans.append(Span(note, part_style(view.palette, "note")))
    return [tuple(span for span in spans if span.text) for spans in rows], left_out


def _more(view: Viewport, count: int) -> str:
    """Return how many are left out and where they stand; nothing where they stand nowhere."""
    return f"+{count} {view.more}" if view.more else ""


def cursor_row(view: Viewport, values: Sequence[CursorValue], at: float, tolerance: float) -> Row:
    """Return the read-out of the crosshair; a point further away than `tolerance` names its x.

    Where not all values fit, smoothed ones go: they are computed, and stand in the chart.
    """
    row, left_out = _cursor_row(view, values, at, tolerance)
    logged = [value for value in values if not value.label.endswith(" smoothed")]
    if left_out and 0 < len(logged) < len(values):
        return _cursor_row(view, logged, at, tolerance)[0]
    return row


def _cursor_row(
    view: Viewport, values: Sequence[CursorValue], at: float, tolerance: float
) -> tuple[Row, int]:
    head = f"{AXIS_WORDS[view.x_axis]} {on_axis(at, view.x_axis, view.timezone)}"
    spans = [Span(head, part_style(view.palette, "title"))]
    used = cell_len(head)
    left_out = 0
    for index, value in enumerate(values):
        mark = value.marker
        if mark and view.glyphs is Glyphs.ASCII:
            mark = as_ascii(mark)
        text = f"{value.label} {number(value.value, 6)}"
        if abs(value.x - at) > tolerance:
            text += f" @ {on_axis(value.x, view.x_axis, view.timezone)}"
        text = f"{mark} {text}" if mark else text
        more = f"  +{len(values) - index} more"
        room = view.width - (len(more) if index < len(values) - 1 else 0)
        if used + _GAP + cell_len(text) > room:
            left_out = len(values) - index
            if used + len(more) <= view.width:
                spans.append(Span(more, part_style(view.palette, "tick")))
                used += len(more)
            break
        spans += [Span(" " * _GAP), Span(text, line_style(view.palette, "other", value.color))]
        used += _GAP + cell_len(text)
    text = "".join(span.text for span in spans)
    if cell_len(text) > view.width:
        return (Span(set_cell_size(text, view.width), spans[0].style),), left_out
    return (*spans, Span(" " * (view.width - used))), left_out


AXIS_WORDS: Final = {
    "step": "step",
    "relative": "step +",
    "epoch": "epoch",
    "elapsed": "elapsed",
    "wall": "time",
}


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1).rstrip() + "…"
