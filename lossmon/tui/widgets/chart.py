"""Charts that can be moved: zoom, pan, crosshair, by keys and by mouse."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from textual import events
from textual.timer import Timer

from lossmon.charts.spec import Picture, Row, XAxis
from lossmon.tui.desk import ChartOptions, Desk
from lossmon.tui.mosaic import Mosaic, Tile
from lossmon.tui.widgets.sheet import Sheet

_ZOOM: Final = 0.7
"""A step of zoom leaves 70 % of the range: four steps show a quarter."""
_PAN: Final = 0.2
"""A step to the side moves by a fifth of what is in view."""

OLDEST: Final = 1.5
"""Seconds that a chart may be behind the figures beside it, in a stream that pictures are drawn
from as often as can be afforded. A point of such a stream is narrower than a dot."""

_STEPS: Final = 8
"""Steps in view from which the crosshair goes from one to the next: parts of a step are nowhere."""

Made = Picture | Mosaic | Sequence[Row]


class Chart(Sheet):
    """Shows a picture, or several in a mosaic, and moves the active one.

    `options` are those of the active picture; `on_change` is called after the
    mouse changed them, since other panels show them too; `on_tile` when a
    click goes to another tile of a mosaic. `on_grab` is asked what the mouse
    takes hold of at a cell (an edge between panes): what it returns is told
    where the pointer is until the button is let go.
    """

    def __init__(
        self,
        id: str,
        desk: Desk,
        make: Callable[[int, int], Made],
        options: Callable[[], ChartOptions],
        on_change: Callable[[], None],
        on_tile: Callable[[int], None] | None = None,
        on_grab: Callable[[int, int], Callable[[int, int], None] | None] | None = None,
    ) -> None:
        super().__init__(id=id, paint=desk.look.paint, ascii=desk.look.ascii)
        self._make = make
        self._options = options
        self._on_change = on_change
        self._on_tile = on_tile
        self._on_grab = on_grab
        self._held: Callable[[int, int], None] | None = None
        self._tiles: tuple[Tile, ...] = ()
        self._active = 0
        self._grab: tuple[int, tuple[float, float]] | None = None
        self._moved: tuple[Picture, tuple[float, float]] | None = None
        """The range that keys chose from a picture: the next key goes on from there, also while
        the picture of it is drawn."""
        self._desk = desk
        self.studio = desk.studio
        self._drawn_at = 0.0
        self._behind: Timer | None = None
        """Runs while news waits for its place on the chart."""

    def redraw(self) -> None:
        """Draw anew, or a little later where the desk spares what costs most."""
        wait = self._drawn_at + OLDEST - time.monotonic() if self._desk.sparing else 0.0
        if wait <= 0:
            self._catch_up()
        elif self._behind is None:
            self._behind = self.set_timer(wait, self._catch_up)

    def _catch_up(self) -> None:
        if self._behind is not None:
            self._behind.stop()
            self._behind = None
        self._drawn_at = time.monotonic()
        super().redraw()

    def draw(self, width: int, height: int) -> Sequence[Row]:
        """Return the rows, and keep the pictures to read the mouse by."""
        made = self._make(width, height)
        if isinstance(made, Mosaic):
            self._tiles, self._active = made.tiles, made.active
            return made.rows
        if isinstance(made, Picture):
            self._tiles, self._active = (Tile((0, 0, width, height), made.rows, made),), 0
            return made.rows
        self._tiles = ()
        return made

    @property
    def picture(self) -> Picture | None:
        """The active picture, None where there is none."""
        return self._tiles[self._active].picture if self._active < len(self._tiles) else None

    @property
    def is_drawn(self) -> bool:
        """Whether something was drawn for the size that the chart has now."""
        return self._drawn_size == (self.size.width, self.size.height)

    # ---- moving (the view's keys come here too)

    def _start(self) -> Picture | None:
        """Return the active picture, with the range that was chosen since."""
        picture, moved = self.picture, self._moved
        if picture is None or moved is None:
            return picture
        if moved[0] is not picture or moved[1] != self._options().x_range:
            return picture
        return replace(picture, x_range=moved[1])

    def _move(self, options: ChartOptions, to: tuple[float, float]) -> None:
        picture = self.picture
        options.x_range = to
        self._moved = None if picture is None else (picture, to)

    def zoom(self, by: int, around: float | None = None) -> bool:
        """Zoom in (out where `by` is negative); return whether there was something to zoom."""
        picture, options = self._start(), self._options()
        if picture is None or picture.empty:
            return False
        if around is None:
            # The live end stays in place while it is followed, the crosshair where there is one.
            around = options.cursor_x
            if around is None and options.follow:
                around = picture.x_range[1]
        self._move(options, picture.zoom(_ZOOM if by > 0 else 1 / _ZOOM, around))
        return True

    def pan(self, by: int) -> bool:
        """Move to the right (left where negative): the crosshair where there is one."""
        picture, options = self._start(), self._options()
        if picture is None or picture.empty:
            return False
        if options.cursor_x is not None:
            low, high = picture.x_range
            cell = (high - low) / max(picture.area.width - 1, 1)
            if self._is_whole(picture):
                cell = max(round(cell), 1)
            options.cursor_x = self._at(min(max(options.cursor_x + by * cell, low), high))
            return True
        self._move(options, picture.pan(_PAN * by))
        options.follow = False
        return True

    def _at(self, x: float) -> float:
        """Return where the crosshair stands for an x: on a whole step where there are some."""
        picture = self.picture
        return float(round(x)) if picture is not None and self._is_whole(picture) else x

    def _is_whole(self, picture: Picture) -> bool:
        low, high = picture.x_range
        return self._options().x_axis in (XAxis.STEP, XAxis.RELATIVE) and high - low >= _STEPS

    def toggle_cursor(self) -> bool:
        """Put the crosshair at the last point in view, or take it away."""
        picture, options = self.picture, self._options()
        if options.cursor_x is not None:
            options.cursor_x = None
            return True
        if picture is None or picture.empty:
            return False
        options.cursor_x = picture.x_range[1]
        return True

    # ---- mouse

    def _tile_at(self, event: events.MouseEvent) -> Tile | None:
        """Return the tile under the pointer, and make it the active one."""
        for index, tile in enumerate(self._tiles):
            if tile.holds(event.x, event.y):
                if index != self._active and self._on_tile is not None:
                    self._active = index
                    self._on_tile(index)
                return tile
        return None

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        tile = self._tile_at(event)
        if tile is not None and tile.picture is not None:
            x, _ = tile.cell(event.x, event.y)
            if self.zoom(by, tile.picture.to_x(x)):
                self._on_change()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the chart or of an edge, or set the crosshair."""
        self._held = None if self._on_grab is None else self._on_grab(event.x, event.y)
        tile = self._tile_at(event)
        if self._held is not None:
            self.capture_mouse()
            return
        if tile is None or tile.picture is None or tile.picture.empty:
            return
        if tile.picture.contains(*tile.cell(event.x, event.y)):
            self._grab = (event.x, tile.picture.x_range)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Pull the chart or the edge along while it is held."""
        if self._held is not None:
            self._held(event.x, event.y)
            return
        picture = self.picture
        if self._grab is None or picture is None:
            return
        begin, (low, high) = self._grab
        moved = (begin - event.x) * (high - low) / max(picture.area.width - 1, 1)
        options = self._options()
        if options.x_range is not None:  # else everything is in view: there is nowhere to go
            self._move(options, picture.within(low + moved, high + moved))
            options.follow = False
            self._on_change()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go; a click without a pull sets the crosshair there."""
        if self._held is not None:
            self._held = None
            self.release_mouse()
            return
        grab, self._grab = self._grab, None
        if grab is None:
            return
        self.release_mouse()
        tile = self._tile_at(event)
        if tile is not None and tile.picture is not None and event.x == grab[0]:
            x, _ = tile.cell(event.x, event.y)
            self._options().cursor_x = self._at(tile.picture.to_x(x))
            self._on_change()
