"""Focus: one run, everything about it: chart, verdict, numbers in words, events, facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from lossmon.charts.spec import Picture, Row
from lossmon.model import RunView
from lossmon.tui import charting
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import focus_plan
from lossmon.tui.look import Look
from lossmon.tui.machine_watch import is_elsewhere
from lossmon.tui.marks import event_key
from lossmon.tui.panels.details import events_rows, facts_rows, numbers_rows, verdict_rows
from lossmon.tui.panels.runs import empty_rows, list_first, list_rows
from lossmon.tui.placed import Plan
from lossmon.tui.screens.charted import Charted
from lossmon.tui.screens.view import bindings
from lossmon.tui.store import Store
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from lossmon.tui.panels.happenings import Happening

LOOKED_FOR: Final = (
    "training logs: JSONL, CSV, trainer_state.json, TensorBoard events, console output and more"
)

_AROUND: Final = 0.3
"""Share of the chart that is shown around an event gone to."""

RunRows = Callable[[Look, RunView, int, int], Sequence[Row]]


class Focus(Charted):
    """The view of one run."""

    NAME = "focus"
    BINDINGS: ClassVar = bindings("focus")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        self._toward: Happening | None = None
        """The event to zoom to as soon as the chart of its run is there."""

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return focus_plan(width, height, len(self.desk.runs))

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield self.panel("runs", self._runs, on_pick=self._pick_run, on_wheel=self.action_move)
        yield Chart("chart", self.desk, self._chart, self.options, self.show)
        yield self.panel("strip", self._strip)
        yield self.panel("verdict", self._verdict)
        yield self.panel("numbers", self._of_run(numbers_rows))
        yield self.panel(
            "events", self._events, on_pick=self._pick_event, on_wheel=self.action_event
        )
        yield self.panel("facts", self._of_run(facts_rows))

    def active_chart(self) -> Chart:
        """Return the one chart there is."""
        return self.query_one("#chart", Chart)

    def show(self) -> None:
        """Draw what differs; the list of runs comes with the second run."""
        runs, several = self.query_one("#runs"), len(self.desk.runs) > 1
        if runs.display != several:
            runs.display = several
        run = self.desk.run
        if run is not None and run.state == "stalled" and not is_elsewhere(run.source):
            self.desk.ask_machine(f"{run.id} {run.last_growth}")
        super().show()
        self._go_on()

    def show_late(self) -> None:
        """Draw what was worked out since; an event gone to may have its place now."""
        super().show_late()
        self._go_on()

    def go_to(self, happening: Happening) -> None:
        """Show an event of any run: it is selected, and the chart zoomed to it."""
        run, event = happening
        self.desk.choose(run.id)
        now = self.desk.run
        found = [] if now is None else list(now.events)
        key = event_key(run, event)
        at = next((i for i, one in enumerate(found) if event_key(run, one) == key), None)
        if now is not None and at is not None:
            self.options().x_range = None
            self._toward = now, event
            self._go_to_event(now, at)

    def _go_on(self) -> None:
        """Zoom to the event gone to: where its chart reaches is known once that is drawn."""
        if self._toward is None or not self.is_current or not self.active_chart().is_drawn:
            return
        run, event = self._toward
        if run.id != self.desk.chosen:
            self._toward = None
            return
        if self.desk.studio.is_late("chart"):
            return
        picture, axis = self.active_chart().picture, self.options().x_axis
        x = charting.event_x(self.desk, run, event, axis)
        if charting.event_is_late(self.desk, axis):
            return
        self._toward = None
        if picture is None or picture.empty or x is None:
            return
        low, high = picture.x_range
        half = (high - low) * _AROUND / 2
        self.options().x_range = (x - half, x + half)
        self.options().follow = False
        self.show()

    # ---- panels

    def _chart(self, width: int, height: int) -> Picture | Sequence[Row]:
        run = self.desk.run
        if run is None:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        job = charting.run_job(
            self.desk, run, self.options(), width, height, self.desk.selected_event
        )
        return charting.drawn(self.desk, job, width, height)

    def _strip(self, width: int, height: int) -> Sequence[Row]:
        run = self.desk.run
        return (
            []
            if run is None
            else charting.strip_rows(self.desk, run, self.options(), width, height)
        )

    def _of_run(self, make: RunRows) -> Callable[[int, int], Sequence[Row]]:
        def rows(width: int, height: int) -> Sequence[Row]:
            run = self.desk.run
            return [] if run is None else make(self.desk.look, run, width, height)

        return rows

    def _verdict(self, width: int, height: int) -> Sequence[Row]:
        run = self.desk.run
        if run is None:
            return []
        words = ""
        if run.state == "stalled" and not is_elsewhere(run.source):
            from lossmon.tui.panels.machine import machine_words

            words = machine_words(self.desk.machine)
        return verdict_rows(self.desk.look, run, width, height, words)

    def _events(self, width: int, height: int) -> Sequence[Row]:
        run = self.desk.run
        if run is None:
            return []
        return events_rows(self.desk.look, run.events, width, height, self.desk.selected_event)

    def _runs(self, width: int, height: int) -> Sequence[Row]:
        return list_rows(self.desk, width, height, list_first(self.desk, height))

    # ---- keys and mouse

    def action_move(self, by: int) -> None:
        """Show the next run."""
        self.desk.move(by)
        self.show()

    def action_mark(self) -> None:
        """Mark the run for Compare."""
        run = self.desk.run
        if run is not None:
            marked = self.desk.mark(run.id)
            self.say(
                f"{run.name} {'marked' if marked else 'not marked any more'}; "
                f"{len(self.desk.marked)} marked for Compare (4)"
            )

    def action_unmark(self) -> None:
        """Take all marks off."""
        self.desk.marked.clear()
        self.say("no run is marked")

    def action_zoom(self, by: int) -> None:
        """Zoom in or out, around the selected event where there is one."""
        run, selected = self.desk.run, self.desk.selected_event
        around = None
        if run is not None and selected is not None and selected < len(run.events):
            event = run.events[selected]
            around = charting.event_x(self.desk, run, event, self.options().x_axis)
        if around is None or self.options().cursor_x is not None:
            super().action_zoom(by)
            return
        self.active_chart().zoom(by, around)
        self.options().follow = False
        self.show()

    def action_event(self, by: int) -> None:
        """Select the next event, and move the chart there."""
        run = self.desk.run
        if run is None or not run.events:
            self.say("No event has happened in this run")
            return
        last = len(run.events) - 1
        at = self.desk.selected_event
        if at is None:
            at = -1 if by > 0 else last + 1
        chosen = min(max(at + by, 0), last)
        self._go_to_event(run, chosen)

    def _go_to_event(self, run: RunView, index: int) -> None:
        self.desk.selected_event = index
        event = run.events[index]
        picture = self.active_chart().picture
        x = charting.event_x(self.desk, run, event, self.options().x_axis)
        options = self.options()
        if picture is not None and x is not None and options.x_range is not None:
            low, high = picture.x_range
            if not low <= x <= high:
                options.x_range = (x - (high - low) / 2, x + (high - low) / 2)
                options.follow = False
        self.say(event.message)

    def _pick_run(self, x: int, y: int) -> None:
        panel = self.query_one("#runs", Sheet)
        index = list_first(self.desk, panel.size.height) + (y - 1) // 2
        if y >= 1 and 0 <= index < len(self.desk.runs):
            self.desk.choose(self.desk.urgent[index].id)
            self.show()

    def _pick_event(self, x: int, y: int) -> None:
        run = self.desk.run
        if run is None or not run.events or y < 1:
            return
        room = self.query_one("#events", Sheet).size.height - 1
        selected = self.desk.selected_event
        anchor = len(run.events) - 1 if selected is None else selected
        index = max(min(anchor - room // 2, len(run.events) - room), 0) + y - 1
        if index < len(run.events):
            self._go_to_event(run, index)

    def back(self) -> bool:
        """Take the selection away first."""
        if self.desk.selected_event is not None:
            self.desk.selected_event = None
            self.show()
            return True
        return super().back()
