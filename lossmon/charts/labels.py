"""The rows of words over the canvas: what happened, at its column, without overlaps.

The gravest mark is placed first and in full; later ones take the room that is
left: the whole label, the kind's word, its letter, and last the pointer alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from lossmon.charts.cells import cell_len
from lossmon.charts.palette import MARK_WORDS, severity_style
from lossmon.charts.raster import Canvas
from lossmon.charts.spec import Glyphs, Mark, Viewport

_WEIGHT: Final = {"critical": 0, "warning": 1, "info": 2}
_PERIOD: Final = {"critical": 1, "warning": 2, "info": 3}
"""A mark's vertical line has a dot every so many rows."""
_LONG: Final = 16
"""Marks whose line runs down the whole canvas, the gravest: more are a fence before the data."""


def labelled(marks: Sequence[Mark], to_col: Callable[[float], int | None]) -> list[Mark]:
    """Return the marks that get a word and a vertical line: in view, without a y."""
    return [
        mark
        for mark in marks
        if mark.y is None and mark.kind not in ("nan", "checkpoint") and to_col(mark.x) is not None
    ]


def place_labels(
    strip: Canvas,
    marks: Sequence[Mark],
    to_col: Callable[[float], int | None],
    view: Viewport,
) -> None:
    """Write labels into `strip`, a canvas of one or more rows and the picture's width."""
    pointer = "v" if view.glyphs is Glyphs.ASCII else "▾"
    taken = [[False] * (strip.width + 1) for _ in range(strip.height)]
    for mark in sorted(marks, key=lambda mark: (not mark.selected, _WEIGHT[mark.severity], mark.x)):
        column = to_col(mark.x)
        if column is None:
            continue
        style = severity_style(view.palette, mark.severity)
        if mark.selected:
            style = f"{style} reverse" if style else "reverse"
        word, letter = MARK_WORDS[mark.kind]
        texts = [narrow(mark.label or word), word, letter, ""]
        spot = _spot(texts, column, taken, pointer)
        if spot is None:
            continue
        row, start, text = spot
        strip.text(row, start, text, style)
        for cell in range(max(start - 1, 0), min(start + len(text) + 1, strip.width)):
            taken[row][cell] = True


def fits_one_row(marks: Sequence[Mark], to_col: Callable[[float], int | None], width: int) -> bool:
    """Return whether one row of `width` cells has room for every label in full."""
    taken = [[False] * (width + 1)]
    for mark in marks[:width]:
        column = to_col(mark.x)
        if column is None:
            continue
        spot = _spot([mark.label or MARK_WORDS[mark.kind][0]], column, taken, "v")
        if spot is None:
            return False
        _, start, text = spot
        for cell in range(max(start - 1, 0), min(start + len(text) + 1, width)):
            taken[0][cell] = True
    return True


def _spot(
    texts: Sequence[str], column: int, taken: Sequence[Sequence[bool]], pointer: str
) -> tuple[int, int, str] | None:
    for text in dict.fromkeys(texts):
        # The lowest row lies next to the canvas: it is filled first.
        for row in range(len(taken) - 1, -1, -1):
            for start, shown in (
                (column, pointer + text),
                (column - len(text), text + pointer),
            ):
                cells = range(start, start + len(shown))
                if (
                    start >= 0
                    and cells.stop < len(taken[row])
                    and not any(taken[row][cell] for cell in cells)
                ):
                    return row, start, shown
    return None


def draw_verticals(
    canvas: Canvas,
    marks: Sequence[Mark],
    to_col: Callable[[float], int | None],
    view: Viewport,
) -> None:
    """Draw the marks' dotted lines on a canvas that is still empty, so that data covers them."""
    dot = ":" if view.glyphs is Glyphs.ASCII else "╎"
    # Among equals the first given counts most.
    backwards = list(marks)[::-1]
    gravest_last = sorted(backwards, key=lambda m: (m.selected, -_WEIGHT[m.severity]))
    for left, mark in zip(range(len(marks) - 1, -1, -1), gravest_last, strict=True):
        column = to_col(mark.x)
        if column is None:
            continue
        style = severity_style(view.palette, mark.severity)
        period = 1 if mark.selected else _PERIOD[mark.severity]
        for row in range(0, canvas.height if left < _LONG else 1, period):
            canvas.put(row, column, dot, style)


def narrow(text: str) -> str:
    """Return `text` with every character one cell wide."""
    if text.isascii():
        return text
    return "".join(char if cell_len(char) == 1 else "?" for char in text)
