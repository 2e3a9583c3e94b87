"""From pixel columns to glyphs: the dots of a line, and the canvas that layers are laid on.

A canvas is two arrays of cells, characters and styles; a layer overwrites the
cells that it touches. Dots of two lines are not merged in one cell: the upper
line stays a clean curve in its own colour instead of a smear of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lossmon.charts.spec import Glyphs, Row, Span
from lossmon.charts.thin import Columns, distinct
from lossmon.model.batch import FloatArray
from lossmon.model.view import BoolArray
from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


DOTS: Final[dict[Glyphs, tuple[int, int]]] = {
    Glyphs.BRAILLE: (2, 4),
    Glyphs.BLOCK: (2, 2),
    Glyphs.ASCII: (1, 1),
}
"""Dots of one cell: across, down."""

_SPACE: Final = ord(" ")
# Bits of the braille dots of a cell, row by row (Unicode numbers them down the columns).
_BRAILLE_BITS: Final = np.array([[1, 8], [2, 16], [4, 32], [64, 128]], np.uint8)
_BLOCK_BITS: Final = np.array([[1, 2], [4, 8]], np.uint8)
_BLOCKS: Final = np.array([ord(char) for char in " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"], np.uint32)


class Canvas:
    """Cells of `width` × `height`, drawn from the lowest layer to the highest."""

    def __init__(self, width: int, height: int) -> None:
        self.chars: npt.NDArray[np.uint32] = np.full((height, width), _SPACE, np.uint32)
        self.styles: npt.NDArray[np.int16] = np.zeros((height, width), np.int16)
        self._names: list[str] = [""]
        self._known: dict[str, int] = {"": 0}

    @property
    def width(self) -> int:
        """Cells across."""
        return int(self.chars.shape[1])

    @property
    def height(self) -> int:
        """Cells down."""
        return int(self.chars.shape[0])

    def _style(self, style: str) -> int:
        number = self._known.get(style)
        if number is None:
            number = self._known[style] = len(self._names)
            self._names.append(style)
        return number

    def put(self, row: int, column: int, char: str, style: str) -> None:
        """Write one character; outside the canvas it is dropped."""
        if 0 <= row < self.height and 0 <= column < self.width:
            self.chars[row, column] = ord(char)
            self.styles[row, column] = self._style(style)

    def layer(self, cells: npt.NDArray[np.uint32], style: str) -> None:
        """Lay cells over the canvas, shape (height, width); 0 leaves what is below."""
        drawn = cells != 0
        np.copyto(self.chars, cells, where=drawn)
        np.copyto(self.styles, np.int16(self._style(style)), where=drawn)

    def under(self, row: int, column: int, char: str, style: str) -> None:
        """Write one character where nothing has been drawn yet."""
        inside = 0 <= row < self.height and 0 <= column < self.width
        if inside and self.chars[row, column] == _SPACE:
            self.put(row, column, char, style)

    def text(self, row: int, column: int, text: str, style: str) -> None:
        """Write characters (one cell each) from a column on."""
        for offset, char in enumerate(text):
            self.put(row, column + offset, char, style)

    def rows(self, merge_blanks: bool = True) -> list[Row]:
        """Return the canvas as styled rows.

        With `merge_blanks`, blanks take the style of what stands left of them: nothing
        changes for the eye, and there are far fewer spans to make and to send.
        """
        found: list[Row] = []
        all_styles = self.styles
        if merge_blanks:
            places = np.where(self.chars != _SPACE, np.arange(self.width), 0)
            np.maximum.accumulate(places, axis=1, out=places)
            all_styles = np.take_along_axis(all_styles, places, axis=1)
        for chars, styles in zip(self.chars, all_styles, strict=True):
            text = chars.tobytes().decode("utf-32-le" if _LITTLE else "utf-32-be")
            cuts = (np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist()
            spans = []
            for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
                spans.append(Span(text[start:stop], self._names[styles[start]]))
            found.append(tuple(spans))
        return found


_LITTLE: Final = np.little_endian


@record
class Scale:
    """Values to dot rows: the ends of the range are the centres of the outermost rows of cells."""

    low: float
    high: float
    log: bool
    cells: int
    dots: int
    """Dots down a cell."""

    @property
    def pixels(self) -> int:
        """Dot rows of the canvas."""
        return self.cells * self.dots

    def rows(self, values: FloatArray) -> npt.NDArray[np.int64]:
        """Return dot rows from the top, far outside the canvas for what is off scale."""
        low, high = self.low, self.high
        if self.log:
            values = np.log10(np.maximum(values, 1e-320))
            low, high = float(np.log10(low)), float(np.log10(high))
        share = (values - low) / (high - low)
        down = (1 - share) * (self.dots * (self.cells - 1)) + (self.dots - 1) / 2
        if self.cells == 1:
            down = (1 - share) * (self.dots - 1)
        return np.clip(np.floor(down + 0.5), -1e6, 1e6).astype(np.int64)


@record(slots=False, eq=False)
class Trace:
    """A line's dots, and what of it left the canvas."""

    dots: BoolArray
    """Shape (dot rows, dot columns)."""
    above: npt.NDArray[np.int64]
    """Cell columns in which a value lies above the canvas."""
    below: npt.NDArray[np.int64]


