"""A machine so busy that each timer is late before it began to wait: nothing is left undone."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import textual.timer
from textual.timer import Timer

from tests.tui.runs import HandFeed, make_run
from tests.tui.screens import app_over, lines, shown, text, until


@pytest.fixture
def _loses_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes between the first two looks at the clock that a one-shot timer takes."""
    looks: list[float] = []
    run = Timer._run

    async def run_late(timer: Timer) -> None:
        looks[:] = [0.0, 1.0] if timer._repeat == 0 else []
        await run(timer)

    def get_time() -> float:
        return time.monotonic() + (looks.pop(0) if looks else 0.0)

    monkeypatch.setattr(Timer, "_run", run_late)
    monkeypatch.setattr(textual.timer, "_time", SimpleNamespace(get_time=get_time))


@pytest.mark.usefixtures("_loses_the_processor")
async def test_every_new_size_is_taken() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        for columns, rows in ((80, 24), (1, 1), (100, 30)):
            await pilot.resize_terminal(columns, rows)
            await until(pilot, lambda: len(lines(app)) == rows)  # noqa: B023 - at once
            assert len(lines(app)[0]) == columns


@pytest.mark.usefixtures("_loses_the_processor")
async def test_news_that_had_to_wait_is_drawn() -> None:
    app = app_over(make_run("alpha"))
    feed = app._feed
    assert isinstance(feed, HandFeed)
    async with shown(app) as pilot:
        app.key_comes()  # what comes now waits until the key was answered
        feed.send(make_run("beta"))
        await until(pilot, lambda: "beta" in text(app))
