"""Helpers to run the app in tests and to read what stands on its screen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from textual.pilot import Pilot

from lossmon.model import RunView
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from lossmon.tui.store import Store
from tests.tui.runs import TODAY, HandFeed

PATIENCE = 30.0
"""Seconds until a test that waits for the app gives up."""


def app_over(
    *runs: RunView,
    view: str = "focus",
    layout: str = "",
    store: Store | None = None,
    **settings: Any,
) -> LossmonApp:
    """Return an app over fixed runs, on a fixed day, with colours."""
    settings.setdefault("theme", "dark")
    return LossmonApp(
        HandFeed(*runs),
        Settings(**settings),
        ("runs",),
        view=view,
        layout=layout,
        store=store,
        today=TODAY,
    )


@contextlib.asynccontextmanager
async def shown(app: LossmonApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[int]]:
    """Run the app; the first snapshot is on screen when the block begins."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[int], reached: Callable[[], object]) -> None:
    """Let the app go on until something is reached; TimeoutError where it never is."""
    async with asyncio.timeout(PATIENCE):
        while not reached():
            await pilot.pause(0.001)


def lines(app: LossmonApp) -> list[str]:
    """Return the screen as the compositor puts it together, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def text(app: LossmonApp) -> str:
    """Return the screen as one text."""
    return "\n".join(lines(app))
