"""Metrics: every series of a run in small charts, paged, filtered, moved together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from lossmon.charts.spec import Row
from lossmon.model import Role, RunView, SeriesView
from lossmon.tui import charting
from lossmon.tui.desk import Desk
from lossmon.tui.layouts import body_plan
from lossmon.tui.mosaic import Mosaic, Tile, grid_boxes
from lossmon.tui.panels.runs import empty_rows
from lossmon.tui.panels.table import matches
from lossmon.tui.placed import Plan
from lossmon.tui.rows import row
from lossmon.tui.screens.charted import Charted
from lossmon.tui.screens.focus import LOOKED_FOR
from lossmon.tui.screens.view import bindings
from lossmon.tui.store import Store
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.sheet import Sheet

_TILE: Final = (36, 9)
"""Cells that a small chart is easily read in; the grid has as many as fit."""

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
        self.wanted_columns: int | None = None
        """Columns that a person set; None: as many as fit."""

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        return body_plan(width, height)

    def body(self) -> Iterable[Sheet]:
        """Return the panels."""
        yield Chart("body", self.desk, self._grid, self.options, self.show)

    def active_chart(self) -> Chart:
        """Return the panel of charts: they are moved together."""
        return self.query_one("#body", Chart)

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Return columns and rows of the grid for a size."""
        columns = self.wanted_columns or max(min(width // _TILE[0], 6), 1)
        return min(columns, max(width // 20, 1)), max(height // _TILE[1], 1)

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
        page = columns * lines
        self.first = max(min(self.first, (len(names) - 1) // page * page), 0) // page * page
        shown = names[self.first : self.first + page]
        lines = min(lines, -(-len(shown) // columns)) or 1
        tiles = [
            Tile(box, picture.rows, picture)
            for name, box in zip(shown, grid_boxes(width, height - 1, columns, lines), strict=False)
            for picture in [
                charting.small_picture(self.desk, run, self.options(), name, box[2], box[3])
            ]
        ]
        words = f"  {len(names)} series"
        if self.query_text:
            words += f" of {len(run.series)} match '{self.query_text}' (esc shows all)"
        if len(names) > page:
            words += f", page {self.first // page + 1} of {-(-len(names) // page)} (PgDn, PgUp)"
        foot = Tile((0, height - 1, width, 1), [row(width, look.text(words, "dim"))], None)
        return Mosaic(width, height, (*tiles, foot))

    # ---- keys

    def action_move(self, by: int) -> None:
        """Show the next run."""
        self.desk.move(by)
        self.show()

    def action_page(self, by: int) -> None:
        """Turn the page."""
        size = self.active_chart().size
        columns, lines = self.shape(size.width, size.height - 1)
        self.first = max(self.first + by * columns * lines, 0)
        self.show()

    def action_edge(self, by: int) -> None:
        """Go to the first or the last page."""
        self.first = 0 if by < 0 else 1_000_000
        self.show()

    def action_columns(self, by: int) -> None:
        """Show more columns, or fewer."""
        size = self.active_chart().size
        columns, _ = self.shape(size.width, size.height)
        self.wanted_columns = min(max(columns + by, 1), 8)
        self.say(f"{self.wanted_columns} columns")

    def action_filter(self) -> None:
        """Ask for a filter."""
        from lossmon.tui.widgets.prompt import ask

        ask(self, "filter: letters of the metric's name, in order", self.query_text, self._filter)

    def _filter(self, query: str) -> None:
        self.query_text = query
        self.first = 0
        self.show()

    def back(self) -> bool:
        """Take the filter away first."""
        if self.query_text:
            self._filter("")
            return True
        return super().back()
