"""`Panel`: a sheet whose rows a function makes, and which tells where it was clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events

from lossmon.charts.spec import Row
from lossmon.tui.look import Look
from lossmon.tui.widgets.sheet import Sheet


class Panel(Sheet):
    """Shows what `make(width, height)` returns."""

    def __init__(
        self,
        id: str,
        make: Callable[[int, int], Sequence[Row]],
        look: Look,
        *,
        on_pick: Callable[[int, int], None] | None = None,
        on_wheel: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(id=id, paint=look.paint, ascii=look.ascii)
        self._make = make
        self._on_pick = on_pick
        self._on_wheel = on_wheel

    def draw(self, width: int, height: int) -> Sequence[Row]:
        """Return the rows to show."""
        return self._make(width, height)

    def on_click(self, event: events.Click) -> None:
        """Hand on the cell that was clicked."""
        if self._on_pick is not None:
            event.stop()
            self._on_pick(event.x, event.y)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Hand on a turn of the wheel."""
        if self._on_wheel is not None:
            event.stop()
            self._on_wheel(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Hand on a turn of the wheel."""
        if self._on_wheel is not None:
            event.stop()
            self._on_wheel(-1)
