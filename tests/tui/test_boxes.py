"""Drawing in time-boxes: the chosen one first, the rest later, and all of it in the end."""

from __future__ import annotations

from functools import partial

import pytest

from lossmon.charts.spec import Span
from lossmon.tui.comparing import Comparing
from lossmon.tui.desk import ChartOptions, Desk
from lossmon.tui.mosaic import Tile, TileKeeper
from tests.tui.runs import make_run
from tests.tui.screens import app_over, shown, text


def _tile(words: str) -> Tile:
    return Tile((0, 0, 8, 1), [(Span(words),)], None)


def test_tiles_that_do_not_change_are_not_drawn_again() -> None:
    keeper = TileKeeper()
    drawn: list[str] = []

    def make() -> Tile:
        drawn.append("x")
        return _tile("x")

    for _ in range(3):
        keeper.begin()
        keeper.tile(0, (0, 0, 8, 1), "same", None, make, True)
    assert drawn == ["x"]
    keeper.tile(0, (0, 0, 9, 1), "same", None, make, True)
    assert drawn == ["x", "x"]


def test_a_late_tile_shows_what_was_until_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossmon.tui.mosaic.BOX_SECONDS", 0.0)
    keeper = TileKeeper()

    def draw(stamp: str) -> list[str]:
        keeper.begin()
        tiles = [
            keeper.tile(
                i, (0, 0, 8, 1), stamp, None, lambda: _tile(stamp), i == 0, lambda: [(Span("…"),)]
            )
            for i in range(3)
        ]
        return [tile.rows[0][0].text for tile in tiles]

    assert draw("old") == ["old", "…", "…"]
    assert draw("old") == ["old", "old", "…"]
    assert draw("old") == ["old"] * 3
    assert draw("new") == ["new", "old", "old"]
    assert keeper.pending
    assert draw("new") == ["new", "new", "old"]
    assert draw("new") == ["new"] * 3
    assert not keeper.pending


def test_tiles_that_change_all_the_time_have_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossmon.tui.mosaic.BOX_SECONDS", 0.0)
    keeper = TileKeeper()
    drawn: list[int] = []

    def make(index: int) -> Tile:
        drawn.append(index)
        return _tile("x")

    # News between the pictures changes every tile, more than can be drawn until the next.
    for picture in range(9):
        keeper.begin()
        for i in keeper.order(4, 0):
            stamp = (picture // 3, i)
            keeper.tile(i, (0, 0, 8, 1), stamp, None, partial(make, i), i == 0)
    assert drawn == [0, 1, 2, 0, 3, 1, 0, 2, 3]


def test_runs_are_compared_a_few_at_a_time() -> None:
    runs = [make_run(f"r{i}", 50, seed=i) for i in range(5)]
    desk, options = Desk(), ChartOptions()
    comparing = Comparing()
    first = comparing.compared(desk, runs, options, "id-r4", None, 0.0)
    assert comparing.pending
    assert [one.line is not None for one in first] == [False, False, False, False, True]
    while comparing.pending:
        last = comparing.compared(desk, runs, options, "id-r4", None, 0.0)
    at_once = Comparing().compared(desk, runs, options, "id-r4")
    assert [(one.final, one.best, one.difference) for one in last] == [
        (one.final, one.best, one.difference) for one in at_once
    ]


@pytest.mark.parametrize("view", ["panes", "compare", "metrics"])
async def test_the_screen_is_whole_in_the_end(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make_run(f"r{i}", 50, seed=i) for i in range(5)]
    whole, boxed = app_over(*runs, view=view), app_over(*runs, view=view)
    async with shown(whole, (80, 24)) as pilot:
        await pilot.press("s", "l")
        wanted = text(whole)
    monkeypatch.setattr("lossmon.tui.mosaic.BOX_SECONDS", 0.0)
    async with shown(boxed, (80, 24)) as pilot:
        await pilot.press("s", "l")
        # Whole after some pictures, each sent before the next is drawn.
        for _ in range(100):
            if text(boxed) == wanted:
                break
            await pilot.pause(0.01)
        assert text(boxed) == wanted


async def test_what_is_ready_is_sent_before_the_rest_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = [make_run(f"r{i}", 50, seed=i) for i in range(4)]
    monkeypatch.setattr("lossmon.tui.mosaic.BOX_SECONDS", 0.0)
    done: list[str] = []
    app = app_over(*runs, view="panes")
    async with shown(app) as pilot:
        view = app.view
        assert view is not None
        for _ in range(100):
            if view._rest is None:
                break
            await pilot.pause(0.01)
        drawn, sent = view.show_rest, view._compositor_refresh
        monkeypatch.setattr(view, "show_rest", lambda: (done.append("drawn"), drawn()))
        monkeypatch.setattr(view, "_compositor_refresh", lambda: (done.append("sent"), sent()))
        await pilot.press("l")
        for _ in range(100):
            if done.count("drawn") == 3:
                break
            await pilot.pause(0.01)
    assert done[:5] == ["drawn", "sent", "drawn", "sent", "drawn"]
