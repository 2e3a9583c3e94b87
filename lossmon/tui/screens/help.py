"""Help: the keys of the view, the marks, and what every number and verdict means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from lossmon.charts.spec import Row
from lossmon.tui.desk import Desk
from lossmon.tui.panels.help import help_rows
from lossmon.tui.screens.page import Page
from lossmon.tui.widgets.panel import Panel


class Help(Page[None]):
    """A page of rows over the view, scrolled by keys and wheel."""

    PANEL = "help"
    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark,f1,backspace", "close", "Close", show=False),
        Binding("j,down", "scroll_by(1)", "Down", show=False),
        Binding("k,up", "scroll_by(-1)", "Up", show=False),
        Binding("space,pagedown,ctrl+d", "scroll_page(1)", "A page down", show=False),
        Binding("pageup,ctrl+u", "scroll_page(-1)", "A page up", show=False),
        Binding("g,home", "scroll_edge(-1)", "To the top", show=False),
        Binding("G,end", "scroll_edge(1)", "To the end", show=False),
    ]

    def __init__(self, desk: Desk, view: str) -> None:
        super().__init__()
        self._desk = desk
        self._view = view
        self._first = 0

    def compose(self) -> ComposeResult:
        """Make the page."""
        yield Panel(self.PANEL, self._rows, self._desk.look, on_wheel=self._wheel)

    def _all(self, width: int) -> Sequence[Row]:
        desk = self._desk
        event = None
        if self._view == "focus" and desk.run is not None and desk.selected_event is not None:
            event = next(iter(desk.run.events[desk.selected_event :]), None)
        return help_rows(desk.look, self._view, width, desk.run, event)

    def _rows(self, width: int, height: int) -> Sequence[Row]:
        rows = self._all(width)
        self._first = max(min(self._first, len(rows) - height), 0)
        return rows[self._first : self._first + height]

    def _scroll(self, by: int) -> None:
        self._first = max(self._first + by, 0)
        self.show()

    def _wheel(self, by: int) -> None:
        self._scroll(3 * by)

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self._scroll(by)

    def action_scroll_page(self, by: int) -> None:
        """Scroll by pages."""
        self._scroll(by * max(self.size.height - 2, 1))

    def action_scroll_edge(self, by: int) -> None:
        """Scroll to an end."""
        self._scroll(by * 100_000)
