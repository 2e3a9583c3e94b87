"""What happened: events of all runs in a list over the view; one is chosen to go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding

from lossmon.charts.spec import Row
from lossmon.model import EventKind
from lossmon.tui.desk import Desk
from lossmon.tui.marks import EVENTS
from lossmon.tui.panels.happenings import Happening, happening_rows, happenings
from lossmon.tui.screens.page import Page
from lossmon.tui.widgets.panel import Panel

_KINDS: Final[tuple[EventKind, ...]] = ("spike", *(kind for kind in EVENTS if kind != "spike"))
"""The order in which kinds are shown alone; spikes, which are many and soon over, first."""


class Happenings(Page[Happening | None]):
    """Closes with the chosen event, or with None."""

    PANEL = "happenings"
    BINDINGS: ClassVar = [
        Binding("escape,q,E,backspace,question_mark", "close", "Close", show=False),
        Binding("enter", "open", "Go there", show=False),
        Binding("j,down,n", "choose(1)", "Down", show=False),
        Binding("k,up,p", "choose(-1)", "Up", show=False),
        Binding("v", "kind(1)", "One kind alone", show=False),
        Binding("V", "kind(-1)", "One kind alone, the one before", show=False),
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
        self._all = found
        self._kind: EventKind | None = None
        self._title_words = title
        self._at = 0

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield Panel(
            self.PANEL,
            self._rows,
            self._desk.look,
            on_pick=self._pick,
            on_wheel=self.action_choose,
        )

    def _found(self) -> Sequence[Happening]:
        found = self._all()
        return found if self._kind is None else [one for one in found if one[1].kind == self._kind]

    def action_kind(self, by: int) -> None:
        """Show events of the next kind alone, after the last one all again."""
        there = {event.kind for _, event in self._all()}
        kinds: list[EventKind | None] = [None, *(kind for kind in _KINDS if kind in there)]
        at = kinds.index(self._kind) if self._kind in kinds else 0
        self._kind = kinds[(at + by) % len(kinds)]
        self._at = 0
        self.show()

    def _rows(self, width: int, height: int) -> Sequence[Row]:
        found = self._found()
        self._at = max(min(self._at, len(found) - 1), 0)
        title = self._title_words
        if self._kind is not None:
            title += f": {EVENTS[self._kind]} alone"
        return happening_rows(self._desk, found, self._at, title, width, height)

    def action_choose(self, by: int) -> None:
        """Choose another event."""
        self._at = max(self._at + by, 0)
        self.show()

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


def happenings_screen(
    desk: Desk, title: str, only: set[tuple[str, str, float]] | None
) -> Happenings:
    """Return the list of all runs' events, or of those in `only` (run's id, kind, step)."""

    def found() -> list[Happening]:
        every = happenings(desk.runs)
        if only is None:
            return every
        return [(run, event) for run, event in every if (run.id, event.kind, event.step) in only]

    return Happenings(desk, found, title)
