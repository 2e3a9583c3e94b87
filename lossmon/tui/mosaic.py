"""`Mosaic`: several charts in one panel, and where each stands (for keys and the mouse)."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Hashable, Sequence
from typing import Final

from lossmon.charts.spec import Picture, Row, Span
from lossmon.record import record
from lossmon.tui.placed import Box
from lossmon.tui.rows import pad

BOX_SECONDS: Final = 0.01
"""How long tiles besides the chosen one are drawn before keys are looked at again."""


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


class TileKeeper:
    """Keeps tiles while nothing that they show changes, and draws the others in time-boxes.

    With many charts a key would be answered only when all are drawn: the chosen
    one is drawn at once, the others as far as the time goes, the rest later.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Hashable, object, Tile]] = {}
        self._turns: dict[int, int] = {}
        """When each tile was drawn last, in tiles drawn."""
        self._turn = 0
        self._until = 0.0
        self._drawn = 0
        self.pending = False
        """Whether a tile shows what was: draw again soon."""

    def begin(self) -> None:
        """Begin a picture; tiles that are not urgent are drawn for `BOX_SECONDS`."""
        self._until = time.perf_counter() + BOX_SECONDS
        self._drawn = 0
        self.pending = False

    def order(self, count: int, first: int) -> list[int]:
        """Return the indices of tiles in the order to ask for them: `first`, then the stalest.

        Where runs grow faster than their tiles are drawn, each has its turn.
        """
        return sorted(range(count), key=lambda i: (i != first, self._turns.get(i, -1), i))

    def tile(
        self,
        index: int,
        box: Box,
        stamp: Hashable,
        held: object,
        make: Callable[[], Tile],
        urgent: bool,
        head: Callable[[], Sequence[Row]] = tuple,
    ) -> Tile:
        """Return a tile; `stamp` is all that it shows, `held` what the stamp knows by its id.

        One for which there is no time shows what was in its place, or the `head` of what comes.
        """
        stamp = (box, stamp)
        kept = self._kept.get(index)
        if kept is not None and kept[0] == stamp:
            return kept[2]
        late = self._drawn and time.perf_counter() > self._until
        if late and not urgent:
            self.pending = True
            fits = kept is not None and kept[2].box == box
            return kept[2] if kept is not None and fits else Tile(box, head(), None)
        self._drawn += 1
        made = make()
        self._kept[index] = (stamp, held, made)
        self._turn += 1
        self._turns[index] = self._turn
        return made

    def drop_stale(self, current: Container[int]) -> None:
        """Drop tiles of what is none of these ids any more."""
        self._kept = {index: kept for index, kept in self._kept.items() if id(kept[1]) in current}

    def forget(self, beyond: int) -> None:
        """Drop tiles from an index on."""
        for index in [index for index in self._kept if index >= beyond]:
            del self._kept[index]
            del self._turns[index]


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
