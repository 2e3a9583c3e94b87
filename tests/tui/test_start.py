"""How a session begins: what options say wins over what was remembered."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

import pytest

from lossmon.charts.spec import XAxis
from lossmon.cli.options import settings_from
from lossmon.cli.watch import add_screen
from lossmon.settings import Screen, Settings
from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.compare import Compare
from lossmon.tui.screens.overview import Overview
from lossmon.tui.screens.panes import PanesView
from lossmon.tui.screens.view import VIEWS
from lossmon.tui.start import LATER
from lossmon.tui.store import Store
from tests.tui.runs import TODAY, HandFeed, make_run, some_runs
from tests.tui.screens import app_over, lines, shown, text


def started(*arguments: str) -> LossmonApp:
    """Return the app that the command line would open over some runs."""
    parser = argparse.ArgumentParser()
    add_screen(parser)
    settings = settings_from(parser.parse_args([*arguments, "--theme", "dark"]))
    return LossmonApp(HandFeed(*some_runs()), settings, ("runs",), today=TODAY)


async def test_charts_begin_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = started(
        "--x-axis", "epoch", "--log-y", "--robust-y", "--forecast", "--no-smoothing",
        "--range", "1:2", "--run-name", "alpha", "--mark", "beta, gamma", "--machine",
    )  # fmt: skip
    async with shown(app):
        options = app.desk.options
        assert options.x_axis is XAxis.EPOCH
        assert (options.log_y, options.robust, options.forecast) == (True, True, True)
        assert options.smoothing is None
        assert options.x_range == (1.0, 2.0)
        assert app.desk.chosen == "id-alpha"
        assert app.desk.marked == ["id-beta", "id-gamma"]
        assert "this machine" in text(app)


async def test_views_begin_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = started(
        "--view", "overview", "--sort=-loss", "--filter", "ta", "--baseline", "gamma",
        "--metric", "grad_norm", "--seeds", "--grid", "1x3", "--records", "--free-axes",
    )  # fmt: skip
    async with shown(app) as pilot:
        assert isinstance(app.view, Overview)
        assert "order: loss  , turned round" in text(app)
        assert "alpha" not in text(app)
        await pilot.press("4")
        assert isinstance(app.view, Compare)
        assert any(" gamma " in line and " baseline " in line for line in lines(app))
        assert (app.view.metric, app.view.bands) == ("grad_norm", True)
        await pilot.press("5")
        assert app.desk.choices.rows == 3
        await pilot.press("3")
        assert isinstance(app.view, PanesView)
        assert not app.view.linked
        await pilot.press("6")
        assert "records of" in text(app)


async def test_everything_chosen_comes_back_unless_fresh(tmp_path: Path) -> None:
    first = app_over(*some_runs(), view="panes", theme="auto", store=Store(tmp_path, "p"))
    async with shown(first) as pilot:
        await pilot.press("d", "d", "greater_than_sign", "v", "i", "D")
        kept = first.view
        assert isinstance(kept, PanesView)
        boxes = kept.panes.boxes(100, 40)
        metrics = [pane.metric for pane in kept.panes.leaves()]
    second = app_over(*some_runs(), view="", theme="auto", store=Store(tmp_path, "p"))
    async with shown(second):
        view = second.view
        assert isinstance(view, PanesView)
        assert view.panes.boxes(100, 40) == boxes
        assert [pane.metric for pane in view.panes.leaves()] == metrics
        assert [view.run_of(pane) for pane in view.panes.leaves()] == [
            second.desk.get(pane.run) for pane in kept.panes.leaves()
        ]
        assert not view.linked
        assert second.desk.look.paint.name == "light"
    fresh = app_over(
        *some_runs(), view="", theme="auto", store=Store(tmp_path, "p"), screen=Screen(fresh=True)
    )
    async with shown(fresh):
        assert fresh.view is not None
        assert fresh.view.NAME == "focus"
        assert fresh.desk.look.paint.name == "dark"


async def test_a_pane_waits_for_the_run_that_its_layout_names(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    data = {"right": [{"run": "late", "metric": None}, {"run": "alpha", "metric": "loss"}]}
    store.save_layout("mine", data)
    app = app_over(make_run(), layout="mine", view="panes", store=store)
    async with shown(app) as pilot:
        await pilot.pause()
        view = app.view
        assert isinstance(view, PanesView)
        late = make_run("late")
        app._feed.send(make_run(), late)  # type: ignore[attr-defined]
        await pilot.pause()
        assert view.run_of(view.panes.leaves()[0]) is late
        assert "late" in lines(app)[2]


async def test_a_project_without_a_file_leaves_none_behind(tmp_path: Path) -> None:
    app = app_over(make_run(), store=Store(tmp_path, None))
    async with shown(app) as pilot:
        await pilot.press("l")
    assert not (tmp_path / "projects").exists()


def test_settings_begin_with_nothing_said() -> None:
    assert Settings().screen == Screen()


def test_what_is_imported_ahead_is_every_view() -> None:
    assert {module for _, module, _ in VIEWS.values()} <= set(LATER)
    for name in LATER:
        assert find_spec(name) is not None
