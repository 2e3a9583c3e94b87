"""The command palette: everything that can be done, and each run, found by its letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding

from lossmon.charts.spec import Row
from lossmon.tui.commands import Command, found
from lossmon.tui.look import Look
from lossmon.tui.panels.palette import HEAD, first_command, palette_rows
from lossmon.tui.screens.page import Page
from lossmon.tui.widgets.panel import Panel

_LONGEST: Final = 100
"""Letters that are taken."""


class CommandPalette(Page[Command | None]):
    """Closes with the chosen command, or with None."""

    PANEL = "palette"
    BINDINGS: ClassVar = [
        Binding("escape,ctrl+q", "close", "Close", show=False),
        Binding("enter", "open", "Do it", show=False),
        Binding("down,ctrl+n,tab", "choose(1)", "Down", show=False),
        Binding("up,ctrl+p,shift+tab", "choose(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "choose(10)", "A page down", show=False),
        Binding("pageup", "choose(-10)", "A page up", show=False),
        Binding("home", "choose(-1000000)", "To the first", show=False),
        Binding("end", "choose(1000000)", "To the last", show=False),
        Binding("backspace,ctrl+h", "erase", "Take a letter back", show=False),
        Binding("ctrl+u", "erase(True)", "Take all letters back", show=False),
    ]

    def __init__(self, look: Look, every: Sequence[Command]) -> None:
        super().__init__()
        self._look = look
        self._every = every
        self._found = list(every)
        self._query = ""
        self._at = 0

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield Panel(
            self.PANEL,
            self._rows,
            self._look,
            on_pick=self._pick,
            on_wheel=lambda by: self.action_choose(3 * by),
        )

    def _rows(self, width: int, height: int) -> Sequence[Row]:
        return palette_rows(self._look, self._query, self._found, self._at, width, height)

    def _look_for(self, query: str) -> None:
        self._query = query
        self._found = found(query, self._every)
        self._at = 0
        self.show()

    def on_key(self, event: events.Key) -> None:
        """Take a letter."""
        if event.character is not None and event.is_printable:
            event.stop()
            self._look_for((self._query + event.character)[:_LONGEST])

    def on_paste(self, event: events.Paste) -> None:
        """Take what was pasted, its first line."""
        event.stop()
        line = next(iter(event.text.splitlines()), "")
        self._look_for((self._query + "".join(filter(str.isprintable, line)))[:_LONGEST])

    def action_erase(self, everything: bool = False) -> None:
        """Take the last letter back, or all."""
        self._look_for("" if everything else self._query[:-1])

    def action_choose(self, by: int) -> None:
        """Choose another command."""
        self._at = max(min(self._at + by, len(self._found) - 1), 0)
        self.show()

    def action_open(self) -> None:
        """Do what is chosen."""
        if self._found:
            self.dismiss(self._found[self._at])

    def _pick(self, x: int, y: int) -> None:
        first = first_command(len(self._found), self._at, self.size.height)
        index = first + y - HEAD
        if y >= HEAD and y < self.size.height - 1 and index < len(self._found):
            self._at = index
            self.action_open()