def trace(found: Columns, scale: Scale, pixels: int, across: int) -> Trace:
    """Return the dots of a line: min to max in each column, columns joined where the line is."""
    height = scale.pixels
    dots = np.zeros((height, pixels), np.bool_)
    none = np.empty(0, np.int64)
    if len(found.index) == 0:
        return Trace(dots, none, none)
    index = found.index
    values = np.concatenate((found.high, found.low, found.first, found.last))
    high, low, first, last = scale.rows(values).reshape(4, -1)
    column = np.arange(pixels)
    left = np.searchsorted(index, column, side="right") - 1
    right = np.minimum(left + 1, len(index) - 1)
    left_safe = np.maximum(left, 0)
    held = (left >= 0) & (index[left_safe] == column)
    between = ~held & (left >= 0) & (left < len(index) - 1) & found.joined[right]
    # Straight lines across columns without a point.
    gap = np.maximum(index[right] - index[left_safe], 1)
    share = (column - index[left_safe]) / gap
    middle = np.floor(last[left_safe] + (first[right] - last[left_safe]) * share + 0.5)
    middle = middle.astype(np.int64)
    top = np.where(held, high[left_safe], middle)
    bottom = np.where(held, low[left_safe], middle)
    start = np.where(held, first[left_safe], middle)
    stop = np.where(held, last[left_safe], middle)
    drawn = held | between
    # Neighbours meet half-way, so that steep lines have no holes.
    linked = drawn[:-1] & drawn[1:] & (between[1:] | ~held[1:] | found.joined[left_safe[1:]])
    ends, begins = stop[:-1], start[1:]
    half = (ends + begins) // 2
    down = begins > ends
    here = np.where(down, half, np.minimum(half + 1, ends))
    there = np.where(down, np.minimum(half + 1, begins), half)
    top[:-1] = np.where(linked, np.minimum(top[:-1], here), top[:-1])
    bottom[:-1] = np.where(linked, np.maximum(bottom[:-1], here), bottom[:-1])
    top[1:] = np.where(linked, np.minimum(top[1:], there), top[1:])
    bottom[1:] = np.where(linked, np.maximum(bottom[1:], there), bottom[1:])
    if drawn.any():
        # Only the rows that the line runs through are filled.
        upper = max(int(top[drawn].min()), 0)
        lower = min(int(bottom[drawn].max()), height - 1)
        if upper <= lower:
            lines = np.arange(upper, lower + 1)[:, None]
            dots[upper : lower + 1] = (lines >= top) & (lines <= bottom) & drawn
    inside = (index >= 0) & (index < pixels)
    above = distinct(index[inside & (high < 0)] // across)
    below = distinct(index[inside & (low >= height)] // across)
    return Trace(dots, above, below)


def region(
    low_rows: npt.NDArray[np.int64], high_rows: npt.NDArray[np.int64], height: int
) -> BoolArray:
    """Return a light dot pattern between two rows for each dot column (−1, −2: column empty)."""
    lines = np.arange(height)[:, None]
    columns_ = np.arange(len(low_rows))
    pattern = (lines + columns_) % 2 == 0
    dots: BoolArray = (lines >= high_rows) & (lines <= low_rows) & pattern
    return dots


def cells(dots: BoolArray, glyphs: Glyphs, ascii_char: str) -> npt.NDArray[np.uint32]:
    """Return the characters of a dot grid, 0 where a cell has no dot."""
    if glyphs is Glyphs.ASCII:
        return np.where(dots, np.uint32(ord(ascii_char)), np.uint32(0))
    across, down = DOTS[glyphs]
    bits = _BRAILLE_BITS if glyphs is Glyphs.BRAILLE else _BLOCK_BITS
    height, width = dots.shape
    grid = dots.reshape(height // down, down, width // across, across)
    codes = np.zeros((height // down, width // across), np.uint32)
    for row in range(down):
        for column in range(across):
            codes += grid[:, row, :, column] * np.uint32(bits[row, column])
    if glyphs is Glyphs.BRAILLE:
        return np.where(codes, codes + np.uint32(0x2800), np.uint32(0))
    return np.where(codes, _BLOCKS[codes], np.uint32(0))
