"""How a session begins: as the last one of the project ended, then as settings and options say."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from lossmon.charts.spec import XAxis
from lossmon.tui.desk import Desk
from lossmon.tui.theme import PAINTS, Paint, choose_paint

if TYPE_CHECKING:
    from textual.driver import Driver

    from lossmon.settings import Settings

LATER: Final = (
    "lossmon.tui.screens.focus",
    "lossmon.tui.screens.panes",
    "lossmon.tui.screens.compare",
    "lossmon.tui.screens.overview",
    "lossmon.tui.screens.metrics",
    "lossmon.tui.screens.log",
    "lossmon.tui.screens.help",
    "lossmon.tui.screens.happenings",
)
"""What a key may ask for, in the order in which it is likely."""


def read_ahead() -> None:
    """Import the other screens on a thread: the first key that opens one need not wait for it."""

    def read() -> None:
        for name in LATER:
            # The key that opens the screen meets the same error, and tells it.
            with contextlib.suppress(Exception):
                import_module(name)

    Thread(target=read, name="lossmon-read-ahead", daemon=True).start()


def begin(desk: Desk, settings: Settings, before: Mapping[str, Any]) -> None:
    """Put on the desk what was remembered (`before`), and over it what the settings say."""
    screen = settings.screen
    desk.choices.remember(before)
    desk.choices.say(screen)
    desk.remembered = _names(before.get("marked"))
    if screen.mark is not None:
        desk.remembered = tuple(name.strip() for name in screen.mark.split(",") if name.strip())
    desk.acknowledged.update(_names(before.get("acknowledged")))
    desk.wanted = screen.run or ""
    _chart_options(desk, settings)


def _chart_options(desk: Desk, settings: Settings) -> None:
    options, screen = desk.options, settings.screen
    if screen.x_axis in list(XAxis):
        options.x_axis = XAxis(screen.x_axis)
    if settings.smoothing:
        options.smoothing = settings.smoothing
    if screen.no_smoothing is not None:
        options.smoothing = None if screen.no_smoothing else options.smoothing or 0.0
    options.log_y = options.log_y if screen.log_y is None else screen.log_y
    options.robust = options.robust if screen.robust_y is None else screen.robust_y
    options.forecast = options.forecast if screen.forecast is None else screen.forecast
    if screen.range is not None:
        low, _, high = screen.range.partition(":")
        options.x_range, options.follow = (float(low), float(high)), False


def first_paint(settings: Settings, before: Mapping[str, Any]) -> Paint:
    """Return the paint to begin with: the one chosen before, unless the settings name one."""
    paint = choose_paint(settings.theme)
    name = before.get("theme")
    chosen = PAINTS.get(name) if isinstance(name, str) else None
    # On a terminal with few colours, or with NO_COLOR, what was chosen on another does not count.
    return chosen if chosen is not None and settings.theme == "auto" and paint.base else paint


def _names(value: object) -> tuple[str, ...]:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def place_of(sources: Sequence[str]) -> str:
    """Return in words what is watched."""
    if not sources or tuple(sources) == (".",):
        return "this directory"
    if tuple(sources) == ("-",):
        return "standard input"
    return sources[0] if len(sources) == 1 else f"{sources[0]} and {len(sources) - 1} more"


def driver_class() -> type[Driver] | None:
    """Return the driver for a terminal; None leaves the choice to Textual (Windows, a browser)."""
    if os.name != "posix" or "TEXTUAL_DRIVER" in os.environ:
        return None
    from lossmon.tui.driver import TerminalDriver

    return TerminalDriver
