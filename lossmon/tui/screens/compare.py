"""Compare: marked runs laid over each other, aligned five ways, with differences and seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from lossmon.charts.draw import draw
from lossmon.charts.spec import Picture, Row
from lossmon.model import Role, RunView
from lossmon.tui import charting
from lossmon.tui.comparing import (
    MAX_RUNS,
    Comparison,
    Question,
    compare,
    configuration,
    nothing_yet,
)
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import compare_plan
from lossmon.tui.panels.compare import compare_rows, in_view
from lossmon.tui.panels.runs import empty_rows
from lossmon.tui.placed import Plan
from lossmon.tui.ranges import shown_range
from lossmon.tui.screens.charted import Charted
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import bindings
from lossmon.tui.store import Store
from lossmon.tui.studio import Job
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.sheet import Sheet

_LABEL: Final = 28
"""Cells of a run's name in the legend: a few of sixty would leave no room for the others."""

_HINTED: Final = 100
"""Width from which the title says how to compare other runs."""

STATUS_ORDER: Final = ("healthy", "plateau", "unknown", "overfitting", "diverging", "nonfinite")
"""Which run is the baseline where none was chosen: the first of the soundest."""


def _in_order(name: str) -> list[tuple[int, str]]:
    """Return what names are sorted by, so that seed 10 comes after seed 9."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part)
        for part in re.split(r"(\d+)", name)
    ]


class Compare(Charted):
    """The view of several runs in one chart."""

    NAME = "compare"
    BINDINGS: ClassVar = bindings("compare")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        self.family: str | None = None
        """Configuration of which the seeds alone are compared; None: what is marked, or all."""
        self._placed_for = 0
        """Number of runs that the panels were placed for."""

    @property
    def metric(self) -> str | None:
        """Name of the series compared; None: each run's training loss."""
        return self.desk.choices.metric or None

    @property
    def bands(self) -> bool:
        """Whether seeds are shown as mean ± sd."""
        return self.desk.choices.bands

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return compare_plan(width, height, len(self.runs()))

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield Chart("chart", self.desk, self._chart, self.options, self.show)
        yield self.panel("table", self._table, on_pick=self._pick, on_wheel=self.action_move)

    def active_chart(self) -> Chart:
        """Return the one chart there is."""
        return self.query_one("#chart", Chart)

    def runs(self) -> list[RunView]:
        """Return what is compared: the marked runs, or, with less than two marked, all."""
        if self.family is not None:
            seeds = [run for run in self.desk.runs if configuration(run.name) == self.family]
            if len(seeds) >= 2:
                return sorted(seeds, key=lambda run: _in_order(run.name))[:MAX_RUNS]
        marked = [run for run in map(self.desk.get, self.desk.marked) if run is not None]
        if len(marked) >= 2:
            return marked[:MAX_RUNS]
        return [run for run in self.desk.urgent if run.series][:MAX_RUNS]

    def base(self) -> str | None:
        """Return the id of the baseline: the one that was set, or the first run without an alarm.

        No difference can be told to a run that ended in NaN or diverged.
        """
        runs = self.runs()
        named = next((run.id for run in runs if run.name == self.desk.choices.baseline), None)
        if named is not None or not runs:
            return named
        # Of those the one that was found first: by urgency the baseline would change with alarms.
        shown = {run.id for run in runs}
        by_age = runs if self._is_chosen else [run for run in self.desk.runs if run.id in shown]
        return min(by_age, key=lambda run: STATUS_ORDER.index(run.verdict.status)).id

    @property
    def _is_chosen(self) -> bool:
        """Whether a person said what is compared, and so in which order."""
        return self.family is not None or len(self.desk.marked) >= 2

    def show(self) -> None:
        """Draw what differs; the table grows with the number of runs."""
        count = len(self.runs())
        if count != self._placed_for:
            # Textual keeps an arrangement until a child comes or goes: this says so to it.
            table = self.query_one("#table")
            table.display = False
            table.display = True
        self._placed_for = count
        super().show()

    def _question(self) -> Question:
        runs, options = tuple(self.runs()), self.options()
        desk = self.desk
        return Question(
            runs,
            tuple(desk.short(run, min(len(run.name), _LABEL)).strip() for run in runs),
            tuple(desk.color(run.id) for run in runs),
            options.x_axis,
            options.smoothing,
            self.metric,
            self.base(),
            self.bands,
        )

    def found(self) -> Comparison:
        """Return what is compared, with its figures: chart and table ask for the same."""
        question, studio = self._question(), self.desk.studio
        cache, before = studio.cache, studio.last("comparison")
        job = Job(
            "comparison",
            question.like,
            question.stamp,
            question.runs,
            lambda: compare(question, cache, before),
        )
        answer: Comparison | None = studio.ask([job])[0]
        return answer or nothing_yet(question)

    def _chart(self, width: int, height: int) -> Picture | Sequence[Row]:
        if not self.desk.runs:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        found, look, options = self.found(), self.desk.look, replace(self.options())
        live = any(run.state == "live" for run in found.question.runs)
        title, chosen = self._title(width), self.desk.chosen
        more = "" if self.bands else "in the table"
        empty = f"none of these runs has {self.metric or 'a loss'} on this axis"

        def make() -> Picture:
            extent = charting.x_extent(found.lines)
            x_range = options.x_range if extent is None else shown_range(*extent, options, live)
            view = charting.viewport(
                look, options, width, height, x_range, title=title, empty=empty, more=more
            )
            if view.y_range == "calm":
                view = replace(view, y_range="alike")
            return draw(found.drawn(chosen), (), found.bands, view)

        # The job holds what it draws: its id cannot come to mean another.
        stamp = (id(found), options.stamp, look, title, chosen)
        job = Job("compared", (width, height), stamp, found.question.runs, make)
        return charting.drawn(self.desk, job, width, height)

    def _title(self, width: int) -> str:
        title = self.metric or "training loss"
        if self.family is not None:
            return f"{title}  ({self.family} alone; w shows all)"
        if len(self.desk.marked) < 2:
            # In little room the lines' names are worth more: the foot has the keys too.
            hint = "; space marks some, w shows one's seeds" if width >= _HINTED else ""
            return f"{title}  (all runs{hint})"
        return title

    def _table(self, width: int, height: int) -> Sequence[Row]:
        if not self.desk.runs:
            return []
        options, found = self.options(), self.found()
        picture = self.active_chart().picture
        here = None
        if options.cursor_x is not None and picture is not None:
            reach = {one.line.color: one.line.x for one in found.found if one.line is not None}
            low, high = picture.x_range
            cell = (high - low) / max(picture.area.width - 1, 1)
            # A run that ended before, or began later, has no value there.
            here = {
                value.color: value.value
                for value in picture.cursor_values
                if (x := reach.get(value.color)) is not None
                and x[0] - cell <= options.cursor_x <= x[-1] + cell
            }
        return compare_rows(self.desk, found, options.x_axis, width, height, here)

    # ---- keys and mouse

    def action_move(self, by: int) -> None:
        """Choose a run of the table."""
        self.desk.move(by, self.runs())
        self.show()

    def action_page(self, by: int) -> None:
        """Choose a run further on."""
        self.action_move(5 * by)

    def action_edge(self, by: int) -> None:
        """Choose the first or the last run."""
        self.action_move(by * MAX_RUNS)

    async def action_open(self) -> None:
        """Show the chosen run alone."""
        await self.app.run_action("view('focus')")

    def action_baseline(self) -> None:
        """Make the chosen run the one that others are compared with."""
        run = self.desk.run
        if run is not None:
            self.desk.choices.baseline = run.name
            self.say(f"differences are to {run.name} now")

    def action_band(self) -> None:
        """Show seeds as mean ± sd, or each line."""
        self.desk.choices.bands = not self.bands
        names = [configuration(run.name) for run in self.runs()]
        if self.bands and len(set(names)) == len(names):
            self.say(
                "no seeds to group: names must differ in their seed alone (lr3e4-s1, lr3e4-s2)"
            )
        else:
            self.say("seeds of one configuration: mean ± sd" if self.bands else "each run a line")

    def action_metric(self, by: int) -> None:
        """Compare the next series that more than one run has."""
        counts: dict[str, int] = {}
        for run in self.runs():
            for series in run.series:
                if series.role is not Role.EPOCH:
                    counts[series.name] = counts.get(series.name, 0) + 1
        least = min(2, len(self.runs()))
        names: list[str | None] = [None, *(name for name, n in counts.items() if n >= least)]
        at = names.index(self.metric) if self.metric in names else 0
        self.desk.choices.metric = names[(at + by) % len(names)] or ""
        self.say(f"comparing {self.metric or 'training loss'}")

    def action_family(self) -> None:
        """Compare the seeds of the chosen run's configuration alone, or all again."""
        if self.family is not None:
            self.family = None
            self.say("all are compared again" if len(self.desk.marked) < 2 else "the marked runs")
            return
        counts: dict[str, int] = {}
        for run in self.desk.runs:
            if run.series:
                name = configuration(run.name)
                counts[name] = counts.get(name, 0) + 1
        families = [name for name, number in counts.items() if number >= 2]
        if not families:
            self.say("no seeds: names must differ in their seed alone (lr3e4-s1, lr3e4-s2)")
            return
        own = "" if self.desk.run is None else configuration(self.desk.run.name)
        self.family = own if own in families else families[0]
        if self.desk.run not in self.runs():
            self.desk.choose(self.runs()[0].id)
        self.say(f"{self.family}: {counts[self.family]} runs that differ by their seed")

    def action_mark(self) -> None:
        """Mark the chosen run, or take its mark off."""
        run = self.desk.run
        if run is not None:
            marked = self.desk.mark(run.id)
            self.say(f"{run.name} {'marked' if marked else 'not marked any more'}")

    def back(self) -> bool:
        """Show all runs again first."""
        if self.family is not None and self.options().x_range is None:
            self.action_family()
            return True
        return super().back()

    def action_unmark(self) -> None:
        """Take all marks off."""
        self.desk.marked.clear()
        self.say("no run is marked: all are compared")

    def _pick(self, x: int, y: int) -> None:
        height = self.query_one("#table", Sheet).size.height
        found = self.found()
        shown = in_view(self.desk, found.found, found.question.baseline, height)
        if 1 <= y <= len(shown):
            self.desk.choose(shown[y - 1].run.id)
            self.show()
