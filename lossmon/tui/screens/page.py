"""`Page`: one panel over the view, which fills the screen: help, events, the palette."""

from __future__ import annotations

from typing import ClassVar

from textual.screen import ModalScreen, ScreenResultType

from lossmon.tui.cells import send_now
from lossmon.tui.placed import Placed, Plan
from lossmon.tui.timers import SureTimers
from lossmon.tui.widgets.panel import Panel


class Page(SureTimers, ModalScreen[ScreenResultType]):
    """A subclass composes one panel, whose id is `PANEL`."""

    AUTO_FOCUS = None
    PANEL: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._placed = Placed(self._plan)

    @property
    def layout(self) -> Placed:
        """The panel fills the screen."""
        return self._placed

    @classmethod
    def _plan(cls, width: int, height: int) -> Plan:
        return {cls.PANEL: (0, 0, width, height)}

    def show(self) -> None:
        """Draw anew what differs."""
        self.query_one(Panel).redraw()
        send_now(self, self.query(Panel))

    def action_close(self) -> None:
        """Go back to the view."""
        self.dismiss(None)
