"""Axes and ticks, drawn by plotext as two strips that the canvas stands between.

plotext is met here and in `text`. Each draw makes a figure of its own, since
plotext's module-level one is global state; strips are pictures of a few cells
(1–2 ms) and kept, so a redraw with the same ticks costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from lossmon.charts.spec import Glyphs

_ASCII: Final = str.maketrans("─│┤┬└┼┴├", "-|++++++")


def new_figure(width: int, height: int) -> Any:
    """Return a plotext figure of its own, without colours and free of the terminal's size."""
    from plotext._figure import _figure_class

    figure = _figure_class()
    figure._limit_size(False, False)
    figure.plot_size(width, height)
    return figure


def built(figure: Any) -> list[str]:
    """Return a figure's rows without colours."""
    from plotext import uncolorize

    return str(uncolorize(figure.build())).rstrip("\n").split("\n")


def y_strip(height: int, ticks: Sequence[tuple[int, str]], label_width: int) -> tuple[str, ...]:
    """Return `height` rows of ``labels┤``, each `label_width` + 1 cells.

    `ticks` are (row from the top, label); labels longer than `label_width` are cut.
    """
    return _y_strip(height, tuple(ticks), label_width)


def x_strip(width: int, ticks: Sequence[tuple[int, str]]) -> tuple[str, str]:
    """Return the axis row and the label row, each `width` cells; `ticks` are (column, label)."""
    return _x_strip(width, tuple(ticks))


def localized(text: str, glyphs: Glyphs) -> str:
    """Return frame characters in the glyphs asked for."""
    return text.translate(_ASCII) if glyphs is Glyphs.ASCII else text


@lru_cache(maxsize=512)
def _y_strip(height: int, ticks: tuple[tuple[int, str], ...], label_width: int) -> tuple[str, ...]:
    blank = " " * label_width + "│"
    if not ticks:
        return (blank,) * height
    figure = new_figure(label_width + 2, height)
    figure.theme("clear")
    figure.xlim(0, 1)
    figure.ylim(0, max(height - 1, 1))
    figure.xaxes(False, False)
    figure.yaxes(True, False)
    figure.xticks([])
    labels = [label[:label_width].rjust(label_width) for _, label in ticks]
    figure.yticks([height - 1 - row for row, _ in ticks], labels)
    figure.plot([0], [0], marker=" ")
    rows = built(figure)
    # plotext leaves out rows it has no room for: the strip is its height in any case.
    return tuple(
        (rows[row] if row < len(rows) else blank)[: label_width + 1].rjust(label_width + 1)
        for row in range(height)
    )


@lru_cache(maxsize=512)
def _x_strip(width: int, ticks: tuple[tuple[int, str], ...]) -> tuple[str, str]:
    figure = new_figure(width, 3)
    figure.theme("clear")
    figure.xlim(0, max(width - 1, 1))
    figure.ylim(0, 1)
    figure.xaxes(True, False)
    figure.yaxes(False, False)
    figure.yticks([])
    figure.xticks([column for column, _ in ticks], [label for _, label in ticks])
    figure.plot([0], [0], marker=" ")
    rows = built(figure)
    axis = rows[1] if len(rows) > 1 and ticks else "─" * width
    labels = rows[2] if len(rows) > 2 and ticks else ""
    return axis[:width].ljust(width, "─"), labels[:width].ljust(width)
