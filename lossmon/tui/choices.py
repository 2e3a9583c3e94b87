"""What a person chose on the screen beside the look of charts, and what is kept of it.

Keys change these; settings and options can say each of them at the start; the
store keeps them for a project. Names stand for runs, since ids do not outlive
a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lossmon.record import record
from lossmon.settings import Screen


@record(frozen=False)
class Choices:
    """Choices of all views. Every field is JSON."""

    view: str = ""
    """The view shown last; empty: the program's own choice."""
    sort: str = ""
    """Column of the overview (a key of `SORTS`); empty: alarmed and newest first."""
    reverse: bool = False
    filter: str = ""
    """Not kept: runs that are missing without a word would be a riddle."""
    columns: int = 0
    """Columns of the metrics view; 0: as many as fit."""
    rows: int = 0
    metric: str = ""
    """What Compare shows; empty: each run's training loss."""
    baseline: str = ""
    """Name of the run that others are compared with; empty: the first."""
    bands: bool = False
    """Seeds of one configuration are shown as mean ± sd."""
    free_axes: bool = False
    records: bool = False
    machine: bool = False

    def remember(self, data: Mapping[str, Any]) -> None:
        """Take over what was kept; what is not of the right type is left out."""
        for one in fields(self):
            value = data.get(one.name)
            if one.name != "filter" and type(value) is type(getattr(self, one.name)):
                setattr(self, one.name, value)

    def kept(self) -> dict[str, Any]:
        """Return what to keep."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "filter"}

    def say(self, screen: Screen) -> None:
        """Lay over what settings and options say."""
        for name in ("view", "filter", "metric", "baseline", "free_axes", "records", "machine"):
            value = getattr(screen, name)
            if value is not None:
                setattr(self, name, value)
        if screen.seeds is not None:
            self.bands = screen.seeds
        if screen.sort is not None:
            self.sort, self.reverse = screen.sort.removeprefix("-"), screen.sort.startswith("-")
        if screen.grid is not None:
            columns, _, rows = screen.grid.partition("x")
            self.columns, self.rows = int(columns), int(rows)
        if screen.panes is not None or screen.layout is not None:
            self.view = "panes" if screen.view is None else screen.view
