"""Metrics: every series of a run in small charts, paged, filtered, moved together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from lossmon.charts.spec import Picture, Row, Span
from lossmon.model import Role, RunView, SeriesView
from lossmon.tui import charting
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import body_plan
from lossmon.tui.look import over
from lossmon.tui.mosaic import Mosaic, Tile, grid_boxes
from lossmon.tui.panels.runs import empty_rows
from lossmon.tui.panels.table import matches
from lossmon.tui.placed import Box, Plan
from lossmon.tui.rows import row
from lossmon.tui.screens.charted import Charted
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import bindings
from lossmon.tui.store import Store
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.sheet import Sheet

_TILE: Final = (36, 9)
"""Cells that a small chart is easily read in; the grid has as many as fit."""

_LEAST: Final = (20, 5)
"""Cells below which a chart shows nothing."""
_MOST: Final = 8
"""Columns and rows that can be asked for."""

_ORDER: Final = (
    Role.TRAIN_LOSS,
    Role.EVAL_LOSS,
    Role.SCORE,
    Role.LEARNING_RATE,
    Role.GRAD_NORM,
    Role.THROUGHPUT,
    Role.OTHER,
    Role.EPOCH,
)


class Metrics(Charted):
    """The view of all series of the chosen run."""

    NAME = "metrics"
    BINDINGS: ClassVar = bindings("metrics")

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__(desk, store)
        self.query_text = ""
        self.first = 0
        self.active = 0
        """Index of the chosen chart among all that match."""
        self.enlarged = False
        """Whether the chosen chart has the whole room."""

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return body_plan(width, height)

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield Chart("body", self.desk, self._grid, self.options, self.show, self._choose)

    def active_chart(self) -> Chart:
        """Return the panel of charts: they are moved together."""
        return self.query_one("#body", Chart)

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Return columns and rows of the grid for a size."""
        choices = self.desk.choices
        columns = choices.columns or max(min(width // _TILE[0], 6), 1)
        lines = choices.rows or max(height // _TILE[1], 1)
        return min(columns, max(width // _LEAST[0], 1)), min(lines, max(height // _LEAST[1], 1))

    def names(self, run: RunView) -> list[str]:
        """Return the series to show: losses first, then scores, rates, the others."""
        found = [series for series in run.series if matches(self.query_text, series.name)]

        def place(series: SeriesView) -> tuple[bool, int]:
            judged = series.name in (run.summary.train, run.summary.eval)
            return not judged, _ORDER.index(series.role)

        return [series.name for series in sorted(found, key=place)]

    def _grid(self, width: int, height: int) -> Mosaic | Sequence[Row]:
        run = self.desk.run
        if run is None:
            return empty_rows(self.desk, width, height, LOOKED_FOR)
        names = self.names(run)
        look = self.desk.look
        columns, lines = self.shape(width, height - 1)
        if not self.desk.choices.columns and 0 < len(names) < columns * lines:
            # Rows of like length: no hole where the last one ends.
            columns = -(-len(names) // -(-len(names) // columns))
        page = columns * lines
        self.active = max(min(self.active, len(names) - 1), 0)
        self.first = self.active // page * page
        shown = names[self.first : self.first + page]
        if self.enlarged and shown:
            return self._large(run, names, width, height)
        lines = lines if self.desk.choices.rows else min(lines, -(-len(shown) // columns)) or 1
        boxes = grid_boxes(width, height - 1, columns, lines)
        tiles = self._drawn_tiles(run, shown, boxes, self.active - self.first)
        words = f"  {len(names)} series"
        if self.query_text:
            words += f" of {len(run.series)} match '{self.query_text}' (esc shows all)"
        if len(names) > page:
            words += f", page {self.first // page + 1} of {-(-len(names) // page)} (PgDn, PgUp)"
        foot = Tile((0, height - 1, width, 1), [row(width, look.text(words, "dim"))], None)
        return Mosaic(width, height, (*tiles, foot), self.active - self.first)

    def _drawn_tiles(
        self, run: RunView, names: Sequence[str], boxes: Sequence[Box], active: int
    ) -> list[Tile]:
        """Return a tile for each name; the chosen one is drawn first."""
        order = sorted(range(len(names)), key=lambda index: index != active)
        jobs = [
            charting.small_job(
                self.desk, run, self.options(), names[i], *boxes[i][2:], ("metric", i)
            )
            for i in order
        ]
        drawn: dict[int, Picture | None] = dict(zip(order, self.desk.studio.ask(jobs), strict=True))
        tiles = []
        for index, name in enumerate(names):
            picture, box = drawn[index], boxes[index]
            head = [row(box[2], self.desk.look.text(name, "dim"))]
            rows = head if picture is None else self._headed(picture, index == active)
            tiles.append(Tile(box, rows, picture))
        return tiles

    def _large(self, run: RunView, names: Sequence[str], width: int, height: int) -> Mosaic:
        """Return the chosen chart alone."""
        name = names[self.active]
        job = charting.run_job(
            self.desk, run, self.options(), width, height - 1, names=[name], slot="large"
        )
        picture = charting.drawn(self.desk, job, width, height - 1)
        words = f"  {name}: {self.active + 1} of {len(names)} (v/V: next, enter: all)"
        foot = [row(width, self.desk.look.text(words, "dim"))]
        return Mosaic(
            width,
            height,
            (
                Tile((0, 0, width, height - 1), picture.rows, picture),
                Tile((0, height - 1, width, 1), foot, None),
            ),
        )

    def _headed(self, picture: Picture, active: bool) -> Sequence[Row]:
        """Return a picture's rows, the title of the chosen one on the chosen ground."""
        if not active or not picture.rows:
            return picture.rows
        ground = self.desk.look.paint.chosen
        head = tuple(Span(span.text, over(span.style, ground)) for span in picture.rows[0])
        return (head, *picture.rows[1:])

    def _choose(self, index: int) -> None:
        self.active = self.first + index
        self.show()

    # ---- keys

    def action_move(self, by: int) -> None:
        """Show the next run."""
        self.desk.move(by)
        self.show()

    def action_page(self, by: int) -> None:
        """Turn the page."""
        size = self.active_chart().size
        columns, lines = self.shape(size.width, size.height - 1)
        page = columns * lines
        count = 0 if self.desk.run is None else len(self.names(self.desk.run))
        if 0 <= self.first + by * page < count:
            self.active = self.first + by * page
        self.show()

    def action_edge(self, by: int) -> None:
        """Go to the first or the last chart."""
        self.active = 0 if by < 0 else 1_000_000
        self.show()

    def action_chart(self, by: int) -> None:
        """Choose the next chart, or the one before."""
        count = 0 if self.desk.run is None else len(self.names(self.desk.run))
        if count:
            self.active = (self.active + by) % count
            self.show()

    def action_alone(self) -> None:
        """Give the chosen chart the whole room, or show all again."""
        self.enlarged = not self.enlarged
        self.show()

    def action_columns(self, by: int) -> None:
        """Show more columns, or fewer."""
        size = self.active_chart().size
        columns, _ = self.shape(size.width, size.height - 1)
        self.desk.choices.columns = min(max(columns + by, 1), _MOST)
        self.say(f"{self.desk.choices.columns} columns")

    def action_lines(self, by: int) -> None:
        """Show more rows of charts, or fewer."""
        size = self.active_chart().size
        _, lines = self.shape(size.width, size.height - 1)
        self.desk.choices.rows = min(max(lines + by, 1), _MOST)
        self.say(f"{self.desk.choices.rows} rows")

    def action_filter(self) -> None:
        """Ask for a filter."""
        from lossmon.tui.widgets.prompt import ask

        ask(self, "filter: letters of the metric's name, in order", self.query_text, self._filter)

    def _filter(self, query: str) -> None:
        self.query_text = query
        self.active = 0
        self.show()

    def back(self) -> bool:
        """Show all charts first, then take the filter away."""
        if self.enlarged:
            self.action_alone()
            return True
        if self.query_text:
            self._filter("")
            return True
        return super().back()
