"""The row above the canvas: title, legend, what is not shown; under the crosshair, its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

from lossmon.charts.palette import as_ascii, band_style, line_style, part_style
from lossmon.charts.spec import Band, CursorValue, Glyphs, Line, Mark, Row, Span, Viewport
from lossmon.charts.ticks import number, on_axis

_GAP: Final = 2
"""Cells between entries."""

Entry = tuple[Span, ...]


def entry_width(entry: Entry) -> int:
    """Return the cells of a legend entry."""
    return sum(cell_len(span.text) for span in entry)


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
    """Return the legend's entries, strong lines first."""
    order = {"ema": 0, "other": 0, "eval": 1, "raw": 2, "dimmed": 3}
    entries: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    smoothed = {(line.color, line.role) for line in lines}
    for line in sorted(lines, key=lambda line: order[line.role]):
        key = (line.label, line.role)
        if not line.legend or not line.label or key in seen or len(line.x) == 0:
            continue
        seen.add(key)
        style = line_style(view.palette, line.role, line.color)
        # A faint sample with a readable word.
        word = part_style(view.palette, "tick") if line.role in ("raw", "dimmed") else ""
        # Beside its own smoothed line, which has the name, the raw one needs no second.
        label = "raw" if line.role == "raw" and (line.color, "ema") in smoothed else line.label
        entries.append((Span(sample(line, view.glyphs), style), Span(f" {label}", word)))
    for band in bands:
        if band.label and len(band.x):
            dots = "::" if view.glyphs is Glyphs.ASCII else "⢕⢕"
            entries.append(
                (Span(dots, band_style(view.palette, band.color)), Span(f" {band.label}"))
            )
    best = next((mark for mark in marks if mark.kind == "best_eval" and mark.y is not None), None)
    if best is not None and best.y is not None:
        star = "*" if view.glyphs is Glyphs.ASCII else "★"
        where = on_axis(best.x, view.x_axis, view.timezone)
        text = f" {best.label or 'best'} {number(best.y)} @ {where}"
        entries.append((Span(star, line_style(view.palette, "eval", best.color)), Span(text)))
    return entries


def header_rows(
    view: Viewport, entries: Sequence[Entry], notes: Sequence[str], count: int
) -> list[Row]:
    """Return `count` rows: title and legend from the left, notes at the right of the first."""
    if count == 0:
        return []
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
        size = entry_width(entry)
        gap = _GAP if used[row] else 0
        while row + 1 < count and used[row] + gap + size > room[row]:
            row += 1
            gap = _GAP if used[row] else 0
        more = 4 if row == count - 1 and position < len(entries) - 1 else 0
        if used[row] + gap + size + more > room[row]:
            left_out = len(entries) - position
            break
        rows[row] += [Span(" " * gap), *entry] if gap else list(entry)
        used[row] += gap + size
    if left_out and used[row] + 3 + len(str(left_out)) <= room[row]:
        rows[row].append(Span(f"  +{left_out}", part_style(view.palette, "tick")))
        used[row] += 3 + len(str(left_out))
    for index, spans in enumerate(rows):
        free = width - used[index] - (cell_len(note) if index == 0 else 0)
        spans.append(Span(" " * max(free, 0)))
        if index == 0 and note:
            spans.append(Span(note, part_style(view.palette, "note")))
    return [tuple(span for span in spans if span.text) for spans in rows]


def cursor_row(view: Viewport, values: Sequence[CursorValue], at: float, tolerance: float) -> Row:
    """Return the read-out of the crosshair; a point further away than `tolerance` names its x."""
    head = f"{AXIS_WORDS[view.x_axis]} {on_axis(at, view.x_axis, view.timezone)}"
    spans = [Span(head, part_style(view.palette, "title"))]
    used = cell_len(head)
    for index, value in enumerate(values):
        mark = value.marker
        if mark and view.glyphs is Glyphs.ASCII:
            mark = as_ascii(mark)
        text = f"{value.label} {number(value.value, 6)}"
        if abs(value.x - at) > tolerance:
            text += f" @ {on_axis(value.x, view.x_axis, view.timezone)}"
        text = f"{mark} {text}" if mark else text
        more = f"  +{len(values) - index}"
        room = view.width - (len(more) if index < len(values) - 1 else 0)
        if used + _GAP + cell_len(text) > room:
            if used + len(more) <= view.width:
                spans.append(Span(more, part_style(view.palette, "tick")))
                used += len(more)
            break
        spans += [Span(" " * _GAP), Span(text, line_style(view.palette, "other", value.color))]
        used += _GAP + cell_len(text)
    text = "".join(span.text for span in spans)
    if cell_len(text) > view.width:
        return (Span(set_cell_size(text, view.width), spans[0].style),)
    return (*spans, Span(" " * (view.width - used)))


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
