"""Log: the end of the source, so that `tail -f` is not missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from lossmon.charts.spec import Row
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import body_plan
from lossmon.tui.panels.log import log_rows
from lossmon.tui.panels.runs import empty_rows
from lossmon.tui.placed import Plan
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import View, bindings
from lossmon.tui.store import Store
from lossmon.tui.widgets.sheet import Sheet


class Log(View):
    """The last records of the chosen run; the newest at the foot."""

    NAME = "log"
    BINDINGS: ClassVar = bindings("log")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        self.back_by = 0
        """Records scrolled back from the live end."""
        self.raw = not desk.choices.records
        """Whether the source's own lines are shown, where there are any."""

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return body_plan(width, height)

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield self.panel("body", self._log, on_wheel=lambda by: self._scroll(-3 * by))

    def _log(self, width: int, height: int) -> Sequence[Row]:
        run = self.desk.run
        if run is None:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        rows, self.back_by = log_rows(self.desk, run, width, height, self.back_by, self.raw)
        return rows

    def _scroll(self, by: int) -> None:
        self.back_by = max(self.back_by + by, 0)
        self.show()

    def action_move(self, by: int) -> None:
        """Show the next run."""
        self.back_by = 0
        self.desk.move(by)
        self.show()

    def action_raw(self) -> None:
        """Show the source's own lines, or what was read from them."""
        self.raw = not self.raw
        self.desk.choices.records = not self.raw
        self.back_by = 0
        self.say("the source's own lines" if self.raw else "the records as they were read")

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self._scroll(-by * max(self.query_one("#body", Sheet).size.height - 3, 1))

    def action_edge(self, by: int) -> None:
        """Go to the first record, or back to the live end."""
        self.back_by = 0 if by > 0 else 1 << 40
        self.show()
