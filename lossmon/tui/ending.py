"""What a session leaves behind, and what the next one says is new since."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from lossmon.tui.away import warnings_of
from lossmon.tui.desk import Desk
from lossmon.tui.figures import clock


def left_behind(desk: Desk, panes: object, theme: str) -> dict[str, Any]:
    """Return what to remember of how things were shown (JSON), beside the chart options.

    `panes` is the layout made in this session or one before, `theme` the name of the theme that
    was chosen by key, empty where none was.
    """
    marked = [run.name for run in map(desk.get, desk.marked) if run is not None]
    return {
        **desk.choices.kept(),
        "marked": [*marked, *desk.remembered][:500],
        "theme": theme,
        "panes": panes,
        "acknowledged": sorted(desk.acknowledged)[-2000:],
        "warnings": warnings_of(desk.runs),
        "left": time.time(),
    }


def new_since(before: Mapping[str, Any], desk: Desk) -> str:
    """Return a sentence on the warnings that came since the last session, empty where none did."""
    known, left = before.get("warnings"), before.get("left")
    if not isinstance(known, list) or not isinstance(left, float):
        return ""
    new = set(warnings_of(desk.runs)) - {one for one in known if isinstance(one, str)}
    if not new:
        return ""
    since = clock(left, desk.look.today)
    s = "s" if len(new) > 1 else ""
    return f"{len(new)} new warning{s} since you left ({since}): E lists them"
