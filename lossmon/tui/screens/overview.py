"""Overview: all runs in a table, alarmed and newest first; sort, filter, mark, open."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from lossmon.charts.spec import Row
from lossmon.model import RunView
from lossmon.tui import charting
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import body_plan
from lossmon.tui.panels.details import heading
from lossmon.tui.panels.runs import empty_rows
from lossmon.tui.panels.table import SORTS, TableState, table_rows
from lossmon.tui.placed import Plan
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import View, bindings
from lossmon.tui.store import Store
from lossmon.tui.widgets.sheet import Sheet

_PREVIEW: Final = 13
"""Rows under the table from which the chosen run's chart is shown there."""
_PREVIEW_MOST: Final = 48


class Overview(View):
    """The view of all runs."""

    NAME = "overview"
    BINDINGS: ClassVar = bindings("overview")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        choices = desk.choices
        self.state = TableState(SORTS.get(choices.sort), choices.reverse, choices.filter)
        self.room = 1
        """How many runs are in view."""

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of rows of runs as they were."""
        self.state.drop_stale(current)

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return body_plan(width, height)

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield self.panel("body", self._table, on_pick=self._pick, on_wheel=self._wheel)

    def _table(self, width: int, height: int) -> Sequence[Row]:
        if not self.desk.runs:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        found = len(self.state.ordered(self.desk.runs))
        below = height - found - 2
        run = self.desk.run
        if below < _PREVIEW or run is None:
            self.room = max(height - 2, 1)
            return table_rows(self.desk, self.state, width, height)
        # Few runs leave room: the chosen one's chart stands in it.
        self.room = max(found, 1)
        below = min(below, _PREVIEW_MOST)
        rows = table_rows(self.desk, self.state, width, height - below)
        options = replace(self.desk.options, cursor_x=None)
        job = charting.run_job(
            self.desk, run, options, width, below - 1, self.desk.selected_event, slot="preview"
        )
        picture = charting.drawn(self.desk, job, width, below - 1)
        return [*rows, heading(self.desk.look, width, run.name), *picture.rows]

    def runs(self) -> Sequence[RunView]:
        """Return the runs that the filter lets through."""
        return self.state.ordered(self.desk.runs)

    def _pick(self, x: int, y: int) -> None:
        found = self.state.ordered(self.desk.runs)
        index = self.state.first + y - 1
        if y >= 1 and index < len(found):
            again = found[index].id == self.desk.chosen
            self.desk.choose(found[index].id)
            if again:
                self.run_worker(self.action_open())
            else:
                self.show()

    def _wheel(self, by: int) -> None:
        self.action_move(3 * by)

    # ---- keys

    def action_move(self, by: int) -> None:
        """Choose a run further down (or up)."""
        self.desk.move(by, self.state.ordered(self.desk.runs))
        self.show()

    def action_page(self, by: int) -> None:
        """Go a page down (or up)."""
        self.action_move(by * self.room)

    def action_edge(self, by: int) -> None:
        """Go to the first or the last run."""
        self.action_move(by * len(self.desk.runs))

    async def action_open(self) -> None:
        """Show the chosen run alone."""
        await self.app.run_action("view('focus')")

    def action_sort(self, by: int) -> None:
        """Sort by the next column, after the last one by urgency again."""
        order = ["", *SORTS]
        choices = self.desk.choices
        at = order.index(choices.sort) if choices.sort in order else 0
        choices.sort = order[(at + by) % len(order)]
        self.state.sort = SORTS.get(choices.sort)
        self.show()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.state.reverse = self.desk.choices.reverse = not self.state.reverse
        self.show()

    def action_filter(self) -> None:
        """Ask for a filter; the table follows each letter."""
        from lossmon.tui.widgets.prompt import ask

        ask(self, "filter: letters of the name, in order", self.state.query, self._filtered)

    def _filtered(self, query: str) -> None:
        self.state.query = query
        found = self.state.ordered(self.desk.runs)
        if found and self.desk.run not in found:
            self.desk.choose(found[0].id)
        self.show()

    def action_mark(self) -> None:
        """Mark the chosen run, and go on to the next."""
        run = self.desk.run
        if run is not None:
            self.desk.mark(run.id)
            self.action_move(1)

    def action_unmark(self) -> None:
        """Take all marks off."""
        self.desk.marked.clear()
        self.show()

    def back(self) -> bool:
        """Take the filter away."""
        if self.state.query:
            self._filtered("")
            return True
        return False
