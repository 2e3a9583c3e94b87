"""What happened: events of all runs in a list over the view; one is chosen to go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from lossmon.charts.spec import Row
from lossmon.tui.desk import Desk
from lossmon.tui.panels.happenings import Happening, happening_rows
from lossmon.tui.placed import Placed, Plan
from lossmon.tui.widgets.panel import Panel


class Happenings(ModalScreen[Happening | None]):
    """Closes with the chosen event, or with None."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar = [
        Binding("escape,q,E,backspace,question_mark", "close", "Close", show=False),
        Binding("enter", "open", "Go there", show=False),
        Binding("j,down,n", "choose(1)", "Down", show=False),
        Binding("k,up,p", "choose(-1)", "Up", show=False),
        Binding("space,pagedown,ctrl+d", "choose(10)", "A page down", show=False),
        Binding("pageup,ctrl+u", "choose(-10)", "A page up", show=False),
        Binding("g,home", "choose(-1000000)", "To the newest", show=False),
        Binding("G,end", "choose(1000000)", "To the oldest", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        found: Callable[[], Sequence[Happening]],
        title: str = "events of all runs",
    ) -> None:
        super().__init__()
        self._desk = desk
        self._found = found
        self._title_words = title
        self._at = 0
        self._placed = Placed(lambda width, height: self._plan(width, height))

    @property
    def layout(self) -> Placed:
        """The list fills the screen."""
        return self._placed

    @staticmethod
    def _plan(width: int, height: int) -> Plan:
        return {"happenings": (0, 0, width, height)}

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield Panel(
            "happenings",
            self._rows,
            self._desk.look,
            on_pick=self._pick,
            on_wheel=self.action_choose,
        )

    def _rows(self, width: int, height: int) -> Sequence[Row]:
        found = self._found()
        self._at = max(min(self._at, len(found) - 1), 0)
        return happening_rows(self._desk, found, self._at, self._title_words, width, height)

    def show(self) -> None:
        """Draw anew what differs."""
        self.query_one(Panel).redraw()

    def action_choose(self, by: int) -> None:
        """Choose another event."""
        self._at = max(self._at + by, 0)
        self.show()

    def action_close(self) -> None:
        """Go back to the view."""
        self.dismiss(None)

    def action_open(self) -> None:
        """Go to the chosen event."""
        found = self._found()
        self.dismiss(found[self._at] if found else None)

    def _pick(self, x: int, y: int) -> None:
        found = self._found()
        room = max(self.size.height - 5, 1)
        first = max(min(self._at - room // 2, len(found) - room), 0)
        if 1 <= y <= room and first + y - 1 < len(found):
            self._at = first + y - 1
            self.action_open()
