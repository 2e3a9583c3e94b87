"""Panes: 1 to 12 charts, each with its own run and metric, axes linked or free."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from lossmon.charts.spec import Picture, Row, Span
from lossmon.model import Role, RunView
from lossmon.tui import charting
from lossmon.tui.desk import ChartOptions, Desk
from lossmon.tui.layouts import body_plan
from lossmon.tui.look import over
from lossmon.tui.marks import verdict_mark
from lossmon.tui.mosaic import Mosaic, Tile
from lossmon.tui.panels.runs import empty_rows, run_marker
from lossmon.tui.panes import GRIDS, MAX_PANES, Pane, Panes
from lossmon.tui.placed import Box, Plan
from lossmon.tui.rows import row, width_of
from lossmon.tui.screens.charted import Charted
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import bindings
from lossmon.tui.store import Store
from lossmon.tui.studio import Job
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.sheet import Sheet


class PanesView(Charted):
    """The view of several charts."""

    NAME = "panes"
    BINDINGS: ClassVar = bindings("panes")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        self.panes = Panes()
        self._touched = False

    @property
    def linked(self) -> bool:
        """Whether panes are moved together."""
        return not self.desk.choices.free_axes

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return body_plan(width, height)

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield Chart(
            "body", self.desk, self._mosaic, self.options, self.show, self._activate, self._grab
        )

    def active_chart(self) -> Chart:
        """Return the panel of panes: it moves the active one."""
        return self.query_one("#body", Chart)

    def options(self) -> ChartOptions:
        """Return the options of the active pane, or the shared ones while panes are linked."""
        return self.desk.options if self.linked else self.panes.pane.options

    def run_of(self, pane: Pane) -> RunView | None:
        """Return the run that a pane shows: its own, or the chosen one."""
        if pane.wanted is not None:
            found = next((run.id for run in self.desk.runs if run.name == pane.wanted), None)
            if found is not None:
                pane.run, pane.wanted = found, None
        return self.desk.get(pane.run) or self.desk.run

    def runs(self) -> Sequence[RunView]:
        """Return the runs of all panes, each once."""
        found = {run.id: run for pane in self.panes.leaves() if (run := self.run_of(pane))}
        return list(found.values())

    def _begin(self) -> None:
        """Lay out the first grid: one pane a run, the most urgent first, at most four."""
        if self._touched or not self.desk.runs:
            return
        self._touched = True
        runs = self.desk.urgent
        self.panes.grid(*((2, 2) if len(runs) > 2 else (2, 1)))
        for pane, run in zip(self.panes.leaves(), runs, strict=False):
            pane.run = run.id
        if len(runs) == 1:
            self.panes.leaves()[1].metric = (
                charting.strip_names(runs[0], 1)[0] if (charting.strip_names(runs[0], 1)) else None
            )

    def _mosaic(self, width: int, height: int) -> Mosaic | Sequence[Row]:
        if not self.desk.runs:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        self._begin()
        leaves = self.panes.leaves()
        boxes = self.panes.boxes(width, height)
        active = min(self.panes.active, len(leaves) - 1)
        # The active pane first: it is what a key is for.
        order = sorted(range(len(leaves)), key=lambda index: index != active)
        jobs = {index: self._job(index, leaves[index], boxes[index]) for index in order}
        asked = [job for job in jobs.values() if job is not None]
        drawn = dict(zip((job.slot for job in asked), self.desk.studio.ask(asked), strict=True))
        tiles = tuple(
            self._tile(index, leaves[index], boxes[index], drawn) for index in range(len(leaves))
        )
        return Mosaic(width, height, tiles, active)

    def _job(self, index: int, pane: Pane, box: Box) -> Job | None:
        run = self.run_of(pane)
        if run is None:
            return None
        options = self.desk.options if self.linked else pane.options
        names = None if pane.metric is None else [pane.metric]
        return charting.run_job(
            self.desk, run, options, box[2], max(box[3] - 1, 1), names=names, slot=("pane", index)
        )

    def _tile(
        self, index: int, pane: Pane, box: Box, drawn: Mapping[Hashable, Picture | None]
    ) -> Tile:
        _, _, width, height = box
        head = self._head(index, pane, width)
        if ("pane", index) not in drawn:
            return Tile(box, [head], None)
        picture = drawn["pane", index]
        rows = charting.or_blank(self.desk.look, picture, width, max(height - 1, 1)).rows
        return Tile(box, [head, *rows], picture, 1)

    def _head(self, index: int, pane: Pane, width: int) -> Row:
        """Return the row above a pane's chart: number, run, metric, verdict."""
        look = self.desk.look
        run = self.run_of(pane)
        active = index == self.panes.active
        if run is None:
            return row(width, look.text("no run", "dim"))
        mark = verdict_mark(run)
        lead = ">" if look.ascii else "▸"
        alarmed = bool(self.desk.alarms(run))
        ground = look.paint.chosen if active else ""
        grave = alarmed and self.desk.alarms(run)[0].severity == "critical"
        banner = look.paint.banner_bad if grave else look.paint.banner_warn
        own = run_marker(look, self.desk.color(run.id))
        words = f" {mark.char(look.ascii)} {mark.word} "
        metric = f"  {pane.metric or 'losses'}"
        # The name goes before the metric: without one it is the losses, as everywhere.
        room = width - 6 - width_of(words)
        if width_of(run.name) > room:
            # The mark alone tells the verdict; without its name a run cannot be told at all.
            words = f" {mark.char(look.ascii)} "
            room = width - 6 - width_of(words)
        if pane.metric is None and width_of(run.name) + width_of(metric) > room:
            metric = ""
        name = self.desk.short(run, max(min(width_of(run.name), room - width_of(metric)), 8))
        left: list[Span] = [
            Span(f"{lead if active else ' '}{index + 1} ", over(look.paint.key, ground)),
            Span(f"{own.text} ", over(own.style, ground)),
            Span(look.text(name).text, over(look.paint.strong if active else "", ground)),
            Span(look.text(metric).text, over(look.paint.dim, ground)),
        ]
        style = banner if alarmed else over(look.paint.style(mark.style), ground)
        title = row(max(width - width_of(words), 0), *left, fill=ground)
        return row(width, *title, Span(words, style))

    def _activate(self, index: int) -> None:
        self.panes.active = index
        self.show()

    def show(self) -> None:
        """Draw what differs; title and banner tell of the active pane's run."""
        run = self.run_of(self.panes.pane)
        if run is not None and self._touched:
            self.desk.chosen = run.id
        super().show()

    def _grab(self, x: int, y: int) -> Callable[[int, int], None] | None:
        """Return what moves the edge under the pointer, None where there is none."""
        size = self.query_one("#body", Chart).size
        edge = self.panes.edge(x, y, size.width, size.height)
        if edge is None:
            return None
        right = edge.split.right
        last = x if right else y

        def drag(x: int, y: int) -> None:
            nonlocal last
            now = x if right else y
            if now != last and edge.split.widen(edge.index, (now - last) / max(edge.size, 1)):
                last = now
                self.show()

        return drag

    def kept(self) -> dict[str, Any] | None:
        """Return the layout to remember, None where none was made."""
        if not self._touched:
            return None
        return self.panes.to_data({run.id: run.name for run in self.desk.runs})

    def restore(self, data: object) -> None:
        """Lay out what was remembered; what cannot be read is as if it were not there."""
        with contextlib.suppress(ValueError):
            self.panes = Panes.from_data(data, {run.name: run.id for run in self.desk.runs})
            self._touched = True

    # ---- keys

    def action_resize(self, way: str, by: int) -> None:
        """Make the active pane wider or higher, or less so."""
        if self.panes.resize(way == "right", by):
            self.show()
        else:
            self.say("nothing can give way there")

    def action_split(self, way: str) -> None:
        """Cut the active pane in two."""
        if self.panes.split(way == "right"):
            self.show()
        else:
            self.say(f"{MAX_PANES} panes are the most")

    def action_close_pane(self) -> None:
        """Close the active pane."""
        if self.panes.close():
            self.show()
        else:
            self.say("the last pane stays")

    def action_next_pane(self, by: int) -> None:
        """Make the next pane the active one."""
        self.panes.step(by)
        self.show()

    def action_pane_run(self, by: int) -> None:
        """Show another run in the active pane."""
        runs = self.desk.runs
        if not runs:
            return
        now = self.run_of(self.panes.pane)
        ids = [run.id for run in runs]
        at = ids.index(now.id) if now is not None else 0
        self.panes.pane.run = ids[(at + by) % len(ids)]
        self.show()

    def action_pane_metric(self, by: int) -> None:
        """Show another metric in the active pane."""
        run = self.run_of(self.panes.pane)
        if run is None:
            return
        names: list[str | None] = [None]
        names += [series.name for series in run.series if series.role is not Role.EPOCH]
        metric = self.panes.pane.metric
        at = names.index(metric) if metric in names else 0
        self.panes.pane.metric = names[(at + by) % len(names)]
        self.show()

    def action_link(self) -> None:
        """Move all panes together, or each alone."""
        self.desk.choices.free_axes = self.linked
        if not self.linked:
            for pane in self.panes.leaves():
                pane.options = ChartOptions(**vars(self.desk.options))
        self.say(
            "axes linked: panes move together"
            if self.linked
            else "axes free: keys move the active pane alone"
        )

    def action_grid(self) -> None:
        """Lay out the next grid."""
        now = len(self.panes.leaves())
        shape = next((grid for grid in GRIDS if grid[0] * grid[1] > now), GRIDS[0])
        taken = {pane.run for pane in self.panes.leaves()}
        self.panes.grid(*shape)
        free = [run.id for run in self.desk.urgent if run.id not in taken]
        for pane in self.panes.leaves()[now:]:
            pane.run = free.pop(0) if free else None
        self.say(f"{shape[0]} × {shape[1]} panes")

    def action_acknowledge(self) -> None:
        """Acknowledge the warnings of the active pane's run."""
        run = self.run_of(self.panes.pane)
        seen = self.desk.acknowledge(run) if run is not None else 0
        self.say(
            f"{seen} warning{'s' if seen != 1 else ''} seen"
            if seen
            else "No warning in this pane to acknowledge"
        )

    def action_save_layout(self) -> None:
        """Ask for a name, and save the layout under it."""
        from lossmon.tui.widgets.prompt import ask

        ask(self, "save the layout as", "", on_done=self._save)

    def _save(self, name: str) -> None:
        if not name.strip():
            return
        names = {run.id: run.name for run in self.desk.runs}
        error = self.store.save_layout(name.strip(), self.panes.to_data(names))
        self.say(error or f"layout saved: {name.strip()} (^o loads it, --layout at the start)")

    def action_load_layout(self) -> None:
        """Ask for the name of a saved layout, and lay it out."""
        from lossmon.tui.widgets.prompt import ask

        known = ", ".join(self.store.layouts()) or "none saved yet"
        ask(self, f"load layout ({known})", "", on_done=self.load)

    def load(self, name: str) -> None:
        """Lay out what was saved under a name, or a grid like `2x3`."""
        columns, _, rows = name.strip().lower().partition("x")
        if columns.isdigit() and rows.isdigit():
            if 1 <= int(columns) * int(rows) <= MAX_PANES:
                self._touched = True
                self.panes.grid(int(columns), int(rows))
                for pane, run in zip(self.panes.leaves(), self.desk.urgent, strict=False):
                    pane.run = run.id
                self.show()
            else:
                self.say(f"1 to {MAX_PANES} panes")
            return
        data = self.store.layouts().get(name.strip())
        if data is None:
            self.say(f"no layout is called {name.strip()!r}" if name.strip() else "nothing loaded")
            return
        try:
            self.panes = Panes.from_data(data, {run.name: run.id for run in self.desk.runs})
        except ValueError as error:
            self.say(f"layout {name.strip()!r} cannot be used: {error}")
            return
        self._touched = True
        self.show()
