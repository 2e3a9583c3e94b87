"""`Sheet`: the one widget under all panels: rows of cells, of which only changed cells are sent.

A subclass says what to show in `draw(width, height)`, a pure function's
result; `redraw()` compares it with what stands on screen and marks the cells
that differ as dirty. An unchanged sheet writes nothing to the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip

from lossmon.charts.spec import Row
from lossmon.tui.cells import KeepsStrips
from lossmon.tui.rows import ascii_rows, changed, pad, row
from lossmon.tui.studio import Studio
from lossmon.tui.theme import DARK, Paint

Click = Callable[[int, int], None]

_BELOW: Final = Color(0, 0, 0)
"""What lies below a sheet: nothing of it is seen."""


@lru_cache(maxsize=2048)
def _style(base: str, style: str) -> Style:
    """Return the Rich style for a span: its own laid over the base."""
    return Style.parse(base) + Style.parse(style) if style else Style.parse(base)


def strip_of(item: Row, base: str) -> Strip:
    """Return a row as Textual's strip."""
    return Strip([Segment(span.text, _style(base, span.style)) for span in item])


class Sheet(KeepsStrips):
    """A panel of rows; see the module. Subclasses override `draw`."""

    DEFAULT_CSS: ClassVar[str] = "Sheet { width: 1fr; height: 1fr; }"

    can_focus = False

    def __init__(self, *, id: str | None = None, paint: Paint = DARK, ascii: bool = False) -> None:
        super().__init__(id=id)
        self.paint = paint
        self.ascii = ascii
        self._rows: list[Row] = []
        self._strips: list[Strip] = []
        self._blank = Strip([])
        self._drawn_size = (0, 0)
        self.studio: Studio | None = None
        self.asks = False
        """Whether it showed, when it was last drawn, what the studio works out."""

    def draw(self, width: int, height: int) -> Sequence[Row]:
        """Return the rows to show, each of exactly `width` cells; at most `height` are used."""
        raise NotImplementedError

    @property
    def rows(self) -> Sequence[Row]:
        """What stands on the sheet now."""
        return self._rows

    def redraw(self) -> None:
        """Draw anew, and send what differs. Does nothing while the sheet has no room on screen."""
        width, height = self.size
        if width <= 0 or height <= 0 or not self.is_on_screen_now:
            return
        rows = self._whole(width, height)
        if self._drawn_size != (width, height):
            self._put_all(rows, width, height)
            return
        base = self.paint.base
        dirty: list[Region] = []
        for y, (old, new) in enumerate(zip(self._rows, rows, strict=True)):
            stretches = changed(old, new)
            if not stretches:
                continue
            self._rows[y] = new
            self._strips[y] = strip_of(new, base)
            dirty.extend(Region(begin, y, end - begin, 1) for begin, end in stretches)
        if dirty:
            self.refresh(*dirty)

    def _whole(self, width: int, height: int) -> list[Row]:
        asked = 0 if self.studio is None else self.studio.asked
        rows = pad(self.draw(width, height), width, height)
        self.asks = self.studio is not None and self.studio.asked != asked
        # Texts come from logs: the last word on ASCII is said here, once for all panels.
        return ascii_rows(rows) if self.ascii else rows

    @property
    def is_on_screen_now(self) -> bool:
        """Whether the sheet belongs to the screen that is shown."""
        return self.is_attached and self.screen.is_current

    def repaint(self, paint: Paint) -> None:
        """Take another theme: everything is drawn anew."""
        self.paint = paint
        self._drawn_size = (0, 0)
        self.redraw()

    def _put_all(self, rows: list[Row], width: int, height: int) -> None:
        base = self.paint.base
        self._rows = rows
        self._strips = [strip_of(item, base) for item in rows]
        self._blank = strip_of(row(width), base)
        self._drawn_size = (width, height)
        self.refresh()

    def strip_at(self, y: int, width: int, height: int) -> Strip | None:
        """Return a line as it stands on the screen, None where Textual has a hand in it.

        None as well if the sheet was drawn for other cells than these.

        It has where colours come from elsewhere: the terminal's own, or a filter
        that depends on what lies below (no colours, dimmed ones).
        """
        # Not by `self.size`: that asks Textual for the region anew, for each line.
        if not self.paint.base or self._drawn_size != (width, height):
            return None
        if not 0 <= y < len(self._strips):
            return None
        strip = self._strips[y]
        for one in self.get_line_filters():
            if not isinstance(one, ANSIToTruecolor):
                return None
            strip = strip.apply_filter(one, _BELOW)
        return strip

    def render_line(self, y: int) -> Strip:
        """Return one line for the compositor; drawing itself happened in `redraw`."""
        if self._drawn_size != (self.size.width, self.size.height):
            self._put_now()
        return self._strips[y] if y < len(self._strips) else self._blank

    def _put_now(self) -> None:
        # The compositor asks before the resize event came: draw in the size it asks for.
        width, height = self.size
        rows = self._whole(width, height)
        base = self.paint.base
        self._rows = rows
        self._strips = [strip_of(item, base) for item in rows]
        self._blank = strip_of(row(width), base)
        self._drawn_size = (width, height)

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        if self._drawn_size != (event.size.width, event.size.height):
            self.redraw()
