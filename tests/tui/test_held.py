"""What the screen holds: runs as they are now, not as they were when a view was left."""

from __future__ import annotations

import gc
from dataclasses import replace

from lossmon.model import RunView
from lossmon.tui.app import LossmonApp
from tests.tui.runs import make_run, overfit, snapshot
from tests.tui.screens import app_over, shown


def alive() -> set[tuple[str, int]]:
    """Name and version of every run that something still holds."""
    gc.collect()
    return {
        (one.name, one.version)
        for one in gc.get_objects()
        if type(one) is RunView and one.name.startswith("held-")
    }


def grown(version: int) -> tuple[RunView, ...]:
    runs = make_run(), overfit()
    return tuple(
        replace(run, name=f"held-{number}", version=version) for number, run in enumerate(runs)
    )


def put(app: LossmonApp, version: int) -> None:
    """Hand up runs that have changed; nothing of the test holds them after it."""
    app.take(snapshot(*grown(version), version=version))


async def test_views_that_are_not_shown_let_go_of_what_has_changed_since() -> None:
    app = app_over()
    async with shown(app) as pilot:
        for version, key in enumerate("134562", start=1):
            put(app, version)
            await pilot.press(key)
            await pilot.pause()
        before = len(alive())
        for version in (7, 8):
            put(app, version)
            await pilot.pause()
        app.drop_stale()
        left = {version for _, version in alive()}
        assert 8 in left
        # What waits for a repaint or is the feed's own may be one older; what was left is gone.
        assert left <= {7, 8}
        assert before > 2
