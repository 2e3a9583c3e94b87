"""`Mosaic`: several charts in one panel, and where each stands (for keys and the mouse)."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.charts.spec import Picture, Row, Span
from lossmon.record import record
from lossmon.tui.placed import Box
from lossmon.tui.rows import pad


@record
class Tile:
    """A picture with what stands above it, in its place."""

    box: Box
    rows: Sequence[Row]
    picture: Picture | None
    top: int = 0
    """Rows above the picture in the box."""

    def cell(self, x: int, y: int) -> tuple[int, int]:
        """Return a cell of the panel as a cell of the picture."""
        return x - self.box[0], y - self.box[1] - self.top

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell of the panel lies in the tile."""
        left, top, width, height = self.box
        return left <= x < left + width and top <= y < top + height


@record(slots=False)
class Mosaic:
    """Tiles that do not overlap; what they leave free is blank."""

    width: int
    height: int
    tiles: tuple[Tile, ...]
    active: int = 0

    @property
    def rows(self) -> list[Row]:
        """The rows of the whole panel."""
        by_left = sorted(self.tiles, key=lambda tile: tile.box[0])
        padded = {id(tile): pad(tile.rows, tile.box[2], tile.box[3]) for tile in by_left}
        made: list[Row] = []
        for y in range(self.height):
            at = 0
            spans: list[Span] = []
            for tile in by_left:
                left, top, width, height = tile.box
                if not top <= y < top + height:
                    continue
                if left > at:
                    spans.append(Span(" " * (left - at)))
                spans += padded[id(tile)][y - top]
                at = left + width
            if at < self.width:
                spans.append(Span(" " * (self.width - at)))
            made.append(tuple(spans))
        return made


def grid_boxes(width: int, height: int, columns: int, lines: int) -> list[Box]:
    """Return the boxes of a grid, row by row: they fill the panel, a blank column between."""
    boxes = []
    for line in range(lines):
        top, bottom = height * line // lines, height * (line + 1) // lines
        for column in range(columns):
            left, right = width * column // columns, width * (column + 1) // columns
            gap = 1 if column < columns - 1 else 0
            boxes.append((left, top, right - left - gap, bottom - top))
    return boxes
